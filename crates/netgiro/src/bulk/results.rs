//! The results of a bulk check: few bytes each, saved to be gone on from, joined to others.

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::bulk::packed::Packed;
use crate::model::cart::CheckResult;
use crate::model::cart::state::CartState;
use crate::model::customer_message::FailedCall;
use crate::model::error::{Error, Result};
use crate::model::status::CartStatus;
use crate::model::text::quote;

/// What the first line of a saved result says of itself.
const FORMAT: &str = "check_results";
const VERSION: u32 = 1;

/// The row of a cart whose check failed begins with this, any other with [`STATE`].
const FAILED: u8 = 0;
const STATE: u8 = 1;

/// One result for each cart, in order, in some 200 bytes each.
///
/// While they are being filled there may be gaps; [`so_far`](Self::so_far) gives what is there.
#[derive(Clone, Default)]
pub struct CheckResults {
    /// The rows, in the order they came.
    bytes: Vec<u8>,
    /// Where each cart's row ends up: its first byte, counted from 1; 0 for a gap.
    places: Vec<usize>,
    /// The errors that rows refer to. Thousands of carts may share one.
    errors: Vec<Error>,
    done: usize,
    /// How many carts there were to check.
    total: usize,
}

impl CheckResults {
    /// So many gaps, to be filled with [`set`](Self::set).
    #[must_use]
    pub fn of(total: usize) -> Self {
        Self {
            places: vec![0; total],
            total,
            ..Self::default()
        }
    }

    /// Puts the result of the cart at this place, counted from 0.
    pub fn set(&mut self, at: usize, result: &CheckResult) {
        if at >= self.places.len() {
            self.places.resize(at + 1, 0);
            self.total = self.total.max(at + 1);
        }
        let place = self.bytes.len() + 1;
        match &result.outcome {
            Ok(state) => {
                STATE.pack(&mut self.bytes);
                state.pack(&mut self.bytes);
            }
            Err(error) => {
                FAILED.pack(&mut self.bytes);
                result.transaction_id.pack(&mut self.bytes);
                if self.errors.last() != Some(error) {
                    self.errors.push(error.clone());
                }
                (self.errors.len() - 1).pack(&mut self.bytes);
            }
        }
        if let Some(known) = self.places.get_mut(at) {
            if *known == 0 {
                self.done += 1;
            }
            *known = place;
        }
    }

    /// Adds a result at the end.
    pub fn push(&mut self, result: &CheckResult) {
        self.set(self.places.len(), result);
    }

    /// How many places there are, gaps included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no place at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// How many carts were to be checked.
    #[must_use]
    pub fn total(&self) -> usize {
        self.total
    }

    /// How many of them have a result.
    #[must_use]
    pub fn done(&self) -> usize {
        self.done
    }

    /// Whether every cart has its result.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.done == self.total
    }

    /// The result at this place; `None` for a gap, and after the last.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<CheckResult> {
        let first = self.places.get(at)?.checked_sub(1)?;
        let mut row = self.bytes.get(first..)?;
        match u8::unpack(&mut row)? {
            STATE => {
                let state = CartState::unpack(&mut row)?;
                Some(CheckResult {
                    transaction_id: state.transaction_id,
                    outcome: Ok(state),
                })
            }
            _ => Some(CheckResult {
                transaction_id: Uuid::unpack(&mut row)?,
                outcome: Err(self.errors.get(usize::unpack(&mut row)?)?.clone()),
            }),
        }
    }

    /// The results there are, in order.
    pub fn iter(&self) -> impl Iterator<Item = CheckResult> + '_ {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    /// What is there, without the gaps.
    #[must_use]
    pub fn so_far(&self) -> Self {
        let mut dense = self.clone();
        dense.places.retain(|&place| place != 0);
        dense
    }

    /// The results at these places, in this order.
    #[must_use]
    pub fn select(&self, places: impl IntoIterator<Item = usize>) -> Self {
        let mut selected = Self::default();
        for result in places.into_iter().filter_map(|at| self.get(at)) {
            selected.push(&result);
        }
        selected
    }

    /// How many carts have each status, and how many could not be checked.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for &place in &self.places {
            let Some(mut row) = place.checked_sub(1).and_then(|at| self.bytes.get(at..)) else {
                continue;
            };
            let status = match u8::unpack(&mut row) {
                Some(STATE) => Uuid::unpack(&mut row).and_then(|_| CartStatus::unpack(&mut row)),
                _ => None,
            };
            match status {
                Some(status) => *tally.statuses.entry(status).or_default() += 1,
                None => tally.failed += 1,
            }
        }
        tally
    }

    /// The place of each cart's result; of a cart that comes twice, the later one.
    pub(crate) fn places(&self) -> HashMap<Uuid, usize> {
        (0..self.len())
            .filter_map(|at| Some((self.get(at)?.transaction_id, at)))
            .collect()
    }

    /// Writes the results as JSON lines, the first of which says what they are.
    pub fn write(&self, out: impl Write) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        let head = Head {
            netgiro: FORMAT.to_owned(),
            version: VERSION,
            total: self.total,
        };
        serde_json::to_writer(&mut out, &head)?;
        for result in self.iter() {
            out.write_all(b"\n")?;
            let transaction_id = result.transaction_id;
            let (state, error) = match result.outcome {
                Ok(state) => (Some(state), None),
                Err(error) => (None, Some(error)),
            };
            let line = Line {
                transaction_id,
                state,
                error,
            };
            serde_json::to_writer(&mut out, &line)?;
        }
        out.write_all(b"\n")?;
        out.flush()
    }

    /// Reads what [`write`](Self::write) wrote.
    pub fn read(from: impl BufRead) -> Result<Self> {
        let mut lines = from.lines().enumerate();
        let head = match lines.next() {
            Some((_, Ok(line))) => serde_json::from_str::<Head>(&line).ok(),
            _ => None,
        };
        let Some(head) = head.filter(|head| head.netgiro == FORMAT) else {
            return Err(unreadable("its first line does not say so"));
        };
        if head.version != VERSION {
            return Err(unreadable(format!(
                "its version is {}, this one reads {VERSION}",
                head.version
            )));
        }
        let mut results = Self::default();
        for (at, line) in lines {
            let in_line = |why: String| unreadable(format!("line {}: {why}", at + 1));
            let line = line.map_err(|error| in_line(error.to_string()))?;
            if line.is_empty() {
                continue;
            }
            let line: Line =
                serde_json::from_str(&line).map_err(|error| in_line(quote::json(&error)))?;
            results.push(&line.result().map_err(in_line)?);
        }
        results.total = head.total.max(results.total);
        Ok(results)
    }

    /// Saves the results in a file, all or nothing: to go on from, or to look into.
    pub fn save(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let path = path.as_ref();
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}.tmp", std::process::id()));
        let saved = File::create(&beside)
            .and_then(|file| {
                self.write(&file)?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&beside, path));
        if saved.is_err() {
            // The rest of it is of no use; the caller gets the error of the save.
            let _ = fs::remove_file(&beside);
        }
        saved
    }

    /// Loads what [`save`](Self::save) saved.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|error| {
            Error::invalid_request(format!("{} cannot be read: {error}", path.display()))
        })?;
        Self::read(BufReader::new(file))
    }
}

impl fmt::Debug for CheckResults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckResults")
            .field("done", &self.done)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

/// Two are equal when their results are, whatever order they came in.
impl PartialEq for CheckResults {
    fn eq(&self, other: &Self) -> bool {
        self.total == other.total && self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for CheckResults {}

impl<'a> FromIterator<&'a CheckResult> for CheckResults {
    fn from_iter<I: IntoIterator<Item = &'a CheckResult>>(results: I) -> Self {
        let mut all = Self::default();
        for result in results {
            all.push(result);
        }
        all
    }
}

/// How many carts have each status, and how many could not be checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    statuses: HashMap<CartStatus, usize>,
    /// How many could not be checked.
    pub failed: usize,
}

impl Tally {
    /// The statuses that there are, in the order of the table, and how many carts have each.
    pub fn statuses(&self) -> impl Iterator<Item = (CartStatus, usize)> + '_ {
        CartStatus::ALL
            .iter()
            .filter_map(|status| Some((*status, *self.statuses.get(status)?)))
    }
}

#[derive(Serialize, Deserialize)]
struct Head {
    netgiro: String,
    version: u32,
    total: usize,
}

#[derive(Serialize, Deserialize)]
struct Line {
    transaction_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<CartState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Error>,
}

impl Line {
    fn result(self) -> Result<CheckResult, String> {
        let outcome = match (self.state, self.error) {
            (Some(state), None) => Ok(state),
            (None, Some(error)) => Err(error.of_call(FailedCall::Follow)),
            _ => return Err("it has to have either a state or an error".to_owned()),
        };
        let result = CheckResult {
            transaction_id: self.transaction_id,
            outcome,
        };
        match result.validate() {
            Ok(()) => Ok(result),
            Err(error) => Err(error.message().to_owned()),
        }
    }
}

fn unreadable(why: impl fmt::Display) -> Error {
    Error::invalid_request(format!("these are no saved results: {why}"))
}
