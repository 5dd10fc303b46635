//! The handle: what tests hold while the server runs.

use crate::engine::state::{SimulatedCallback, SimulatedCart, SimulatedRequest};
use crate::faults::fault::Fault;
use crate::faults::storm::Storm;
use crate::http::address::Address;
use crate::http::server::{self, Shared};
use crate::http::tls::Identity;
use crate::model::error::SimulatorError;
use crate::model::options::SimulatorOptions;
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
/// Every method may be called from any thread at any time, also while requests are being answered, and after `close`.
///
/// A forked child does not inherit the server: there, the handle may be dropped, and nothing else.
pub struct Simulator {
    url: String,
    page_url: String,
    local_url: String,
    authority: Option<Authority>,
    app_key: String,
    secret_key: String,
    shared: Arc<Shared>,
    /// Never dropped as it stands: in a forked child, taking leave of a thread that is not there could hang.
    running: ManuallyDrop<Mutex<Option<Running>>>,
    process: u32,
}

struct Authority {
    pem: String,
    file: PathBuf,
}

impl Authority {
    /// Puts it into a new file among the temporary ones.
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
        let (orders, ordered) = server::orders();
        let shared = Arc::new(Shared::new(options, address, acceptor, orders));
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("netgiro-simulator".to_owned())
            .spawn(move || runtime.block_on(server::serve(listener, served, ordered, stopped)))?;
        // Last, so that nothing is left behind where there is no simulator to take it away.
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

    /// The page for people: the customer's phone beside the merchant's view.
    #[must_use]
    pub fn page_url(&self) -> &str {
        &self.page_url
    }

    /// The base URL on this machine, whatever [`SimulatorOptions::public_url`] says: where a proxy passes requests to.
    #[must_use]
    pub fn local_url(&self) -> &str {
        &self.local_url
    }

    /// The authority behind the certificate that [`Tls::SelfMade`](crate::Tls::SelfMade) made up, as PEM.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.authority.as_ref().map(|authority| &*authority.pem)
    }

    /// The same in a file, for clients that want one; it goes when the simulator is closed.
    #[must_use]
    pub fn ca_file(&self) -> Option<&Path> {
        self.authority.as_ref().map(|authority| &*authority.file)
    }

    /// The application key that is let in.
    #[must_use]
    pub fn app_key(&self) -> &str {
        &self.app_key
    }

    /// The secret key of both sides.
    #[must_use]
    pub fn secret_key(&self) -> &str {
        &self.secret_key
    }

    /// The customer accepts. The cart becomes confirmed, reserved, or awaits its callback's acknowledgement, as its
    /// confirmation type wants; a callback is sent meanwhile, and this does not wait for it.
    ///
    /// Fails for a cart whose customer has decided already, whose time is over, or which needs the SMS code instead.
    pub fn confirm(&self, transaction_id: Uuid) -> Result<(), SimulatorError> {
        self.shared
            .now(|ledger, now| ledger.confirm(transaction_id, now))
    }

    /// The customer declines: 10423, and a callback to `CallbackCancelUrl`, if there is one.
    ///
    /// Fails for a cart whose customer has decided already, or whose time is over.
    pub fn decline(&self, transaction_id: Uuid) -> Result<(), SimulatorError> {
        self.shared
            .now(|ledger, now| ledger.decline(transaction_id, now))
    }

    /// Ends a cart as if its time were over: 10201. A reservation ends too, and a sale that awaits its callback.
    ///
    /// Fails for a cart that cannot change any more.
    pub fn expire(&self, transaction_id: Uuid) -> Result<(), SimulatorError> {
        self.shared.now(|ledger, _| ledger.expire(transaction_id))
    }

    /// Leaves a paid cart out of its settlement, as if Netgíró had forgotten it.
    ///
    /// Fails for a cart that is not paid.
    pub fn withhold(&self, transaction_id: Uuid) -> Result<(), SimulatorError> {
        self.shared.now(|ledger, _| ledger.withhold(transaction_id))
    }

    /// Lets time pass at once: carts run out, customers react, callbacks are repeated, each in its turn.
    ///
    /// Callbacks are sent, but this does not wait for their answers. Fails for more than ten years in all.
    pub fn advance(&self, by: Duration) -> Result<(), SimulatorError> {
        self.shared.advance(by)
    }

    /// As [`advance`](Self::advance), by seconds as other languages give them.
    ///
    /// Fails for what is no duration, too.
    pub fn advance_seconds(&self, seconds: f64) -> Result<(), SimulatorError> {
        self.shared.advance_seconds(seconds)
    }

    /// The simulator's time: real time, plus what it was advanced by.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.now(|_, now| now)
    }

    /// All carts, in the order in which they were inserted.
    #[must_use]
    pub fn carts(&self) -> Vec<SimulatedCart> {
        self.shared.now(|ledger, _| ledger.carts())
    }

    /// One cart.
    #[must_use]
    pub fn cart(&self, transaction_id: Uuid) -> Option<SimulatedCart> {
        self.shared.now(|ledger, _| ledger.cart(transaction_id))
    }

    /// Every request, in the order of arrival; at most [`SimulatorOptions::history`] of them.
    #[must_use]
    pub fn requests(&self) -> Vec<SimulatedRequest> {
        self.shared.now(|ledger, _| ledger.requests())
    }

    /// Every attempt at a callback, in order; at most [`SimulatorOptions::history`] of them.
    #[must_use]
    pub fn callbacks(&self) -> Vec<SimulatedCallback> {
        self.shared.now(|ledger, _| ledger.callbacks())
    }

    /// Lets something go wrong with requests to come.
    ///
    /// Fails for a fault that cannot be: no count, or a status that is none.
    pub fn add_fault(&self, fault: Fault) -> Result<(), SimulatorError> {
        let refuse = fault.refuse;
        self.shared.now(|ledger, _| ledger.add_fault(fault))?;
        if let Some(period) = refuse {
            self.shared.orders.refuse(period);
        }
        Ok(())
    }

    /// Forgets the faults that have not struck yet, lets connections in again, and lets a storm's calls through: its
    /// customers still do what they meant to.
    pub fn clear_faults(&self) {
        self.shared.now(|ledger, _| ledger.clear_faults());
        self.shared.orders.listen();
    }

    /// Lets a storm break loose, in place of one that blows already. Scripted faults go first.
    ///
    /// Fails for a failure rate that is none.
    pub fn storm(&self, storm: Storm) -> Result<(), SimulatorError> {
        self.shared.now(|ledger, _| ledger.storm(storm))
    }

    /// Stops the server: cuts its connections, frees its port and ends its thread. Carts and records stay readable.
    ///
    /// Does nothing the second time.
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
