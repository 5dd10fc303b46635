//! `CartPoll`: its JSON text, which is the poll, and what JavaScript shows of it.

use std::borrow::Borrow;

use netgiro::CartPoll;
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use crate::views::state::StateView;

/// A poll, owned or borrowed.
pub(crate) struct PollView<T>(pub(crate) T);

impl<T: Borrow<CartPoll>> Serialize for PollView<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let poll = self.0.borrow();
        let mut members = serializer.serialize_struct("CartPoll", 6)?;
        members.serialize_field("token", &poll.to_json())?;
        members.serialize_field("transactionId", &poll.transaction_id())?;
        members.serialize_field("nextCheckAt", &poll.next_check_at().as_millisecond())?;
        members.serialize_field("deadline", &poll.deadline().as_millisecond())?;
        members.serialize_field("state", &poll.state().map(StateView))?;
        members.serialize_field("isDone", &poll.is_done())?;
        members.end()
    }
}
