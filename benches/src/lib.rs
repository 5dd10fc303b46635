//! What is measured in Rust: each operation without a network, for criterion and for callgrind; and the floor.

pub mod floor;

use jiff::{SignedDuration, Timestamp};
use netgiro::{
    CartPoll, CartRef, CartStatus, CheckOutcome, Client, ClientOptions, CustomerId, WaitOptions,
};
use std::error::Error;
use std::hint::black_box;
use uuid::{Uuid, uuid};

/// The published test account's.
pub const APP_KEY: &str = "881E674F-7891-4C20-AFD8-56FE2624C4B5";
/// The published test account's.
pub const SECRET_KEY: &str = "YCFd6hiA8lUjZejVcIf/LhRXO4wTDxY0JhOXvQZwnMSiNynSxmNIMjMf1HHwdV6cMN48NX3ZipA9q9hLPb9C1ZIzMH5dvELPAHceiu7LbZzmIAGeOf/OUaDrk2Zq2dbGacIAzU6yyk4KmOXRaSLi8KW8t3krdQSX7Ecm8Qunc/A=";
/// A nonce.
pub const NONCE: &str = "638412345678901234";
/// Where a check is sent.
pub const URL: &str = "https://api.test.netgiro.is/v1/Checkout/CheckCart";
/// The cart of the answer.
pub const CART: Uuid = uuid!("4ffbe11b-4f6e-4d3a-9b6b-1a4b6dd9a001");
const REQUEST: &[u8] = br#"{"TransactionId":"4ffbe11b-4f6e-4d3a-9b6b-1a4b6dd9a001"}"#;
/// The answer to a check of a cart that is paid, and a callback.
pub const CONFIRMED: &[u8] = br#"{"PaymentSuccessful":true,"PaymentInfo":{"TransactionId":"4ffbe11b-4f6e-4d3a-9b6b-1a4b6dd9a001","InvoiceNumber":1001,"ReferenceNumber":"order-1001","StatusId":2,"Created":"2026-01-22T13:22:05.123","TotalAmount":4990.00,"DiscountAmount":0.00,"ShippingAmount":0.00,"HandlingAmount":0.00,"AccountNumber":null,"NumberOfInstallments":1,"ClientIdentityConfirmed":true,"LocationId":null,"RegisterId":null},"Success":true,"Message":null,"ResultCode":10200}"#;

/// Something a client does many times.
pub struct Operation {
    /// Its name in the tables.
    pub name: &'static str,
    /// Does it once.
    pub run: Box<dyn FnMut()>,
}

/// Every operation that is measured.
///
/// Fails when the library refuses what the operations are made of.
pub fn operations() -> Result<Vec<Operation>, Box<dyn Error>> {
    let client = Client::new(ClientOptions::new(APP_KEY, SECRET_KEY))?;
    let headers = [
        ("netgiro_nonce".to_owned(), NONCE.to_owned()),
        (
            "netgiro_signature".to_owned(),
            netgiro::sign(SECRET_KEY, NONCE, URL, CONFIRMED),
        ),
    ];
    client.verify_callback(URL, &headers, CONFIRMED)?;
    let cart = CartRef::from(CART);
    netgiro::internals::read_check(&cart, CONFIRMED.to_vec())?;
    let start = Timestamp::UNIX_EPOCH;
    let poll = CartPoll::new(CART, WaitOptions::default(), start);
    let now = start + SignedDuration::from_secs(3);
    let token = poll.to_json();
    Ok(vec![
        operation("sign", move || {
            black_box(netgiro::sign(SECRET_KEY, NONCE, URL, black_box(REQUEST)));
        }),
        operation("verify a callback", move || {
            let _ = black_box(client.verify_callback(URL, &headers, black_box(CONFIRMED)));
        }),
        operation("read an answer", move || {
            let body = black_box(CONFIRMED).to_vec();
            let _ = black_box(netgiro::internals::read_check(&cart, body));
        }),
        operation("take a step of a poll", move || {
            let seen = CheckOutcome::Status(CartStatus::Pending);
            let _ = black_box(black_box(&poll).answered(seen, now, now, 0.5));
        }),
        operation("read a kept poll", move || {
            let _ = black_box(CartPoll::from_json(black_box(&token)));
        }),
        operation("read a customer's number", move || {
            let _ = black_box(black_box("+354 822-3281").parse::<CustomerId>());
        }),
    ])
}

fn operation(name: &'static str, run: impl FnMut() + 'static) -> Operation {
    Operation {
        name,
        run: Box::new(run),
    }
}

/// Seconds of processor time that this thread has used; the programs here have one.
///
/// Fails where the system does not tell.
pub fn processor_time() -> Result<f64, Box<dyn Error + Send + Sync>> {
    let schedstat = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds: f64 = schedstat.split(' ').next().ok_or("no time")?.parse()?;
    Ok(nanoseconds / 1e9)
}
