//! Many carts waiting in the core, without a binding: `waiting BASE_URL CARTS`, against a server that was started with
//! `--pending`. Prints a line of JSON: processor time a poll, memory a cart, and how late checks were sent.

use std::collections::HashMap;
use std::error::Error;
use std::io::{Write, stdout};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use netgiro::{
    BulkOptions, CartPoll, CartRef, CartStatus, CheckOutcome, Client, ClientOptions, Event,
    Observer, PollPolicy, WaitOptions,
};
use netgiro_benches::{APP_KEY, SECRET_KEY, processor_time};
use uuid::Uuid;

/// How many checks a second are asked for, however many carts there are.
const PACE: u32 = 10_000;

/// When each cart is due, and by how much its checks were late, in milliseconds.
#[derive(Default)]
struct Lateness {
    due: HashMap<Uuid, Timestamp>,
    late: Vec<f64>,
}

impl Lateness {
    fn hear(&mut self, event: &Event) {
        match event {
            Event::Request(request) => {
                let due = request
                    .transaction_id
                    .and_then(|cart| self.due.remove(&cart));
                if let (Some(due), Ok(took)) = (due, SignedDuration::try_from(request.duration)) {
                    let sent = Timestamp::now() - took;
                    self.late
                        .push(sent.duration_since(due).as_secs_f64() * 1000.0);
                }
            }
            Event::Poll(poll) => {
                if let Some(due) = poll.next_check_at {
                    self.due.insert(poll.transaction_id, due);
                }
            }
            _ => {}
        }
    }

    fn at(&mut self, share: f64) -> f64 {
        self.late.sort_by(f64::total_cmp);
        let last = self.late.len().saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a place in a list of some hundred thousand"
        )]
        let place = (last as f64 * share) as usize;
        self.late.get(place).copied().unwrap_or_default()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut arguments = std::env::args().skip(1);
    let base_url = arguments.next().ok_or("waiting BASE_URL CARTS")?;
    let count: u32 = arguments.next().ok_or("waiting BASE_URL CARTS")?.parse()?;

    // Memory and processor time first: what listens for lateness takes some of its own.
    let interval = Duration::from_secs((count / PACE).max(1).into());
    let options = WaitOptions {
        policy: Some(PollPolicy::new(interval, interval, interval)?),
        ..WaitOptions::default()
    };
    // As if they had been checked one by one, for as long as a check is apart from the next.
    let carts = |low_bits: u64| {
        let start = Timestamp::now();
        (1..=count).map(move |number| {
            let cart = Uuid::from_u64_pair(number.into(), low_bits);
            let since = interval.mul_f64(f64::from(count - number) / f64::from(count));
            let checked_at = start - since;
            let poll = CartPoll::new(cart, options, checked_at);
            let pending = CheckOutcome::Status(CartStatus::Pending);
            let checked = poll.answered(pending, checked_at, checked_at, 0.0);
            CartRef::from(&checked.unwrap_or(poll))
        })
    };
    let client = client(&base_url, None)?;
    client.check_cart(Uuid::max()).await?;
    let before = resident()?;
    let mut waiting = client.wait_many(carts(0).collect(), options, BulkOptions::default())?;
    let held = resident()?.saturating_sub(before);
    let used = processor_time()?;
    let mut settled = 0;
    while let Some(result) = waiting.next().await {
        result.outcome?;
        settled += 1;
    }
    let used = processor_time()? - used;
    if settled != count {
        return Err(format!("{settled} of {count} settled").into());
    }

    let lateness = Arc::new(Mutex::new(Lateness::default()));
    let heard = Arc::clone(&lateness);
    let observer = Observer::new(move |event| {
        heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .hear(event);
    });
    let client = self::client(&base_url, Some(observer))?;
    // Others than before, which the server would call paid at once.
    let mut waiting = client.wait_many(carts(1).collect(), options, BulkOptions::default())?;
    while waiting.next().await.is_some() {}
    let mut lateness = lateness.lock().unwrap_or_else(PoisonError::into_inner);
    let polls = f64::from(count) * polls();
    writeln!(
        stdout(),
        r#"{{"cpu_us": {}, "bytes_a_cart": {}, "late_p50_ms": {}, "late_p99_ms": {}}}"#,
        used * 1e6 / polls,
        f64::from(u32::try_from(held)?) / f64::from(count),
        lateness.at(0.5),
        lateness.at(0.99),
    )?;
    Ok(())
}

fn client(base_url: &str, observer: Option<Observer>) -> netgiro::Result<Client> {
    let mut options = ClientOptions::new(APP_KEY, SECRET_KEY);
    options.base_url = Some(base_url.to_owned());
    options.observer = observer;
    Client::new(options)
}

/// How often the server is asked about each cart.
fn polls() -> f64 {
    let set = std::env::var("NETGIRO_BENCH_POLLS").ok();
    set.and_then(|polls| polls.parse().ok()).unwrap_or(1.0)
}

/// Bytes of memory that are in use now.
fn resident() -> Result<u64, Box<dyn Error + Send + Sync>> {
    const PAGE: u64 = 4096;
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm
        .split(' ')
        .nth(1)
        .ok_or("no resident pages")?
        .parse()?;
    Ok(pages * PAGE)
}
