//! Callbacks: queued, sent, repeated, acknowledged.

use crate::engine::cart::{Cart, Notification, Stage};
use crate::engine::clock::later;
use crate::engine::exchange::{CallbackJob, Delivery};
use crate::engine::state::{Engine, Timer};
use crate::model::error::SimulatorError;
use crate::model::options::ResponseSignatures;
use crate::model::records::SimulatedCallback;
use crate::protocol::response;
use jiff::Timestamp;
use uuid::Uuid;

impl Engine {
    pub(crate) fn has_callbacks(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Takes the callbacks that have not been sent.
    pub(crate) fn take_outbox(&mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.outbox)
    }

    /// Notifies the merchant of an event, if there is a URL for it.
    pub(super) fn notify(&mut self, cart: Uuid, notification: Notification, now: Timestamp) {
        let url = self.find(cart).and_then(|cart| match notification {
            Notification::CustomerConfirmed => cart.order.callback_url.clone(),
            Notification::CustomerDeclined => cart.order.callback_cancel_url.clone(),
        });
        if let Some(url) = url {
            let job = CallbackJob {
                url,
                cart,
                notification,
                attempt: 1,
            };
            self.send(job, now);
        }
    }

    /// Sends the callback about a cart's state, to the URL for a cart that was canceled or declined if it is one, else to
    /// the other; whatever was sent before.
    pub(crate) fn send_callback(&mut self, id: Uuid, now: Timestamp) -> Result<(), SimulatorError> {
        let cart = self.find(id).ok_or(SimulatorError::UnknownCart(id))?;
        let (status, order) = (cart.stage.status(), &cart.order);
        let (notification, name, url) = match cart.stage {
            Stage::Canceled | Stage::Declined(_) => (
                Notification::CustomerDeclined,
                "CallbackCancelUrl",
                order.callback_cancel_url.clone(),
            ),
            _ => (
                Notification::CustomerConfirmed,
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
            attempt: 1,
        };
        self.send(job, now);
        Ok(())
    }

    pub(super) fn send(&mut self, job: CallbackJob, now: Timestamp) {
        let Some(cart) = self.find(job.cart) else {
            return;
        };
        if job.notification == Notification::CustomerConfirmed && cart.stage == Stage::Canceled {
            return; // ended by hand before the repetition
        }
        let body = response::about_cart(&cart.callback(), self.options.decimals);
        let identifiers = self.identifiers();
        let headers =
            self.keys()
                .signing_headers(&identifiers, &job.url, &body, ResponseSignatures::Valid);
        let revision = self.revise();
        let sent = SimulatedCallback {
            transaction_id: job.cart,
            url: job.url.clone(),
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
        if status == Some(200) {
            if let Some(cart) = self.awaiting_cart(&job) {
                cart.callback_acknowledged(now);
            }
        } else if job.attempt == 1 {
            let again = CallbackJob { attempt: 2, ..job };
            let delay = self.options.callback_retry_delay;
            self.schedule(later(now, delay), Timer::Repetition(again));
        } else if let Some(cart) = self.awaiting_cart(&job) {
            cart.callback_given_up();
        }
    }

    /// The cart whose payment depends on this callback.
    fn awaiting_cart(&mut self, job: &CallbackJob) -> Option<&mut Cart> {
        let confirmed = job.notification == Notification::CustomerConfirmed;
        self.find_mut(job.cart).filter(|_| confirmed)
    }
}
