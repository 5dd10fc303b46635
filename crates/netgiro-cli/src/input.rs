//! Reads files, and standard input in a way that Ctrl-C can interrupt.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::failure::Failure;
use crate::interrupt::Interrupt;

/// How often a wait for input looks for Ctrl-C.
const INTERVAL: Duration = Duration::from_millis(50);

/// The bytes of a file, or of standard input for `-`.
pub(crate) fn bytes(path: &Path, interrupt: &Interrupt) -> Result<Vec<u8>, Failure> {
    if path.as_os_str() == "-" {
        return standard(interrupt);
    }
    fs::read(path).map_err(|error| Failure::file("read", path, error))
}

/// The text of a file, or of standard input for `-`.
pub(crate) fn text(path: &Path, interrupt: &Interrupt) -> Result<String, Failure> {
    String::from_utf8(bytes(path, interrupt)?)
        .map_err(|_| Failure::file("read", path, "it is not UTF-8 text"))
}

fn standard(interrupt: &Interrupt) -> Result<Vec<u8>, Failure> {
    let (sender, receiver) = mpsc::channel();
    // A read cannot be interrupted; its thread ends with the process.
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = io::stdin().read_to_end(&mut bytes).map(|_| bytes);
        let _ = sender.send(read);
    });
    loop {
        match receiver.recv_timeout(INTERVAL) {
            Ok(read) => {
                return read
                    .map_err(|error| Failure::file("read", Path::new("standard input"), error));
            }
            Err(RecvTimeoutError::Timeout) if !interrupt.is_requested() => {}
            Err(_) => return Err(Failure::Interrupted(Box::default())),
        }
    }
}
