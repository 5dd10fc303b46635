//! Every scenario of `tests/vectors/scenarios`, run through the public API against a simulator.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and the scenarios have passed their schema"
)]

use std::fmt::Debug;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use netgiro::{
    Amount, CartPoll, CartRef, CartState, Client, ClientOptions, Error, NewCart, PollPolicy,
    WaitOptions,
};
use netgiro_simulator::{Endpoint, Fault, Simulator, SimulatorOptions};
use serde_json::{Value, json};
use uuid::Uuid;

#[test]
fn insert_cart() {
    run("insert_cart");
}

#[test]
fn check_cart() {
    run("check_cart");
}

#[test]
fn cancel_cart() {
    run("cancel_cart");
}

#[test]
fn confirm_cart() {
    run("confirm_cart");
}

#[test]
fn waiting() {
    run("waiting");
}

#[test]
fn settling() {
    run("settling");
}

/// Runs a file, some scenarios at a time: they do little but wait.
fn run(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/vectors/scenarios")
        .join(file)
        .with_extension("json");
    let document: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let cases = document["cases"].as_array().unwrap();
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = runtime.block_on(Scenario::play(&document, case));
                    wrong.lock().unwrap().extend(found);
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(!cases.is_empty());
    assert!(
        wrong.is_empty(),
        "{} disagreements in {} scenarios:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

struct Scenario<'a> {
    document: &'a Value,
    case: &'a Value,
    name: &'a str,
    simulator: Simulator,
    client: Client,
    cart: Option<netgiro::Cart>,
    poll: Option<CartPoll>,
    wrong: Vec<String>,
}

/// What a call gave.
enum Outcome {
    Cart(netgiro::Cart),
    State(CartState),
    Poll(CartPoll),
}

impl<'a> Scenario<'a> {
    async fn play(document: &'a Value, case: &'a Value) -> Vec<String> {
        let simulator = Simulator::start(SimulatorOptions {
            check_interval_ms: case["simulator"]["check_interval_ms"].as_i64(),
            ..SimulatorOptions::default()
        })
        .unwrap();
        let mut scenario = Self {
            document,
            case,
            name: case["name"].as_str().unwrap(),
            client: client(&simulator, case, &case["client"]["timeout_ms"]),
            simulator,
            cart: None,
            poll: None,
            wrong: Vec::new(),
        };
        for step in case["steps"].as_array().unwrap() {
            scenario.step(step).await;
        }
        scenario.end(case);
        scenario.wrong
    }

    async fn step(&mut self, step: &Value) {
        self.simulator.clear_faults();
        for fault in step["faults"].as_array().into_iter().flatten() {
            let fault = Fault::from_json(&fault.to_string()).unwrap();
            self.simulator.add_fault(fault).unwrap();
        }
        match step["customer"].as_str() {
            Some("confirm") => self.simulator.confirm(self.only_cart()).unwrap(),
            Some("decline") => self.simulator.decline(self.only_cart()).unwrap(),
            _ => {}
        }
        if let Some(pause) = step["pause_ms"].as_u64() {
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        let outcome = self.call(step).await;
        self.is_true(&outcome);
        self.compare(step, outcome);
    }

    /// The id of the one cart there is.
    fn only_cart(&self) -> Uuid {
        self.simulator.carts()[0].transaction_id
    }

    async fn call(&mut self, step: &Value) -> Result<Outcome, Error> {
        let arguments = &step["arguments"];
        let cart = || match arguments["transaction_id"].as_str() {
            Some(id) => id.parse::<CartRef>().unwrap(),
            None => CartRef::from(self.cart.as_ref().unwrap()),
        };
        let options = WaitOptions {
            timeout: milliseconds(&step["timeout_ms"]),
            policy: Some(self.policy(step)),
        };
        let follow = || match &self.poll {
            Some(poll) if step["resumes"] == true => CartRef::from(poll),
            _ => cart(),
        };
        let of_its_own = (step["client_timeout_ms"].is_u64())
            .then(|| client(&self.simulator, self.case, &step["client_timeout_ms"]));
        let client = of_its_own.as_ref().unwrap_or(&self.client);
        match step["call"].as_str().unwrap() {
            "insert" => {
                let cart = client.insert_cart(&self.order(arguments)).await?;
                self.cart = Some(cart.clone());
                Ok(Outcome::Cart(cart))
            }
            "check" => client.check_cart(cart()).await.map(Outcome::State),
            "cancel" => client.cancel_cart(cart()).await.map(Outcome::State),
            "confirm" => client.confirm_cart(cart(), None).await.map(Outcome::State),
            "wait" => (client.wait_for_cart(follow(), options).await).map(Outcome::State),
            "settle" => (client.settle_cart(follow(), options).await).map(Outcome::State),
            "poll_step" => {
                let poll = match &self.poll {
                    Some(poll) => CartPoll::from_json(&poll.to_json()).unwrap(),
                    None => CartPoll::new(cart(), options, Timestamp::now()),
                };
                if step["at"] == "due" {
                    let left = poll.next_check_at().duration_since(Timestamp::now());
                    let left = Duration::try_from(left).unwrap_or_default();
                    tokio::time::sleep(left + Duration::from_millis(1)).await;
                }
                let poll = client.poll_step(&poll).await?;
                self.poll = Some(poll.clone());
                Ok(Outcome::Poll(poll))
            }
            other => panic!("{}: no such call: {other}", self.name),
        }
    }

    fn order(&self, arguments: &Value) -> NewCart {
        let order = &self.document["order"];
        let mut cart = NewCart::new(
            Amount::new(order["amount"].as_i64().unwrap()).unwrap(),
            order["reference"].as_str().unwrap(),
            order["customer_id"].as_str().unwrap().parse().unwrap(),
        );
        if let Some(kind) = arguments["confirmation_type"].as_str() {
            cart.confirmation_type = kind.parse().unwrap();
        }
        cart
    }

    fn policy(&self, step: &Value) -> PollPolicy {
        let policy = (step.get("policy"))
            .or(self.case.get("policy"))
            .unwrap_or(&self.document["policy"]);
        PollPolicy::new(
            milliseconds(&policy["min_interval_ms"]),
            milliseconds(&policy["default_interval_ms"]),
            milliseconds(&policy["max_interval_ms"]),
        )
        .unwrap()
    }

    /// What the client says to be decided is decided so at the server.
    fn is_true(&mut self, outcome: &Result<Outcome, Error>) {
        let said = match outcome {
            Ok(Outcome::State(state)) => Some(state),
            Ok(Outcome::Poll(poll)) => poll.state(),
            Ok(Outcome::Cart(_)) => None,
            Err(error) => error.state(),
        };
        let Some(said) = said.filter(|state| state.is_final()) else {
            return;
        };
        if let Some(held) = self.simulator.cart(said.transaction_id) {
            self.same("the server's own state", held.status, said.status);
            self.same("paid at the server", held.is_paid, said.is_paid());
        }
    }

    fn compare(&mut self, step: &Value, outcome: Result<Outcome, Error>) {
        let expect = &step["expect"];
        let call = step["call"].as_str().unwrap();
        let status = |state: Option<&CartState>| state.map(|state| state.status.as_str());
        match (outcome, expect) {
            (Ok(Outcome::Cart(cart)), _) if expect["cart"].is_object() => {
                let amount = expect["cart"]["amount"].as_i64();
                self.same("amount", Some(cart.amount.kronur()), amount);
                let reference = expect["cart"]["reference"].as_str();
                self.same("reference", Some(cart.reference.as_str()), reference);
            }
            (Ok(Outcome::State(state)), _) if expect["state"].is_object() => {
                let expected = &expect["state"];
                self.same(call, status(Some(&state)), expected["status"].as_str());
                self.same(call, Some(state.is_paid()), expected["is_paid"].as_bool());
            }
            (Ok(Outcome::Poll(poll)), _) if expect["poll"].is_object() => {
                let expected = &expect["poll"];
                self.same(
                    "is_done",
                    Some(poll.is_done()),
                    expected["is_done"].as_bool(),
                );
                self.same(call, status(poll.state()), expected["status"].as_str());
            }
            (Err(error), _) if expect["error"].is_object() => {
                if let Some(poll) = error.poll() {
                    self.poll = Some(poll.clone());
                }
                self.compare_error(&expect["error"], &error);
            }
            (Ok(outcome), _) => {
                let found = match outcome {
                    Outcome::Cart(cart) => format!("{cart:?}"),
                    Outcome::State(state) => format!("{:?}", state.status),
                    Outcome::Poll(poll) => format!("{poll:?}"),
                };
                self.differ(call, &found, &expect.to_string());
            }
            (Err(error), _) => self.differ(call, &format!("{error:?}"), &expect.to_string()),
        }
    }

    fn compare_error(&mut self, expected: &Value, error: &Error) {
        let milliseconds = |delay: Duration| u64::try_from(delay.as_millis()).unwrap();
        let found = json!({
            "code": error.kind().code(),
            "request_sent": error.request_sent().as_str(),
            "retryable": error.retryable(),
            "http_status": error.http_status(),
            "retry_after_ms": error.retry_after().map(milliseconds),
            "reference": error.reference(),
            "cause": error.cause().map(|cause| cause.kind().code()),
            "state": error.state().map(|state| state.status.as_str()),
        });
        for (member, expected) in expected.as_object().unwrap() {
            if found[member] != *expected {
                let found = format!("{} ({error})", found[member]);
                self.differ(
                    &format!("the error's {member}"),
                    &found,
                    &expected.to_string(),
                );
            }
        }
    }

    fn end(&mut self, case: &Value) {
        let requests = self.simulator.requests();
        for endpoint in Endpoint::ALL {
            let seen = requests
                .iter()
                .filter(|request| request.endpoint == Some(*endpoint))
                .count() as u64;
            let expected = &case["requests"][endpoint.as_str()];
            let fits = match expected.as_array() {
                Some(range) => {
                    (range[0].as_u64().unwrap()..=range[1].as_u64().unwrap()).contains(&seen)
                }
                None => expected.as_u64().unwrap_or_default() == seen,
            };
            if !fits {
                let what = format!("requests to {endpoint}");
                self.differ(&what, &seen.to_string(), &expected.to_string());
            }
            if *endpoint == Endpoint::InsertCart && seen > 1 {
                self.differ("InsertCart", "seen twice", "at most once");
            }
        }
        let unsigned = requests.iter().filter(|request| !request.signature_ok);
        self.same("requests that were not signed", unsigned.count(), 0);
        let held: Vec<Value> = (self.simulator.carts().iter())
            .map(|cart| json!({ "status": cart.status.as_str(), "is_paid": cart.is_paid }))
            .collect();
        self.same("held", json!(held), case["held"].clone());
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "most of them are made for it"
    )]
    fn same<T: PartialEq + Debug>(&mut self, what: &str, found: T, expected: T) {
        if found != expected {
            self.differ(what, &format!("{found:?}"), &format!("{expected:?}"));
        }
    }

    fn differ(&mut self, what: &str, found: &str, expected: &str) {
        let name = self.name;
        self.wrong.push(format!(
            "{name}: {what}\n       is {found}\n  expected {expected}"
        ));
    }
}

fn client(simulator: &Simulator, case: &Value, timeout: &Value) -> Client {
    let mut options = ClientOptions::new(simulator.app_key(), simulator.secret_key());
    options.base_url = Some(simulator.url().to_owned());
    options.timeout = milliseconds(timeout);
    if let Some(verification) = case["client"]["response_verification"].as_str() {
        options.response_verification = verification.parse().unwrap();
    }
    Client::new(options).unwrap()
}

fn milliseconds(value: &Value) -> Duration {
    Duration::from_millis(value.as_u64().unwrap_or_default())
}
