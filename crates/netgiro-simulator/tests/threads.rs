//! Alone in its process, because it counts threads and file descriptors.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that panics has said what is wrong"
)]

use netgiro_simulator::{Simulator, SimulatorOptions};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

fn threads_and_files() -> (usize, usize) {
    let count = |directory| fs::read_dir(directory).unwrap().count();
    (count("/proc/self/task"), count("/proc/self/fd"))
}

#[test]
fn nothing_is_left_behind() {
    let before = threads_and_files();
    for round in 0..40 {
        let simulator = Simulator::start(SimulatorOptions::default()).unwrap();
        assert_ne!(threads_and_files(), before);
        if round % 2 == 0 {
            simulator.close();
        }
    }
    // The kernel lists a joined thread for a moment.
    let deadline = Instant::now() + Duration::from_secs(60);
    while threads_and_files() != before && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(threads_and_files(), before);
}
