//! An order whose cart is inserted, and inserted again once the server has clearly said no.

use netgiro::internals::{self, Call, Received};
use netgiro::{Amount, Cart, Error, ErrorKind, NewCart, RequestSent};

use crate::answers::{AMOUNT, CART, REFERENCE};
use crate::explore::System;
use crate::invariants::{Attention, Checkout, Report, Truth, World};
use crate::models::one;
use crate::mutation::Mutation;

/// How often one call is sent.
const ATTEMPTS: u8 = 3;

/// The system.
#[derive(Debug)]
pub struct Inserting {
    /// How often the shop tries again after a "no".
    pub retries: u8,
    /// What is done wrong, if anything.
    pub mutation: Option<Mutation>,
}

/// Where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    world: World,
    call: Call,
    attempts: u8,
    retries: u8,
    /// The answer, and whether a cart was made.
    reply: Option<(InsertReply, bool)>,
}

/// What comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InsertReply {
    /// The cart.
    Inserted,
    /// A "no" with a code that means it; of V2 with words.
    Refused,
    /// 400, in a page that is not the API's.
    ForeignRefusal,
    /// That something failed.
    Failed,
    /// A refusal that names a cart.
    RefusedWithCart,
    /// Success, and no cart.
    WithoutCart,
    /// A 4xx that may come after the request was carried out.
    Dependent,
    /// 502.
    BadGateway,
    /// 408.
    TookTooLong,
    /// 429.
    TooMany,
    /// 401.
    KeysRefused,
    /// A signature that is wrong.
    Forged,
    /// The request did not leave.
    NotSent,
    /// The connection broke.
    Broken,
    /// Nothing.
    Silence,
}

impl InsertReply {
    /// Each, with whether a cart may have been made when it comes, and whether none may.
    const ALL: [(Self, bool, bool); 15] = [
        (Self::Inserted, true, false),
        (Self::Refused, false, true),
        (Self::ForeignRefusal, false, true),
        (Self::Failed, true, true),
        (Self::RefusedWithCart, true, false),
        (Self::WithoutCart, true, true),
        (Self::Dependent, true, true),
        (Self::BadGateway, true, true),
        (Self::TookTooLong, true, true),
        (Self::TooMany, false, true),
        (Self::KeysRefused, false, true),
        (Self::Forged, true, true),
        (Self::NotSent, false, true),
        (Self::Broken, true, true),
        (Self::Silence, true, true),
    ];

    fn body(self, call: Call) -> (u16, String) {
        let is_v1 = call == Call::InsertCart;
        let id = CART.to_string();
        let body = |v1: String, v2: String| (200, if is_v1 { v1 } else { v2 });
        match self {
            Self::Inserted => body(
                format!(r#"{{"Success":true,"ResultCode":200,"TransactionId":"{id}"}}"#),
                format!(r#"{{"Success":true,"Status":"Pending","TransactionId":"{id}"}}"#),
            ),
            Self::Refused => body(
                r#"{"Success":false,"Message":"too low","ResultCode":10305}"#.to_owned(),
                r#"{"Success":false,"Message":"not verified","Status":null}"#.to_owned(),
            ),
            Self::Failed => match body(
                r#"{"Success":false,"Message":"error","ResultCode":500}"#.to_owned(),
                String::new(),
            ) {
                (_, body) if body.is_empty() => (500, body),
                answer => answer,
            },
            Self::RefusedWithCart => body(
                format!(r#"{{"Success":false,"ResultCode":10999,"TransactionId":"{id}"}}"#),
                format!(r#"{{"Success":false,"Status":"Pending","TransactionId":"{id}"}}"#),
            ),
            Self::WithoutCart => body(
                r#"{"Success":true,"ResultCode":200}"#.to_owned(),
                r#"{"Success":true,"Status":"Pending"}"#.to_owned(),
            ),
            Self::ForeignRefusal => (400, "<html>".to_owned()),
            Self::Dependent => (424, String::new()),
            Self::TookTooLong => (408, String::new()),
            Self::TooMany => (429, String::new()),
            Self::KeysRefused => (401, String::new()),
            _ => (502, String::new()),
        }
    }

    fn read(self, call: Call, order: &NewCart) -> Result<Cart, Error> {
        let failure = |kind, sent| Err(internals::failed(kind, sent));
        match self {
            Self::NotSent => return failure(ErrorKind::Connect, RequestSent::No),
            Self::Broken => return failure(ErrorKind::Server, RequestSent::Maybe),
            Self::Silence => return failure(ErrorKind::Timeout, RequestSent::Maybe),
            Self::Forged => return failure(ErrorKind::Signature, RequestSent::Yes),
            _ => {}
        }
        let (http_status, body) = self.body(call);
        let received = Received {
            http_status,
            body: &body,
        };
        internals::read_insert(call, order, received)
    }
}

/// One thing that may happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// The request is going to be answered so, and a cart is made or not.
    Reply(InsertReply, bool),
    /// The answer comes.
    Answer,
    /// The process crashes: what it had stored says that it was about to insert.
    Crash,
}

impl Inserting {
    fn answer(&self, state: &State, order: &NewCart) -> Option<State> {
        let mut next = state.clone();
        let (reply, is_made) = next.reply.take()?;
        next.attempts -= 1;
        let Err(failure) = reply.read(next.call, order) else {
            // What becomes of the cart is another model's.
            next.end(Truth::Paid, Report::Paid);
            return Some(next);
        };
        if next.attempts > 0 && internals::may_be_sent_again(next.call, &failure) {
            return Some(next);
        }
        let mut outcome = internals::insert_outcome(failure, order).kind();
        if is_made && self.mutation == Some(Mutation::LostInsertIsRefused) {
            outcome = ErrorKind::Api;
        }
        if outcome == ErrorKind::OutcomeUnknown || next.retries == 0 {
            let truth = one(&mut next.world).truth;
            next.end(truth, Report::Undecided);
        } else {
            next.retries -= 1;
            next.attempts = ATTEMPTS;
        }
        Some(next)
    }
}

impl State {
    fn end(&mut self, truth: Truth, report: Report) {
        let checkout = one(&mut self.world);
        checkout.truth = truth;
        checkout.tell(report);
        checkout.attention = Attention::None;
    }
}

impl System for Inserting {
    type State = State;
    type Action = Action;

    const NAME: &'static str = "inserting";

    fn beginnings(&self) -> Vec<State> {
        let begin = |call| State {
            world: World {
                now: 0,
                longest_delay: 0,
                checkouts: vec![Checkout {
                    attention: Attention::Busy,
                    ..Checkout::default()
                }],
            },
            call,
            attempts: ATTEMPTS,
            retries: self.retries,
            reply: None,
        };
        [Call::InsertCart, Call::Payment].map(begin).into()
    }

    fn is_over(&self, state: &State) -> bool {
        let is_told = |it: &Checkout| !it.told.is_empty();
        state.world.checkouts.first().is_none_or(is_told)
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        actions.push(Action::Crash);
        if state.reply.is_some() {
            actions.push(Action::Answer);
            return;
        }
        for (reply, may_be_made, may_be_none) in InsertReply::ALL {
            if may_be_made {
                actions.push(Action::Reply(reply, true));
            }
            if may_be_none {
                actions.push(Action::Reply(reply, false));
            }
        }
    }

    fn next(&self, state: &State, action: &Action) -> Option<State> {
        let amount = Amount::new(AMOUNT).ok()?;
        let order = NewCart::new(amount, REFERENCE, "8111111".parse().ok()?);
        let mut next = state.clone();
        match *action {
            Action::Reply(reply, is_made) => {
                if is_made {
                    one(&mut next.world).inserted();
                }
                next.reply = Some((reply, is_made));
            }
            Action::Answer => return self.answer(state, &order),
            Action::Crash => {
                let truth = one(&mut next.world).truth;
                next.end(truth, Report::Undecided);
            }
        }
        Some(next)
    }

    fn world<'a>(&self, state: &'a State) -> &'a World {
        &state.world
    }
}
