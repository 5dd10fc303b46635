//! Callbacks: queued, sent, repeated, acknowledged.

use crate::engine::cart::{Cart, Notification, Stage};
use crate::engine::clock::later;
use crate::engine::exchange::{CallbackJob, Delivery};
use crate::engine::state::{Engine, Timer};
use crate::model::error::SimulatorError;
use crate::model::options::ResponseSignatures;
use crate::model::order::Api;
use crate::model::records::SimulatedCallback;
use crate::protocol::{form, hosted, response};
use jiff::Timestamp;
use uuid::Uuid;

const JSON: &str = "application/json; charset=utf-8";
const FORM: &str = "application/x-www-form-urlencoded";

impl Engine {
    pub(crate) fn has_callbacks(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Takes the callbacks that have not been sent.
    pub(crate) fn take_outbox(&mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.outbox)
    }

    /// The customer has accepted: notifies the merchant, and lets a hold of V2 end in time.
    pub(super) fn accepted(&mut self, id: Uuid, notification: Notification, now: Timestamp) {
        self.notify(id, notification, now);
        let is_held = self
            .find(id)
            .is_some_and(|cart| cart.order.api != Api::V1 && cart.stage == Stage::Reserved);
        if is_held {
            let ends = later(now, self.options.hold_lifetime);
            self.schedule(ends, Timer::Hold(id));
        }
    }

    /// A cart is canceled, but not by its customer: V2 notifies the merchant of that.
    pub(super) fn canceled(&mut self, id: Uuid, now: Timestamp) {
        if (self.find(id)).is_some_and(|cart| cart.order.api != Api::V1) {
            self.notify(id, Notification::Canceled, now);
        }
    }

    /// Notifies the merchant of an event, if there is a URL for it.
    pub(super) fn notify(&mut self, id: Uuid, notification: Notification, now: Timestamp) {
        let job = self.find(id).and_then(|cart| {
            let order = &cart.order;
            let url = match notification {
                Notification::Accepted => order.callback_url.clone(),
                Notification::Canceled => order.callback_cancel_url.clone(),
            };
            Some(CallbackJob {
                url: url?,
                cart: id,
                notification,
                api: order.api,
                attempt: 1,
            })
        });
        if let Some(job) = job {
            self.send(job, now);
        }
    }

    /// Sends the callback about a cart's state, to the URL for a cart that was canceled or declined if it is one, else to
    /// the other; whatever was sent before.
    pub(crate) fn send_callback(&mut self, id: Uuid, now: Timestamp) -> Result<(), SimulatorError> {
        let cart = self.find(id).ok_or(SimulatorError::UnknownCart(id))?;
        let (status, order, api) = (cart.stage.status(), &cart.order, cart.order.api);
        let (notification, name, url) = match cart.stage {
            Stage::Canceled | Stage::Declined(_) => (
                Notification::Canceled,
                "CallbackCancelUrl",
                order.callback_cancel_url.clone(),
            ),
            _ => (
                Notification::Accepted,
                "CallbackUrl",
                order.callback_url.clone(),
            ),
        };
        let url = url.ok_or_else(|| SimulatorError::NotPossible {
            transaction_id: id,
            status,
            message: format!("has no callback: it was inserted without {name}"),
        })?;
        let job = CallbackJob {
            url,
            cart: id,
            notification,
            api,
            attempt: 1,
        };
        self.send(job, now);
        Ok(())
    }

    pub(super) fn send(&mut self, job: CallbackJob, now: Timestamp) {
        let Some(cart) = self.find(job.cart) else {
            return;
        };
        if job.notification == Notification::Accepted && cart.stage == Stage::Canceled {
            return; // ended by hand before the repetition
        }
        let mut content_type = JSON;
        let mut url = job.url.clone();
        let mut is_get = false;
        let (body, headers) = match job.api {
            Api::V1 => {
                let body = response::about_cart(&cart.callback(), self.options.decimals);
                let identifiers = self.identifiers();
                let signatures = ResponseSignatures::Valid;
                let headers =
                    (self.keys()).signing_headers(&identifiers, &job.url, &body, signatures);
                (body, headers)
            }
            Api::Form => {
                let (keys, decimals) = (self.keys(), self.options.decimals);
                let pairs = form::callback(&cart.form(), &keys, decimals, cart.is_prefixed());
                content_type = FORM;
                is_get = self.options.form_callback_as_get;
                if is_get {
                    let separator = if url.contains('?') { '&' } else { '?' };
                    url = format!("{url}{separator}{pairs}");
                    (Vec::new(), Vec::new())
                } else {
                    (pairs.into_bytes(), Vec::new())
                }
            }
            Api::Hosted if self.options.hosted_callback_as_form => {
                content_type = FORM;
                let form = hosted::form(&cart.form(), &self.keys(), self.options.decimals);
                (form, Vec::new())
            }
            Api::V2 | Api::Hosted => self.v2_callback(&cart.notice(job.notification)),
        };
        let revision = self.revise();
        let sent = SimulatedCallback {
            transaction_id: job.cart,
            url: url.clone(),
            attempt: job.attempt,
            status: None,
            is_done: false,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
            body: String::from_utf8_lossy(&body).into_owned(),
            at: now,
        };
        let record = self.callbacks.add(sent, revision);
        self.outbox.push(Delivery {
            job,
            url,
            is_get,
            content_type,
            headers,
            body,
            record,
        });
    }

    /// Records the status of a callback's response, or that there was none.
    pub(crate) fn delivered(&mut self, delivery: Delivery, status: Option<u16>, now: Timestamp) {
        let revision = self.revise();
        if let Some(record) = self.callbacks.get_mut(delivery.record, revision) {
            record.status = status;
            record.is_done = true;
        }
        let job = delivery.job;
        let is_acknowledged = match job.api {
            Api::V1 | Api::Form => status == Some(200),
            Api::V2 | Api::Hosted => status.is_some_and(|status| (200..300).contains(&status)),
        };
        if is_acknowledged {
            if let Some(cart) = self.awaiting_cart(&job) {
                cart.callback_acknowledged(now);
            }
        } else if job.attempt == 1 {
            let again = CallbackJob { attempt: 2, ..job };
            let delay = self.options.callback_retry_delay;
            self.schedule(later(now, delay), Timer::Repetition(again));
        } else if (self.awaiting_cart(&job)).is_some_and(|cart| cart.callback_given_up(now)) {
            self.canceled(job.cart, now);
        }
    }

    /// The cart whose payment depends on this callback.
    fn awaiting_cart(&mut self, job: &CallbackJob) -> Option<&mut Cart> {
        let confirmed = job.notification == Notification::Accepted;
        self.find_mut(job.cart).filter(|_| confirmed)
    }
}
