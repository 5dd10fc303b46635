//! What a client tells of its work, to `tracing`, to an observer, and as OpenTelemetry spans.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use netgiro::{
    Amount, CartStatus, Client, ClientOptions, ErrorKind, Event, NewCart, Observer, PollEvent,
    PollPolicy, RequestEvent, WaitOptions,
};
use netgiro_simulator::{Endpoint, Fault, Simulator, SimulatorOptions};
use opentelemetry::KeyValue;
use opentelemetry::trace::{
    Span, SpanBuilder, SpanKind, Status, TraceContextExt, Tracer, TracerProvider,
};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};

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

fn recorder() -> (Observer, Arc<Mutex<Vec<Event>>>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&events);
    let observer = Observer::new(move |event| kept.lock().unwrap().push(event.clone()));
    (observer, events)
}

fn requests(events: &Mutex<Vec<Event>>) -> Vec<RequestEvent> {
    let events = events.lock().unwrap();
    events
        .iter()
        .filter_map(|event| match event {
            Event::Request(request) => Some(request.clone()),
            _ => None,
        })
        .collect()
}

fn polls(events: &Mutex<Vec<Event>>) -> Vec<PollEvent> {
    let events = events.lock().unwrap();
    events
        .iter()
        .filter_map(|event| match event {
            Event::Poll(poll) => Some(poll.clone()),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn each_sending_of_a_request_is_told() {
    let simulator = simulator();
    let (observer, events) = recorder();
    let client = client(&simulator, Some(observer));
    let cart = client.insert_cart(&order()).await.unwrap();
    simulator
        .add_fault(Fault::on(Endpoint::CheckCart).status(502).times(1))
        .unwrap();
    let state = client.check_cart(&cart).await.unwrap();
    let told = requests(&events);
    let [insert, failed, checked] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(insert.endpoint, "InsertCart");
    assert_eq!(insert.transaction_id, Some(cart.transaction_id));
    assert_eq!((insert.attempt, insert.http_status), (1, Some(200)));
    assert_eq!(insert.result_code, Some(200));
    assert_eq!(insert.reference_id, cart.reference_id);
    assert!(insert.reference_id.is_some());
    assert_eq!(insert.error, None);
    assert!(insert.duration > Duration::ZERO);

    assert_eq!((failed.attempt, failed.http_status), (1, Some(502)));
    assert_eq!(failed.error, Some(ErrorKind::Server));
    assert_eq!(failed.transaction_id, Some(cart.transaction_id));
    assert_eq!((checked.attempt, checked.http_status), (2, Some(200)));
    assert_eq!(checked.result_code, state.result_code);
    assert_eq!(checked.reference_id, state.reference_id);
    assert_eq!(checked.error, None);
    assert!(polls(&events).is_empty());
}

#[tokio::test]
async fn an_answer_that_is_refused_once_read_is_told_with_its_error() {
    let simulator = simulator();
    let (observer, events) = recorder();
    let client = client(&simulator, Some(observer));
    let mut cart = client.insert_cart(&order()).await.unwrap();
    simulator.confirm(cart.transaction_id).unwrap();
    cart.amount = Amount::new(1).unwrap();
    client.check_cart(&cart).await.unwrap_err();
    let told = requests(&events);
    assert_eq!(told[1].error, Some(ErrorKind::Mismatch));
    assert_eq!(told[1].http_status, Some(200));
    assert_eq!(told[1].result_code, Some(10200));
}

#[tokio::test]
async fn a_connection_that_fails_is_told_without_a_status() {
    let gone = simulator();
    let (observer, events) = recorder();
    let client = client(&gone, Some(observer));
    gone.close();
    client.insert_cart(&order()).await.unwrap_err();
    let told = requests(&events);
    assert_eq!(told.len(), 3);
    for (request, attempt) in told.iter().zip(1..) {
        assert_eq!(request.attempt, attempt);
        assert_eq!(request.error, Some(ErrorKind::Connect));
        assert_eq!(request.http_status, None);
        assert_eq!(request.transaction_id, None);
    }
}

#[tokio::test]
async fn each_step_of_a_poll_is_told_whoever_drives_it() {
    let simulator = simulator();
    let (observer, events) = recorder();
    let client = client(&simulator, Some(observer));
    let cart = client.insert_cart(&order()).await.unwrap();
    let mut watch = client.watch_cart(&cart, within(60_000));
    watch.next().await.unwrap().unwrap();
    simulator
        .add_fault(Fault::on(Endpoint::CheckCart).status(500).times(1))
        .unwrap();
    simulator.confirm(cart.transaction_id).unwrap();
    watch.finish().await.unwrap();
    let told = polls(&events);
    let [first, .., failed, last] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(first.transaction_id, cart.transaction_id);
    assert_eq!(
        (first.status, first.error),
        (Some(CartStatus::Pending), None)
    );
    assert!(first.next_check_at.is_some() && !first.is_done);
    assert_eq!(
        (failed.status, failed.error),
        (None, Some(ErrorKind::Server))
    );
    assert!(failed.next_check_at > first.next_check_at);
    assert_eq!(
        (last.status, last.error),
        (Some(CartStatus::Confirmed), None)
    );
    assert!(last.next_check_at.is_none() && last.is_done);

    let carts = vec![(&cart).into()];
    let one_at_a_time = netgiro::BulkOptions {
        concurrency: Some(1),
        ..netgiro::BulkOptions::default()
    };
    let mut many = client
        .wait_many(carts, within(60_000), one_at_a_time)
        .unwrap();
    while many.next().await.is_some() {}
    let poll = netgiro::CartPoll::new(&cart, within(60_000), jiff::Timestamp::now());
    client.poll_step(&poll).await.unwrap();
    let told = polls(&events);
    for step in &told[told.len() - 2..] {
        assert_eq!(step.status, Some(CartStatus::Confirmed));
    }
}

#[tokio::test]
async fn how_a_poll_ends_is_told_and_how_settling_does() {
    let simulator = simulator();
    let (observer, events) = recorder();
    let client = client(&simulator, Some(observer));
    let cart = client.insert_cart(&order()).await.unwrap();
    client.settle_cart(&cart, within(60)).await.unwrap();
    let told = polls(&events);
    let [.., deadline, end] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(deadline.status, Some(CartStatus::Pending));
    assert_eq!(deadline.error, Some(ErrorKind::WaitTimeout));
    assert!(deadline.next_check_at.is_none() && !deadline.is_done);
    assert_eq!(end.status, Some(CartStatus::Canceled));
    assert!(end.is_done);
}

#[tokio::test]
async fn requests_become_spans_within_the_span_of_the_caller() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let tracer = provider.tracer("netgiro");
    let shop = provider.tracer("shop");
    let observer = Observer::new(move |event| {
        let Event::Request(request) = event else {
            return;
        };
        let now = SystemTime::now();
        let mut span = SpanBuilder::from_name(format!("netgiro {}", request.endpoint))
            .with_kind(SpanKind::Client)
            .with_start_time(now - request.duration)
            .start(&tracer);
        if let Some(code) = request.result_code {
            span.set_attribute(KeyValue::new("netgiro.result_code", code));
        }
        if let Some(error) = request.error {
            span.set_status(Status::error(error.code()));
        }
        span.end_with_timestamp(now);
    });
    let simulator = simulator();
    let client = client(&simulator, Some(observer));
    let checkout = opentelemetry::Context::current_with_span(shop.start("checkout"));
    {
        let _within = checkout.clone().attach();
        client.insert_cart(&order()).await.unwrap();
    }
    checkout.span().end();
    let spans = exporter.get_finished_spans().unwrap();
    let [request, outer] = &spans[..] else {
        panic!("{spans:?}")
    };
    assert_eq!(request.name, "netgiro InsertCart");
    assert_eq!(request.parent_span_id, outer.span_context.span_id());
    assert!(request.start_time < request.end_time);
    assert!(request.start_time >= outer.start_time);
    assert!(
        request
            .attributes
            .contains(&KeyValue::new("netgiro.result_code", 200))
    );
}
