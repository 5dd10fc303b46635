//! What a client does, sent to the JavaScript environment whose call it is, and only while that has subscribed.

use netgiro::{Event, Observer};

use crate::runtime::message::Topic;
use crate::runtime::port::Events;
use crate::views::event::{PollEventView, RequestView};

/// Sends events to the environment of their call.
pub(crate) fn observer() -> Observer {
    Observer::new(|event| match event {
        Event::Request(event) => {
            Events::of_this_call(Topic::Requests, || RequestView::from(event));
        }
        Event::Poll(event) => Events::of_this_call(Topic::Polls, || PollEventView::from(event)),
        _ => {}
    })
}
