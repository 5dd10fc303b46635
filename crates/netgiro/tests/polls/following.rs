//! Waiting, settling, watching and bulk, against a simulated Netgíró.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use netgiro::{
    Amount, BulkOptions, Cart, CartPoll, CartRef, CartState, CartStatus, CheckOutcome, CheckResult,
    CheckResults, Client, ClientOptions, ConfirmationType, Error, ErrorKind, NewCart, PollPolicy,
    WaitOptions,
};
use netgiro_simulator::{BodyAs, Endpoint, Fault, Simulator, SimulatorOptions};
use uuid::Uuid;

struct Shop {
    simulator: Simulator,
    client: Client,
}

impl Shop {
    fn open() -> Self {
        let simulator = Simulator::start(SimulatorOptions {
            check_interval_ms: Some(20),
            ..SimulatorOptions::default()
        })
        .unwrap();
        let mut options = ClientOptions::new(simulator.app_key(), simulator.secret_key());
        options.base_url = Some(simulator.url().to_owned());
        options.timeout = Duration::from_secs(60);
        let client = Client::new(options).unwrap();
        Self { simulator, client }
    }

    async fn cart(&self, confirmation_type: ConfirmationType) -> Cart {
        let mut order = NewCart::new(
            Amount::new(4990).unwrap(),
            "order-1001",
            "8223281".parse().unwrap(),
        );
        order.confirmation_type = confirmation_type;
        self.client.insert_cart(&order).await.unwrap()
    }

    fn fault(&self, fault: Fault) {
        self.simulator.add_fault(fault).unwrap();
    }

    fn requests(&self, endpoint: Endpoint) -> usize {
        let all = self.simulator.requests();
        all.iter()
            .filter(|seen| seen.endpoint == Some(endpoint))
            .count()
    }
}

/// Short, so that a test takes milliseconds.
fn within(milliseconds: u64) -> WaitOptions {
    let short = Duration::from_millis(10);
    WaitOptions {
        timeout: Duration::from_millis(milliseconds),
        policy: Some(PollPolicy::new(short, short * 2, short * 3).unwrap()),
    }
}

#[tokio::test]
async fn waiting_ends_when_the_customer_confirms() {
    let shop = Shop::open();
    let cart = shop.cart(ConfirmationType::Automatic).await;
    let mut watch = shop.client.watch_cart(&cart, within(60_000));
    let first = watch.next().await.unwrap().unwrap();
    assert_eq!(first.status, CartStatus::Pending);
    shop.simulator.confirm(cart.transaction_id).unwrap();
    let state = watch.finish().await.unwrap();
    assert!(state.is_paid());
    assert_eq!(state.payment.unwrap().total_amount.unwrap(), cart.amount);
}

#[tokio::test]
async fn a_watch_gives_each_state_once() {
    let shop = Shop::open();
    let cart = shop.cart(ConfirmationType::Automatic).await;
    let mut watch = shop.client.watch_cart(&cart, within(60_000));
    let customer = async {
        while shop.requests(Endpoint::CheckCart) < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        shop.simulator.confirm(cart.transaction_id).unwrap();
    };
    let follower = async {
        let mut seen = Vec::new();
        while let Some(change) = watch.next().await {
            seen.push(change.unwrap().status);
        }
        seen
    };
    let (seen, ()) = tokio::join!(follower, customer);
    assert_eq!(seen, [CartStatus::Pending, CartStatus::Confirmed]);
    assert!(watch.state().unwrap().is_paid());
}

#[tokio::test]
async fn waiting_stops_where_it_is_the_merchants_move() {
    let shop = Shop::open();
    let cart = shop.cart(ConfirmationType::Manual).await;
    shop.simulator.confirm(cart.transaction_id).unwrap();
    let state = shop
        .client
        .wait_for_cart(&cart, within(60_000))
        .await
        .unwrap();
    assert_eq!(state.status, CartStatus::Reserved);
    let state = shop.client.confirm_cart(&cart, None).await.unwrap();
    assert!(state.is_paid());
}

/// Whose clock is wrong by ten minutes, this machine's or that of the one that made the token, nobody knows.
#[tokio::test]
async fn a_token_of_another_clock_is_asked_about_in_time_and_is_not_over() {
    let shop = Shop::open();
    let options = WaitOptions::default();
    for minutes in [-10, 10] {
        let cart = shop.cart(ConfirmationType::Automatic).await;
        let made = Timestamp::now() + SignedDuration::from_mins(minutes);
        let poll = CartPoll::new(&cart, options, made);
        let before = Timestamp::now() - SignedDuration::from_millis(1);
        let poll = shop.client.poll_step(&poll).await.unwrap();
        assert_eq!(poll.state().unwrap().status, CartStatus::Pending);
        let timeout = SignedDuration::try_from(options.timeout).unwrap();
        assert!(poll.deadline() - timeout >= before, "{minutes}");
        assert!(poll.deadline() - timeout <= Timestamp::now(), "{minutes}");
        assert!(poll.delay(Timestamp::now()) <= Duration::from_secs(4));
        // In this process the clock is that of the wait from its beginning on.
        let ahead = CartPoll::new(&cart, options, made);
        shop.simulator.confirm(cart.transaction_id).unwrap();
        let state = shop.client.wait_for_cart(&ahead, options).await.unwrap();
        assert!(state.is_paid());
    }
}

#[tokio::test]
async fn the_deadline_leaves_the_cart_open_and_gives_a_poll_to_resume() {
    let shop = Shop::open();
    let cart = shop.cart(ConfirmationType::Automatic).await;
    let error = shop
        .client
        .wait_for_cart(&cart, within(100))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WaitTimeout, "{error}");
    assert_eq!(error.state().unwrap().status, CartStatus::Pending);
    let said = "it was last seen pending: it is still open at Netgíró";
    assert!(error.message().contains(said), "{error}");
    assert_eq!(shop.requests(Endpoint::CancelCart), 0);
    shop.simulator.confirm(cart.transaction_id).unwrap();
    let poll = error.poll().unwrap();
    let state = shop
        .client
        .wait_for_cart(poll, within(60_000))
        .await
        .unwrap();
    assert!(state.is_paid());
}

#[tokio::test]
async fn settling_cancels_when_nobody_answers() {
    let shop = Shop::open();
    let cart = shop.cart(ConfirmationType::Automatic).await;
    let state = shop.client.settle_cart(&cart, within(100)).await.unwrap();
    assert_eq!(state.status, CartStatus::Canceled);
    assert_eq!(shop.requests(Endpoint::CancelCart), 1);
}

#[tokio::test]
async fn settling_reports_a_cart_that_was_paid_while_it_canceled() {
    let shop = Shop::open();
    let cart = shop.cart(ConfirmationType::Automatic).await;
    shop.fault(Fault::on(Endpoint::CancelCart).confirm_during());
    let state = shop.client.settle_cart(&cart, within(100)).await.unwrap();
    assert!(state.is_paid());
}

#[tokio::test]
async fn settling_asks_on_when_the_cancels_answer_is_lost() {
    for fault in [
        Fault::on(Endpoint::CancelCart).drop_after(),
        Fault::on(Endpoint::CancelCart).drop_before(),
        Fault::on(Endpoint::CancelCart)
            .confirm_during()
            .drop_after(),
        Fault::on(Endpoint::CancelCart).status(500).times(2),
    ] {
        let shop = Shop::open();
        let cart = shop.cart(ConfirmationType::Automatic).await;
        shop.fault(fault);
        let state = shop.client.settle_cart(&cart, within(60)).await.unwrap();
        let held = shop.simulator.cart(cart.transaction_id).unwrap();
        assert_eq!(state.is_paid(), held.is_paid);
        assert!(state.is_final());
    }
}

#[tokio::test]
async fn what_settling_cannot_learn_is_unresolved_and_resumes_to_the_truth() {
    let shop = Shop::open();
    let cart = shop.cart(ConfirmationType::Automatic).await;
    // The customer confirms under the cancel, and nothing the server says comes through.
    shop.fault(Fault::on(Endpoint::CancelCart).confirm_during().status(503));
    shop.fault(Fault::anywhere().status(503).times(1000));
    let error = shop
        .client
        .settle_cart(&cart, within(50))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unresolved, "{error}");
    shop.simulator.clear_faults();
    let poll = CartPoll::from_json(&error.poll().unwrap().to_json()).unwrap();
    let state = shop
        .client
        .wait_for_cart(&poll, within(60_000))
        .await
        .unwrap();
    assert!(state.is_paid());
}

#[tokio::test]
async fn a_cancel_that_only_says_that_it_succeeded_hides_nothing_that_was_seen() {
    let shop = Shop::open();
    let cart = shop.cart(ConfirmationType::Automatic).await;
    shop.fault(Fault::on(Endpoint::CheckCart).result_code(10425));
    shop.fault(Fault::on(Endpoint::CheckCart).status(503).times(1000));
    let succeeded = r#"{"PaymentInfo":null,"Success":true,"ResultCode":200}"#;
    shop.fault(Fault::on(Endpoint::CancelCart).body(succeeded).times(1000));
    let error = shop.client.settle_cart(&cart, within(0)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unresolved, "{error}");
    assert!(shop.requests(Endpoint::CancelCart) > 0);
    assert_eq!(error.state().unwrap().status, CartStatus::Pending);
    let poll = error.poll().unwrap();
    assert_eq!(poll.state().unwrap().status, CartStatus::Pending);
}

#[tokio::test]
async fn settling_ends_with_a_mismatch_whichever_answer_shows_it() {
    for endpoint in [Endpoint::CheckCart, Endpoint::CancelCart] {
        let shop = Shop::open();
        let cart = shop.cart(ConfirmationType::Automatic).await;
        let other = format!(
            r#"{{"PaymentSuccessful":true,"PaymentInfo":{{"TransactionId":"{}","ReferenceNumber":"order-1001","StatusId":2,"TotalAmount":1.00}},"Success":true,"ResultCode":10200}}"#,
            cart.transaction_id
        );
        // It is seen open; what is asked after that, once the time is over, is about another amount.
        shop.fault(Fault::on(Endpoint::CheckCart).result_code(10425));
        shop.fault(Fault::on(endpoint).body(other).times(1000));
        shop.fault(Fault::on(Endpoint::CancelCart).status(503).times(1000));
        let error = shop.client.settle_cart(&cart, within(0)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
        assert_eq!(shop.requests(Endpoint::CancelCart), 1);
    }
}

#[tokio::test]
async fn waiting_survives_failures_and_stops_at_the_third_bad_signature() {
    let shop = Shop::open();
    let cart = shop.cart(ConfirmationType::Automatic).await;
    let corrupt = netgiro_simulator::ResponseSignatures::Corrupt;
    for fault in [
        Fault::on(Endpoint::CheckCart).drop_before(),
        Fault::on(Endpoint::CheckCart).status(500),
        Fault::on(Endpoint::CheckCart).body("<html>"),
        Fault::on(Endpoint::CheckCart).signature(corrupt).times(2),
    ] {
        shop.fault(fault);
    }
    shop.simulator.confirm(cart.transaction_id).unwrap();
    assert!(
        shop.client
            .wait_for_cart(&cart, within(60_000))
            .await
            .unwrap()
            .is_paid()
    );

    shop.fault(Fault::on(Endpoint::CheckCart).signature(corrupt).times(3));
    let error = shop
        .client
        .wait_for_cart(&cart, within(60_000))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Signature, "{error}");
}

#[tokio::test]
async fn a_missing_or_absurd_hint_never_makes_a_hot_loop() {
    for hint in [None, Some(0), Some(-5)] {
        let simulator = Simulator::start(SimulatorOptions {
            check_interval_ms: hint,
            ..SimulatorOptions::default()
        })
        .unwrap();
        let mut options = ClientOptions::new(simulator.app_key(), simulator.secret_key());
        options.base_url = Some(simulator.url().to_owned());
        let client = Client::new(options).unwrap();
        let order = NewCart::new(Amount::new(1).unwrap(), "order", "8223281".parse().unwrap());
        let cart = client.insert_cart(&order).await.unwrap();
        assert_eq!(cart.check_interval, None);
        let options = WaitOptions {
            timeout: Duration::from_millis(700),
            policy: None,
        };
        let error = client.wait_for_cart(&cart, options).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WaitTimeout);
        // One check at the start, one at the deadline; where they are one, the machine was asleep.
        let checks = simulator.cart(cart.transaction_id).unwrap().checks;
        assert!((1..=2).contains(&checks), "{checks}");
    }
}

#[tokio::test]
async fn an_answer_about_another_order_is_a_mismatch_and_never_paid() {
    let shop = Shop::open();
    let mut cart = shop.cart(ConfirmationType::Automatic).await;
    shop.simulator.confirm(cart.transaction_id).unwrap();
    cart.amount = Amount::new(4991).unwrap();
    let error = shop
        .client
        .wait_for_cart(&cart, within(60_000))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
    cart.amount = Amount::new(4990).unwrap();
    cart.reference = "order-1002".to_owned();
    let error = shop.client.check_cart(&cart).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
}

#[tokio::test]
async fn a_poll_goes_step_by_step_and_an_early_step_sends_nothing() {
    let shop = Shop::open();
    let cart = shop.cart(ConfirmationType::Automatic).await;
    let poll = CartPoll::new(&cart, WaitOptions::default(), Timestamp::now());
    let poll = shop.client.poll_step(&poll).await.unwrap();
    assert!(!poll.is_done());
    assert!(poll.next_check_at() > Timestamp::now());
    assert_eq!(shop.client.poll_step(&poll).await.unwrap(), poll);
    assert_eq!(shop.requests(Endpoint::CheckCart), 1);
    assert!(!poll.to_json().contains("8223281"));
}

#[tokio::test]
async fn many_carts_are_checked_in_order_and_waited_for_as_they_settle() {
    let shop = Shop::open();
    let mut ids = Vec::new();
    for at in 0..20 {
        let cart = shop.cart(ConfirmationType::Automatic).await;
        if at % 2 == 0 {
            shop.simulator.confirm(cart.transaction_id).unwrap();
        }
        ids.push(cart.transaction_id);
    }
    let carts = || -> Vec<CartRef> { ids.iter().copied().map(CartRef::from).collect() };
    let mut progress = Vec::new();
    let bulk = || BulkOptions {
        concurrency: Some(4),
        ..BulkOptions::default()
    };
    let mut checking = shop.client.check_many(carts(), bulk()).unwrap();
    let mut results = CheckResults::of(checking.total());
    while let Some((at, result)) = checking.next().await {
        results.set(at, &result);
        progress.push((checking.done(), checking.total()));
    }
    assert_eq!(progress.last(), Some(&(20, 20)));
    for (at, (id, result)) in ids.iter().zip(results.iter()).enumerate() {
        assert_eq!(result.transaction_id, *id);
        assert_eq!(result.outcome.as_ref().unwrap().is_paid(), at % 2 == 0);
    }

    let started = Instant::now();
    let mut waiting = shop.client.wait_many(carts(), within(400), bulk()).unwrap();
    let (mut paid, mut timed_out) = (0, 0);
    while let Some(result) = waiting.next().await {
        match result.outcome {
            Ok(state) => {
                assert!(state.is_paid());
                paid += 1;
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WaitTimeout);
                timed_out += 1;
            }
        }
    }
    assert_eq!((paid, timed_out), (10, 10));
    assert!(started.elapsed() >= Duration::from_millis(400));
}

#[tokio::test]
async fn an_id_that_is_no_carts_is_refused() {
    for text in ["", "order-1001", "1234", &Uuid::nil().to_string()] {
        let error = text.parse::<CartRef>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains(text));
    }
}

#[tokio::test]
async fn an_answer_about_one_cart_is_not_believed_about_another() {
    let shop = Shop::open();
    let canceled = shop.cart(ConfirmationType::Automatic).await;
    let paid = shop.cart(ConfirmationType::Automatic).await;
    shop.simulator.confirm(paid.transaction_id).unwrap();
    shop.client.cancel_cart(&canceled).await.unwrap();
    shop.client.check_cart(&canceled).await.unwrap();
    let replayed = || Fault::on(Endpoint::CheckCart).body_as(BodyAs::Replayed);

    shop.fault(replayed().times(3));
    let error = shop.client.check_cart(&paid).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Signature, "{error}");

    // One replay is passed over, since a check may be sent again.
    shop.client.check_cart(&canceled).await.unwrap();
    shop.fault(replayed());
    assert!(shop.client.check_cart(&paid).await.unwrap().is_paid());
}

#[tokio::test]
async fn settling_that_nothing_can_be_learnt_by_is_unresolved_and_cancels_nothing() {
    let corrupt = netgiro_simulator::ResponseSignatures::Corrupt;
    for (fault, cause) in [
        (
            Fault::on(Endpoint::CheckCart).status(401),
            ErrorKind::Authentication,
        ),
        (
            Fault::on(Endpoint::CheckCart).signature(corrupt).times(3),
            ErrorKind::Signature,
        ),
    ] {
        let shop = Shop::open();
        let cart = shop.cart(ConfirmationType::Automatic).await;
        shop.fault(fault);
        let error = shop
            .client
            .settle_cart(&cart, within(60_000))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unresolved, "{error}");
        assert_eq!(error.cause().unwrap().kind(), cause);
        assert_eq!(shop.requests(Endpoint::CancelCart), 0);
        shop.simulator.confirm(cart.transaction_id).unwrap();
        let poll = error.poll().unwrap();
        assert!(
            shop.client
                .wait_for_cart(poll, within(60_000))
                .await
                .unwrap()
                .is_paid()
        );
    }
}

/// CheckCart answers that there is no such cart, this often.
fn not_there_yet(times: u32) -> Fault {
    Fault::on(Endpoint::CheckCart)
        .result_code(10201)
        .times(times)
}

#[tokio::test]
async fn a_cart_that_is_not_there_yet_is_not_canceled() {
    let shop = Shop::open();
    let cart = shop.cart(ConfirmationType::Automatic).await;
    shop.fault(not_there_yet(1));
    let mut watch = shop.client.watch_cart(&cart, within(5000));
    let first = watch.next().await.unwrap().unwrap();
    assert_eq!(
        first.status,
        CartStatus::Pending,
        "no end is told before it is believed"
    );
    shop.simulator.confirm(cart.transaction_id).unwrap();
    assert!(watch.finish().await.unwrap().is_paid());
    assert_eq!(shop.requests(Endpoint::CancelCart), 0);

    // The same for many at a time, which a check of before does not settle either.
    let other = shop.cart(ConfirmationType::Automatic).await;
    shop.fault(not_there_yet(1));
    let carts = || vec![CartRef::from(&other)];
    let early = shop.client.check_many(carts(), BulkOptions::default());
    let early = early.unwrap().finish().await;
    let state = early.get(0).unwrap().outcome.unwrap();
    assert_eq!(
        state.status,
        CartStatus::Canceled,
        "a check reports what the server says"
    );
    shop.simulator.confirm(other.transaction_id).unwrap();
    for resume in [None, Some(Arc::new(early))] {
        if resume.is_none() {
            shop.fault(not_there_yet(1));
        }
        let bulk = BulkOptions {
            resume,
            ..BulkOptions::default()
        };
        let mut waiting = shop.client.wait_many(carts(), within(5000), bulk).unwrap();
        let result = waiting.next().await.unwrap();
        assert!(result.outcome.unwrap().is_paid());
    }
}

#[tokio::test]
async fn a_canceled_cart_is_believed_when_it_is_seen_twice() {
    let shop = Shop::open();
    let cart = shop.cart(ConfirmationType::Automatic).await;
    shop.client.cancel_cart(&cart).await.unwrap();
    let state = shop.client.wait_for_cart(&cart, within(5000)).await;
    assert_eq!(state.unwrap().status, CartStatus::Canceled);
    assert_eq!(shop.requests(Endpoint::CheckCart), 2);

    // One check before counts, and so one more is enough.
    let early = shop
        .client
        .check_many(vec![CartRef::from(&cart)], BulkOptions::default());
    let bulk = BulkOptions {
        resume: Some(Arc::new(early.unwrap().finish().await)),
        ..BulkOptions::default()
    };
    tokio::time::sleep(Duration::from_millis(25)).await;
    let carts = vec![CartRef::from(&cart)];
    let mut waiting = shop.client.wait_many(carts, within(5000), bulk).unwrap();
    let result = waiting.next().await.unwrap();
    assert_eq!(result.outcome.unwrap().status, CartStatus::Canceled);
    assert_eq!(shop.requests(Endpoint::CheckCart), 4);
}

#[tokio::test]
async fn settling_believes_its_own_cancel_and_no_check_beside_a_lost_one() {
    let shop = Shop::open();
    let cart = shop.cart(ConfirmationType::Automatic).await;
    shop.fault(not_there_yet(1));
    let state = shop.client.settle_cart(&cart, within(0)).await.unwrap();
    assert_eq!(state.status, CartStatus::Canceled);
    assert_eq!(shop.requests(Endpoint::CancelCart), 1);

    // The first cancel does not come to it, and the checks do not see it yet.
    let other = shop.cart(ConfirmationType::Automatic).await;
    shop.fault(not_there_yet(2));
    shop.fault(Fault::on(Endpoint::CancelCart).status(500));
    let slow = Duration::from_secs(1);
    let options = WaitOptions {
        timeout: Duration::ZERO,
        policy: Some(PollPolicy::new(slow, slow, slow).unwrap()),
    };
    let state = shop.client.settle_cart(&other, options).await.unwrap();
    assert_eq!(state.status, CartStatus::Canceled);
    let held = shop.simulator.cart(other.transaction_id).unwrap();
    assert_eq!(held.status, CartStatus::Canceled, "it is so at the server");
}

#[tokio::test]
async fn a_cart_that_was_seen_open_does_not_end_as_not_found() {
    let shop = Shop::open();
    let cart = shop.cart(ConfirmationType::Automatic).await;
    let mut poll = CartPoll::new(&cart, within(60_000), Timestamp::now());
    poll = shop.client.poll_step(&poll).await.unwrap();
    assert_eq!(poll.state().unwrap().status, CartStatus::Pending);
    let gone = |times| {
        Fault::on(Endpoint::CheckCart)
            .result_code(10424)
            .times(times)
    };
    shop.fault(gone(1000));
    let error = shop.client.wait_for_cart(&poll, within(100)).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WaitTimeout, "{error}");
    assert!(error.message().contains("may still be open"), "{error}");

    // Settling cancels, and a cancel that does not find it either settles nothing.
    shop.fault(
        Fault::on(Endpoint::CancelCart)
            .result_code(10424)
            .times(1000),
    );
    let error = shop.client.settle_cart(&poll, within(0)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unresolved, "{error}");
    shop.simulator.clear_faults();
    shop.fault(gone(1000));
    let resumed = error.poll().unwrap();
    let state = shop.client.settle_cart(resumed, within(0)).await.unwrap();
    assert_eq!(state.status, CartStatus::Canceled);
}

#[tokio::test]
async fn what_is_handed_in_is_checked_as_an_answer_is() {
    let shop = Shop::open();
    let cart = shop.cart(ConfirmationType::Automatic).await;
    let other = shop.cart(ConfirmationType::Automatic).await;
    shop.simulator.confirm(cart.transaction_id).unwrap();
    let paid = shop.client.check_cart(&cart).await.unwrap();
    assert!(paid.is_paid());
    let sent = shop.simulator.requests().len();
    let spoilt: [fn(&mut CartState); 5] = [
        |state| state.result_code = Some(10425),
        |state| state.result_code = None,
        |state| state.payment_successful = Some(false),
        |state| state.payment.as_mut().unwrap().status_id = Some(5),
        |state| state.payment.as_mut().unwrap().transaction_id = Some(Uuid::nil()),
    ];
    let poll = CartPoll::new(&cart, within(5000), Timestamp::now());
    let now = Timestamp::now();
    for spoil in spoilt {
        let mut state = paid.clone();
        spoil(&mut state);
        let seen = CheckOutcome::State(state.clone());
        let error = poll.answered(seen, now, now, 0.0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
        let result = CheckResult {
            transaction_id: cart.transaction_id,
            outcome: Ok(state),
        };
        is_refused(&shop, &cart, &result);
        // And in a file, where a result is one line.
        let mut saved = Vec::new();
        CheckResults::from_iter([&result])
            .write(&mut saved)
            .unwrap();
        let error = CheckResults::read(saved.as_slice()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    }
    let result = CheckResult {
        transaction_id: other.transaction_id,
        outcome: Ok(paid.clone()),
    };
    assert!(result.validate().is_err(), "another cart's");
    let poll = CartPoll::new(&other, within(5000), now);
    poll.answered(CheckOutcome::State(paid.clone()), now, now, 0.0)
        .unwrap_err();
    assert_eq!(shop.simulator.requests().len(), sent, "nothing was sent");

    // The error of a saved result may carry a state and a poll: neither is believed unseen.
    let error = Error::new(ErrorKind::WaitTimeout, "").with_poll(poll);
    let kept = CheckResult {
        transaction_id: other.transaction_id,
        outcome: Err(error.with_state(Some(paid))),
    };
    let mut saved = Vec::new();
    CheckResults::from_iter([&kept]).write(&mut saved).unwrap();
    let saved = String::from_utf8(saved).unwrap();
    CheckResults::read(saved.as_bytes()).unwrap();
    for (from, to) in [
        ("\"is_done\":false", "\"is_done\":true"),
        ("\"result_code\":10200", "\"result_code\":10425"),
    ] {
        let spoilt = saved.replace(from, to);
        assert_ne!(spoilt, saved);
        let error = CheckResults::read(spoilt.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    }
}

fn is_refused(shop: &Shop, cart: &Cart, result: &CheckResult) {
    let bulk = || BulkOptions {
        resume: Some(Arc::new(CheckResults::from_iter([result]))),
        ..BulkOptions::default()
    };
    let carts = || vec![CartRef::from(cart)];
    let refusals = [
        shop.client.check_many(carts(), bulk()).map(drop),
        shop.client
            .wait_many(carts(), within(5000), bulk())
            .map(drop),
    ];
    for refusal in refusals {
        assert_eq!(refusal.unwrap_err().kind(), ErrorKind::InvalidRequest);
    }
}

#[tokio::test]
async fn a_wait_that_is_resumed_compares_what_is_known_of_the_order_by_now() {
    let shop = Shop::open();
    let cart = shop.cart(ConfirmationType::Automatic).await;
    let by_id = CartRef::from(cart.transaction_id);
    let mut waiting = shop
        .client
        .wait_many(vec![by_id], within(0), BulkOptions::default())
        .unwrap();
    let unfinished = CheckResults::from_iter([&waiting.next().await.unwrap()]);
    shop.simulator.confirm(cart.transaction_id).unwrap();
    let others = [
        CartRef::from(&cart).with_amount(Amount::new(1).unwrap()),
        CartRef::from(&cart).with_reference("another order"),
    ];
    for other in others {
        let bulk = BulkOptions {
            resume: Some(Arc::new(unfinished.clone())),
            ..BulkOptions::default()
        };
        let carts = vec![other];
        let mut waiting = shop.client.wait_many(carts, within(5000), bulk).unwrap();
        let error = waiting.next().await.unwrap().outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
    }
}
