//! The laws of `laws`, under inputs that are made up.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod laws;

use jiff::Timestamp;
use laws::{Api, Beginning, Call, ID, NONCE, SECRET, Step, URL, v2};
use netgiro::{
    Amount, Cart, CartPoll, CartState, CartStatus, CheckOutcome, CustomerId, PaymentInfo,
    ResultCode, WaitOptions, mask_customer_id, mask_customer_ids, sign,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

/// What fails is printed, and becomes a test of its own rather than a file of seeds.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// A customer id in one of the spellings that are read.
fn customer() -> impl Strategy<Value = String> {
    let id = prop_oneof![
        "[678][0-9]{6}",
        "(\\+354|00354|354)[678][0-9]{6}",
        "[0-9]{10}",
        "500004[0-9A-Za-z]{4}",
    ];
    let separator = prop::sample::select(vec![
        " ", "-", ".", "(", ")", "\u{a0}", "\t", "\u{2009}", "\u{2010}", "\u{2013}", "\u{2015}",
    ]);
    let separators = vec(prop_oneof![4 => Just(""), 1 => separator], 16);
    (id, separators).prop_map(|(id, separators)| {
        let mut spelled = String::new();
        for (c, after) in id.chars().zip(separators) {
            spelled.push(c);
            spelled.push_str(after);
        }
        spelled
            .trim_end_matches(|c: char| !c.is_alphanumeric())
            .to_owned()
    })
}

/// Whether digits in it may be read as a date, such as `10-1-1900`, which is nobody's number.
fn holds_a_date(spelled: &str) -> bool {
    let groups: Vec<_> = spelled.split(|c: char| !c.is_alphanumeric()).collect();
    groups.windows(3).any(|groups| {
        let lengths: Vec<_> = groups.iter().map(|group| group.len()).collect();
        matches!(lengths[..], [4, 1 | 2, 1 | 2] | [1 | 2, 1 | 2, 4])
    })
}

/// A value of the kind that stands in the API's JSON, or of another.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("true".to_owned()),
        Just("false".to_owned()),
        Just("null".to_owned()),
        prop::sample::select(vec![
            200_i64, 400, 10200, 10201, 10202, 10203, 10302, 10424, 10425, 10426, 10428, 10429, 1,
            2, 5
        ])
        .prop_map(|code| code.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>()
            .prop_filter("JSON has no other", |number| number.is_finite())
            .prop_map(|number| number.to_string()),
        "[0-9]{1,40}(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,3})?",
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        Just(format!("\"{ID}\"")),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            vec((name(), inner), 0..4).prop_map(|members| object(&members)),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "Success",
        "PaymentSuccessful",
        "ResultCode",
        "Message",
        "PaymentInfo",
        "TransactionId",
        "StatusId",
        "TotalAmount",
        "ReferenceNumber",
        "Created",
        "success",
        "New",
    ])
    .prop_map(str::to_owned)
}

fn object(members: &[(String, String)]) -> String {
    let members: Vec<_> = members
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// A body that is nearly right: each member is as it should be, something else, or missing.
fn body() -> impl Strategy<Value = String> {
    let code = prop::sample::select(vec![
        10200_i64, 10201, 10202, 10203, 10302, 10424, 10425, 10426, 10428, 10429, 400, 500, 77,
    ]);
    let info = prop_oneof![
        Just(format!(
            r#"{{"TransactionId":"{ID}","StatusId":2,"TotalAmount":1000.00}}"#
        )),
        Just(r#"{"TransactionId":"0f0e0d0c-0b0a-4908-8706-0504030201ff"}"#.to_owned()),
        Just("null".to_owned()),
        value(),
    ];
    let boolean = || prop_oneof![4 => any::<bool>().prop_map(|b| b.to_string()), 1 => value()];
    let number = prop_oneof![6 => code.prop_map(|code| code.to_string()), 1 => value()];
    (
        option::weighted(0.9, boolean()),
        option::weighted(0.8, info),
        option::weighted(0.95, boolean()),
        option::weighted(0.95, number),
        vec((name(), value()), 0..2),
    )
        .prop_map(|(paid, info, success, code, more)| {
            let mut members: Vec<_> = [
                ("PaymentSuccessful", paid),
                ("PaymentInfo", info),
                ("Success", success),
                ("ResultCode", code),
            ]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
            members.extend(more);
            object(&members)
        })
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => body().prop_map(String::into_bytes),
        1 => value().prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..200),
        1 => (body(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(body, at, byte)| {
            let mut body = body.into_bytes();
            let at = at.index(body.len());
            body[at] = byte;
            body
        }),
    ]
}

/// A status with a code of its own, mostly.
fn status_and_code() -> impl Strategy<Value = (CartStatus, Option<i64>)> {
    let code = || prop::sample::select(ResultCode::ALL).prop_map(|known| known.code);
    let status = || prop::sample::select(CartStatus::ALL);
    prop_oneof![
        4 => code().prop_map(|code| (CartStatus::of_code(code), Some(code))),
        1 => (status(), option::of(code())),
    ]
}

/// The payment of a cart, or of nearly that cart.
fn payment() -> impl Strategy<Value = PaymentInfo> {
    let id = prop_oneof![4 => Just(Some(ID)), 1 => Just(None), 1 => Just(Some(Uuid::nil()))];
    let total = prop_oneof![4 => Just(Some(1000)), 1 => Just(None), 1 => Just(Some(999))];
    let reference =
        prop_oneof![4 => Just(Some("order-1")), 1 => Just(None), 1 => Just(Some("order-2"))];
    (id, total, reference, option::weighted(0.8, 1_i64..6)).prop_map(
        |(transaction_id, total, reference, status_id)| PaymentInfo {
            transaction_id,
            total_amount: total.map(Decimal::from),
            reference_number: reference.map(str::to_owned),
            status_id,
            ..PaymentInfo::default()
        },
    )
}

/// A body of V2 that is nearly right.
fn body_of_v2() -> impl Strategy<Value = String> {
    let status = prop::sample::select(vec![
        "Pending",
        "Authorized",
        "Confirmed",
        "Cancelled",
        "canceled",
        "Paid",
        "",
    ]);
    let status = prop_oneof![
        5 => status.prop_map(|word| format!("\"{word}\"")),
        1 => Just("null".to_owned()),
        1 => value(),
    ];
    let id = prop_oneof![
        5 => Just(format!("\"{ID}\"")),
        1 => Just("\"abc-123\"".to_owned()),
        1 => Just("null".to_owned()),
        1 => value(),
    ];
    let success = prop_oneof![4 => any::<bool>().prop_map(|b| b.to_string()), 1 => value()];
    let message = prop_oneof![
        Just("null".to_owned()),
        Just("\"not found\"".to_owned()),
        value()
    ];
    let amount = prop_oneof![
        3 => Just("4990".to_owned()),
        1 => Just("4990.00".to_owned()),
        2 => value(),
    ];
    (
        option::weighted(0.95, success),
        option::weighted(0.9, status),
        option::weighted(0.95, id),
        option::weighted(0.8, message),
        option::weighted(0.8, amount),
        vec((name(), value()), 0..2),
    )
        .prop_map(|(success, status, id, message, amount, more)| {
            let mut members: Vec<_> = [
                ("Success", success),
                ("Status", status),
                ("TransactionId", id),
                ("Message", message),
                ("TotalAmount", amount),
            ]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
            members.extend(more);
            object(&members)
        })
}

#[test]
fn an_answer_of_v2_is_read_soundly_or_not_at_all() {
    let api = v2::Api::start();
    let call = prop::sample::select(v2::Call::ALL.to_vec());
    let status = prop_oneof![
        3 => Just(200),
        2 => prop::sample::select(v2::STATUSES.to_vec()),
    ];
    proptest!(cases(1500), |(call in call, status in status, body in body_of_v2())| {
        api.answer_is_read_soundly(call, status, body.as_bytes());
    });
}

#[test]
fn a_callback_of_v2_is_accepted_for_what_is_signed_alone() {
    let id = prop_oneof![6 => Just(ID.to_string()), 1 => "[0-9a-f-]{0,40}"];
    let amount = prop_oneof![4 => Just("4990".to_owned()), 1 => Just("4990.00".to_owned()), 1 => "[0-9.]{1,8}"];
    proptest!(cases(1500), |(body in body_of_v2(), id in id, amount in amount)| {
        v2::callback_is_read_soundly(body.as_bytes(), &id, &amount);
    });
}

#[test]
fn a_redirect_is_accepted_for_what_is_signed_alone() {
    let text = || prop_oneof![3 => "[0-9a-z-]{0,12}", 1 => any::<String>()];
    let id = prop_oneof![4 => Just(ID.to_string()), 1 => text()];
    let amount = prop_oneof![3 => Just("4990".to_owned()), 1 => Just("4990.00".to_owned()), 1 => "[0-9.]{0,6}"];
    let members = (
        text(),
        id,
        "[0-9]{0,6}",
        amount,
        prop_oneof!["[125]", "[0-9a-z]{0,2}"],
    );
    proptest!(cases(1500), |(
        (reference, id, invoice, amount, status) in members,
        is_signed in any::<bool>(),
    )| {
        let rest = format!("{invoice}{amount}{status}");
        let signature = if is_signed {
            sign(SECRET, &reference, &id, rest.as_bytes())
        } else {
            sign("another", &reference, &id, rest.as_bytes())
        };
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("ReferenceNumber", &reference)
            .append_pair("TransactionId", &id)
            .append_pair("InvoiceNumber", &invoice)
            .append_pair("TotalAmount", &amount)
            .append_pair("Status", &status)
            .append_pair("NetgiroSignature", &signature);
        v2::redirect_is_read_soundly(&query.finish());
    });
}

fn call() -> impl Strategy<Value = Call> {
    prop::sample::select(vec![Call::Check, Call::Cancel, Call::Confirm])
}

#[test]
fn an_answer_is_read_soundly_or_not_at_all() {
    let api = Api::start();
    proptest!(cases(1500), |(call in call(), body in bytes())| {
        api.answer_is_read_soundly(call, &body);
    });
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn a_signed_callback_is_read_soundly(body in bytes()) {
        laws::signed_callback_is_read_soundly(&body);
    }

    #[test]
    fn a_changed_callback_is_refused(
        body in body(),
        nonce in option::of("[A-Za-z0-9.:+_-]{0,66}|.{0,8}"),
        url in option::of("https?://[a-z]{1,8}\\.is(/[a-z?=&%0-9]{0,20})?|.{0,12}"),
        change in option::of((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4)),
        digit in option::of((0_usize..64, "[0-9a-fA-F]")),
    ) {
        let mut arrived = body.clone().into_bytes();
        if let Some((at, byte, how)) = change {
            let at = at.index(arrived.len());
            match how {
                0 => arrived[at] = byte,
                1 => arrived.insert(at, byte),
                2 => drop(arrived.remove(at)),
                _ => arrived.extend_from_within(at..),
            }
        }
        let mut signature = sign(SECRET, NONCE, URL, body.as_bytes());
        if let Some((at, digit)) = digit {
            signature.replace_range(at..=at, &digit);
        }
        laws::changed_callback_is_refused(
            (NONCE, URL, body.as_bytes()),
            (nonce.as_deref().unwrap_or(NONCE), url.as_deref().unwrap_or(URL), &arrived),
            &signature,
        );
    }

    #[test]
    fn text_moved_between_the_parts_is_refused(
        body in "\\{[ -~]{0,40}\\}",
        nonce_end in 0_usize..120,
        url_end in 0_usize..160,
    ) {
        let whole = format!("{NONCE}{URL}{body}");
        let nonce_end = nonce_end.min(whole.len());
        let url_end = url_end.clamp(nonce_end, whole.len());
        let signature = sign(SECRET, NONCE, URL, body.as_bytes());
        laws::changed_callback_is_refused(
            (NONCE, URL, body.as_bytes()),
            (&whole[..nonce_end], URL, &whole.as_bytes()[url_end..]),
            &signature,
        );
    }

    #[test]
    fn what_is_read_as_a_customer_id_is_masked_in_any_surroundings(
        spelled in customer(),
        // A percent sign before digits may make them an escape: `masking.rs` tests those.
        before in "([a-zA-Zþæö ]{0,9}[!-$&-/:-@\\[-`{-~ „“’«»]{1,3})?",
        after in "([!-/:-@\\[-`{-~ „“’«»]{1,3}[a-zA-Zþæö ]{0,9})?",
    ) {
        prop_assume!(!holds_a_date(&spelled));
        let id: CustomerId = spelled.parse().unwrap();
        let masked = mask_customer_ids(&format!("{before}{spelled}{after}"));
        let shown: String = masked.chars().filter(char::is_ascii_alphanumeric).collect();
        let hidden = &id.as_str()[..id.as_str().len() - 2];
        prop_assert!(!shown.to_ascii_uppercase().contains(hidden), "{masked}");
        let stars = masked.chars().filter(|&c| c == '*').count();
        let stood: usize = (before + &after).chars().filter(|&c| c == '*').count();
        prop_assert!(stars >= stood + hidden.len(), "{masked}");
        prop_assert_eq!(mask_customer_ids(&masked), masked.clone());
        prop_assert!(!mask_customer_id(&spelled).contains(hidden));
    }

    #[test]
    fn any_text_can_be_masked_and_keeps_its_length(text in any::<String>()) {
        prop_assert_eq!(mask_customer_ids(&text).chars().count(), text.chars().count());
    }

    #[test]
    fn signing_headers_stand_there_once_or_are_refused(
        others in vec(
            (
                prop_oneof![
                    "(http[_-])?netgiro[_-](nonce|signature|appkey|referenceid)",
                    "(HTTP_)?N[Ee]tgiro[_-](Nonce|SIGNATURE|ReferenceId)",
                    "[ -~]{0,20}",
                    any::<String>(),
                ],
                prop_oneof![Just(NONCE.to_owned()), "[0-9a-f]{64}", any::<String>()],
            ),
            0..5,
        ),
        at in 0_usize..6,
    ) {
        laws::headers_are_read_strictly(&others, at);
    }

    #[test]
    fn a_token_is_sound_or_refused(
        (status, result_code) in status_and_code(),
        payment_successful in option::weighted(0.8, any::<bool>()),
        payment in option::of(payment()),
        timeout_ms in 0_u64..1_000_000,
        change in (any::<prop::sample::Index>(), any::<prop::sample::Index>(), value()),
        how in 0_u8..4,
    ) {
        let now = Timestamp::from_millisecond(1_700_000_000_000).unwrap();
        let options = WaitOptions {
            timeout: std::time::Duration::from_millis(timeout_ms),
            policy: None,
        };
        let cart = Cart {
            transaction_id: ID,
            reference: "order-1".to_owned(),
            amount: Amount::new(1000).unwrap(),
            check_interval: None,
            message: None,
            reference_id: None,
        };
        let poll = CartPoll::new(&cart, options, now);
        let mut state = CartState::of(ID, status, now);
        state.result_code = result_code;
        state.payment_successful = payment_successful;
        state.payment = payment.map(Box::new);
        let poll = poll.answered(CheckOutcome::State(state), now, now, 0.5).unwrap_or(poll);
        let token = poll.to_json();
        prop_assert_eq!(&CartPoll::from_json(&token).unwrap(), &poll);
        laws::token_is_sound(&token);
        let (at, to, value) = change;
        let mutated = match how {
            // One value in it becomes another.
            0 | 1 => replaced(&token, at, &value),
            2 => token.chars().take(to.index(token.len())).collect(),
            _ => {
                let mut bytes = token.clone().into_bytes();
                let (at, to) = (at.index(bytes.len()), to.index(bytes.len()));
                bytes.swap(at, to);
                String::from_utf8_lossy(&bytes).into_owned()
            }
        };
        laws::token_is_sound(&mutated);
    }

    #[test]
    fn a_poll_keeps_its_laws_whatever_it_sees(
        min_ms in 1_u32..5_000,
        default_ms in 1_u32..100_000,
        max_ms in 1_u32..100_000,
        timeout_ms in 0_u32..400_000,
        steps in vec(
            (
                prop_oneof![4 => Just(0_u32), 1 => 0_u32..50_000],
                prop_oneof![4 => 0_i32..3_000, 1 => -50_000_i32..50_000],
                prop_oneof![4 => 0.0..=1.0_f64, 1 => any::<f64>()],
                any::<u8>(),
                option::of(any::<u32>()),
            )
                .prop_map(|(late_ms, took_ms, jitter, seen, retry_after_s)| Step {
                    late_ms, took_ms, jitter, seen, retry_after_s,
                }),
            1..40,
        ),
    ) {
        laws::poll_is_sound(Beginning { min_ms, default_ms, max_ms, timeout_ms }, &steps);
    }

    /// The same, where only what goes on is seen, so that polls get old.
    #[test]
    fn a_poll_that_gets_old_keeps_its_laws(
        timeout_ms in 0_u32..4_000_000,
        steps in vec(
            (0_i32..20_000, 0.0..=1.0_f64, prop::sample::select(vec![0_u8, 3, 8, 11, 15, 16, 19, 23])),
            1..120,
        ),
    ) {
        let steps: Vec<_> = steps
            .into_iter()
            .map(|(took_ms, jitter, seen)| Step {
                late_ms: 0, took_ms, jitter, seen, retry_after_s: None,
            })
            .collect();
        let beginning = Beginning { min_ms: 1_000, default_ms: 3_000, max_ms: 60_000, timeout_ms };
        laws::poll_is_sound(beginning, &steps);
    }
}

#[test]
fn a_token_whose_state_cannot_be_its_polls_is_refused() {
    let now = Timestamp::from_millisecond(1_700_000_000_000).unwrap();
    let poll = CartPoll::new(ID, WaitOptions::default(), now);
    let seen = CheckOutcome::Status;
    let pending = poll.answered(seen(CartStatus::Pending), now, now, 0.5);
    let pending = pending.unwrap().to_json();
    let paid = poll.answered(seen(CartStatus::Confirmed), now, now, 0.5);
    let paid = paid.unwrap().to_json();
    let of_another = paid.replacen("0f0e", "0f0f", 1);
    let done_too_early = pending.replace("\"is_done\":false", "\"is_done\":true");
    for token in [&of_another, &done_too_early] {
        assert!(*token != paid && *token != pending);
        let error = CartPoll::from_json(token).unwrap_err();
        assert!(error.message().contains("contradict"), "{error}");
    }
}

/// The JSON with one of its values replaced by another.
fn replaced(json: &str, at: prop::sample::Index, with: &str) -> String {
    let starts: Vec<_> = json.match_indices(':').map(|(at, _)| at + 1).collect();
    let start = starts[at.index(starts.len())];
    let rest = &json[start..];
    let end = rest.find([',', '}']).unwrap_or(rest.len());
    format!("{}{with}{}", &json[..start], &rest[end..])
}
