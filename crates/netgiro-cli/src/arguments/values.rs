//! Values of options, parsed.

use std::ffi::OsStr;
use std::str::FromStr;
use std::time::Duration;

use clap::Arg;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use netgiro::{ApiVersion, ConfirmationType, Environment, PaymentInfoPolicy};
use netgiro_simulator::{ReferenceLookup, RepeatedCall};

pub(super) fn seconds(text: &str) -> Result<Duration, &'static str> {
    text.parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or("it must be a number of seconds, 0 or more")
}

pub(super) fn confirmation_type() -> impl TypedValueParser {
    Word(ConfirmationType::ALL, ConfirmationType::as_str)
}

pub(super) fn environment() -> impl TypedValueParser {
    Word(Environment::ALL, Environment::as_str)
}

pub(super) fn api() -> impl TypedValueParser {
    Word(ApiVersion::ALL, ApiVersion::as_str)
}

pub(super) fn payment_info() -> impl TypedValueParser {
    Word(PaymentInfoPolicy::ALL, PaymentInfoPolicy::as_str)
}

pub(super) fn repeated_call() -> impl TypedValueParser<Value = RepeatedCall> {
    let words = RepeatedCall::ALL.iter().map(|word| word.as_str());
    PossibleValuesParser::new(words).try_map(|word| word.parse::<RepeatedCall>())
}

pub(super) fn reference_lookup() -> impl TypedValueParser<Value = ReferenceLookup> {
    let words = ReferenceLookup::ALL.iter().map(|word| word.as_str());
    PossibleValuesParser::new(words).try_map(|word| word.parse::<ReferenceLookup>())
}

/// One of some words, read by the core: its error repeats nothing that may be a password.
#[derive(Clone)]
struct Word<T: 'static>(&'static [T], fn(T) -> &'static str);

impl<T> TypedValueParser for Word<T>
where
    T: Copy + FromStr<Err = netgiro::Error> + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(
        &self,
        _: &clap::Command,
        _: Option<&Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let refuse =
            |error: netgiro::Error| clap::Error::raw(ErrorKind::ValueValidation, error.message());
        value.to_string_lossy().parse().map_err(refuse)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(
            self.0
                .iter()
                .map(|value| PossibleValue::new((self.1)(*value))),
        ))
    }
}
