//! The poll machine under any sequence of checks: 16 bytes begin it, then 12 for each check.
#![no_main]

#[path = "../../crates/netgiro/tests/laws/mod.rs"]
mod laws;

use laws::{Beginning, Step};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut input = input.iter().copied();
    let mut number = || -> Option<u32> {
        let bytes: [u8; 4] = [input.next()?, input.next()?, input.next()?, input.next()?];
        Some(u32::from_le_bytes(bytes))
    };
    let mut beginning = || {
        Some(Beginning {
            min_ms: number()? % 100_000,
            default_ms: number()? % 1_000_000,
            max_ms: number()? % 1_000_000,
            timeout_ms: number()?,
        })
    };
    let Some(beginning) = beginning() else {
        return;
    };
    let mut step = || {
        let (what, late, took) = (number()?, number()?, number()?);
        let [seen, jitter, retry, flags] = what.to_le_bytes();
        Some(Step {
            late_ms: if flags & 1 == 0 { 0 } else { late % 10_000_000 },
            took_ms: (took % 40_000_000) as i32 - if flags & 2 == 0 { 0 } else { 20_000_000 },
            jitter: match jitter {
                255 => f64::NAN,
                254 => f64::INFINITY,
                253 => -1.0,
                other => f64::from(other) / 252.0,
            },
            seen,
            retry_after_s: (flags & 4 != 0).then(|| late.wrapping_mul(retry.into())),
        })
    };
    let steps: Vec<_> = std::iter::from_fn(&mut step).take(500).collect();
    laws::poll_is_sound(beginning, &steps);
});
