//! Where calls run, and how their outcomes get back to JavaScript.
//!
//! One background thread serves the whole process, worker threads included; it starts with the first call. Each
//! JavaScript environment (the main thread, each worker) has a [`Port`]: outcomes are collected in its outbox, and the
//! environment is woken once for all that lie there. The port keeps Node alive exactly while calls are pending, and
//! when its environment goes away it drops what is still under way and never touches it again.

use std::any::Any;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::{io, thread};

use futures_util::FutureExt as _;
use napi::Status;
use napi::bindgen_prelude::{Env, Function};
use napi::threadsafe_function::{
    ThreadsafeCallContext, ThreadsafeFunction, ThreadsafeFunctionCallMode, UnknownReturnValue,
};
use napi_derive::napi;
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::errors::{self, Failure};

/// The background thread's runtime, started by whoever comes first.
fn background() -> io::Result<&'static Handle> {
    static HANDLE: OnceLock<Handle> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());
    if let Some(handle) = HANDLE.get() {
        return Ok(handle);
    }
    let _one_at_a_time = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = HANDLE.get() {
        return Ok(handle);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new()
        .name("netgiro".to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    Ok(HANDLE.get_or_init(|| handle))
}

/// Calls JavaScript's `deliver` with the text of what is in the outbox.
type Wake = ThreadsafeFunction<(), UnknownReturnValue, String, Status, false, true>;

/// One JavaScript environment's way to and from the background thread.
#[napi]
pub struct Port {
    shared: Arc<Shared>,
}

/// What a message to JavaScript means; the numbers are those of `node/native.cjs`.
#[derive(Clone, Copy)]
enum Kind {
    Value = 0,
    Error = 1,
    Event = 2,
    Request = 3,
    Poll = 4,
}

/// What JavaScript can subscribe to.
#[derive(Clone, Copy)]
pub(crate) enum Topic {
    Requests,
    Polls,
}

pub(crate) struct Shared {
    state: Mutex<State>,
    /// Whether somebody has subscribed: to requests, to polls. Read without the lock, at each event.
    listening: [AtomicBool; 2],
}

tokio::task_local! {
    /// The call that a task is.
    static THIS_CALL: Events;
}

struct State {
    /// Messages not yet delivered, as the inside of a JSON array: `[call, kind, payload],…`.
    outbox: String,
    /// The calls under way, by the number JavaScript gave them.
    calls: HashMap<u32, AbortHandle>,
    /// `None` once the environment is going away.
    wake: Option<Wake>,
}

#[napi]
impl Port {
    /// Opens this environment's port. `deliver` gets the JSON text of an array of messages `[call, kind, payload]`.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, deliver: Function<'_, String, UnknownReturnValue>) -> napi::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                outbox: String::new(),
                calls: HashMap::new(),
                wake: None,
            }),
            listening: Default::default(),
        });
        let letters = Arc::downgrade(&shared);
        let wake = deliver
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .build_callback(move |_: ThreadsafeCallContext<()>| Ok(take_messages(&letters)))?;
        shared.lock().wake = Some(wake);
        env.add_env_cleanup_hook(Arc::clone(&shared), |shared| shared.abandon())?;
        Ok(Self { shared })
    }

    /// Keeps the process alive (`true`), or lets it end (`false`).
    #[napi(catch_unwind)]
    pub fn hold(&self, env: Env, hold: bool) -> napi::Result<()> {
        let mut state = self.shared.lock();
        let Some(wake) = state.wake.as_mut() else {
            return Ok(());
        };
        #[expect(
            deprecated,
            reason = "a port is held and let go many times; its replacement, dropping, does that once"
        )]
        if hold {
            wake.refer(&env)
        } else {
            wake.unref(&env)
        }
    }

    /// Says whether anybody has subscribed to requests and to polls.
    #[napi(catch_unwind)]
    pub fn listen(&self, requests: bool, polls: bool) {
        for (listening, wanted) in self.shared.listening.iter().zip([requests, polls]) {
            listening.store(wanted, Ordering::Relaxed);
        }
    }

    /// Drops a call: its request is abandoned, and nothing more is heard of it.
    #[napi(catch_unwind)]
    pub fn cancel(&self, call: u32) {
        let cancelled = self.shared.lock().calls.remove(&call);
        if let Some(cancelled) = cancelled {
            cancelled.abort();
        }
    }
}

impl Port {
    /// Starts a call, or says as JSON text why it could not be started.
    ///
    /// `work` gets what sends events of the call; its outcome is the call's last message.
    pub(crate) fn start<W, F, T>(&self, call: u32, work: W) -> Option<String>
    where
        W: FnOnce(Events) -> F,
        F: Future<Output = netgiro::Result<T>> + Send + 'static,
        T: Serialize,
    {
        let background = match background() {
            Ok(background) => background,
            Err(error) => {
                let failure = Failure::internal(format!("no background thread: {error}"));
                return Some(errors::refusal(&failure));
            }
        };
        let this = Events {
            call,
            shared: Arc::clone(&self.shared),
        };
        let work = THIS_CALL.scope(this.clone(), work(this));
        let shared = Arc::clone(&self.shared);
        // Taken until the call is listed: it cannot be over, and unlisted, before that.
        let mut state = self.shared.lock();
        // An environment that is going away starts nothing.
        state.wake.as_ref()?;
        let task = background.spawn(async move {
            let outcome = AssertUnwindSafe(work).catch_unwind().await;
            let (kind, payload) = match &outcome {
                Ok(Ok(value)) => (Kind::Value, errors::json(value)),
                Ok(Err(error)) => (Kind::Error, errors::json(&Failure::from(error))),
                Err(panic) => (Kind::Error, errors::json(&panicked(panic.as_ref()))),
            };
            shared.deliver(call, kind, &payload);
        });
        state.calls.insert(call, task.abort_handle());
        None
    }
}

/// Sends the events of one call.
#[derive(Clone)]
pub(crate) struct Events {
    call: u32,
    shared: Arc<Shared>,
}

impl Events {
    pub(crate) fn send<T: Serialize>(&self, event: &T) {
        self.shared
            .deliver(self.call, Kind::Event, &errors::json(event));
    }

    /// Tells the subscribers of a topic, if there are any, what the current task's call has done.
    pub(crate) fn of_this_call<T: Serialize>(topic: Topic, event: impl FnOnce() -> T) {
        let _ = THIS_CALL.try_with(|Self { call, shared }| {
            let [requests, polls] = &shared.listening;
            let (listening, kind) = match topic {
                Topic::Requests => (requests, Kind::Request),
                Topic::Polls => (polls, Kind::Poll),
            };
            if listening.load(Ordering::Relaxed) {
                shared.deliver(*call, kind, &errors::json(&event()));
            }
        });
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deliver(&self, call: u32, kind: Kind, payload: &str) {
        let mut state = self.lock();
        let known = match kind {
            Kind::Event | Kind::Request | Kind::Poll => state.calls.contains_key(&call),
            Kind::Value | Kind::Error => state.calls.remove(&call).is_some(),
        };
        // A call that was cancelled, or whose environment is gone, has nobody to hear of it.
        if !known {
            return;
        }
        let asleep = state.outbox.is_empty();
        if !asleep {
            state.outbox.push(',');
        }
        let _ = write!(state.outbox, "[{call},{},{payload}]", kind as u8);
        if asleep && let Some(wake) = &state.wake {
            wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// The environment is going away: drops what is under way, and never calls into it again.
    fn abandon(&self) {
        let (calls, wake) = {
            let mut state = self.lock();
            (std::mem::take(&mut state.calls), state.wake.take())
        };
        for call in calls.into_values() {
            call.abort();
        }
        drop(wake);
    }
}

fn take_messages(shared: &Weak<Shared>) -> String {
    let messages = shared
        .upgrade()
        .map(|shared| std::mem::take(&mut shared.lock().outbox))
        .unwrap_or_default();
    format!("[{messages}]")
}

/// A fault of this library's: the call is lost, but its promise must not hang.
fn panicked(panic: &(dyn Any + Send)) -> Failure<'static> {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    Failure::internal(format!("panicked: {message}"))
}
