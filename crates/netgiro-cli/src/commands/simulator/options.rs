//! The options of a simulator: what the arguments make of them, and how they are handed on.

use std::env;
use std::ffi::{OsStr, OsString};

use clap::ValueEnum;
use netgiro_simulator::{SimulatorOptions, Tls};

use crate::arguments::{ExportFormat, SimulatorArgs};
use crate::failure::Failure;
use crate::input;
use crate::interrupt::Interrupt;

/// The port that everybody knows.
pub(super) const PORT: u16 = 8765;

/// The options that the arguments give.
pub(super) fn options(
    args: &SimulatorArgs,
    interrupt: &Interrupt,
) -> Result<SimulatorOptions, Failure> {
    let mut options = SimulatorOptions {
        port: args.port.unwrap_or(PORT),
        // Ids repeat with the seed, and a shop's database may know them from the last start.
        seed: args.seed.unwrap_or_else(|| fastrand::u32(..).into()),
        allow_stop: true,
        latency: args.latency,
        lifetime: args.lifetime,
        reaction: args.reaction,
        check_interval_ms: i64::try_from(args.check_interval.as_millis()).ok(),
        require_confirmation_type: args.require_confirmation_type,
        require_json_numbers: args.require_json_numbers,
        omit_payment_info: args.omit_payment_info,
        stale_reads: args.stale_reads,
        v2_refusal_status: args.v2_refusal_status,
        unknown_transaction_is_404: args.unknown_transaction_is_404,
        repeated_refund: args.repeated_refund,
        repeated_capture: args.repeated_capture,
        repeated_cancel: args.repeated_cancel,
        hold_lifetime: args.hold_lifetime,
        poll_interval_ms: i64::try_from(args.poll_interval.as_millis()).ok(),
        callback_signature_decimals: args.callback_signature_decimals,
        hosted_callback_as_form: args.hosted_callback_as_form,
        refuse_settled_refunds: args.refuse_settled_refunds,
        reference_lookup: args.reference_lookup,
        form_callback_as_get: args.form_callback_as_get,
        public_url: args.public_url.clone(),
        tls: tls(args, interrupt)?,
        callback_hosts: args.callback_hosts.clone(),
        ..SimulatorOptions::default()
    };
    if let Some(shop) = &args.shop {
        options.shop.clone_from(shop);
    }
    if args.own_keys {
        options.app_key = variable("NETGIRO_APP_KEY")?;
        options.secret_key = variable("NETGIRO_SECRET_KEY")?;
    }
    Ok(options)
}

fn tls(args: &SimulatorArgs, interrupt: &Interrupt) -> Result<Option<Tls>, Failure> {
    let (Some(certificate), Some(key)) = (&args.tls_certificate, &args.tls_key) else {
        return Ok(args.tls.then_some(Tls::SelfMade));
    };
    Ok(Some(Tls::Given {
        certificate: input::text(certificate, interrupt)?,
        key: input::text(key, interrupt)?,
    }))
}

fn variable(name: &str) -> Result<String, Failure> {
    env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Failure::usage(format!("--own-keys: {name} is not set")))
}

/// The arguments of the process in the background: the same, without `--export`.
pub(super) fn without_export(arguments: &[OsString]) -> Vec<OsString> {
    let is_format = |word: &OsStr| {
        word.to_str()
            .is_some_and(|word| ExportFormat::from_str(word, false).is_ok())
    };
    let mut kept = Vec::new();
    let mut words = arguments.iter().peekable();
    while let Some(word) = words.next() {
        if word == "--export" {
            words.next_if(|next| is_format(next));
        } else if !word.to_string_lossy().starts_with("--export=") {
            kept.push(word.clone());
        }
    }
    kept
}

/// The words of the options that decide what a simulator does, as they were given; not its port.
pub(super) fn deciding_words(arguments: &[OsString]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut words = without_export(arguments).into_iter().skip(1);
    while let Some(word) = words.next() {
        let word = word.to_string_lossy().into_owned();
        if word == "--port" {
            words.next();
        } else if !["--json", "--background"].contains(&word.as_str())
            && !word.starts_with("--port=")
        {
            kept.push(word);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn the_process_in_the_background_gets_the_other_options() {
        for (given, expected) in [
            ("simulator --export", "simulator"),
            ("simulator --export dotenv --seed 7", "simulator --seed 7"),
            ("simulator --port 0 --export=sh", "simulator --port 0"),
            (
                "simulator --export --shop dotenv",
                "simulator --shop dotenv",
            ),
        ] {
            assert_eq!(without_export(&words(given)), words(expected), "{given}");
        }
        let deciding = deciding_words(&words("simulator --port 0 --export --seed 7 --port=0"));
        assert_eq!(deciding, ["--seed", "7"]);
    }
}
