//! What the handle, the server and the control share.

use crate::engine::clock::Clock;
use crate::engine::state::Engine;
use crate::http::address::Address;
use crate::http::callback_sender::CallbackSender;
use crate::model::error::SimulatorError;
use crate::model::options::SimulatorOptions;
use jiff::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio_rustls::TlsAcceptor;

/// What the handle, the server and the control share.
pub(crate) struct Shared {
    state: Mutex<State>,
    /// There are callbacks to send, or a new timer is due before the others.
    pub(super) changed: Notify,
    /// Cuts every connection.
    pub(super) cut: Notify,
    /// Whether somebody has asked for the end; `None` where that is not allowed.
    stop: Option<watch::Sender<bool>>,
    /// The engine's revision, to wait for the next one.
    revision: watch::Sender<u64>,
    pub(crate) address: Address,
    pub(crate) listener: ListenerControl,
    pub(super) acceptor: Option<TlsAcceptor>,
    pub(super) latency: Duration,
    pub(super) callback_sender: CallbackSender,
    pub(super) callback_timeout: Duration,
}

#[derive(Debug)]
struct State {
    clock: Clock,
    engine: Engine,
}

impl Shared {
    pub(crate) fn new(
        options: SimulatorOptions,
        address: Address,
        acceptor: Option<TlsAcceptor>,
        listener: ListenerControl,
    ) -> Self {
        Self {
            changed: Notify::new(),
            cut: Notify::new(),
            stop: options.allow_stop.then(|| watch::Sender::new(false)),
            revision: watch::Sender::new(0),
            listener,
            acceptor,
            latency: options.latency,
            callback_sender: CallbackSender::new(&options.callback_hosts, address.socket()),
            callback_timeout: options.callback_timeout,
            address,
            state: Mutex::new(State {
                clock: Clock::start(),
                engine: Engine::new(options),
            }),
        }
    }

    /// Runs the timers that are due, and then `action`. The lock is never held across an await, so this cannot
    /// deadlock.
    pub(crate) fn now<T>(&self, action: impl FnOnce(&mut Engine, Timestamp) -> T) -> T {
        let mut state = self.lock();
        let now = state.clock.now();
        state.engine.run_until(now);
        let before = state.engine.next_due();
        let done = action(&mut state.engine, now);
        let changed = state.engine.has_callbacks() || state.engine.next_due() != before;
        self.announce(state);
        if changed {
            self.changed.notify_one();
        }
        done
    }

    /// Advances the clock, and runs the timers that become due.
    pub(crate) fn advance(&self, by: Duration) -> Result<(), SimulatorError> {
        let mut state = self.lock();
        state.clock.advance(by)?;
        let now = state.clock.now();
        state.engine.revise();
        state.engine.run_until(now);
        self.announce(state);
        self.changed.notify_one();
        Ok(())
    }

    pub(crate) fn advance_seconds(&self, seconds: f64) -> Result<(), SimulatorError> {
        let by = self.lock().clock.duration(seconds)?;
        self.advance(by)
    }

    /// Wakes the tasks that wait for a change, if there was one.
    fn announce(&self, state: MutexGuard<'_, State>) {
        let revision = state.engine.revision();
        drop(state);
        self.revision.send_if_modified(|known| {
            let is_newer = *known < revision;
            *known = revision.max(*known);
            is_newer
        });
    }

    /// Asks for the simulator's end. Returns whether that is allowed.
    pub(crate) fn request_stop(&self) -> bool {
        let stop = self.stop.as_ref();
        stop.map(|stop| stop.send_replace(true)).is_some()
    }

    /// Waits until somebody asks for the end.
    pub(crate) async fn stop_requested(&self) {
        match &self.stop {
            // The sender is alive, so this cannot fail.
            Some(stop) => drop(stop.subscribe().wait_for(|requested| *requested).await),
            None => std::future::pending().await,
        }
    }

    /// A receiver of future revisions.
    pub(crate) fn revisions(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A command for the task that listens.
#[derive(Debug)]
pub(crate) enum ListenerCommand {
    Refuse(Duration, Ack),
    Listen(Ack),
}

/// Dropped when a command has been executed.
#[derive(Debug)]
pub(crate) struct Ack {
    _sender: std::sync::mpsc::Sender<()>,
}

/// Sends commands to the task that listens, and waits until each has been executed or the task has ended.
#[derive(Clone, Debug)]
pub(crate) struct ListenerControl(mpsc::UnboundedSender<ListenerCommand>);

pub(crate) type ListenerCommands = mpsc::UnboundedReceiver<ListenerCommand>;

pub(crate) fn listener_control() -> (ListenerControl, ListenerCommands) {
    let (sender, commands) = mpsc::unbounded_channel();
    (ListenerControl(sender), commands)
}

impl ListenerControl {
    pub(crate) fn refuse(&self, period: Duration) {
        self.send_and_wait(|done| ListenerCommand::Refuse(period, done));
    }

    pub(crate) fn listen(&self) {
        self.send_and_wait(ListenerCommand::Listen);
    }

    /// As [`refuse`](Self::refuse), but does not wait: the server's own thread would wait for itself.
    pub(crate) fn will_refuse(&self, period: Duration) {
        self.send(|done| ListenerCommand::Refuse(period, done));
    }

    /// As [`listen`](Self::listen), but does not wait.
    pub(crate) fn will_listen(&self) {
        self.send(ListenerCommand::Listen);
    }

    fn send(&self, command: impl FnOnce(Ack) -> ListenerCommand) {
        let (sender, _) = std::sync::mpsc::channel();
        let _ = self.0.send(command(Ack { _sender: sender }));
    }

    fn send_and_wait(&self, command: impl FnOnce(Ack) -> ListenerCommand) {
        let (sender, done) = std::sync::mpsc::channel();
        if self.0.send(command(Ack { _sender: sender })).is_ok() {
            let _ = done.recv();
        }
    }
}
