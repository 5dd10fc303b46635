//! The core's messages in the words of the command line: `ca_file` is `--ca-file` here.

/// What the core calls something, and what it is here.
#[rustfmt::skip]
const NAMES: [(&str, &str); 44] = [
    ("app_key", "NETGIRO_APP_KEY"), ("secret_key", "NETGIRO_SECRET_KEY"),
    ("base_url", "--base-url (NETGIRO_BASE_URL)"), ("ca_file", "--ca-file"),
    ("payment_info", "--payment-info"), ("customer_id", "--customer"), ("confirmation_type", "--confirmation-type"),
    ("callback_url", "--callback-url"), ("callback_cancel_url", "--callback-cancel-url"), ("location_id", "--location-id"),
    ("register_id", "--register-id"), ("registered_url", "--registered-url"), ("unit_price", "the price in --item"),
    ("from_env", "the command"), ("insert_cart", "netgiro insert"), ("check_cart", "netgiro check"),
    ("cancel_cart", "netgiro cancel"), ("confirm_cart", "netgiro confirm"), ("wait_for_cart", "netgiro wait"),
    ("settle_cart", "netgiro settle"), ("verify_callback", "netgiro verify-callback"),
    ("public_url", "--public-url"), ("callback_hosts", "--callback-host"), ("stale_reads", "--stale-reads"),
    ("require_confirmation_type", "--require-confirmation-type"), ("require_json_numbers", "--require-json-numbers"),
    ("omit_payment_info", "--omit-payment-info"), ("check_interval", "--check-interval"),
    ("transaction_id", "the transaction id"), ("tls_certificate", "--tls-certificate"), ("tls_key", "--tls-key"),
    ("write_env", "--write-env"), ("own_keys", "--own-keys"), ("idempotency_key", "--key"),
    ("refund_cart", "netgiro refund"), ("get_transaction", "netgiro transaction"),
    ("v2_refusal_status", "--v2-refusal-status"), ("access_code", "--access-code"),
    ("capture_cart", "netgiro capture"), ("void_cart", "netgiro void"),
    ("create_checkout", "netgiro checkout"),
    ("success_url", "--success-url"), ("cancel_url", "--cancel-url"),
    ("callback_signature_decimals", "--callback-signature-decimals"),
];

/// The same where the name is a word of English as well: at a message's start alone, before "must" or "is".
#[rustfmt::skip]
const FIRST_WORDS: [(&str, &str); 12] = [
    ("timeout", "--timeout"), ("amount", "--amount"), ("reference", "--reference"), ("identifier", "--code"),
    ("description", "--description"), ("environment", "--environment"), ("lifetime", "--lifetime"),
    ("latency", "--latency"), ("callback", "--callback"), ("barcode", "--barcode"), ("api", "--api (NETGIRO_API)"),
    ("items", "--item"),
];

/// A message of the core with the names that a user of the command knows. Quoted text is somebody's own, and stays.
pub(crate) fn on_command_line(message: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '=');
    let mut changed = String::with_capacity(message.len());
    let mut rest = message;
    let mut is_quoted = false;
    while let Some(first) = rest.chars().next() {
        if !is_part(first) {
            is_quoted ^= first == '"';
            changed.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let name = word.trim_end_matches('=');
        let starts = changed.is_empty() || changed.ends_with("refused: ");
        let known = NAMES.iter().find(|(core, _)| *core == name).or_else(|| {
            let is_name = starts
                && [" must", " is ", " cannot ", ": "]
                    .iter()
                    .any(|it| after.starts_with(it));
            FIRST_WORDS
                .iter()
                .find(|(core, _)| is_name && *core == name)
        });
        changed.push_str(match known {
            Some((_, here)) if !is_quoted => here,
            _ => word,
        });
        rest = after;
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::on_command_line;

    #[test]
    fn names_are_those_of_the_command_line() {
        for (core, here) in [
            (
                "pass ca_file if its authority is your own",
                "pass --ca-file if its authority is your own",
            ),
            (
                "timeout must be longer than 0; got 0",
                "--timeout must be longer than 0; got 0",
            ),
            (
                "customer_id must be a mobile number",
                "--customer must be a mobile number",
            ),
            ("got \"ca_file\", not a URL", "got \"ca_file\", not a URL"),
            (
                "no answer within the timeout",
                "no answer within the timeout",
            ),
            ("run check_cart", "run netgiro check"),
            (
                "items cannot be sent: V2 does not have it",
                "--item cannot be sent: V2 does not have it",
            ),
            ("pass callback_url=", "pass --callback-url"),
            ("", ""),
        ] {
            assert_eq!(on_command_line(core), here);
        }
    }
}
