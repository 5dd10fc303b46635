//! Bulk checks against the simulator: what is kept, gone on from, tried again and given up.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use crate::server::{self, Answer, SECRET, server};
use netgiro::{
    Amount, BulkOptions, Cart, CartRef, CartStatus, CheckResults, Client, ClientOptions, ErrorKind,
    NewCart, RequestSent,
};
use netgiro_simulator::{Endpoint, Fault, Simulator, SimulatorOptions};
use uuid::Uuid;

const PENDING: &str =
    r#"{"PaymentSuccessful":false,"PaymentInfo":null,"Success":true,"ResultCode":10425}"#;

struct Shop {
    simulator: Simulator,
    client: Client,
}

impl Shop {
    fn open() -> Self {
        let simulator = Simulator::start(SimulatorOptions::default()).unwrap();
        let mut options = ClientOptions::new(simulator.app_key(), simulator.secret_key());
        options.base_url = Some(simulator.url().to_owned());
        let client = Client::new(options).unwrap();
        Self { simulator, client }
    }

    async fn carts(&self, count: i64) -> Vec<Cart> {
        let mut carts = Vec::new();
        for at in 0..count {
            let amount = Amount::new(1000 + at).unwrap();
            let order = NewCart::new(amount, format!("order-{at}"), "8223281".parse().unwrap());
            carts.push(self.client.insert_cart(&order).await.unwrap());
        }
        carts
    }

    /// The carts that CheckCart was sent about.
    fn asked(&self) -> Vec<Uuid> {
        let requests = self.simulator.requests();
        let checks = requests
            .iter()
            .filter(|r| r.endpoint == Some(Endpoint::CheckCart));
        checks
            .filter_map(|request| request.transaction_id)
            .collect()
    }
}

fn refs(carts: &[Cart]) -> Vec<CartRef> {
    carts.iter().map(CartRef::from).collect()
}

fn one_at_a_time() -> BulkOptions {
    BulkOptions {
        concurrency: Some(1),
        ..BulkOptions::default()
    }
}

fn from(results: &CheckResults) -> BulkOptions {
    BulkOptions {
        resume: Some(Arc::new(results.clone())),
        ..BulkOptions::default()
    }
}

#[tokio::test]
async fn a_run_that_is_dropped_is_gone_on_from() {
    let shop = Shop::open();
    let carts = shop.carts(20).await;
    let mut results = CheckResults::of(20);
    let mut checking = shop
        .client
        .check_many(refs(&carts), one_at_a_time())
        .unwrap();
    for _ in 0..8 {
        let (at, result) = checking.next().await.unwrap();
        results.set(at, &result);
    }
    drop(checking);
    assert!(!results.is_complete());
    let kept = results.so_far();
    assert_eq!((kept.len(), kept.done(), kept.total()), (8, 8, 20));
    let before = shop.asked().len();
    let all = shop
        .client
        .check_many(refs(&carts), from(&kept))
        .unwrap()
        .finish()
        .await;
    assert!(all.is_complete());
    let later = &shop.asked()[before..];
    assert_eq!(later.len(), 12);
    assert!(
        carts[..8]
            .iter()
            .all(|cart| !later.contains(&cart.transaction_id))
    );
    for (cart, result) in carts.iter().zip(all.iter()) {
        assert_eq!(cart.transaction_id, result.transaction_id);
    }
}

#[tokio::test]
async fn saved_results_come_back_as_they_were() {
    let shop = Shop::open();
    let carts = shop.carts(6).await;
    shop.simulator.confirm(carts[2].transaction_id).unwrap();
    shop.simulator
        .add_fault(Fault::on(Endpoint::CheckCart).status(400))
        .unwrap();
    let checking = shop
        .client
        .check_many(refs(&carts), one_at_a_time())
        .unwrap();
    let results = checking.finish().await;
    let mut saved = Vec::new();
    results.write(&mut saved).unwrap();
    assert_eq!(CheckResults::read(saved.as_slice()).unwrap(), results);
    let tally = results.tally();
    assert_eq!(
        tally.statuses().collect::<Vec<_>>(),
        [(CartStatus::Pending, 4), (CartStatus::Confirmed, 1)]
    );
    assert_eq!(tally.failed, 1);
    // Cut anywhere, it is refused or says less; it never panics.
    for length in 0..saved.len() {
        if let Ok(fewer) = CheckResults::read(&saved[..length]) {
            assert!(fewer.len() <= results.len());
        }
    }
}

#[tokio::test]
async fn keys_that_are_not_let_in_end_the_run() {
    let shop = Shop::open();
    let carts = shop.carts(30).await;
    shop.simulator
        .add_fault(Fault::on(Endpoint::CheckCart).status(401).times(100))
        .unwrap();
    let checking = shop
        .client
        .check_many(refs(&carts), one_at_a_time())
        .unwrap();
    let results = checking.finish().await;
    assert_eq!(shop.asked().len(), 3);
    let sent = |result: netgiro::CheckResult| {
        let error = result.outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
        error.request_sent()
    };
    let sent: Vec<_> = results.iter().map(sent).collect();
    assert_eq!(sent[..3], [RequestSent::Yes; 3]);
    assert_eq!(sent[3..], [RequestSent::No; 27]);
}

#[tokio::test]
async fn failed_checks_do_not_pile_up_in_an_outage() {
    let shop = Shop::open();
    let carts = shop.carts(1).await;
    let many = vec![CartRef::from(&carts[0]); 1000];
    shop.simulator
        .add_fault(Fault::on(Endpoint::CheckCart).status(503).times(100_000))
        .unwrap();
    let options = BulkOptions {
        concurrency: Some(8),
        retry_for: Duration::from_millis(600),
        ..BulkOptions::default()
    };
    let results = shop
        .client
        .check_many(many, options)
        .unwrap()
        .finish()
        .await;
    assert_eq!(results.tally().failed, 1000);
    // Eight carts at a time, each a few times: not a thousand.
    let asked = shop.asked().len();
    assert!((8..=120).contains(&asked), "{asked}");
}

#[tokio::test]
async fn a_rate_is_kept_to() {
    let shop = Shop::open();
    let carts = shop.carts(1).await;
    let started = Instant::now();
    let options = BulkOptions {
        rate: Some(200.0),
        ..BulkOptions::default()
    };
    let many = vec![CartRef::from(&carts[0]); 100];
    let results = shop
        .client
        .check_many(many, options)
        .unwrap()
        .finish()
        .await;
    assert!(results.is_complete());
    assert!(started.elapsed() >= Duration::from_millis(480));
}

fn client_of(base_url: String) -> Client {
    let mut options = ClientOptions::new("881E674F-7891-4C20-AFD8-56FE2624C4B5", SECRET);
    options.base_url = Some(base_url);
    options.timeout = Duration::from_secs(60);
    Client::new(options).unwrap()
}

fn numbered(numbers: impl Iterator<Item = u128>) -> Vec<CartRef> {
    numbers
        .map(|number| CartRef::from(Uuid::from_u128(number)))
        .collect()
}

#[tokio::test]
async fn as_many_checks_are_under_way_as_may_be_and_no_more() {
    // Each four are answered once all four are there.
    let (together, now, most) = (
        Arc::new(Barrier::new(4)),
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(0)),
    );
    let seen = Arc::clone(&most);
    let answer = Answer::With(Arc::new(move |stream| {
        seen.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        together.wait();
        now.fetch_sub(1, Ordering::SeqCst);
        server::respond(stream, 200, "", PENDING.as_bytes());
        true
    }));
    let (base, requests) = server(vec![answer]);
    let options = BulkOptions {
        concurrency: Some(4),
        ..BulkOptions::default()
    };
    let checking = client_of(base).check_many(numbered(1..=12), options);
    let results = checking.unwrap().finish().await;
    assert_eq!(results.total(), 12);
    assert!(results.iter().all(|result| result.outcome.is_ok()));
    assert_eq!(requests.try_iter().count(), 12);
    assert_eq!(most.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_cart_is_asked_about_again_when_the_server_says_and_the_others_go_on() {
    let busy = Answer::Http(503, "Retry-After: 1\r\n", String::new());
    let (base, requests) = server(vec![busy, Answer::ok(PENDING)]);
    let options = BulkOptions {
        concurrency: Some(2),
        ..BulkOptions::default()
    };
    let started = Instant::now();
    let checking = client_of(base).check_many(numbered(1..=6), options);
    let results = checking.unwrap().finish().await;
    assert!(results.iter().all(|result| result.outcome.is_ok()));
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(requests.try_iter().count(), 7);
}

#[tokio::test]
async fn what_would_be_asked_again_too_late_is_given_up_at_once() {
    let busy = Answer::Http(503, "Retry-After: 20\r\n", String::new());
    let (base, requests) = server(vec![busy]);
    let options = BulkOptions {
        retry_for: Duration::from_secs(10),
        ..BulkOptions::default()
    };
    let checking = client_of(base).check_many(numbered(1..=1), options);
    let results = checking.unwrap().finish().await;
    let error = results.iter().next().unwrap().outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
    assert_eq!(requests.try_iter().count(), 1);
}

#[tokio::test]
async fn a_cart_asked_about_in_vain_is_the_first_of_those_not_asked_about() {
    // One fails, then the keys are refused: all are told so, each once.
    let down = || Answer::Http(500, "", String::new());
    let refused = Answer::Http(401, "", String::new());
    let (base, requests) = server(vec![down(), refused]);
    let options = BulkOptions {
        concurrency: Some(4),
        ..BulkOptions::default()
    };
    let mut checking = client_of(base)
        .check_many(numbered(1..=20), options)
        .unwrap();
    let mut given = Vec::new();
    while let Some((at, result)) = checking.next().await {
        let error = result.outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication, "{error}");
        assert_eq!(
            result.transaction_id,
            Uuid::from_u128(u128::try_from(at).unwrap() + 1)
        );
        given.push(at);
        assert_eq!(checking.done(), given.len());
    }
    given.sort_unstable();
    assert_eq!(given, (0..20).collect::<Vec<_>>());
    assert!(requests.try_iter().count() < 8);
}

#[tokio::test]
async fn what_is_to_be_asked_again_counts_among_those_under_way() {
    let down = Answer::Http(500, "", String::new());
    let (base, requests) = server(vec![down, Answer::ok(PENDING)]);
    let checking = client_of(base).check_many(numbered([7, 8].into_iter()), one_at_a_time());
    assert!(checking.unwrap().finish().await.is_complete());
    let about: Vec<_> = requests
        .try_iter()
        .map(|request| String::from_utf8(request.body).unwrap())
        .map(|body| body.contains("-000000000007"))
        .collect();
    assert_eq!(about, [true, true, false]);
}

#[tokio::test]
async fn what_failed_rests_while_others_are_asked_about() {
    let shop = Shop::open();
    let carts = shop.carts(6).await;
    shop.simulator
        .add_fault(Fault::on(Endpoint::CheckCart).status(500))
        .unwrap();
    let options = BulkOptions {
        concurrency: Some(2),
        ..BulkOptions::default()
    };
    let checking = shop.client.check_many(refs(&carts), options).unwrap();
    assert_eq!(checking.total(), 6);
    let results = checking.finish().await;
    assert!(results.iter().all(|result| result.outcome.is_ok()));
    let requests = shop.simulator.requests();
    let failed = requests.iter().find(|request| request.status == Some(500));
    let failed = failed.unwrap();
    let again = requests
        .iter()
        .rfind(|request| request.transaction_id == failed.transaction_id)
        .unwrap();
    let rest = again.at.duration_since(failed.at);
    assert!(rest >= jiff::SignedDuration::from_millis(49), "{rest}");
}
