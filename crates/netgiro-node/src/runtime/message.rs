//! What JavaScript gets of a call, as text.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;

use crate::reply::json;
use crate::views::error::ErrorView;

/// What a message to JavaScript means; the numbers are those of `node/internal/calls.ts`.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Value = 0,
    Error = 1,
    Event = 2,
    Request = 3,
    Poll = 4,
}

/// What JavaScript can subscribe to.
#[derive(Clone, Copy)]
pub(crate) enum Topic {
    Requests,
    Polls,
}

/// Messages not yet delivered.
#[derive(Default)]
pub(crate) struct Outbox {
    messages: Vec<Message>,
    /// Whether JavaScript is being woken to take them.
    is_waking: bool,
}

impl Outbox {
    pub(crate) fn push(&mut self, message: Message) {
        self.messages.push(message);
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Notes that JavaScript is being woken; gives false when it was already.
    pub(crate) fn begin_waking(&mut self) -> bool {
        !std::mem::replace(&mut self.is_waking, true)
    }

    pub(crate) fn take(&mut self) -> Vec<Message> {
        self.is_waking = false;
        std::mem::take(&mut self.messages)
    }
}

/// What JavaScript gets as `[call, kind, payload]`.
pub(crate) struct Message {
    pub(crate) call: u32,
    pub(crate) kind: Kind,
    pub(crate) payload: Box<dyn Payload>,
}

pub(crate) trait Payload: Send {
    fn write(&self, text: &mut Vec<u8>) -> serde_json::Result<()>;
}

impl<T: Serialize + Send> Payload for T {
    fn write(&self, text: &mut Vec<u8>) -> serde_json::Result<()> {
        serde_json::to_writer(text, self)
    }
}

impl Message {
    pub(crate) fn new(call: u32, kind: Kind, payload: impl Payload + 'static) -> Self {
        Self {
            call,
            kind,
            payload: Box::new(payload),
        }
    }

    /// As much text as a state with its payment takes, and its call.
    pub(crate) const USUAL: usize = 448;

    /// Appends the message; one that cannot be written becomes an error of its call, whose promise must not hang.
    pub(crate) fn write(&self, text: &mut Vec<u8>) {
        let Self {
            call,
            kind,
            payload,
        } = self;
        let start = text.len();
        let _ = write!(text, "[{call},{},", *kind as u8);
        let written = catch_unwind(AssertUnwindSafe(|| payload.write(text)));
        if !matches!(written, Ok(Ok(()))) {
            let error = ErrorView::internal("the outcome has no JSON form".to_owned());
            text.truncate(start);
            let _ = write!(text, "[{call},{},{}", Kind::Error as u8, json(&error));
        }
        text.push(b']');
    }
}
