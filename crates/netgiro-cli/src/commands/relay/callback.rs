//! The callback that Netgíró would send, posted to the shop.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use netgiro::raw::{RawClient, RawError, nonce};
use netgiro::{CartState, CartStatus, PaymentInfo, sign};
use serde_json::Value;
use url::Url;

use crate::arguments::RelayArgs;
use crate::failure::Failure;

use super::cart::FollowedCart;
use super::{Event, Relay};

/// What is read of a shop's answer.
const MOST: usize = 1 << 20;

/// Posts callbacks to the shop.
pub(super) struct CallbackSender {
    to: Url,
    client: RawClient,
    timeout: Duration,
    retry: Duration,
}

impl CallbackSender {
    pub(super) fn new(args: &RelayArgs, ca_file: Option<PathBuf>) -> Result<Self, Failure> {
        let to = Url::parse(&args.to)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| {
                Failure::usage(
                    "--to must be the URL of the shop's callback route, such as \
                     http://127.0.0.1:8000/netgiro/callback",
                )
            })?;
        Ok(Self {
            client: RawClient::to(&to, ca_file, args.timeout)?,
            to,
            timeout: args.timeout,
            retry: args.callback_retry,
        })
    }

    /// Where the callback for a registered URL goes: the shop's own route; what that leaves out is taken from the
    /// registered URL.
    fn target(&self, registered: &str) -> Url {
        let mut target = self.to.clone();
        let Ok(registered) = Url::parse(registered) else {
            return target;
        };
        if target.path() == "/" {
            target.set_path(registered.path());
        }
        if target.query().is_none() {
            target.set_query(registered.query());
        }
        target
    }
}

/// Posts a callback, once more if it is not acknowledged by 200, as Netgíró does; returns whether it was.
pub(super) async fn deliver(
    relay: &Relay,
    cart: &FollowedCart,
    state: &CartState,
    registered: &str,
) -> bool {
    let sender = &relay.sender;
    let url = sender.target(registered);
    let body = body(cart, state);
    for attempt in 1..=2 {
        if attempt > 1 {
            tokio::time::sleep(sender.retry).await;
        }
        let nonce = nonce();
        let signature = sign(&relay.secret_key, &nonce, registered, body.as_bytes());
        let headers = [
            ("content-type", "application/json; charset=utf-8"),
            (
                "user-agent",
                concat!("netgiro-relay/", env!("CARGO_PKG_VERSION")),
            ),
            ("netgiro_appkey", relay.app_key.as_str()),
            ("netgiro_nonce", nonce.as_str()),
            ("netgiro_signature", signature.as_str()),
        ];
        let sent = sender.client.send(
            "POST",
            &url,
            &headers,
            Some(body.clone().into_bytes()),
            sender.timeout,
            MOST,
        );
        let (http_status, why) = match sent.await {
            Ok(response) => (Some(response.status), String::new()),
            Err(RawError::Timeout) => (None, format!("it took longer than {:?}", sender.timeout)),
            Err(
                RawError::Dns(why)
                | RawError::Tls(why)
                | RawError::Connect(why)
                | RawError::Broken(why),
            ) => (None, why),
        };
        relay.report(Event::Callback {
            transaction_id: state.transaction_id,
            status: state.status.as_str(),
            registered_url: registered.to_owned(),
            attempt,
            http_status,
            why,
        });
        if http_status == Some(200) {
            return true;
        }
    }
    let consequence =
        if state.status == CartStatus::Declined || state.status == CartStatus::Canceled {
            "Netgíró gives up"
        } else {
            "Netgíró would cancel the sale now"
        };
    relay.report(Event::Note {
        message: format!(
            "{}  the callback was not acknowledged by 200: {consequence}; netgiro doctor --callback {url} says why",
            state.transaction_id
        ),
    });
    false
}

/// The body in the shape of CheckCart's response, always with PaymentInfo, which names the cart.
fn body(cart: &FollowedCart, state: &CartState) -> String {
    let mut payment = state.payment.as_deref().cloned().unwrap_or_default();
    payment.transaction_id = Some(state.transaction_id);
    payment.status_id.get_or_insert(match state.status {
        CartStatus::Confirmed => 2,
        CartStatus::Canceled | CartStatus::Declined => 5,
        _ => 1,
    });
    payment.created.get_or_insert_with(Timestamp::now);
    payment.total_amount = payment.total_amount.or(cart.amount.map(Into::into));
    payment.reference_number = payment.reference_number.or_else(|| cart.reference.clone());
    for none in [
        &mut payment.discount_amount,
        &mut payment.shipping_amount,
        &mut payment.handling_amount,
    ] {
        none.get_or_insert_with(|| 0.into());
    }
    format!(
        "{{\"PaymentSuccessful\":{},\"PaymentInfo\":{},\"Success\":true,\"Message\":{},\"ResultCode\":{}}}",
        state.payment_successful.unwrap_or(state.is_paid()),
        payment_json(&payment),
        Value::from(state.message.as_deref()),
        Value::from(state.result_code),
    )
}

/// A member of this kind as the API writes it, with every digit of an amount.
macro_rules! json {
    (Text $value:expr) => {
        Value::from($value.as_str()).to_string()
    };
    (Id $value:expr) => {
        format!("\"{}\"", $value)
    };
    (Instant $value:expr) => {
        $value.strftime("\"%Y-%m-%dT%H:%M:%S%.3f\"").to_string()
    };
    ($number_or_flag:ident $value:expr) => {
        $value.to_string()
    };
}

macro_rules! payment_json {
    ($( $(#[$meta:meta])* $member:ident: $kind:ident = $wire:literal, )+) => {
        fn payment_json(payment: &PaymentInfo) -> String {
            let members = [$(
                (payment.$member.as_ref()).map_or_else(
                    || concat!("\"", $wire, "\":null").to_owned(),
                    |value| format!("\"{}\":{}", $wire, json!($kind value)),
                ),
            )+];
            format!("{{{}}}", members.join(","))
        }
    };
}

netgiro::payment_members!(payment_json);
