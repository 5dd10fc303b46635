//! Where calls run, and how their outcomes get back to JavaScript.
//!
//! One background thread serves the whole process, worker threads included; it starts with the first call. Each
//! JavaScript environment (the main thread, each worker) has a [`port::Port`]: outcomes are collected in its outbox, and
//! the environment is woken once for all of them. The port keeps Node alive exactly while calls are pending, and
//! when its environment goes away it drops what is in flight and never touches it again.
//!
//! Waking a thread costs a system call on this side and some on the other, so in both directions many calls share one: the
//! background thread takes the calls from a channel, and wakes JavaScript after all tasks that were ready have run.
//! Outcomes become text on JavaScript's thread: when many calls are in flight it is the background thread that has no time.

pub(crate) mod background;
pub(crate) mod message;
pub(crate) mod port;
