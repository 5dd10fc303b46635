//! Where calls run, and how their outcomes get back to JavaScript.
//!
//! One background thread serves the whole process, worker threads included; it starts with the first call. Each
//! JavaScript environment (the main thread, each worker) has a [`Port`]: outcomes are collected in its outbox, and the
//! environment is woken once for all that lie there. The port keeps Node alive exactly while calls are pending, and
//! when its environment goes away it drops what is still under way and never touches it again.
//!
//! Waking a thread costs a system call on this side and some on the other, so both ways many calls share one: the
//! background thread takes the calls from a channel, and wakes JavaScript after all tasks that were ready have run.
//! Outcomes become text on JavaScript's thread: when many calls are under way it is the background thread that has no time.

use std::any::Any;
use std::collections::HashMap;
use std::future::Future;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::{io, thread};

use futures_util::FutureExt as _;
use futures_util::future::{AbortHandle, abortable};
use napi::Status;
use napi::bindgen_prelude::{Env, Function};
use napi::threadsafe_function::{
    ThreadsafeCallContext, ThreadsafeFunction, ThreadsafeFunctionCallMode, UnknownReturnValue,
};
use napi_derive::napi;
use netgiro::{ErrorKind, Event, InsertAttempt};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc::{self, UnboundedSender};

use crate::events::RequestView;
use crate::views::error::{self, Failed, Failure};

/// What the background thread is given to do.
type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where jobs are left for the background thread, which is started by whoever comes first.
fn background() -> io::Result<&'static UnboundedSender<Job>> {
    static JOBS: OnceLock<UnboundedSender<Job>> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());
    if let Some(jobs) = JOBS.get() {
        return Ok(jobs);
    }
    let _one_at_a_time = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(jobs) = JOBS.get() {
        return Ok(jobs);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (jobs, mut left) = mpsc::unbounded_channel::<Job>();
    thread::Builder::new()
        .name("netgiro".to_owned())
        .spawn(move || {
            runtime.block_on(async move {
                while let Some(job) = left.recv().await {
                    tokio::spawn(job);
                }
            });
        })?;
    Ok(JOBS.get_or_init(|| jobs))
}

/// Calls JavaScript's `deliver` with the text of what is in the outbox.
type Wake = ThreadsafeFunction<(), UnknownReturnValue, String, Status, false, true>;

/// One JavaScript environment's way to and from the background thread.
#[napi]
pub struct Port {
    shared: Arc<Shared>,
}

/// What a message to JavaScript means; the numbers are those of `node/internal/calls.ts`.
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
    /// What the background thread leaves for JavaScript.
    outbox: Mutex<Outbox>,
    /// The calls under way, by the number JavaScript gave them; `None` once the environment is going away. Only
    /// JavaScript's thread looks here, so that it never waits for the background thread.
    calls: Mutex<Option<HashMap<u32, Running>>>,
    /// `None` once the environment is going away.
    wake: Mutex<Option<Wake>>,
    /// Whether somebody has subscribed: to requests, to polls. Read without the lock, at each event.
    listening: [AtomicBool; 2],
}

/// A call under way.
struct Running {
    handle: AbortHandle,
    /// Of an InsertCart: whether the customer may have been asked.
    attempt: Option<InsertAttempt>,
}

/// What is told of an InsertCart that was dropped when the customer may have been asked.
#[derive(Serialize)]
struct Dropped<'a> {
    error: Failure<'a>,
    event: Option<RequestView<'a>>,
}

/// Messages not yet delivered.
type Outbox = Vec<Message>;

/// What JavaScript gets as `[call, kind, payload]`.
struct Message {
    call: u32,
    kind: Kind,
    payload: Box<dyn Payload>,
}

trait Payload: Send {
    fn write(&self, text: &mut Vec<u8>) -> serde_json::Result<()>;
}

impl<T: Serialize + Send> Payload for T {
    fn write(&self, text: &mut Vec<u8>) -> serde_json::Result<()> {
        serde_json::to_writer(text, self)
    }
}

impl Message {
    /// As much text as a state with its payment takes, and its call.
    const USUAL: usize = 448;

    /// Appends the message; one that cannot be written becomes an error of its call, whose promise must not hang.
    fn write(&self, text: &mut Vec<u8>) {
        let Self {
            call,
            kind,
            payload,
        } = self;
        let start = text.len();
        let _ = write!(text, "[{call},{},", *kind as u8);
        let written = catch_unwind(AssertUnwindSafe(|| payload.write(text)));
        if !matches!(written, Ok(Ok(()))) {
            let failure = Failure::internal("the outcome has no JSON form".to_owned());
            text.truncate(start);
            let _ = write!(
                text,
                "[{call},{},{}",
                Kind::Error as u8,
                error::json(&failure)
            );
        }
        text.push(b']');
    }
}

tokio::task_local! {
    /// The call that a task is.
    static THIS_CALL: Events;
}

#[napi]
impl Port {
    /// Opens this environment's port. `deliver` gets the JSON text of an array of messages `[call, kind, payload]`.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, deliver: Function<'_, String, UnknownReturnValue>) -> napi::Result<Self> {
        let shared = Arc::new(Shared {
            outbox: Mutex::default(),
            calls: Mutex::new(Some(HashMap::new())),
            wake: Mutex::new(None),
            listening: Default::default(),
        });
        let letters = Arc::downgrade(&shared);
        let wake = deliver
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .build_callback(move |_: ThreadsafeCallContext<()>| Ok(take_messages(&letters)))?;
        *lock(&shared.wake) = Some(wake);
        env.add_env_cleanup_hook(Arc::clone(&shared), |shared| shared.abandon())?;
        Ok(Self { shared })
    }

    /// Keeps the process alive (`true`), or lets it end (`false`).
    #[napi(catch_unwind)]
    pub fn hold(&self, env: Env, hold: bool) -> napi::Result<()> {
        let mut wake = lock(&self.shared.wake);
        let Some(wake) = wake.as_mut() else {
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
    ///
    /// Gives JSON text where that was an InsertCart and the customer may have been asked: the `error` that says so,
    /// and the `event` of it for who has subscribed.
    #[napi(catch_unwind)]
    pub fn cancel(&self, call: u32) -> Option<String> {
        let cancelled = lock(&self.shared.calls)
            .as_mut()
            .and_then(|calls| calls.remove(&call))?;
        // Asked first: the background thread, which drops the call, would take the event.
        let abandoned = cancelled.attempt.and_then(|attempt| attempt.abandon());
        cancelled.handle.abort();
        let abandoned = abandoned?;
        (abandoned.error.kind() == ErrorKind::OutcomeUnknown).then(|| {
            error::json(&Dropped {
                error: Failure::from(&abandoned.error),
                event: match &abandoned.event {
                    Some(Event::Request(event)) => Some(RequestView::from(event)),
                    _ => None,
                },
            })
        })
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
        T: Serialize + Send + 'static,
    {
        self.start_attempt(call, None, work)
    }

    /// The same for a call that, when it is dropped, tells what becomes of this attempt.
    pub(crate) fn start_attempt<W, F, T>(
        &self,
        call: u32,
        attempt: Option<InsertAttempt>,
        work: W,
    ) -> Option<String>
    where
        W: FnOnce(Events) -> F,
        F: Future<Output = netgiro::Result<T>> + Send + 'static,
        T: Serialize + Send + 'static,
    {
        let jobs = match background() {
            Ok(jobs) => jobs,
            Err(error) => {
                let failure = Failure::internal(format!("no background thread: {error}"));
                return Some(error::refusal(&failure));
            }
        };
        // An environment that is going away starts nothing.
        let mut calls = lock(&self.shared.calls);
        let calls = calls.as_mut()?;
        let this = Events {
            call,
            shared: Arc::clone(&self.shared),
        };
        let shared = Arc::clone(&self.shared);
        let work = THIS_CALL.scope(this.clone(), work(this));
        let (job, handle) = abortable(async move {
            let outcome = AssertUnwindSafe(work).catch_unwind().await;
            match outcome {
                Ok(Ok(value)) => shared.deliver(call, Kind::Value, value),
                Ok(Err(error)) => shared.deliver(call, Kind::Error, Failed(error)),
                Err(panic) => shared.deliver(call, Kind::Error, panicked(panic.as_ref())),
            }
        });
        if jobs.send(Box::pin(job.map(drop))).is_err() {
            let failure = Failure::internal("the background thread has ended".to_owned());
            return Some(error::refusal(&failure));
        }
        calls.insert(call, Running { handle, attempt });
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
    pub(crate) fn send<T: Serialize + Send + 'static>(&self, event: T) {
        self.shared.deliver(self.call, Kind::Event, event);
    }

    /// Tells the subscribers of a topic, if there are any, what the current task's call has done.
    pub(crate) fn of_this_call<T: Serialize>(topic: Topic, event: impl FnOnce() -> T) {
        let _ = THIS_CALL.try_with(|Self { call, shared }| {
            let [requests, polls] = &shared.listening;
            let (listening, kind) = match topic {
                Topic::Requests => (requests, Kind::Request),
                Topic::Polls => (polls, Kind::Poll),
            };
            // An event is borrowed from what it tells of, so it becomes text at once.
            if listening.load(Ordering::Relaxed)
                && let Ok(text) = RawValue::from_string(error::json(&event()))
            {
                shared.deliver(*call, kind, text);
            }
        });
    }
}

impl Shared {
    /// Leaves a message for JavaScript. Called by tasks of the background thread.
    fn deliver<T: Serialize + Send + 'static>(self: &Arc<Self>, call: u32, kind: Kind, payload: T) {
        let message = Message {
            call,
            kind,
            payload: Box::new(payload),
        };
        let mut outbox = lock(&self.outbox);
        let is_first = outbox.is_empty();
        outbox.push(message);
        drop(outbox);
        if is_first {
            // A task takes its turn after all those that are ready now: what they bring goes with this message.
            let shared = Arc::clone(self);
            tokio::spawn(async move { shared.wake() });
        }
    }

    fn wake(&self) {
        if let Some(wake) = &*lock(&self.wake) {
            wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// The environment is going away: drops what is under way, and never calls into it again.
    fn abandon(&self) {
        let calls = lock(&self.calls).take();
        for call in calls.unwrap_or_default().into_values() {
            call.handle.abort();
        }
        let wake = lock(&self.wake).take();
        drop(wake);
    }
}

/// None of this crate's locks is held where something could panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn take_messages(shared: &Weak<Shared>) -> String {
    let Some(shared) = shared.upgrade() else {
        return "[]".to_owned();
    };
    let messages = std::mem::take(&mut *lock(&shared.outbox));
    if let Some(calls) = lock(&shared.calls).as_mut() {
        for message in &messages {
            if matches!(message.kind, Kind::Value | Kind::Error) {
                calls.remove(&message.call);
            }
        }
    }
    let mut text = Vec::with_capacity(messages.len() * Message::USUAL);
    text.push(b'[');
    for (at, message) in messages.iter().enumerate() {
        if at > 0 {
            text.push(b',');
        }
        message.write(&mut text);
    }
    text.push(b']');
    // What serde writes is UTF-8.
    String::from_utf8(text).unwrap_or_else(|_| "[]".to_owned())
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
