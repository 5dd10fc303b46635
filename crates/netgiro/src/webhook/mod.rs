//! A shop's callback route: what it answers, and what follows the 200. No I/O, no clock, no randomness.
//!
//! Both are state machines, stepped by a driver in whichever language and framework: it does what the action says, tells the
//! machine the outcome, and is given the next action. Whatever the driver must not forget, the machine asks for.
//!
//! ```text
//! route      read body → verify → find order → ask guard → record → answer 200
//!                                                            └ failed → forget → answer 503
//! follow-up  claim → check ⇄ wait → call → done → end            any failure → wait → claim
//!                      └ not final, or a person should look → release → end
//! ```

mod follow_up;
mod route;

pub use crate::callback::{ReplayKey, replayed};
pub use follow_up::{FollowUp, FollowUpAction, FollowUpOutcome};
pub use route::{
    ExpectedOrder, MAX_BODY, ReportedCallback, Route, RouteAction, RouteAnswer, RouteOutcome,
    RouteRequest,
};
