//! Output: results on standard output, messages to people on standard error.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};

use netgiro::CartStatus;
use serde::Serialize;

use crate::exit::Exit;

/// Where a command writes. A closed pipe, as after `head`, is not an error: the command's outcome matters more.
pub(crate) struct Console {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    /// Whether results are written as JSON.
    json: bool,
    colors: bool,
    progress: Progress,
    failure: Option<io::Error>,
}

/// The state of the progress line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// There is no terminal to show it on.
    Off,
    Hidden,
    Shown,
}

impl Console {
    pub(crate) fn standard() -> Self {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let is_dumb = variable("TERM").is_some_and(|term| term == "dumb");
        Self {
            colors: io::stdout().is_terminal() && !is_dumb && variable("NO_COLOR").is_none(),
            progress: if io::stderr().is_terminal() && !is_dumb {
                Progress::Hidden
            } else {
                Progress::Off
            },
            ..Self::new(Box::new(io::stdout()), Box::new(io::stderr()))
        }
    }

    /// A console that writes plain lines to these.
    pub(crate) fn new(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>) -> Self {
        Self {
            out,
            err,
            json: false,
            colors: false,
            progress: Progress::Off,
            failure: None,
        }
    }

    pub(crate) fn write_json(&mut self, json: bool) {
        self.json = json;
    }

    pub(crate) fn writes_json(&self) -> bool {
        self.json
    }

    /// Whether progress can be shown.
    pub(crate) fn is_live(&self) -> bool {
        self.progress != Progress::Off
    }

    /// Writes a line of text to standard output.
    pub(crate) fn say(&mut self, line: impl Display) {
        self.hide_progress();
        let written = writeln!(self.out, "{line}").and_then(|()| self.out.flush());
        self.note(written);
    }

    /// Writes a result: its JSON, or a text for people.
    pub(crate) fn result(&mut self, record: &impl Serialize, text: impl Display) {
        if self.json {
            self.record(record);
        } else {
            self.say(text);
        }
    }

    /// Writes a JSON object as one line to standard output.
    pub(crate) fn record(&mut self, record: &impl Serialize) {
        match serde_json::to_string(record) {
            Ok(text) => self.say(text),
            Err(error) => self.note(Err(error.into())),
        }
    }

    /// Writes a line for people to standard error.
    pub(crate) fn print_error(&mut self, line: impl Display) {
        self.hide_progress();
        // Nothing can be reported if standard error is closed.
        let _ = writeln!(self.err, "{line}").and_then(|()| self.err.flush());
    }

    /// Replaces the progress line.
    pub(crate) fn show_progress(&mut self, line: impl Display) {
        if self.is_live() {
            let _ = write!(self.err, "\r\x1b[K{line}").and_then(|()| self.err.flush());
            self.progress = Progress::Shown;
        }
    }

    pub(crate) fn hide_progress(&mut self) {
        if self.progress == Progress::Shown {
            self.progress = Progress::Hidden;
            let _ = write!(self.err, "\r\x1b[K").and_then(|()| self.err.flush());
        }
    }

    /// A status in its color, if there are colors.
    pub(crate) fn status(&self, status: CartStatus) -> String {
        let color = match status {
            CartStatus::Confirmed => 32,
            CartStatus::Canceled | CartStatus::Declined | CartStatus::NotFound => 31,
            _ => 33,
        };
        if self.colors {
            format!("\x1b[{color}m{status}\x1b[0m")
        } else {
            status.to_string()
        }
    }

    /// The exit code, after everything is written; a failed write is not a success.
    pub(crate) fn finish(mut self, exit: Exit) -> Exit {
        self.hide_progress();
        let Some(error) = self.failure.take() else {
            return exit;
        };
        self.print_error(format_args!(
            "netgiro: the result could not be written: {error}"
        ));
        match exit {
            Exit::Done => Exit::Error,
            other => other,
        }
    }

    fn note(&mut self, written: io::Result<()>) {
        if let Err(error) = written
            && error.kind() != ErrorKind::BrokenPipe
        {
            self.failure.get_or_insert(error);
        }
    }
}

/// An amount as people read it.
pub(crate) fn kronur(amount: impl Display) -> String {
    format!("{amount} kr.")
}

/// A foreign text without control characters, which a terminal would obey.
pub(crate) fn sanitize(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// The output of a console.
    #[derive(Clone, Default)]
    pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

    impl Written {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A console, its standard output and its standard error.
    pub(crate) fn console() -> (Console, Written, Written) {
        let (out, err) = (Written::default(), Written::default());
        let console = Console::new(Box::new(out.clone()), Box::new(err.clone()));
        (console, out, err)
    }

    struct Failing(ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn a_reader_that_goes_away_changes_nothing_and_a_full_disk_does() {
        for (kind, exit) in [
            (ErrorKind::BrokenPipe, Exit::Done),
            (ErrorKind::StorageFull, Exit::Error),
        ] {
            let err = Written::default();
            let mut console = Console::new(Box::new(Failing(kind)), Box::new(err.clone()));
            console.say("paid");
            assert_eq!(console.finish(Exit::Done), exit);
            assert_eq!(err.text().is_empty(), exit == Exit::Done);
        }
    }

    #[test]
    fn progress_is_cleared_before_anything_else_is_written() {
        let (mut console, out, err) = console();
        console.show_progress("unseen");
        assert_eq!(err.text(), "");
        console.progress = Progress::Hidden;
        console.show_progress("waiting");
        console.say("paid");
        console.say("indeed");
        assert_eq!(err.text(), "\r\x1b[Kwaiting\r\x1b[K");
        assert_eq!(out.text(), "paid\nindeed\n");
    }

    #[test]
    fn colors_are_for_terminals() {
        let (mut console, ..) = console();
        assert_eq!(console.status(CartStatus::Confirmed), "confirmed");
        console.colors = true;
        assert_eq!(
            console.status(CartStatus::Confirmed),
            "\x1b[32mconfirmed\x1b[0m"
        );
    }

    #[test]
    fn a_terminal_obeys_nothing_of_what_others_wrote() {
        assert_eq!(
            sanitize("Þökk\x1b[2J\n\u{9b}1m"),
            "Þökk\u{fffd}[2J\u{fffd}\u{fffd}1m"
        );
    }
}
