//! The variables that a shop needs for a simulator.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use netgiro_simulator::SimulatorOptions;

use crate::arguments::{ExportFormat, SimulatorArgs};
use crate::failure::quoted;

/// The variables that a shop, or this command, needs for the simulator.
pub(super) struct Variables {
    values: Vec<(&'static str, String)>,
}

impl Variables {
    /// Those of a simulator with this URL; without the secret key if that is the shop's own.
    pub(super) fn new(args: &SimulatorArgs, app_key: &str, url: &str) -> Self {
        let published = SimulatorOptions::default().secret_key;
        let secret_key = (!args.own_keys).then_some(("NETGIRO_SECRET_KEY", published));
        let values = std::iter::once(("NETGIRO_APP_KEY", app_key.to_owned()))
            .chain(secret_key)
            .chain([
                ("NETGIRO_ENVIRONMENT", "test".to_owned()),
                ("NETGIRO_BASE_URL", url.to_owned()),
            ])
            .collect();
        Self { values }
    }

    /// One line for each, which a shell or a program reads.
    pub(super) fn lines(&self, format: ExportFormat) -> Vec<String> {
        self.values
            .iter()
            .map(|(name, value)| match format {
                ExportFormat::Sh => format!("export {name}={}", quoted(value)),
                ExportFormat::Dotenv => format!("{name}={}", quoted(value)),
                ExportFormat::Fish => format!("set -gx {name} {}", quoted(value)),
                ExportFormat::Powershell => {
                    format!("$env:{name} = '{}'", value.replace('\'', "''"))
                }
            })
            .collect()
    }

    /// Writes them to a file that only its owner can read, the secret key included.
    pub(super) fn write(&self, path: &Path, secret_key: &str) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let mut file = options.open(path)?;
        let is_secret = |(name, _): &&(&str, String)| *name == "NETGIRO_SECRET_KEY";
        if !self.values.iter().any(|value| is_secret(&value)) {
            writeln!(file, "NETGIRO_SECRET_KEY={}", quoted(secret_key))?;
        }
        for line in self.lines(ExportFormat::Dotenv) {
            writeln!(file, "{line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_quotes_as_its_reader_does() {
        let variables = Variables {
            values: vec![("NETGIRO_BASE_URL", "it's".to_owned())],
        };
        for (format, line) in [
            (ExportFormat::Sh, r"export NETGIRO_BASE_URL='it'\''s'"),
            (ExportFormat::Fish, r"set -gx NETGIRO_BASE_URL 'it'\''s'"),
            (ExportFormat::Powershell, "$env:NETGIRO_BASE_URL = 'it''s'"),
        ] {
            assert_eq!(variables.lines(format), [line]);
        }
    }
}
