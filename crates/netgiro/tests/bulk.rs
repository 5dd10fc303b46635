//! Bulk checks against the simulator: what is kept, gone on from, tried again and given up.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use netgiro::{
    Amount, BulkOptions, Cart, CartRef, CartStatus, CheckResults, Client, ClientOptions, ErrorKind,
    NewCart, RequestSent,
};
use netgiro_simulator::{Endpoint, Fault, Simulator, SimulatorOptions};
use uuid::Uuid;

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
        concurrency: 1,
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
        concurrency: 8,
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
