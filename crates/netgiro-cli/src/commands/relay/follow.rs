//! The carts that are followed, and when a callback is due.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use netgiro::{CartRef, CartStatus, PollPolicy, WaitOptions};
use tokio::time::Instant;
use uuid::Uuid;

use super::callback::deliver;
use super::cart::FollowedCart;
use super::{Event, Relay, note};

/// Much longer than a cart lives.
const PATIENCE: Duration = Duration::from_secs(3600);
/// How long a cart waits for its customer; what is canceled later has run out, which nobody is called about.
const LIFETIME: Duration = Duration::from_secs(175);

/// What is known of all of them.
#[derive(Debug, Default)]
pub(super) struct Carts {
    /// Those that the shop has canceled by itself.
    canceled: Mutex<HashSet<Uuid>>,
}

impl Carts {
    pub(super) fn shop_cancels(&self, cart: Uuid) {
        let mut canceled = self.canceled.lock().unwrap_or_else(PoisonError::into_inner);
        canceled.insert(cart);
    }

    fn is_canceled_by_shop(&self, cart: Uuid) -> bool {
        let canceled = self.canceled.lock().unwrap_or_else(PoisonError::into_inner);
        canceled.contains(&cart)
    }
}

/// Follows a cart until its customer has answered, and posts the callback; returns whether all that was posted was
/// acknowledged.
pub(super) async fn follow(relay: Arc<Relay>, cart: FollowedCart) -> bool {
    let id = cart.transaction_id;
    let since = Instant::now();
    let policy = cart.interval.and_then(|interval| {
        let most = interval.max(Duration::from_secs(5));
        PollPolicy::new(interval, interval, most).ok()
    });
    let options = WaitOptions {
        timeout: PATIENCE,
        policy,
    };
    let mut watch = relay.client.watch_cart(CartRef::from(id), options);
    let mut is_reported = false;
    let mut is_acknowledged = true;
    while let Some(changed) = watch.next().await {
        let state = match changed {
            Ok(state) => state,
            Err(error) => {
                relay.report(note(id, &error));
                return false;
            }
        };
        relay.report(Event::Changed {
            transaction_id: id,
            status: state.status.as_str(),
        });
        let url = match state.status {
            CartStatus::Confirmed | CartStatus::Reserved | CartStatus::AwaitingCallback => {
                cart.callback_url.as_deref()
            }
            CartStatus::Declined => cart.callback_cancel_url.as_deref(),
            CartStatus::Canceled
                if !relay.carts.is_canceled_by_shop(id) && since.elapsed() < LIFETIME =>
            {
                cart.callback_cancel_url.as_deref()
            }
            _ => continue,
        };
        // Once for each cart: a payment follows from the customer's yes, of which the shop has heard.
        if std::mem::replace(&mut is_reported, true) {
            continue;
        }
        match url {
            Some(url) => is_acknowledged &= deliver(&relay, &cart, &state, url).await,
            None => relay.report(Event::Note {
                message: format!("{id}  no callback: the cart was inserted without a URL for it"),
            }),
        }
    }
    is_acknowledged
}
