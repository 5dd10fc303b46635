//! Starting, closing, threads, and what the seed decides.

use crate::shop::{KENNITALA, Message, PHONE, Shop, order, write_request};
use netgiro_simulator::{Endpoint, Fault, SimulatedCart, Simulator, SimulatorOptions};
use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use uuid::{Uuid, Variant};

fn seeded(seed: u64) -> Shop {
    Shop::with(SimulatorOptions {
        seed,
        ..SimulatorOptions::default()
    })
}

fn generated(cart: &SimulatedCart) -> (Uuid, Option<String>) {
    (cart.transaction_id, cart.sms_code.clone())
}

#[test]
fn the_seed_decides_generated_values() {
    let play = |seed| {
        let shop = seeded(seed);
        let mut seen = Vec::new();
        for customer in [PHONE, KENNITALA, KENNITALA] {
            let answer = shop.call("InsertCart", &order(customer, 0));
            let header = |name| answer.header(name).unwrap().to_owned();
            seen.push((header("netgiro_nonce"), header("netgiro_referenceid")));
        }
        let carts = shop.simulator.carts();
        let paid = &carts[0];
        shop.simulator.confirm(paid.transaction_id).unwrap();
        let json = shop.check(paid.transaction_id).json();
        let invoice = json["PaymentInfo"]["InvoiceNumber"].as_i64().unwrap();
        let carts: Vec<_> = carts.iter().map(generated).collect();
        (seen, carts, invoice)
    };
    let first = play(7);
    assert_eq!(first, play(7));
    let other = play(8);
    assert!(first.0 != other.0 && first.1 != other.1 && first.2 != other.2);

    let ids: Vec<_> = first.1.iter().map(|(id, _)| *id).collect();
    for id in &ids {
        assert_eq!(
            (id.get_version_num(), id.get_variant()),
            (4, Variant::RFC4122)
        );
    }
    let (nonce, _) = &first.0[0];
    assert!(nonce.len() <= 18 && nonce.bytes().all(|b| b.is_ascii_digit()));
    assert_ne!(first.0[0], first.0[1]);
}

#[test]
fn carts_do_not_depend_on_other_requests() {
    let plain = seeded(7);
    let busy = seeded(7);
    for _ in 0..3 {
        plain.insert(KENNITALA, 0);
        busy.check(Uuid::nil());
        busy.call("InsertCart", &order("nobody", 0));
        busy.insert(KENNITALA, 0);
    }
    let all_generated =
        |shop: &Shop| -> Vec<_> { shop.simulator.carts().iter().map(generated).collect() };
    assert_eq!(all_generated(&plain), all_generated(&busy));
}

#[test]
fn closing_ends_it_and_keeps_the_history() {
    let shop = Shop::open();
    let cart = shop.insert(PHONE, 0);
    let mut idle = TcpStream::connect(shop.address()).unwrap();
    write_request(&mut idle, "GET", "/v1/", "x", &[], b"").unwrap();
    Message::read(&mut idle).unwrap();
    shop.simulator.close();
    shop.simulator.close();
    let error = Message::read(&mut idle).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert!(TcpStream::connect(shop.address()).is_err());
    assert_eq!(shop.simulator.requests().len(), 2);
    shop.simulator.confirm(cart).unwrap();
    assert!(shop.simulator.cart(cart).unwrap().is_paid);
}

#[test]
fn closing_does_not_wait_for_delayed_responses() {
    let shop = Shop::open();
    let fault = Fault::on(Endpoint::InsertCart).delay(Duration::from_secs(600));
    shop.simulator.add_fault(fault).unwrap();
    thread::scope(|scope| {
        let call = scope.spawn(|| shop.try_call("InsertCart", &order(PHONE, 0)));
        crate::shop::until("inserted", || shop.simulator.carts().len() == 1);
        shop.simulator.close();
        assert!(call.join().unwrap().is_err());
    });
}

#[test]
fn a_port_is_free_again_after_closing() {
    let first = Simulator::start(SimulatorOptions::default()).unwrap();
    let port: u16 = first
        .url()
        .trim_end_matches("/v1/")
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let options = SimulatorOptions {
        port,
        ..SimulatorOptions::default()
    };
    let taken = Simulator::start(options.clone()).unwrap_err();
    assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
    drop(first);
    let second = Simulator::start(options).unwrap();
    assert_eq!(second.url(), format!("http://127.0.0.1:{port}/v1/"));
}

#[test]
fn unusable_options_are_refused() {
    let error = Simulator::start(SimulatorOptions {
        decimals: 3,
        ..SimulatorOptions::default()
    })
    .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), "decimals must be 0, 1 or 2; got 3");
}

#[test]
fn the_secret_is_not_printed() {
    let shop = Shop::open();
    shop.insert(PHONE, 0);
    let printed = format!(
        "{:?} {:?} {:?} {:?}",
        shop.simulator,
        SimulatorOptions::default(),
        shop.simulator.carts(),
        shop.simulator.requests()
    );
    assert!(!printed.contains(shop.simulator.secret_key()));
}

#[test]
fn many_threads_use_it_at_once() {
    let shop = Arc::new(Shop::open());
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let shop = Arc::clone(&shop);
            thread::spawn(move || {
                for _ in 0..10 {
                    let cart = shop.insert(PHONE, 0);
                    shop.simulator.confirm(cart).unwrap();
                    shop.simulator.advance(Duration::from_millis(1)).unwrap();
                    assert_eq!(shop.check(cart).row(), (true, Some(true), 10200));
                    assert!(!shop.simulator.requests().is_empty());
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let carts = shop.simulator.carts();
    assert_eq!(carts.len(), 80);
    assert!(carts.iter().all(|cart| cart.is_paid && cart.checks == 1));
}
