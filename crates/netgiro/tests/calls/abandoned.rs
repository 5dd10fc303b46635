//! An InsertCart that its caller stops waiting for: who may have been asked, and who hears of it.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::io::Read as _;
use std::net::TcpListener;
use std::pin::pin;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::server::{Answer, Request, SECRET, server};
use futures_util::future::{Either, select};
use netgiro::{
    Amount, Client, ClientOptions, ErrorKind, Event, InsertAttempt, NewCart, Observer, RequestSent,
};
use uuid::Uuid;

const ID: Uuid = Uuid::from_u128(0x1234_5678_9abc_4def_8123_4567_89ab_cdef);
const CUSTOMER: &str = "8223281";

type Events = Arc<Mutex<Vec<Event>>>;

fn client(base_url: &str) -> (Client, Events) {
    let events = Events::default();
    let kept = Arc::clone(&events);
    let mut options = ClientOptions::new("881E674F-7891-4C20-AFD8-56FE2624C4B5", SECRET);
    options.base_url = Some(base_url.to_owned());
    options.timeout = Duration::from_secs(60);
    options.observer = Some(Observer::new(move |event| {
        kept.lock().unwrap().push(event.clone());
    }));
    (Client::new(options).unwrap(), events)
}

fn order() -> NewCart {
    NewCart::new(
        Amount::new(4990).unwrap(),
        "order-1001",
        CUSTOMER.parse().unwrap(),
    )
}

/// A server that reads requests and answers none.
fn silent() -> (String, Receiver<Request>) {
    server(vec![Answer::With(Arc::new(|stream| {
        stream.read_to_end(&mut Vec::new()).ok();
        false
    }))])
}

/// The https URL of a server that takes connections and never says a word: nothing of a request can leave.
fn mute() -> (String, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/v1/", listener.local_addr().unwrap());
    (url, listener)
}

async fn until<T>(mut found: impl FnMut() -> Option<T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            if let Some(found) = found() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("it never came")
}

/// Carries out a call for as long as `enough` is waited for.
async fn given_up<T>(call: impl Future<Output = T>, enough: impl Future) {
    match select(pin!(call), pin!(enough)).await {
        Either::Left(_) => panic!("the call ended"),
        Either::Right(_) => {}
    }
}

fn told(events: &Events) -> Vec<(Option<ErrorKind>, Option<String>)> {
    let events = events.lock().unwrap();
    events
        .iter()
        .map(|event| match event {
            Event::Request(request) => {
                assert_eq!(request.endpoint, "InsertCart");
                assert!(!format!("{event:?}").contains(CUSTOMER));
                (request.error, request.reference.clone())
            }
            other => panic!("{other:?}"),
        })
        .collect()
}

#[tokio::test]
async fn an_insert_that_is_dropped_after_a_byte_left_is_told_of() {
    let (base, requests) = silent();
    let (client, events) = client(&base);
    let order = order();
    given_up(
        client.insert_cart(&order),
        until(|| requests.try_recv().ok()),
    )
    .await;
    assert_eq!(
        told(&events),
        [(
            Some(ErrorKind::OutcomeUnknown),
            Some("order-1001".to_owned())
        )]
    );
}

#[tokio::test]
async fn what_gave_an_insert_up_learns_that_the_customer_may_have_been_asked() {
    let (base, requests) = silent();
    let (client, events) = client(&base);
    let attempt = InsertAttempt::new(order());
    assert!(attempt.abandon().is_none(), "it was never begun");
    given_up(client.insert(&attempt), until(|| requests.try_recv().ok())).await;
    let abandoned = attempt.abandon().unwrap();
    assert_eq!(abandoned.error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(abandoned.error.reference(), Some("order-1001"));
    assert_eq!(abandoned.error.request_sent(), RequestSent::Maybe);
    assert!(!abandoned.error.retryable());
    let said = abandoned.error.to_string();
    assert!(said.contains("order-1001") && said.contains("do not insert it again"));
    assert!(!said.contains(CUSTOMER));
    // The dropped future has told of it; it is told of once.
    assert!(abandoned.event.is_none());
    assert_eq!(told(&events).len(), 1);
}

#[tokio::test]
async fn who_asks_while_the_call_is_under_way_gets_the_event() {
    let (base, requests) = silent();
    let (client, events) = client(&base);
    let attempt = InsertAttempt::new(order());
    let mut events_given = 0;
    given_up(client.insert(&attempt), async {
        until(|| requests.try_recv().ok()).await;
        for _ in 0..2 {
            events_given += usize::from(attempt.abandon().unwrap().event.is_some());
        }
    })
    .await;
    assert_eq!(events_given, 1);
    assert!(told(&events).is_empty());
}

#[tokio::test]
async fn an_insert_of_which_no_byte_left_asked_nobody() {
    let (base, listener) = mute();
    let (client, events) = client(&base);
    let attempt = InsertAttempt::new(order());
    listener.set_nonblocking(true).unwrap();
    let mut connection = None;
    given_up(client.insert(&attempt), async {
        connection = Some(until(|| listener.accept().ok()).await);
    })
    .await;
    let abandoned = attempt.abandon().unwrap();
    assert_eq!(
        abandoned.error.kind(),
        ErrorKind::Connect,
        "{}",
        abandoned.error
    );
    assert_eq!(abandoned.error.request_sent(), RequestSent::No);
    assert!(abandoned.event.is_none());
    assert!(told(&events).is_empty());
}

#[tokio::test]
async fn what_was_given_up_in_time_never_leaves() {
    let (base, requests) = silent();
    let (client, events) = client(&base);
    let attempt = InsertAttempt::new(order());
    let mut call = Box::pin(client.insert(&attempt));
    // Its first step opens a connection at the most.
    assert!(futures_util::poll!(&mut call).is_pending());
    let abandoned = attempt.abandon().unwrap();
    assert_eq!(abandoned.error.kind(), ErrorKind::Connect);
    // Even if somebody goes on with it.
    let error = call.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
    assert_eq!(error.request_sent(), RequestSent::No);
    assert!(requests.try_recv().is_err());
    assert!(
        told(&events)
            .iter()
            .all(|(error, _)| *error == Some(ErrorKind::Connect))
    );
}

#[tokio::test]
async fn an_answer_that_was_not_handed_over_is_not_lost() {
    let inserted = format!(r#"{{"Success":true,"ResultCode":200,"TransactionId":"{ID}"}}"#);
    let refused = r#"{"Success":false,"ResultCode":10306,"Message":"No"}"#.to_owned();
    let (base, _requests) = server(vec![
        Answer::Http(200, "", inserted),
        Answer::Http(200, "", refused),
    ]);
    let (client, _events) = client(&base);

    let attempt = InsertAttempt::new(order());
    client.insert(&attempt).await.unwrap();
    let abandoned = attempt.abandon().unwrap();
    assert_eq!(abandoned.error.kind(), ErrorKind::OutcomeUnknown);
    assert!(abandoned.error.to_string().contains(&ID.to_string()));
    let Some(Event::Request(event)) = abandoned.event else {
        panic!("no event")
    };
    assert_eq!(event.transaction_id, Some(ID));
    assert_eq!(event.error, Some(ErrorKind::OutcomeUnknown));

    let attempt = InsertAttempt::new(order());
    let error = client.insert(&attempt).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Api);
    let abandoned = attempt.abandon().unwrap();
    assert_eq!(
        abandoned.error, error,
        "the server said no: nobody was asked"
    );
    assert!(abandoned.event.is_none());
}

#[tokio::test]
async fn an_attempt_is_carried_out_once() {
    let (base, requests) = server(vec![Answer::ok(
        r#"{"Success":false,"ResultCode":10306,"Message":"No"}"#,
    )]);
    let (client, _events) = client(&base);
    let attempt = InsertAttempt::new(order());
    client.insert(&attempt).await.unwrap_err();
    let again = client.insert(&attempt).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::InvalidRequest);
    assert_eq!(requests.try_iter().count(), 1);
}

/// Given up by another thread at any moment: what is said of it is what the server sees.
#[tokio::test]
async fn what_is_said_of_an_insert_that_was_given_up_stays_true() {
    const TIMES: u64 = 150;
    let (base, requests) = silent();
    let (client, _events) = client(&base);
    for n in 0..TIMES {
        let mut order = order();
        order.reference = format!("order-{n}");
        let attempt = InsertAttempt::new(order);
        let theirs = attempt.clone();
        let gives_up = tokio::task::spawn_blocking(move || {
            loop {
                if n % 3 > 0 {
                    std::thread::sleep(Duration::from_micros(n * 7));
                }
                if let Some(abandoned) = theirs.abandon() {
                    return abandoned.error.kind();
                }
            }
        });
        let kind = match select(Box::pin(client.insert(&attempt)), gives_up).await {
            // The one that was withdrawn may notice before the other thread is heard.
            Either::Left((outcome, gives_up)) => {
                assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Connect);
                gives_up.await.unwrap()
            }
            Either::Right((kind, _call)) => kind.unwrap(),
        };
        // Its last word is its first.
        assert_eq!(attempt.abandon().unwrap().error.kind(), kind);
        if kind == ErrorKind::OutcomeUnknown {
            let request = until(|| requests.try_recv().ok()).await;
            let body = String::from_utf8(request.body).unwrap();
            assert!(body.contains(&format!("\"order-{n}\"")), "{body}");
        }
    }
    assert!(requests.try_recv().is_err());
}
