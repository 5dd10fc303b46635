//! One JavaScript environment's way to and from the background thread.

use std::any::Any;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{AbortHandle, Abortable};
use napi::CleanupEnvHook;
use napi::Status;
use napi::bindgen_prelude::{Env, Function};
use napi::threadsafe_function::{
    ThreadsafeCallContext, ThreadsafeFunction, ThreadsafeFunctionCallMode, UnknownReturnValue,
};
use napi_derive::napi;
use netgiro::{Error, ErrorKind, Event, InsertAttempt, RequestEvent};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::sleep;

use crate::reply::{json, refusal};
use crate::runtime::background::background;
use crate::runtime::message::{Kind, Message, Outbox, Topic};
use crate::views::error::{ErrorView, OwnedErrorView};
use crate::views::event::RequestView;

/// Calls JavaScript's `deliver` with the text of what is in the outbox.
type Wake = ThreadsafeFunction<(), UnknownReturnValue, String, Status, false, true>;

/// One JavaScript environment's way to and from the background thread.
#[napi]
pub struct Port {
    shared: Arc<Shared>,
    /// Abandons what is in flight when the environment goes away.
    cleanup: Option<CleanupEnvHook<Arc<Shared>>>,
}

pub(crate) struct Shared {
    /// The messages of the background thread for JavaScript.
    outbox: Mutex<Outbox>,
    /// The calls in flight, by the number JavaScript gave them; `None` once the environment is going away. Only
    /// JavaScript's thread looks here, so that it never waits for the background thread.
    calls: Mutex<Option<HashMap<u32, RunningCall>>>,
    /// `None` once the environment is going away.
    wake: Mutex<Option<Wake>>,
    /// Whether somebody has subscribed: to requests, to polls. Read without the lock, at each event.
    listening: [AtomicBool; 2],
}

/// A call in flight.
struct RunningCall {
    handle: AbortHandle,
    /// What it may have done by the time it is dropped.
    unfinished: Option<Unfinished>,
}

/// A call that may have an effect although nobody waits for it any more.
pub(crate) enum Unfinished {
    /// The customer may have been asked.
    Insert(InsertAttempt),
    /// The refund may have been made, or the checkout created: what is known of it.
    Other(Error),
}

impl Unfinished {
    /// Why its effect is not known, and the event of that; `None` when it has none.
    fn abandon(self) -> Option<(Error, Option<RequestEvent>)> {
        match self {
            Self::Other(error) => Some((error, None)),
            Self::Insert(attempt) => {
                let abandoned = attempt
                    .abandon()
                    .filter(|it| it.error.kind() == ErrorKind::OutcomeUnknown)?;
                let event = match abandoned.event {
                    Some(Event::Request(event)) => Some(event),
                    _ => None,
                };
                Some((abandoned.error, event))
            }
        }
    }
}

/// What is said of a call that was dropped when its effect was not known.
#[derive(Serialize)]
struct AbandonedCall<'a> {
    error: ErrorView<'a>,
    event: Option<RequestView<'a>>,
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
        let outbox = Arc::downgrade(&shared);
        let wake = deliver
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .build_callback(move |_: ThreadsafeCallContext<()>| Ok(take_messages(&outbox)))?;
        *lock(&shared.wake) = Some(wake);
        let cleanup = env.add_env_cleanup_hook(Arc::clone(&shared), |shared| shared.abandon())?;
        Ok(Self {
            shared,
            cleanup: Some(cleanup),
        })
    }

    /// Closes the port, when no call is in flight: what asks Node for open handles finds none.
    #[napi(catch_unwind)]
    pub fn close(&mut self, env: Env) -> napi::Result<()> {
        self.shared.abandon();
        match self.cleanup.take() {
            Some(cleanup) => env.remove_env_cleanup_hook(cleanup),
            None => Ok(()),
        }
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

    /// Drops a call: its request is abandoned, and it sends no more messages.
    ///
    /// Gives JSON text where it may have had an effect: the `error` that says so, and the `event` of it for subscribers.
    #[napi(catch_unwind)]
    pub fn cancel(&self, call: u32) -> Option<String> {
        let cancelled = lock(&self.shared.calls)
            .as_mut()
            .and_then(|calls| calls.remove(&call))?;
        // First: the background thread, which drops the call, would take the event.
        let abandoned = cancelled.unfinished.and_then(Unfinished::abandon);
        cancelled.handle.abort();
        let (error, event) = abandoned?;
        Some(json(&AbandonedCall {
            error: ErrorView::from(&error),
            event: event.as_ref().map(RequestView::from),
        }))
    }
}

impl Port {
    /// What sends the events of a call.
    pub(crate) fn events(&self, call: u32) -> Events {
        Events {
            call,
            shared: Arc::clone(&self.shared),
        }
    }

    /// Starts a call, or says as JSON text why it could not be started. Its outcome is its last message.
    pub(crate) fn start<F, T>(
        &self,
        call: u32,
        work: impl FnOnce() -> F + Send + 'static,
    ) -> Option<String>
    where
        F: Future<Output = netgiro::Result<T>> + Send + 'static,
        T: Serialize + Send + 'static,
    {
        self.start_call(call, None, work)
    }

    /// The same for a call that may have an effect when it is dropped.
    pub(crate) fn start_with_effect<F, T>(
        &self,
        call: u32,
        unfinished: Unfinished,
        work: impl FnOnce() -> F + Send + 'static,
    ) -> Option<String>
    where
        F: Future<Output = netgiro::Result<T>> + Send + 'static,
        T: Serialize + Send + 'static,
    {
        self.start_call(call, Some(unfinished), work)
    }

    fn start_call<F, T>(
        &self,
        call: u32,
        unfinished: Option<Unfinished>,
        work: impl FnOnce() -> F + Send + 'static,
    ) -> Option<String>
    where
        F: Future<Output = netgiro::Result<T>> + Send + 'static,
        T: Serialize + Send + 'static,
    {
        let jobs = match background() {
            Ok(jobs) => jobs,
            Err(error) => {
                let error = ErrorView::internal(format!("no background thread: {error}"));
                return Some(refusal(&error));
            }
        };
        // An environment that is going away starts nothing.
        let mut calls = lock(&self.shared.calls);
        let calls = calls.as_mut()?;
        let shared = Arc::clone(&self.shared);
        let events = self.events(call);
        let (handle, registration) = AbortHandle::new_pair();
        let job = Box::new(move || {
            let task = async move {
                // Boxed, since each future around it would reserve its kilobytes twice, and move them.
                let work = THIS_CALL.scope(events, async { Box::pin(work()).await });
                match AssertUnwindSafe(work).catch_unwind().await {
                    Ok(Ok(value)) => shared.deliver(call, Kind::Value, value),
                    Ok(Err(error)) => shared.deliver(call, Kind::Error, OwnedErrorView(error)),
                    Err(panic) => shared.deliver(call, Kind::Error, panicked(panic.as_ref())),
                }
            };
            drop(tokio::spawn(Abortable::new(task, registration)));
        });
        if jobs.send(job).is_err() {
            let error = ErrorView::internal("the background thread has ended".to_owned());
            return Some(refusal(&error));
        }
        calls.insert(call, RunningCall { handle, unfinished });
        None
    }
}

/// Sends the events of one call.
pub(crate) struct Events {
    call: u32,
    shared: Arc<Shared>,
}

impl Events {
    pub(crate) fn send<T: Serialize + Send + 'static>(&self, event: T) {
        self.shared.deliver(self.call, Kind::Event, event);
    }

    /// The same for one of many results, which may come a millisecond later, in a batch.
    pub(crate) fn send_batched<T: Serialize + Send + 'static>(&self, result: T) {
        self.shared.deliver_batched(self.call, result);
    }

    /// Sends the subscribers of a topic, if there are any, what the current task's call has done.
    pub(crate) fn of_this_call<T: Serialize>(topic: Topic, event: impl FnOnce() -> T) {
        let _ = THIS_CALL.try_with(|Self { call, shared }| {
            let [requests, polls] = &shared.listening;
            let (listening, kind) = match topic {
                Topic::Requests => (requests, Kind::Request),
                Topic::Polls => (polls, Kind::Poll),
            };
            // The event borrows what it shows, so it becomes text at once.
            if listening.load(Ordering::Relaxed)
                && let Ok(text) = RawValue::from_string(json(&event()))
            {
                shared.deliver(*call, kind, text);
            }
        });
    }
}

impl Shared {
    /// As many messages as JavaScript is woken for at once.
    const BATCH: usize = 64;
    /// The longest that a result waits for its batch.
    const BATCH_WAIT: Duration = Duration::from_millis(1);

    /// Puts a message into the outbox. Called by tasks of the background thread.
    fn deliver<T: Serialize + Send + 'static>(self: &Arc<Self>, call: u32, kind: Kind, payload: T) {
        let mut outbox = lock(&self.outbox);
        outbox.push(Message::new(call, kind, payload));
        let is_to_wake = outbox.begin_waking();
        drop(outbox);
        if is_to_wake {
            self.wake_soon();
        }
    }

    /// Puts one of many results into the outbox: JavaScript is woken for a batch of them, or when the first has waited.
    fn deliver_batched<T: Serialize + Send + 'static>(self: &Arc<Self>, call: u32, result: T) {
        let mut outbox = lock(&self.outbox);
        outbox.push(Message::new(call, Kind::Event, result));
        let waiting = outbox.len();
        let is_to_wake = waiting >= Self::BATCH && outbox.begin_waking();
        drop(outbox);
        if is_to_wake {
            self.wake_soon();
        } else if waiting == 1 {
            let shared = Arc::clone(self);
            tokio::spawn(async move {
                sleep(Self::BATCH_WAIT).await;
                let mut outbox = lock(&shared.outbox);
                let is_to_wake = !outbox.is_empty() && outbox.begin_waking();
                drop(outbox);
                if is_to_wake {
                    shared.wake();
                }
            });
        }
    }

    /// Wakes JavaScript in a task, which takes its turn after all those that are ready now: what they bring goes with the first.
    fn wake_soon(self: &Arc<Self>) {
        let shared = Arc::clone(self);
        tokio::spawn(async move { shared.wake() });
    }

    fn wake(&self) {
        if let Some(wake) = &*lock(&self.wake) {
            wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// The environment is going away: drops what is in flight, and never calls into it again.
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
    let messages = lock(&shared.outbox).take();
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

/// A bug of this library: the call is lost, but its promise must not hang.
fn panicked(panic: &(dyn Any + Send)) -> ErrorView<'static> {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    ErrorView::internal(format!("panicked: {message}"))
}
