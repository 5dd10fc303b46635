//! The handle of a running simulator.

use crate::faults::fault::Fault;
use crate::faults::storm::Storm;
use crate::http::address::Address;
use crate::http::server;
use crate::http::shared::{self, Shared};
use crate::http::tls::Identity;
use crate::model::error::SimulatorError;
use crate::model::options::SimulatorOptions;
use crate::model::records::{SimulatedCallback, SimulatedCart, SimulatedRequest};
use jiff::Timestamp;
use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::mem::ManuallyDrop;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;
use uuid::Uuid;

/// A local Netgíró, from [`start`](Self::start) until [`close`](Self::close) or drop.
///
/// All methods can be called from any thread at any time, also during requests, and after `close`.
///
/// A forked child does not inherit the server: it may drop the handle, and must not use it otherwise.
pub struct Simulator {
    url: String,
    page_url: String,
    local_url: String,
    authority: Option<Authority>,
    app_key: String,
    secret_key: String,
    shared: Arc<Shared>,
    /// Never dropped automatically: in a forked child, joining a thread that does not exist could hang.
    running: ManuallyDrop<Mutex<Option<Running>>>,
    process: u32,
}

struct Authority {
    pem: String,
    file: PathBuf,
}

impl Authority {
    /// Writes it to a new temporary file.
    fn write(pem: String) -> io::Result<Self> {
        let name = format!("netgiro-simulator-{:032x}-ca.pem", fastrand::u128(..));
        let file = std::env::temp_dir().join(name);
        fs::File::create_new(&file)?.write_all(pem.as_bytes())?;
        Ok(Self { pem, file })
    }
}

struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Simulator {
    /// Starts a server on a loopback port, on a thread of its own.
    ///
    /// Fails when the port is taken, the machine has no thread or file descriptor left, or an option cannot be used
    /// ([`io::ErrorKind::InvalidInput`], with a [`SimulatorError`] inside).
    pub fn start(options: SimulatorOptions) -> io::Result<Self> {
        options.check().map_err(refused)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
        listener.set_nonblocking(true)?;
        let public_url = options.public_url.as_deref();
        let address = Address::new(listener.local_addr()?, public_url, options.tls.is_some())
            .map_err(refused)?;
        let identity = (options.tls.as_ref())
            .map(|tls| Identity::new(tls, address.public_host()))
            .transpose()
            .map_err(refused)?;
        let (acceptor, ca_pem) = identity.map_or((None, None), |identity| {
            (Some(identity.acceptor), identity.ca_pem)
        });
        let (url, page_url, local_url) = (address.api(), address.page(), address.local_api());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let app_key = options.app_key.clone();
        let secret_key = options.secret_key.clone();
        let (stop, stopped) = oneshot::channel();
        let (listener_control, commands) = shared::listener_control();
        let shared = Arc::new(Shared::new(options, address, acceptor, listener_control));
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("netgiro-simulator".to_owned())
            .spawn(move || runtime.block_on(server::serve(listener, served, commands, stopped)))?;
        // Last, so that no file stays behind if the start fails.
        let authority = ca_pem.map(Authority::write).transpose()?;
        Ok(Self {
            url,
            page_url,
            local_url,
            authority,
            app_key,
            secret_key,
            shared,
            running: ManuallyDrop::new(Mutex::new(Some(Running { stop, thread }))),
            process: std::process::id(),
        })
    }

    /// The base URL for a client: `http://127.0.0.1:PORT/v1/`, or below [`SimulatorOptions::public_url`].
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The URL of the page: the customer's phone beside the merchant's view.
    #[must_use]
    pub fn page_url(&self) -> &str {
        &self.page_url
    }

    /// The base URL on this machine, without [`SimulatorOptions::public_url`]: the target for a proxy.
    #[must_use]
    pub fn local_url(&self) -> &str {
        &self.local_url
    }

    /// The authority of the certificate that [`Tls::SelfMade`](crate::Tls::SelfMade) made, as PEM.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.authority.as_ref().map(|authority| &*authority.pem)
    }

    /// The same in a file, for clients that need one; `close` deletes it.
    #[must_use]
    pub fn ca_file(&self) -> Option<&Path> {
        self.authority.as_ref().map(|authority| &*authority.file)
    }

    /// The application key that is accepted.
    #[must_use]
    pub fn app_key(&self) -> &str {
        &self.app_key
    }

    /// The secret key that both sides sign with.
    #[must_use]
    pub fn secret_key(&self) -> &str {
        &self.secret_key
    }

    /// The customer accepts. The cart becomes confirmed or reserved, or waits for its callback's acknowledgement,
    /// depending on its confirmation type. This does not wait for the callback.
    ///
    /// Fails for a cart whose customer has already answered, that has expired, or that needs the SMS code instead.
    pub fn confirm(&self, transaction_id: Uuid) -> Result<(), SimulatorError> {
        self.shared
            .now(|engine, now| engine.confirm(transaction_id, now))
    }

    /// The customer declines: 10423, and a callback to `CallbackCancelUrl`, if there is one.
    ///
    /// Fails for a cart whose customer has already answered, or that has expired.
    pub fn decline(&self, transaction_id: Uuid) -> Result<(), SimulatorError> {
        self.shared
            .now(|engine, now| engine.decline(transaction_id, now))
    }

    /// Expires a cart at once: 10201. This also ends a reservation, and a sale that waits for its callback.
    ///
    /// Fails for a cart that has ended.
    pub fn expire(&self, transaction_id: Uuid) -> Result<(), SimulatorError> {
        self.shared
            .now(|engine, now| engine.expire(transaction_id, now))
    }

    /// Leaves a paid cart out of its settlement, as if Netgíró had forgotten it.
    ///
    /// Fails for a cart that is not paid.
    pub fn withhold(&self, transaction_id: Uuid) -> Result<(), SimulatorError> {
        self.shared.now(|engine, _| engine.withhold(transaction_id))
    }

    /// Advances the clock: carts expire, customers answer, callbacks are repeated, in the right order.
    ///
    /// This does not wait for the callbacks' responses. Fails for more than ten years in total.
    pub fn advance(&self, by: Duration) -> Result<(), SimulatorError> {
        self.shared.advance(by)
    }

    /// As [`advance`](Self::advance), in seconds.
    ///
    /// Also fails for a number that is not a duration.
    pub fn advance_seconds(&self, seconds: f64) -> Result<(), SimulatorError> {
        self.shared.advance_seconds(seconds)
    }

    /// The simulator's time: real time, plus the time by which it was advanced.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.now(|_, now| now)
    }

    /// All carts, in the order in which they were inserted.
    #[must_use]
    pub fn carts(&self) -> Vec<SimulatedCart> {
        self.shared.now(|engine, _| engine.carts())
    }

    /// One cart.
    #[must_use]
    pub fn cart(&self, transaction_id: Uuid) -> Option<SimulatedCart> {
        self.shared.now(|engine, _| engine.cart(transaction_id))
    }

    /// All requests, in the order of arrival; at most [`SimulatorOptions::history`] of them.
    #[must_use]
    pub fn requests(&self) -> Vec<SimulatedRequest> {
        self.shared.now(|engine, _| engine.requests())
    }

    /// All callback attempts, in order; at most [`SimulatorOptions::history`] of them.
    #[must_use]
    pub fn callbacks(&self) -> Vec<SimulatedCallback> {
        self.shared.now(|engine, _| engine.callbacks())
    }

    /// Adds a fault for future requests.
    ///
    /// Fails for a fault with impossible values, such as a count of 0.
    pub fn add_fault(&self, fault: Fault) -> Result<(), SimulatorError> {
        let refuse = fault.refuse;
        self.shared.now(|engine, _| engine.add_fault(fault))?;
        if let Some(period) = refuse {
            self.shared.listener.refuse(period);
        }
        Ok(())
    }

    /// Removes the faults in the queue, accepts connections again, and ends a storm's failures; the customers of the
    /// storm stay.
    pub fn clear_faults(&self) {
        self.shared.now(|engine, _| engine.clear_faults());
        self.shared.listener.listen();
    }

    /// Starts a storm, in place of a running one. Faults in the queue go first.
    ///
    /// Fails for a failure rate outside of 0 to 1.
    pub fn storm(&self, storm: Storm) -> Result<(), SimulatorError> {
        self.shared.now(|engine, _| engine.storm(storm))
    }

    /// Waits until somebody asks for its end by `POST /simulator/stop`, where
    /// [`allow_stop`](SimulatorOptions::allow_stop) lets them; for ever elsewhere.
    pub async fn stop_requested(&self) {
        self.shared.stop_requested().await;
    }

    /// Stops the server: cuts its connections, frees its port and ends its thread. Carts and histories stay readable.
    ///
    /// A second call does nothing.
    pub fn close(&self) {
        if std::process::id() != self.process {
            return;
        }
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Running { stop, thread }) = running.take() {
            let _ = stop.send(());
            let _ = thread.join();
            if let Some(authority) = &self.authority {
                let _ = fs::remove_file(&authority.file);
            }
        }
    }
}

fn refused(error: SimulatorError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("url", &self.url)
            .field("app_key", &self.app_key)
            .finish_non_exhaustive()
    }
}
