//! A server as the models assume it: `docs/production/assumptions.md` lists each assumption.

use netgiro::ApiVersion;
use netgiro::internals::Call;

use crate::answers::Reply;
use crate::invariants::{Checkout, Millis, Truth};

/// The order's cart at the server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    /// Which API is spoken.
    pub api: ApiVersion,
    /// When the cart expires.
    pub expires_at: Millis,
    /// Until when a read may not see the cart: of one that says "canceled" for it, and of one that says so.
    pub appears_by: (Millis, Millis),
    /// Whether the customer has declined.
    pub was_declined: bool,
    /// Whether an answer has said that the cart is there.
    pub was_seen: bool,
    /// Whether the shop has read in one that it is paid.
    pub was_seen_paid: bool,
    /// How many answers may yet go wrong, be it on their way, by a read that lags, or by the server.
    pub faults: u8,
}

/// What may go wrong with one request, by its answer.
const FAULTS: [Reply; 11] = [
    Reply::Unknown,
    Reply::Foreign,
    Reply::OtherAmount,
    Reply::Contradiction,
    Reply::Forged,
    Reply::KeysRefused,
    Reply::TooMany,
    Reply::Busy,
    Reply::NotSent,
    Reply::Broken,
    Reply::Silence,
];

impl Server {
    /// The call that asks where a cart stands.
    #[must_use]
    pub fn check_call(&self) -> Call {
        match self.api {
            ApiVersion::V1 => Call::CheckCart,
            ApiVersion::V2 => Call::Status,
        }
    }

    /// The call that cancels a cart.
    #[must_use]
    pub fn cancel_call(&self) -> Call {
        match self.api {
            ApiVersion::V1 => Call::CancelCart,
            ApiVersion::V2 => Call::Cancel,
        }
    }

    /// What the server says of the cart.
    #[must_use]
    pub fn says(&self, checkout: &Checkout) -> Reply {
        match checkout.truth {
            Truth::Open => Reply::Pending,
            Truth::Paid => Reply::Paid,
            Truth::Unpaid if self.was_declined => Reply::Declined,
            Truth::Unpaid | Truth::Absent => Reply::Canceled,
        }
    }

    /// Time passes at the server.
    pub fn pass(&self, checkout: &mut Checkout, now: Millis) {
        if checkout.truth == Truth::Open && now >= self.expires_at {
            checkout.truth = Truth::Unpaid;
        }
    }

    /// All that a check may be answered.
    #[must_use]
    pub fn check_replies(&self, checkout: &Checkout, now: Millis) -> Vec<Reply> {
        let says = self.says(checkout);
        let mut replies = vec![says];
        if self.faults == 0 {
            return replies;
        }
        replies.extend(FAULTS);
        if self.api == ApiVersion::V2 {
            // Nothing is signed, and no answer names an amount.
            replies.retain(|it| !matches!(it, Reply::Forged | Reply::OtherAmount));
        } else if now < self.appears_by.0 && !self.was_seen && says != Reply::Canceled {
            replies.push(Reply::Canceled);
        }
        // It may be lost again once it was there, as long as it is open.
        if now < self.appears_by.1 || (self.was_seen && checkout.truth == Truth::Open) {
            replies.push(Reply::NotFound);
        }
        // A read from a copy that lags behind.
        if says == Reply::Paid {
            replies.push(Reply::Pending);
        }
        replies
    }

    /// A check is answered.
    pub fn answers(&mut self, checkout: &Checkout, reply: Reply) {
        if reply != self.says(checkout) {
            self.faults = self.faults.saturating_sub(1);
        }
        self.was_seen |= matches!(reply, Reply::Pending | Reply::Paid);
    }

    /// The shop has read an answer to a check.
    pub fn was_read(&mut self, reply: Reply) {
        self.was_seen_paid |= reply == Reply::Paid;
    }

    /// A cancel is answered so, and carried out or not.
    pub fn answers_cancel(&mut self, checkout: &mut Checkout, reply: Reply, is_done: bool) {
        if self.cancel_replies(checkout).first() != Some(&(reply, is_done)) {
            self.faults = self.faults.saturating_sub(1);
        }
        if is_done {
            self.cancel(checkout);
        }
    }

    /// All that a cancel may be answered, and whether it is carried out.
    #[must_use]
    pub fn cancel_replies(&self, checkout: &Checkout) -> Vec<(Reply, bool)> {
        let done = match (checkout.truth, self.api) {
            (Truth::Paid, ApiVersion::V1) => Reply::Paid,
            (Truth::Unpaid, ApiVersion::V1) => Reply::AlreadyCanceled,
            // V2's cancel undoes a payment.
            _ => Reply::Canceled,
        };
        let mut replies = vec![(done, true)];
        if self.faults == 0 {
            return replies;
        }
        for lost in [
            Reply::Broken,
            Reply::Silence,
            Reply::Busy,
            Reply::Contradiction,
        ] {
            replies.extend([(lost, false), (lost, true)]);
        }
        replies.extend([(Reply::NotSent, false), (Reply::Unknown, true)]);
        if self.api == ApiVersion::V1 {
            replies.extend([(Reply::Forged, true), (Reply::Success, true)]);
        }
        replies
    }

    /// Carries a cancel out.
    pub fn cancel(&self, checkout: &mut Checkout) {
        if (checkout.truth, self.api) == (Truth::Paid, ApiVersion::V1) {
            return;
        }
        checkout.was_undone |= checkout.truth == Truth::Paid && self.was_seen_paid;
        checkout.truth = Truth::Unpaid;
    }
}
