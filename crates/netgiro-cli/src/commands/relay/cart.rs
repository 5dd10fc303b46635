//! A cart that is followed.

use std::time::Duration;

use uuid::Uuid;

use crate::arguments::RelayArgs;

/// A cart that is followed.
#[derive(Clone, Debug)]
pub(super) struct FollowedCart {
    pub(super) transaction_id: Uuid,
    pub(super) reference: Option<String>,
    pub(super) amount: Option<i64>,
    /// The callback URL as it was registered.
    pub(super) callback_url: Option<String>,
    /// The same for carts that the customer cancels or declines.
    pub(super) callback_cancel_url: Option<String>,
    /// How often Netgíró wants to be asked.
    pub(super) interval: Option<Duration>,
}

impl FollowedCart {
    /// A cart that was named on the command line.
    pub(super) fn named(transaction_id: Uuid, args: &RelayArgs) -> Self {
        let registered = args.registered_url.as_ref().unwrap_or(&args.to);
        Self {
            transaction_id,
            reference: None,
            amount: None,
            callback_url: Some(registered.clone()),
            callback_cancel_url: Some(registered.clone()),
            interval: None,
        }
    }
}
