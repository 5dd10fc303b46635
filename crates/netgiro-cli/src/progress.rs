//! The line that is shown while waiting: the cart's status, the time of the next check, and the time left.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use netgiro::{CartStatus, ErrorKind, Event, Observer};

/// The progress of a wait.
#[derive(Clone, Debug)]
pub(crate) struct Progress(Arc<Mutex<WaitState>>);

#[derive(Debug)]
struct WaitState {
    status: Option<CartStatus>,
    error: Option<ErrorKind>,
    next_check: Instant,
    deadline: Instant,
    /// Whether the cart is canceled at the deadline.
    settles: bool,
}

impl Progress {
    pub(crate) fn new(timeout: Duration, settles: bool) -> Self {
        let now = Instant::now();
        Self(Arc::new(Mutex::new(WaitState {
            status: None,
            error: None,
            next_check: now,
            deadline: now.checked_add(timeout).unwrap_or(now),
            settles,
        })))
    }

    /// The observer through which a client reports progress.
    pub(crate) fn observer(&self) -> Observer {
        let this = self.clone();
        Observer::new(move |event| {
            if let Event::Poll(event) = event {
                let mut state = this.lock();
                state.status = event.status.or(state.status);
                state.error = event.error;
                if let Some(at) = event.next_check_at {
                    state.next_check = Instant::now() + until(at, Timestamp::now());
                }
            }
        })
    }

    /// Whether the deadline has passed: then `settle` cancels.
    pub(crate) fn is_over(&self) -> bool {
        self.lock().deadline <= Instant::now()
    }

    /// The current line.
    pub(crate) fn line(&self) -> String {
        self.lock().line(Instant::now())
    }

    fn lock(&self) -> MutexGuard<'_, WaitState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WaitState {
    fn line(&self, now: Instant) -> String {
        let status = self.status.map_or("asking", CartStatus::as_str);
        let trouble = self
            .error
            .map(|error| format!(" ({})", error.code()))
            .unwrap_or_default();
        let left = self.deadline.saturating_duration_since(now);
        if left.is_zero() {
            let what = if self.settles {
                "time is up: canceling, and asking how it ended"
            } else {
                "time is up: asking a last time"
            };
            return format!("{status}{trouble} · {what}");
        }
        let next = match ceil_seconds(self.next_check.saturating_duration_since(now)) {
            0 => "checking now".to_owned(),
            seconds => format!("next check in {seconds} s"),
        };
        let left = ceil_seconds(left);
        format!(
            "{status}{trouble} · {next} · {}:{:02} left",
            left / 60,
            left % 60
        )
    }
}

fn ceil_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

fn until(then: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(then.duration_since(now)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_counts_down() {
        let now = Instant::now();
        let seconds = Duration::from_secs;
        let mut state = WaitState {
            status: None,
            error: None,
            next_check: now,
            deadline: now + seconds(180),
            settles: true,
        };
        assert_eq!(state.line(now), "asking · checking now · 3:00 left");
        state.status = Some(CartStatus::Pending);
        state.next_check = now + Duration::from_millis(2500);
        assert_eq!(
            state.line(now + seconds(1)),
            "pending · next check in 2 s · 2:59 left"
        );
        state.error = Some(ErrorKind::Connect);
        assert_eq!(
            state.line(now + seconds(175)),
            "pending (connect) · checking now · 0:05 left"
        );
        assert!(state.line(now + seconds(180)).contains("canceling"));
    }
}
