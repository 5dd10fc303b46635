//! `tests/vectors/callbacks/webhook.json`: what a callback's route answers, and what follows the 200.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and the vectors have passed their schema"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use netgiro::webhook::{
    FollowUp, FollowUpAction, FollowUpOutcome, Route, RouteAction, RouteRequest,
};
use netgiro::{CartPoll, CartRef, CheckOutcome, ErrorKind, WaitOptions};
use serde_json::{Value, json};

fn vectors() -> Value {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/callbacks/webhook.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn answer(request: &RouteRequest) -> Value {
    request.answer().map_or(
        Value::Null,
        |answer| json!({"status": answer.status, "text": answer.text, "header": answer.header}),
    )
}

#[test]
fn routes() {
    for case in list(&vectors()["routes"]) {
        let route = Arc::new(Route::new(case["has_guard"].as_bool().unwrap()));
        for (at, script) in list(&case["requests"]).iter().enumerate() {
            let name = format!("{}, request {at}", case["name"]);
            let mut request = route.request(script["method"].as_str().unwrap());
            for step in list(&script["steps"]) {
                assert_eq!(request.action().as_str(), step["action"], "{name}");
                assert_eq!(request.answer(), None, "{name}");
                request.step(serde_json::from_value(step["outcome"].clone()).unwrap());
            }
            assert_eq!(request.action(), RouteAction::Answer, "{name}");
            let mut expected = script["answer"].clone();
            let reason = expected
                .as_object_mut()
                .unwrap()
                .remove("reason_contains")
                .unwrap();
            assert_eq!(answer(&request), expected, "{name}");
            let found = &request.answer().unwrap().reason;
            assert!(
                found.contains(reason.as_str().unwrap()),
                "{name}: {found:?}"
            );
        }
    }
}

fn started(case: &Value, cart: CartRef, start: Timestamp) -> FollowUp {
    let failures = u32::try_from(case["failures"].as_u64().unwrap()).unwrap();
    match case["plan"].as_str().unwrap() {
        "after_callback" => FollowUp::after_callback(cart, start),
        _ => FollowUp::in_messages(CartPoll::new(cart, WaitOptions::default(), start), failures),
    }
}

fn outcome(given: &Value, poll: &CartPoll, now: Timestamp) -> FollowUpOutcome {
    if given == "done" {
        return FollowUpOutcome::Done;
    }
    if given == "stopped" {
        return FollowUpOutcome::Stopped;
    }
    if let Some(claimed) = given["claimed"].as_bool() {
        return FollowUpOutcome::Claimed(claimed);
    }
    if let Some(status) = given["checked"].as_str() {
        let seen = CheckOutcome::Status(status.parse().unwrap());
        return FollowUpOutcome::Checked(Box::new(poll.answered(seen, now, now, 0.0).unwrap()));
    }
    let kind = ErrorKind::ALL
        .iter()
        .copied()
        .find(|kind| given["failed"] == kind.code());
    FollowUpOutcome::Failed(kind, None)
}

#[test]
fn follow_ups() {
    let file = vectors();
    let cart: CartRef = file["transaction_id"].as_str().unwrap().parse().unwrap();
    for case in list(&file["follow_ups"]) {
        let start = Timestamp::from_millisecond(case["now"].as_i64().unwrap()).unwrap();
        let mut follow_up = started(case, cart.clone(), start);
        for (at, step) in list(&case["steps"]).iter().enumerate() {
            let name = format!("{}, step {at}", case["name"]);
            let action = follow_up.action();
            assert_eq!(action.as_str(), step["action"], "{name}");
            if let FollowUpAction::Wait(delay) = action {
                let delay = u64::try_from(delay.as_millis()).unwrap();
                assert_eq!(step["delay_ms"], delay, "{name}");
            }
            if action == FollowUpAction::Call {
                let status = follow_up.poll().state().unwrap().status;
                assert_eq!(step["status"], status.as_str(), "{name}");
            }
            let elapsed = step["now_ms"].as_u64().unwrap();
            let now = start + SignedDuration::from_millis(i64::try_from(elapsed).unwrap());
            let outcome = outcome(&step["outcome"], follow_up.poll(), now);
            follow_up.step(outcome, now, Duration::from_millis(elapsed));
        }
        let is_cut_off = matches!(
            follow_up.action(),
            FollowUpAction::Claim | FollowUpAction::Check
        );
        let ends_waiting = list(&case["steps"]).last().unwrap()["action"] == "wait";
        assert_eq!(
            is_cut_off,
            ends_waiting,
            "{}: {:?}",
            case["name"],
            follow_up.action()
        );
        if !is_cut_off {
            assert_eq!(follow_up.action(), FollowUpAction::End, "{}", case["name"]);
        }
    }
}

/// A poll that an error of the shop's own function carries may be another cart's.
#[test]
fn another_carts_poll_is_not_taken() {
    let [cart, other] = [1, 2].map(uuid::Uuid::from_u128);
    let start = Timestamp::UNIX_EPOCH;
    let poll = |id: uuid::Uuid| Box::new(CartPoll::new(id, WaitOptions::default(), start));
    let mut follow_up = FollowUp::in_messages(*poll(cart), 0);
    let failed = |kind| FollowUpOutcome::Failed(kind, Some(poll(other)));
    follow_up.step(failed(Some(ErrorKind::Server)), start, Duration::ZERO);
    assert_eq!(follow_up.poll().transaction_id(), cart);
    follow_up.step(FollowUpOutcome::Done, start, Duration::ZERO);
    follow_up.step(FollowUpOutcome::Checked(poll(other)), start, Duration::ZERO);
    assert_eq!(follow_up.poll().transaction_id(), cart);
    assert_eq!(follow_up.failures(), 2);
}

/// A failure's own poll knows what was seen before it, so that nothing is asked twice.
#[test]
fn a_failure_goes_on_from_its_own_poll() {
    let cart = uuid::Uuid::from_u128(1);
    let start = Timestamp::UNIX_EPOCH;
    let later = start + SignedDuration::from_secs(60);
    let poll = |at| CartPoll::new(cart, WaitOptions::default(), at);
    let mut follow_up = FollowUp::in_messages(poll(start), 0);
    let failed = FollowUpOutcome::Failed(Some(ErrorKind::Server), Some(Box::new(poll(later))));
    follow_up.step(failed, start, Duration::ZERO);
    assert_eq!(follow_up.poll(), &poll(later));
    assert_eq!(follow_up.failures(), 1);
}

/// However many callbacks cannot be recorded, no more than some ten thousand are remembered.
#[test]
fn what_could_not_be_recorded_is_remembered_up_to_a_bound() {
    let file = vectors();
    let case = list(&file["routes"])
        .iter()
        .find(|case| case["name"] == "not recorded, and not forgotten: let through once more")
        .unwrap();
    let route = Arc::new(Route::new(true));
    let run = |number: usize, script: &Value| {
        let mut request = route.request("POST");
        for step in list(&script["steps"]) {
            let mut outcome = step["outcome"].clone();
            if !outcome["verified"].is_null() {
                outcome["verified"]["signature"] = json!(number.to_string());
            }
            if request.action().as_str() == step["action"] {
                request.step(serde_json::from_value(outcome).unwrap());
            }
        }
        request.action()
    };
    let lost = &case["requests"][0];
    for number in 0..=10_000 {
        assert_eq!(run(number, lost), RouteAction::Answer);
    }
    let up_to_the_guard = json!({"steps": list(&lost["steps"])[..3]});
    assert_eq!(
        run(0, &up_to_the_guard),
        RouteAction::AskGuard,
        "the oldest is forgotten"
    );
    assert_eq!(run(1, &up_to_the_guard), RouteAction::Record);
}
