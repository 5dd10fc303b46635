//! One call: sent, sent again where that is safe, observed. What the client, waits and bulk calls share.

mod cart;
mod cart_v2;
mod checkouts;
pub(crate) mod insert;
mod lookup;
pub(crate) mod refund_keys;
mod refunds;
mod settlements;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::api::refund_keys::RefundKeys;
use crate::callback::diagnosis::Allowance;
use crate::callback::redirect::{self, Redirect};
use crate::callback::replay_guard::ReplayGuard;
use crate::callback::{self, Callback, ReplayKey};
use crate::events::{Observer, PollEvent, RecordOutcome, RequestEvent};
#[cfg(feature = "simulation")]
use crate::http::machine::Machine;
#[cfg(feature = "simulation")]
use crate::http::machine::simulation::SimulatedMachine;
use crate::http::settings::Settings;
use crate::http::transport::{Request, Transport};
use crate::model::backoff::{backoff, jittered};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::values::amount::Amount;
use crate::options::ClientOptions;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::response::Response;

/// How often one call is sent at the most, the first time included.
pub(crate) const ATTEMPTS: u32 = 3;
const FIRST_BACKOFF: Duration = Duration::from_millis(100);

/// The API for one shop. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    settings: Arc<Settings>,
    /// Limits how often the client diagnoses why a callback does not verify.
    diagnoses: Arc<Allowance>,
    refund_keys: Arc<RefundKeys>,
    transport: Arc<Transport>,
}

impl Api {
    pub(crate) fn new(options: ClientOptions) -> Result<Self> {
        Ok(Self::with(Arc::new(Settings::new(options)?)))
    }

    fn with(settings: Arc<Settings>) -> Self {
        Self {
            transport: Arc::new(Transport::new(Arc::clone(&settings))),
            diagnoses: Arc::default(),
            refund_keys: Arc::default(),
            settings,
        }
    }

    /// The API for a shop whose client runs on a simulated machine.
    #[cfg(feature = "simulation")]
    pub(crate) fn simulated(
        options: ClientOptions,
        machine: Arc<dyn SimulatedMachine>,
    ) -> Result<Self> {
        let mut settings = Settings::new(options)?;
        settings.machine = Machine::simulated(machine);
        Ok(Self::with(Arc::new(settings)))
    }

    /// The same API in a process that has just started.
    #[cfg(feature = "simulation")]
    pub(crate) fn restarted(&self) -> Self {
        Self::with(Arc::new(self.settings.restarted()))
    }

    /// The same with connections of its own.
    pub(crate) fn with_own_connections(&self) -> Self {
        Self {
            transport: Arc::new(Transport::new(Arc::clone(&self.settings))),
            ..self.clone()
        }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Verifies a callback; without a guard, however often it comes.
    pub(crate) fn verify_callback(
        &self,
        guard: Option<&dyn ReplayGuard>,
        url: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Callback> {
        callback::verify(&self.settings, &self.diagnoses, guard, url, headers, body)
    }

    /// Verifies a callback, and gives what a replay guard is to be asked about it.
    pub(crate) fn verify_callback_keyed(
        &self,
        url: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<(Callback, Option<ReplayKey>)> {
        callback::verify_keyed(&self.settings, &self.diagnoses, url, headers, body)
    }

    /// Verifies a redirect, and compares it with the order as far as that is known.
    pub(crate) fn verify_redirect(
        &self,
        url: &str,
        amount: Option<Amount>,
        reference: Option<&str>,
    ) -> Result<Redirect> {
        redirect::verify(&self.settings, url, amount, reference)
    }

    /// Passes a step of a poll to whoever observes.
    pub(crate) fn observe_poll(&self, event: impl FnOnce() -> PollEvent) {
        Observer::poll(self.settings.observer.as_ref(), event);
    }

    /// Sends a request within the timeout, up to `attempts` times where that is safe.
    async fn call<T: RecordOutcome>(
        &self,
        request: &Request<'_>,
        transaction_id: Option<Uuid>,
        attempts: u32,
        read: impl Fn(Response) -> Result<T>,
    ) -> Result<T> {
        let deadline = self.deadline();
        self.call_until(deadline, request, transaction_id, attempts, read, |_| {})
            .await
    }

    /// When a call that starts now must be over.
    fn deadline(&self) -> Instant {
        Instant::now() + self.settings.timeout
    }

    /// The same until a deadline, for a call whose failed attempts matter to what its last one means.
    async fn call_until<T: RecordOutcome>(
        &self,
        deadline: Instant,
        request: &Request<'_>,
        transaction_id: Option<Uuid>,
        attempts: u32,
        read: impl Fn(Response) -> Result<T>,
        mut attempt_failed: impl FnMut(&Error),
    ) -> Result<T> {
        let endpoint = request.endpoint;
        let mut started = Instant::now();
        let mut attempt = 1;
        loop {
            let left = deadline.saturating_duration_since(started);
            let mut http_status = None;
            if let Some(insert) = request.insert {
                insert.on_send(attempt);
            }
            let outcome = match self.transport.send(request, left).await {
                Ok(response) => {
                    http_status = Some(response.http_status);
                    read(response)
                }
                Err(error) => Err(error),
            };
            Observer::request(self.settings.observer.as_ref(), || {
                RequestEvent {
                    endpoint: endpoint.name(),
                    reference: request
                        .insert
                        .filter(|_| outcome.is_err())
                        .map(|it| it.cart().reference.clone()),
                    transaction_id,
                    attempt,
                    http_status,
                    result_code: None,
                    reference_id: None,
                    duration: started.elapsed(),
                    error: None,
                }
                .with(&outcome)
            });
            let error = match outcome {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            attempt_failed(&error);
            let delay = backoff(FIRST_BACKOFF, attempt, self.settings.timeout);
            let pause =
                jittered(delay, fastrand::f64()).max(error.retry_after().unwrap_or_default());
            if attempt == attempts
                || !may_be_sent_again(endpoint, &error)
                || Instant::now() + pause >= deadline
            {
                return Err(error);
            }
            sleep(pause).await;
            attempt += 1;
            started = Instant::now();
        }
    }
}

/// Whether sending a failed request again is safe and may help at once.
pub(crate) fn may_be_sent_again(endpoint: Endpoint, error: &Error) -> bool {
    error.kind() == ErrorKind::Connect || (endpoint.is_repeatable() && error.is_transient())
}

#[cfg(test)]
mod tests {
    use super::{Api, Arc, ClientOptions};

    #[test]
    fn own_connections_share_the_settings_alone() {
        let options = ClientOptions::new("881E674F-7891-4C20-AFD8-56FE2624C4B5", "secret");
        let api = Api::new(options).unwrap();
        let own = api.with_own_connections();
        assert!(!Arc::ptr_eq(&api.transport, &own.transport));
        assert!(Arc::ptr_eq(&api.settings, &own.settings));
    }
}
