//! The clock: carts expire by it, and it can be advanced.

use crate::shop::{KENNITALA, PHONE, Shop};
use netgiro::CartStatus;
use netgiro_simulator::{SimulatorError, SimulatorOptions};
use std::time::Duration;

#[test]
fn carts_expire_after_their_lifetime() {
    let shop = Shop::open();
    let phone = shop.insert(PHONE, 0);
    let kennitala = shop.insert(KENNITALA, 0);
    shop.simulator.advance(Duration::from_secs(170)).unwrap();
    assert_eq!(shop.check(phone).row(), (true, Some(false), 10425));
    assert_eq!(shop.check(kennitala).row(), (true, Some(false), 10428));
    shop.simulator.advance(Duration::from_secs(10)).unwrap();
    for cart in [phone, kennitala] {
        assert_eq!(shop.check(cart).row(), (true, Some(false), 10201));
        assert_eq!(shop.cancel(cart).row(), (true, None, 10202));
    }
    let error = shop.simulator.confirm(phone).unwrap_err();
    assert!(
        matches!(
            error,
            SimulatorError::NotPossible {
                status: CartStatus::Canceled,
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn the_clock_advances_by_at_most_ten_years() {
    let shop = Shop::open();
    let cart = shop.insert(PHONE, 0);
    let ten_years = 315_532_800.0;
    for too_far in [ten_years + 1.0, 1.8e19, 1e300, f64::NAN, -1.0] {
        let error = shop.simulator.advance_seconds(too_far).unwrap_err();
        assert!(error.to_string().contains("315532800 seconds"), "{error}");
    }
    assert!(shop.simulator.advance(Duration::MAX).is_err());
    assert_eq!(shop.check(cart).row(), (true, Some(false), 10425));
    for _ in 0..10 {
        shop.simulator.advance_seconds(ten_years / 10.0).unwrap();
    }
    assert!(shop.simulator.advance_seconds(1.0).is_err());
    let late = shop.insert(PHONE, 0);
    assert_eq!(shop.check(late).row(), (true, Some(false), 10425));
}

#[test]
fn no_duration_is_too_long_for_it() {
    let shop = Shop::with(SimulatorOptions {
        lifetime: Duration::MAX,
        reaction: Duration::MAX,
        callback_retry_delay: Duration::MAX,
        ..SimulatorOptions::default()
    });
    for customer in [PHONE, crate::shop::APPROVES] {
        let cart = shop.insert_calling(customer, 1, Some("http://127.0.0.1:9/nobody"));
        assert_eq!(shop.check(cart).row(), (true, Some(false), 10425));
    }
    let cart = shop.simulator.carts()[0].transaction_id;
    shop.simulator.confirm(cart).unwrap();
    crate::shop::until("the callback is over", || {
        shop.simulator.callbacks().iter().all(|sent| sent.is_done)
    });
    assert_eq!(shop.check(cart).row(), (true, Some(false), 10429));
}

#[test]
fn the_lifetime_can_be_set() {
    let shop = Shop::with(SimulatorOptions {
        lifetime: Duration::from_millis(20),
        ..SimulatorOptions::default()
    });
    let cart = shop.insert(PHONE, 0);
    crate::shop::until("run out", || {
        shop.simulator.cart(cart).unwrap().status == CartStatus::Canceled
    });
}

#[test]
fn a_final_cart_stays() {
    let shop = Shop::open();
    let paid = shop.insert(PHONE, 0);
    let reserved = shop.insert(PHONE, 2);
    let declined = shop.insert(PHONE, 0);
    shop.simulator.confirm(paid).unwrap();
    shop.simulator.confirm(reserved).unwrap();
    shop.simulator.decline(declined).unwrap();
    shop.simulator.advance(Duration::from_secs(86_400)).unwrap();
    assert_eq!(shop.check(paid).row(), (true, Some(true), 10200));
    assert_eq!(shop.check(reserved).row(), (true, Some(false), 10426));
    assert_eq!(shop.check(declined).row(), (true, Some(false), 10423));
}

#[test]
fn any_open_cart_can_be_expired() {
    let shop = Shop::open();
    for (customer, confirmation_type) in [(PHONE, 0), (KENNITALA, 0)] {
        let cart = shop.insert(customer, confirmation_type);
        shop.simulator.expire(cart).unwrap();
        assert_eq!(shop.check(cart).row(), (true, Some(false), 10201));
        assert!(shop.simulator.expire(cart).is_err());
    }
    let reserved = shop.insert(PHONE, 2);
    shop.simulator.confirm(reserved).unwrap();
    shop.simulator.expire(reserved).unwrap();
    assert_eq!(
        shop.confirm(reserved, None).row(),
        (true, Some(false), 10201)
    );
}

#[test]
fn time_passes_by_as_much_as_it_is_advanced() {
    let shop = Shop::open();
    let before = shop.simulator.now();
    shop.simulator.advance(Duration::from_secs(3600)).unwrap();
    let passed = shop.simulator.now().duration_since(before).as_secs();
    assert!((3600..3660).contains(&passed), "{passed}");
    let cart = shop.insert(PHONE, 0);
    let created = shop.simulator.cart(cart).unwrap().created;
    assert!(created.duration_since(before).as_secs() >= 3600);
    shop.simulator.advance(Duration::from_secs(86_400)).unwrap();
    assert_eq!(shop.check(cart).row(), (true, Some(false), 10201));
}

#[test]
fn timers_run_in_order() {
    // The customer would approve after 20 s, but the cart has expired before.
    let shop = Shop::with(SimulatorOptions {
        lifetime: Duration::from_secs(10),
        reaction: Duration::from_secs(20),
        ..SimulatorOptions::default()
    });
    let late = shop.insert(crate::shop::APPROVES, 0);
    shop.simulator.advance(Duration::from_secs(100)).unwrap();
    assert_eq!(shop.check(late).row(), (true, Some(false), 10201));

    let shop = Shop::with(SimulatorOptions {
        reaction: Duration::from_secs(20),
        ..SimulatorOptions::default()
    });
    let before = shop.simulator.now();
    let cart = shop.insert(crate::shop::APPROVES, 0);
    shop.simulator.advance(Duration::from_secs(1000)).unwrap();
    let paid = shop.check(cart).json();
    let created = paid["PaymentInfo"]["Created"].as_str().unwrap();
    let created: jiff::Timestamp = format!("{created}Z").parse().unwrap();
    let after = created.duration_since(before).as_secs_f64();
    assert!((19.9..40.0).contains(&after), "paid after {after} s");
}
