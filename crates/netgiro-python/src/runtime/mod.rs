//! Waiting: blocking with the interpreter let go, event loops, signals, forks, and what is logged on the way.

pub(crate) mod abandoned_call;
pub(crate) mod background;
pub(crate) mod blocking;
pub(crate) mod call_state;
pub(crate) mod coroutine;
pub(crate) mod event;
pub(crate) mod iterators;
pub(crate) mod logging;
pub(crate) mod loop_waker;
pub(crate) mod signals;
pub(crate) mod stream;
