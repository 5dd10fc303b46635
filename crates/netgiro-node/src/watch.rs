//! What `Client` hands out to follow carts: one, or many.

use std::sync::Arc;

use napi_derive::napi;
use netgiro::{WaitMany, Watch};
use tokio::sync::Mutex;

use crate::runtime::port::Port;
use crate::views::check::CheckView;
use crate::views::state::StateView;

/// A cart being followed.
#[napi]
pub struct NativeWatch {
    watch: Arc<Mutex<Watch>>,
}

impl From<Watch> for NativeWatch {
    fn from(watch: Watch) -> Self {
        Self {
            watch: Arc::new(Mutex::new(watch)),
        }
    }
}

#[napi]
impl NativeWatch {
    /// The next change; null after the last.
    #[napi(catch_unwind)]
    pub fn next(&self, port: &Port, call: u32) -> Option<String> {
        let watch = Arc::clone(&self.watch);
        port.start(call, move || async move {
            let change = watch.lock().await.next().await.transpose();
            change.map(|change| change.map(StateView))
        })
    }
}

/// Many carts being waited for; `None` once that has begun.
#[napi]
pub struct NativeWaiting {
    waiting: Option<WaitMany>,
}

impl From<WaitMany> for NativeWaiting {
    fn from(waiting: WaitMany) -> Self {
        Self {
            waiting: Some(waiting),
        }
    }
}

#[napi]
impl NativeWaiting {
    /// Waits; `[done, total, result]` is an event.
    #[napi(catch_unwind)]
    pub fn run(&mut self, port: &Port, call: u32) -> Option<String> {
        let waiting = self.waiting.take();
        let events = port.events(call);
        port.start(call, move || async move {
            if let Some(mut waiting) = waiting {
                while let Some(result) = waiting.next().await {
                    let (done, total) = (waiting.done(), waiting.total());
                    events.send_batched((done, total, CheckView(result)));
                }
            }
            Ok(())
        })
    }
}
