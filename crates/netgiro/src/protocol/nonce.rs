//! Nonces: at most 18 digits, increasing, and never the same twice in a process.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// How many processes of one machine get different digits.
const PROCESSES: u64 = 1000;

/// Digits by which the nonces of one transport, and so of one process, differ from another's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digits(u64);

impl Digits {
    pub(crate) fn draw() -> Self {
        // Children of one fork inherit one state of the generator: their process ids differ.
        let process = u64::from(std::process::id());
        Self((fastrand::u64(..PROCESSES) + process) % PROCESSES)
    }
}

/// A nonce for a single request.
#[must_use]
pub fn single() -> String {
    next(Digits::draw())
}

/// The next nonce: ticks of 100 ns since the year 1, as .NET counts them.
///
/// The last three digits are the transport's own, so that two workers asking in the same instant differ.
pub(crate) fn next(Digits(digits): Digits) -> String {
    const TICKS_AT_UNIX_EPOCH: u64 = 621_355_968_000_000_000;
    static LAST: AtomicU64 = AtomicU64::new(0);
    let ticks = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| u64::try_from(since.as_nanos() / 100).ok())
        .unwrap_or_default()
        + TICKS_AT_UNIX_EPOCH;
    let after = |last: u64| {
        let nonce = ticks.max(last) / PROCESSES * PROCESSES + digits;
        if nonce > last {
            nonce
        } else {
            nonce + PROCESSES
        }
    };
    let last = LAST
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
            Some(after(last))
        })
        .unwrap_or_default();
    after(last).to_string()
}

#[cfg(test)]
mod tests {
    use super::{Digits, next};

    #[test]
    fn nonces_increase_and_have_at_most_18_digits() {
        // Two clients of one process draw from one sequence.
        let drawn = [Digits(999), Digits(0)];
        let nonces: Vec<u64> = (0..1000)
            .flat_map(|_| drawn.map(|digits| next(digits).parse().unwrap()))
            .collect();
        assert!(nonces.is_sorted_by(|a, b| a < b));
        assert!(nonces.iter().all(|nonce| nonce.to_string().len() <= 18));
    }
}
