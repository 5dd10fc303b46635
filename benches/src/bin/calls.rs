//! One work in Rust, in a process of its own: prints what it took as a line of JSON.
//!
//! `calls WORK WHO BASE_URL COUNT`: `serial`, `in_flight`, `bulk` or `callbacks`, by `netgiro`, the core without a binding, or by
//! `floor`. The authority's certificate is in `NETGIRO_BENCH_CA` where the server speaks TLS.

use std::cell::RefCell;
use std::hint::black_box;
use std::io::{Write as _, stdout};
use std::rc::Rc;
use std::time::Instant;

use netgiro::{BulkOptions, CartRef, CartState, Client, ClientOptions};
use netgiro_benches::floor::{self, Floor, Outcome};
use netgiro_benches::{APP_KEY, CART, CONFIRMED, NONCE, SECRET_KEY, URL, processor_time};
use tokio::task::LocalSet;
use uuid::Uuid;

const IN_FLIGHT: usize = 64;
const WARM_UP: u32 = 1000;

/// Carts that all who have a call in flight take from.
type Carts = Rc<RefCell<dyn Iterator<Item = Uuid>>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [work, who, base_url, count] = arguments.as_slice() else {
        return Err("calls WORK WHO BASE_URL COUNT".into());
    };
    let count: u32 = count.parse()?;
    let ca = std::env::var("NETGIRO_BENCH_CA").ok();
    let floor = || Floor::new(base_url, ca.as_deref());
    let client = || {
        let mut options = ClientOptions::new(APP_KEY, SECRET_KEY);
        options.base_url = Some(base_url.to_owned());
        options.ca_file = ca.clone().map(Into::into);
        Client::new(options)
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match (work.as_str(), who.as_str()) {
        ("serial", "floor") => floor_serial(floor()?, count),
        ("serial", _) => runtime.block_on(serial(client()?, count)),
        ("in_flight" | "bulk", "floor") => runtime.block_on(floor_in_flight(floor, count)),
        ("in_flight", _) => runtime.block_on(in_flight(client()?, count)),
        ("bulk", _) => runtime.block_on(bulk(&client()?, count)),
        ("callbacks", "floor") => callbacks(count),
        _ => Err(format!("unknown: {work} by {who}").into()),
    }
}

fn carts(count: u32) -> impl Iterator<Item = Uuid> + 'static {
    (1..=count).map(|number| Uuid::from_u128(u128::from(number)))
}

fn shared(count: u32) -> Carts {
    Rc::new(RefCell::new(carts(count)))
}

fn taken(carts: &Carts) -> impl Iterator<Item = Uuid> + use<> {
    let carts = Rc::clone(carts);
    std::iter::from_fn(move || carts.borrow_mut().next())
}

/// What a work takes from here on.
struct Timer {
    started: Instant,
    used: f64,
}

impl Timer {
    fn start() -> Outcome<Self> {
        Ok(Self {
            used: processor_time()?,
            started: Instant::now(),
        })
    }

    /// Prints microseconds a call; the median where each call was timed.
    fn print(self, count: u32, mut took: Vec<f64>) -> Outcome<()> {
        let elapsed = self.started.elapsed().as_secs_f64();
        let used = processor_time()? - self.used;
        took.sort_by(f64::total_cmp);
        let median = match took.get(took.len() / 2) {
            Some(median) => format!(r#", "median_us": {}"#, median * 1e6),
            None => String::new(),
        };
        let count = f64::from(count);
        writeln!(
            stdout(),
            r#"{{"wall_us": {}, "cpu_us": {}, "per_second": {}{median}}}"#,
            elapsed / count * 1e6,
            used / count * 1e6,
            count / elapsed,
        )?;
        Ok(())
    }
}

async fn serial(client: Client, count: u32) -> Outcome<()> {
    for cart in carts(WARM_UP) {
        client.check_cart(cart).await?;
    }
    let timer = Timer::start()?;
    let mut took = Vec::new();
    for cart in carts(count) {
        let started = Instant::now();
        black_box(client.check_cart(cart).await?);
        took.push(started.elapsed().as_secs_f64());
    }
    timer.print(count, took)
}

/// The calls of the floor, which opens its connections with the first of them: those are not measured.
struct AfterWarmUp {
    calls: u32,
    timer: Timer,
    last: Instant,
    took: Vec<f64>,
}

impl AfterWarmUp {
    fn start() -> Outcome<Self> {
        Ok(Self {
            calls: 0,
            timer: Timer::start()?,
            last: Instant::now(),
            took: Vec::new(),
        })
    }

    fn call(&mut self, state: CartState) {
        drop(black_box(state));
        self.calls += 1;
        let now = Instant::now();
        if self.calls > WARM_UP {
            self.took.push((now - self.last).as_secs_f64());
        } else if self.calls == WARM_UP
            && let Ok(timer) = Timer::start()
        {
            self.timer = timer;
        }
        self.last = now;
    }
}

fn floor_serial(mut floor: Floor, count: u32) -> Outcome<()> {
    let mut calls = AfterWarmUp::start()?;
    floor.one_after_another(carts(WARM_UP + count), |state| calls.call(state))?;
    calls.timer.print(count, calls.took)
}

async fn in_flight(client: Client, count: u32) -> Outcome<()> {
    let all = async |count| {
        let (carts, tasks) = (shared(count), LocalSet::new());
        let mut running = Vec::new();
        for _ in 0..IN_FLIGHT {
            let (client, carts) = (client.clone(), taken(&carts));
            running.push(tasks.spawn_local(async move {
                for cart in carts {
                    black_box(client.check_cart(cart).await?);
                }
                Outcome::Ok(())
            }));
        }
        tasks.await;
        for task in running {
            task.await??;
        }
        Outcome::Ok(())
    };
    all(WARM_UP).await?;
    let timer = Timer::start()?;
    all(count).await?;
    timer.print(count, Vec::new())
}

async fn floor_in_flight(floor: impl Fn() -> Outcome<Floor>, count: u32) -> Outcome<()> {
    let calls = Rc::new(RefCell::new(AfterWarmUp::start()?));
    let (carts, tasks) = (shared(WARM_UP + count), LocalSet::new());
    let mut running = Vec::new();
    for _ in 0..IN_FLIGHT {
        let (mut floor, carts, calls) = (floor()?, taken(&carts), Rc::clone(&calls));
        running.push(tasks.spawn_local(async move {
            let each = |state| calls.borrow_mut().call(state);
            floor.beside_others(carts, each).await
        }));
    }
    tasks.await;
    for task in running {
        task.await??;
    }
    let calls = Rc::into_inner(calls).ok_or("a call is still in flight")?;
    calls.into_inner().timer.print(count, Vec::new())
}

async fn bulk(client: &Client, count: u32) -> Outcome<()> {
    let all = async |count| {
        let carts = carts(count).map(CartRef::from).collect();
        let options = BulkOptions {
            concurrency: Some(IN_FLIGHT),
            ..BulkOptions::default()
        };
        let mut checking = client.check_many(carts, options)?;
        while let Some((_, result)) = checking.next().await {
            black_box(result.outcome?);
        }
        Outcome::Ok(())
    };
    all(WARM_UP).await?;
    let timer = Timer::start()?;
    all(count).await?;
    timer.print(count, Vec::new())
}

fn callbacks(count: u32) -> Outcome<()> {
    let signature = netgiro::sign(SECRET_KEY, NONCE, URL, CONFIRMED);
    let cart = CartRef::from(CART);
    let timer = Timer::start()?;
    for _ in 0..count {
        let body = black_box(CONFIRMED);
        black_box(floor::read_signed(&cart, NONCE, URL, body, &signature)?);
    }
    timer.print(count, Vec::new())
}
