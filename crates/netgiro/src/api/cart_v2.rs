//! The calls about a cart of V2, whose cancel also cancels what is paid: where a cart stands is asked before a cancel, and
//! after every change whose answer does not say it.

use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::api::{ATTEMPTS, Api, FIRST_BACKOFF};
use crate::http::transport::Request;
use crate::model::api_version::ApiVersion;
use crate::model::backoff::{backoff, jittered};
use crate::model::cart::check_reference;
use crate::model::cart::state::CartState;
use crate::model::customer_message::FailedCall;
use crate::model::error::{Error, Result};
use crate::model::poll::cart_ref::CartRef;
use crate::model::status::CartStatus;
use crate::model::values::amount::Amount;
use crate::protocol::consistency;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::response::Response;
use crate::protocol::v2::cart as protocol;
use crate::protocol::v2::change::{AfterChange, AfterStatus, Change, before_cancel, held_against};

impl Api {
    /// Where a transaction stands; a "canceled" after another call's "paid" is not believed.
    pub(super) async fn status_of(
        &self,
        called_paid_by: Option<Endpoint>,
        cart: &CartRef,
        attempts: u32,
    ) -> Result<CartState> {
        let state = self.status_until(self.deadline(), cart, attempts).await?;
        held_against(called_paid_by, state)
    }

    async fn status_until(
        &self,
        deadline: Instant,
        cart: &CartRef,
        attempts: u32,
    ) -> Result<CartState> {
        if let Some(reference) = &cart.reference {
            check_reference(reference)?;
        }
        let id = cart.transaction_id;
        let mut url = self.settings.v2_url("checkout/status")?;
        protocol::push_id(&mut url, id)?;
        let request = Request {
            endpoint: Endpoint::Status,
            url: &url,
            body: None,
            insert: None,
        };
        let read = |response: Response| protocol::read_state(response, Endpoint::Status, id);
        self.call_until(deadline, &request, Some(id), attempts, read, |_| {})
            .await
            .map_err(|error| error.of_call(FailedCall::Follow))
    }

    /// Captures what is held, all of it or an amount of it.
    pub(super) async fn capture(
        &self,
        cart: &CartRef,
        amount: Option<Amount>,
    ) -> Result<CartState> {
        if let Some(part) = amount {
            cart.check_part(part)?;
        }
        self.change_until(self.deadline(), Change::Capture(amount), cart)
            .await
    }

    /// Cancels what is not paid.
    pub(super) async fn cancel_open(&self, cart: &CartRef) -> Result<CartState> {
        let deadline = self.deadline();
        let state = self.status_until(deadline, cart, ATTEMPTS).await?;
        if !Change::Cancel.may_follow(state.status) {
            return Ok(state);
        }
        self.change_until(deadline, Change::Cancel, cart).await
    }

    /// Cancels what is paid.
    pub(crate) async fn void_cart(&self, cart: &CartRef) -> Result<CartState> {
        if self.settings.api == ApiVersion::V1 {
            return Err(Error::invalid_request(
                "a paid cart of V1 cannot be voided: refund it, or use api \"v2\"",
            ));
        }
        let deadline = self.deadline();
        let state = self.status_until(deadline, cart, ATTEMPTS).await?;
        match state.status {
            CartStatus::Canceled => Ok(state),
            CartStatus::Confirmed => self.change_until(deadline, Change::Void, cart).await,
            status => Err(Error::invalid_request(format!(
                "cart {} is {status}: only a paid cart is voided; cancel_cart cancels one that is open",
                cart.transaction_id
            ))),
        }
    }

    /// One cancel in the course of settling; `None` where its answer says that the cart is paid.
    pub(super) async fn cancel_unless_paid(&self, cart: &CartRef) -> Result<Option<CartState>> {
        let deadline = self.deadline();
        let state = self.status_until(deadline, cart, 1).await?;
        if let Some(end) = before_cancel(state)? {
            return Ok(Some(end));
        }
        let canceled = self.send_change(deadline, Change::Cancel, cart).await?;
        Ok(consistency::believed(Endpoint::Cancel, canceled))
    }

    /// Sends a change, and asks where the transaction stands whenever the answer does not say that the change is made:
    /// that decides, also of whether it is sent again.
    async fn change_until(
        &self,
        deadline: Instant,
        change: Change,
        cart: &CartRef,
    ) -> Result<CartState> {
        let mut attempt = 1;
        loop {
            let answer = self.send_change(deadline, change, cart).await;
            let failure = match change.after_sending(answer) {
                AfterChange::End(outcome) => return outcome,
                AfterChange::Confirm(by) => return self.status_of(by, cart, ATTEMPTS).await,
                AfterChange::Doubt(failure) => failure,
            };
            let status = self.status_until(deadline, cart, ATTEMPTS).await;
            let failure = match change.after_status(failure, status) {
                AfterStatus::End(outcome) => return outcome,
                AfterStatus::MayRepeat(failure) => failure,
            };
            let pause = jittered(
                backoff(FIRST_BACKOFF, attempt, self.settings.timeout),
                fastrand::f64(),
            );
            if attempt == ATTEMPTS || Instant::now() + pause >= deadline {
                return Err(failure);
            }
            sleep(pause).await;
            attempt += 1;
        }
    }

    /// Sends a change, again only where nothing of it has left.
    async fn send_change(
        &self,
        deadline: Instant,
        change: Change,
        cart: &CartRef,
    ) -> Result<CartState> {
        let id: Uuid = cart.transaction_id;
        let endpoint = change.endpoint();
        let url = self.settings.v2_url(change.path())?;
        let body = protocol::transaction_request(id, change.amount())?.into();
        let request = Request {
            endpoint,
            url: &url,
            body: Some(&body),
            insert: None,
        };
        let read = |response: Response| protocol::read_state(response, endpoint, id);
        self.call_until(deadline, &request, Some(id), ATTEMPTS, read, |_| {})
            .await
            .map_err(|error| error.of_call(change.failed_call()))
    }
}
