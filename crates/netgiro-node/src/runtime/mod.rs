//! Where calls run, and how their outcomes get back to JavaScript.

pub(crate) mod port;

pub(crate) use port::*;
