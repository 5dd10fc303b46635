//! What `tracing` is told. Alone in its program: another thread without a subscriber could, at the same
//! moment, make `tracing` take an event for one that nobody wants.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use netgiro::{Amount, Client, ClientOptions, NewCart, Observer, PollPolicy, WaitOptions};
use netgiro_simulator::{Endpoint, Fault, Simulator, SimulatorOptions};
use tracing::field::{Field, Visit};
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

fn simulator() -> Simulator {
    Simulator::start(SimulatorOptions {
        check_interval_ms: Some(20),
        ..SimulatorOptions::default()
    })
    .unwrap()
}

fn client(simulator: &Simulator, observer: Option<Observer>) -> Client {
    let mut options = ClientOptions::new(simulator.app_key(), simulator.secret_key());
    options.base_url = Some(simulator.url().to_owned());
    options.observer = observer;
    Client::new(options).unwrap()
}

fn order() -> NewCart {
    NewCart::new(
        Amount::new(4990).unwrap(),
        "order-1001",
        "8223281".parse().unwrap(),
    )
}

fn within(milliseconds: u64) -> WaitOptions {
    let short = Duration::from_millis(10);
    WaitOptions {
        timeout: Duration::from_millis(milliseconds),
        policy: Some(PollPolicy::new(short, short * 2, short * 3).unwrap()),
    }
}

/// Keeps what `tracing` is told, as text.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<(String, Level, String)>>>);

impl<S: Subscriber> Layer<S> for Captured {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        struct Fields(String);
        impl Visit for Fields {
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                write!(self.0, "{}={value:?} ", field.name()).unwrap();
            }
        }
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        let metadata = event.metadata();
        self.0
            .lock()
            .unwrap()
            .push((metadata.target().to_owned(), *metadata.level(), fields.0));
    }
}

#[tokio::test]
async fn tracing_is_told_the_same() {
    let captured = Captured::default();
    let _here =
        tracing::subscriber::set_default(tracing_subscriber::registry().with(captured.clone()));
    let simulator = simulator();
    let client = client(&simulator, None);
    let cart = client.insert_cart(&order()).await.unwrap();
    simulator
        .add_fault(Fault::on(Endpoint::CheckCart).status(500).times(1))
        .unwrap();
    client.check_cart(&cart).await.unwrap();
    client.wait_for_cart(&cart, within(30)).await.unwrap_err();
    simulator
        .add_fault(Fault::on(Endpoint::InsertCart).delay(Duration::from_secs(60)))
        .unwrap();
    let asked = async {
        let before = simulator.requests().len();
        while simulator.requests().len() == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let abandoned = order();
    tokio::select! {
        outcome = client.insert_cart(&abandoned) => panic!("{outcome:?}"),
        () = asked => {}
    }
    let captured = captured.0.lock().unwrap();
    let of = |target: &str| {
        captured
            .iter()
            .filter(|(from, ..)| from == target)
            .collect::<Vec<_>>()
    };
    let (_, level, fields) = of("netgiro::request")[0];
    assert_eq!(*level, Level::DEBUG);
    let id = cart.transaction_id;
    for part in [
        "endpoint=\"InsertCart\"",
        &format!("transaction_id={id}"),
        "attempt=1",
        "http_status=200",
        "result_code=200",
        "reference_id=",
        "duration_ms=",
    ] {
        assert!(fields.contains(part), "{part}: {fields}");
    }
    let (_, level, fields) = of("netgiro::request")[1];
    assert_eq!(*level, Level::WARN);
    assert!(fields.contains("error=\"server\""), "{fields}");
    let (_, level, fields) = of("netgiro::request").pop().unwrap();
    assert_eq!(*level, Level::WARN);
    for part in [
        "endpoint=\"InsertCart\"",
        "error=\"outcome_unknown\"",
        "reference=\"order-1001\"",
    ] {
        assert!(fields.contains(part), "{part}: {fields}");
    }
    assert!(!fields.contains("8223281"), "{fields}");
    let (_, level, fields) = of("netgiro::poll")[0];
    assert_eq!(*level, Level::DEBUG);
    for part in ["status=\"pending\"", "next_check_at=20", "is_done=false"] {
        assert!(fields.contains(part), "{part}: {fields}");
    }
    let (_, level, fields) = of("netgiro::poll").pop().unwrap();
    assert_eq!(*level, Level::WARN);
    assert!(fields.contains("error=\"wait_timeout\""), "{fields}");
    let other = captured.iter().find(|(from, ..)| from == "netgiro");
    assert!(other.is_none(), "{other:?}");
}
