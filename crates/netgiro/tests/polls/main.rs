//! Carts that are followed to their end: step by step, through failures, and by processes that are killed.

mod crash;
mod following;
mod scenarios;
mod storm;
