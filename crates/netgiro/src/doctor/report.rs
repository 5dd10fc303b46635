//! What the doctor has found.

use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct DoctorCheck {
    /// Its name: `keys`, `proxy`, `dns`, `tls`, `connection`, `clock`, `account`, `callback`, `callback_signature` or
    /// `callback_forgery`.
    pub name: &'static str,
    /// Whether it is as it should be; `None` where it could not be looked at, or need not be.
    pub ok: Option<bool>,
    /// What was found.
    pub detail: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl DoctorCheck {
    pub(crate) fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self::new(name, Some(true), detail, None)
    }

    pub(crate) fn skipped(name: &'static str, detail: impl Into<String>) -> Self {
        Self::new(name, None, detail, None)
    }

    pub(crate) fn wrong(
        name: &'static str,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(name, Some(false), detail, Some(remedy.into()))
    }

    fn new(
        name: &'static str,
        ok: Option<bool>,
        detail: impl Into<String>,
        remedy: Option<String>,
    ) -> Self {
        Self {
            name,
            ok,
            detail: detail.into(),
            remedy,
        }
    }
}

/// What the doctor has found. As text it is a line for each check, with the remedy below it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DoctorReport {
    /// What was looked at, in order.
    pub checks: Vec<DoctorCheck>,
}

impl DoctorReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.checks.iter().all(|check| check.ok != Some(false))
    }
}

impl Serialize for DoctorReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("DoctorReport", 2)?;
        report.serialize_field("ok", &self.is_ok())?;
        report.serialize_field("checks", &self.checks)?;
        report.end()
    }
}

impl fmt::Display for DoctorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, check) in self.checks.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            let mark = match check.ok {
                Some(true) => '✓',
                Some(false) => '✗',
                None => '–',
            };
            let name = check.name.replace('_', " ");
            write!(f, "{mark} {name:<18}  {}", printable(&check.detail))?;
            if let Some(remedy) = &check.remedy {
                write!(f, "\n  {:18}  → {}", "", printable(remedy))?;
            }
        }
        Ok(())
    }
}

/// Servers write a part of it, and a terminal obeys control characters.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
