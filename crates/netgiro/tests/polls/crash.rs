//! A job that keeps its poll on disk is killed at any moment, and goes on in a new process as if nothing had been.
#![cfg(unix)]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use netgiro::{
    Amount, CartPoll, Client, ClientOptions, Error, ErrorKind, NewCart, PollPolicy, WaitOptions,
};
use netgiro_simulator::{Endpoint, Fault, SimulatedRequest, Simulator, SimulatorOptions};

const INTERVAL: Duration = Duration::from_millis(25);
/// How long an answer is in flight, so that a process can be killed meanwhile.
const UNDER_WAY: Duration = Duration::from_millis(12);
/// The check that the customer confirms at.
const DECIDED_AT: usize = 3;
/// The simulator's clock and this one's differ by their reading.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_millis(2);

// ---- the job -----------------------------------------------------------------------------------

/// The job's process, when it is started as one; as a test of its own it does nothing.
#[test]
fn job() {
    let Ok(folder) = env::var("NETGIRO_JOB") else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut job = Job {
        folder: folder.into(),
        passed: 0,
        dies_at: env::var("NETGIRO_JOB_DIES_AT").map_or(usize::MAX, |at| at.parse().unwrap()),
    };
    let outcome = runtime.block_on(job.run()).unwrap();
    fs::write(job.folder.join("outcome"), outcome).unwrap();
    println!("passed {}", job.passed);
}

struct Job {
    folder: PathBuf,
    passed: usize,
    dies_at: usize,
}

impl Job {
    async fn run(&mut self) -> Result<String, Error> {
        let mut options = ClientOptions::new(
            env::var("NETGIRO_APP_KEY").unwrap(),
            env::var("NETGIRO_SECRET_KEY").unwrap(),
        );
        options.base_url = Some(env::var("NETGIRO_BASE_URL").unwrap());
        let client = Client::new(options)?;
        self.point("started");
        if !self.token().exists() {
            let intent = self.folder.join("intent");
            if intent.exists() {
                // A process died while it inserted: only Netgíró knows whether there is a cart.
                return Ok("insert unknown".to_owned());
            }
            File::create(intent).unwrap().sync_all().unwrap();
            self.point("intent written");
            let poll = self.insert(&client).await?;
            self.point("inserted");
            self.keep(&poll);
        }
        loop {
            let poll = CartPoll::from_json(&fs::read_to_string(self.token()).unwrap())?;
            if poll.is_done() {
                return Ok(poll.state().unwrap().status.to_string());
            }
            let left = poll.next_check_at().duration_since(Timestamp::now());
            tokio::time::sleep(Duration::try_from(left).unwrap_or_default()).await;
            self.point("check due");
            let poll = self.under_way(client.poll_step(&poll)).await?;
            self.point("check answered");
            self.keep(&poll);
        }
    }

    async fn insert(&mut self, client: &Client) -> Result<CartPoll, Error> {
        let order = NewCart::new(Amount::new(4990)?, "order-1001", "8223281".parse()?);
        let cart = self.under_way(client.insert_cart(&order)).await?;
        let options = WaitOptions {
            timeout: Duration::from_secs(30),
            policy: Some(PollPolicy::new(INTERVAL, INTERVAL, INTERVAL)?),
        };
        Ok(CartPoll::new(&cart, options, Timestamp::now()))
    }

    /// A call, with a point at which it has been sent and not been answered.
    async fn under_way<T>(&mut self, call: impl Future<Output = T>) -> T {
        let mut call = std::pin::pin!(call);
        tokio::select! {
            biased;
            done = &mut call => done,
            () = tokio::time::sleep(UNDER_WAY / 2) => {
                self.point("in flight");
                call.await
            }
        }
    }

    fn token(&self) -> PathBuf {
        self.folder.join("token")
    }

    /// Writes the token beside the one there is, and puts it in its place.
    fn keep(&mut self, poll: &CartPoll) {
        let text = poll.to_json();
        let (first, second) = text.as_bytes().split_at(text.len() / 2);
        let draft = self.folder.join("draft");
        let mut file = File::create(&draft).unwrap();
        file.write_all(first).unwrap();
        self.point("half written");
        file.write_all(second).unwrap();
        file.sync_all().unwrap();
        self.point("written");
        fs::rename(draft, self.token()).unwrap();
        self.point("in place");
    }

    /// A moment at which the process may be told to die; it says so, and waits for it.
    fn point(&mut self, name: &str) {
        self.passed += 1;
        if self.passed == self.dies_at {
            println!("at {name}");
            loop {
                thread::park();
            }
        }
    }
}

// ---- whoever starts it, and kills it -----------------------------------------------------------

struct Yard {
    folder: PathBuf,
    simulator: Simulator,
}

impl Yard {
    fn open(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("crash-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let simulator = Simulator::start(SimulatorOptions::default()).unwrap();
        let slow = |endpoint| Fault::on(endpoint).delay(UNDER_WAY);
        let check = || slow(Endpoint::CheckCart);
        for fault in [
            slow(Endpoint::InsertCart),
            check().times(u32::try_from(DECIDED_AT).unwrap() - 1),
            check().confirm_during(),
            check().times(1000),
        ] {
            simulator.add_fault(fault).unwrap();
        }
        Self { folder, simulator }
    }

    fn start(&self, dies_at: Option<usize>) -> Child {
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .args(["--exact", "crash::job", "--nocapture", "--test-threads=1"])
            .env("NETGIRO_JOB", &self.folder)
            .env("NETGIRO_APP_KEY", self.simulator.app_key())
            .env("NETGIRO_SECRET_KEY", self.simulator.secret_key())
            .env("NETGIRO_BASE_URL", self.simulator.url())
            .stdout(Stdio::piped());
        if let Some(at) = dies_at {
            command.env("NETGIRO_JOB_DIES_AT", at.to_string());
        }
        command.spawn().unwrap()
    }

    /// Lets the job run to its end; gives the number of its points.
    fn finish(&self) -> usize {
        let ended = self.start(None).wait_with_output().unwrap();
        assert!(ended.status.success());
        let told = String::from_utf8(ended.stdout).unwrap();
        rest(told.lines(), "passed ").unwrap().parse().unwrap()
    }

    /// Starts the job, and kills it at its n-th point; gives the name of that, if it came there.
    fn kill_at(&self, point: usize) -> Option<String> {
        let mut job = self.start(Some(point));
        let told = BufReader::new(job.stdout.as_mut().unwrap());
        let name = rest(told.lines().map_while(Result::ok), "at ");
        job.kill().unwrap(); // SIGKILL
        assert_eq!(job.wait().unwrap().success(), name.is_none());
        name
    }

    fn outcome(&self) -> String {
        fs::read_to_string(self.folder.join("outcome")).unwrap()
    }

    fn poll(&self) -> Option<CartPoll> {
        let text = fs::read_to_string(self.folder.join("token")).ok()?;
        Some(CartPoll::from_json(&text).unwrap())
    }

    fn requests(&self, endpoint: Endpoint) -> Vec<SimulatedRequest> {
        let mut requests = self.simulator.requests();
        requests.retain(|request| request.endpoint == Some(endpoint));
        requests
    }

    /// No check comes sooner after the one before than the schedule has it, but for those that were not remembered.
    fn hasty_checks(&self) -> usize {
        let checks = self.requests(Endpoint::CheckCart);
        let apart = |pair: &[SimulatedRequest]| pair[1].at.duration_since(pair[0].at);
        let interval = SignedDuration::try_from(INTERVAL).unwrap() - CLOCKS_DIFFER;
        checks
            .windows(2)
            .filter(|pair| apart(pair) < interval)
            .count()
    }
}

/// What follows this in the first line that has it: the test harness leaves a line of its own open.
fn rest<T: AsRef<str>>(lines: impl IntoIterator<Item = T>, beginning: &str) -> Option<String> {
    lines
        .into_iter()
        .find_map(|line| Some(line.as_ref().split_once(beginning)?.1.to_owned()))
}

#[test]
fn a_job_killed_at_any_point_goes_on_in_a_new_process() {
    let undisturbed = Yard::open("undisturbed");
    let points = undisturbed.finish();
    assert_eq!(undisturbed.outcome(), "confirmed");
    assert_eq!(undisturbed.requests(Endpoint::CheckCart).len(), DECIDED_AT);
    assert_eq!(undisturbed.hasty_checks(), 0);
    assert!(points > 6 * DECIDED_AT, "{points} points");

    let next = AtomicUsize::new(1);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let point = next.fetch_add(1, Ordering::Relaxed);
                    if point > points {
                        return;
                    }
                    killed_at(point);
                }
            });
        }
    });
}

fn killed_at(point: usize) {
    let yard = Yard::open(&point.to_string());
    let Some(name) = yard.kill_at(point) else {
        return; // on a busy machine an answer may be there before anybody looks
    };
    let place = format!("point {point}, {name}");
    let kept = yard.poll();
    let inserts = yard.requests(Endpoint::InsertCart).len();
    let checked = yard.requests(Endpoint::CheckCart).len();
    yard.finish();

    // Never a second cart; and where the first may be there without its token, that is what is said.
    let started = yard.folder.join("intent").exists() && name != "started";
    let expected = if kept.is_some() || !started {
        "confirmed"
    } else {
        "insert unknown"
    };
    assert_eq!(yard.outcome(), expected, "{place}");
    let all_inserts = yard.requests(Endpoint::InsertCart).len();
    assert!(all_inserts <= 1, "{place}: {all_inserts} InsertCarts");
    assert_eq!(yard.simulator.carts().len(), all_inserts, "{place}");
    assert!(inserts == all_inserts || !started, "{place}");
    let is_paid = yard
        .simulator
        .carts()
        .first()
        .is_some_and(|cart| cart.is_paid);
    assert_eq!(is_paid, expected == "confirmed", "{place}");

    // The new process keeps to the token, and only a check whose answer was not kept is made again.
    let checks = yard.requests(Endpoint::CheckCart);
    if let (Some(poll), Some(first)) = (&kept, checks.get(checked)) {
        let early = poll.next_check_at().duration_since(first.at);
        assert!(
            early <= CLOCKS_DIFFER,
            "{place}: a check {early:#} too early"
        );
    }
    let forgotten = match name.as_str() {
        "in flight" | "check answered" | "half written" | "written" => checked.min(1),
        _ => 0,
    };
    if expected == "confirmed" {
        let most = DECIDED_AT + forgotten;
        assert!(
            (DECIDED_AT..=most).contains(&checks.len()),
            "{place}: {} checks",
            checks.len()
        );
    }
    let hasty = yard.hasty_checks();
    assert!(hasty <= forgotten, "{place}: {hasty} checks came too soon");
}

/// Killed again and again, at moments that mean nothing.
#[test]
fn a_job_killed_at_random_moments_ends_as_it_would_have() {
    for seed in 0..4 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let yard = Yard::open(&format!("random-{seed}"));
        let mut kills = 0;
        for _ in 0..5 {
            let mut job = yard.start(None);
            thread::sleep(Duration::from_millis(rng.u64(5..90)));
            let is_over = job.try_wait().unwrap().is_some();
            job.kill().unwrap();
            job.wait().unwrap();
            if is_over {
                break;
            }
            kills += 1;
        }
        if !yard.folder.join("outcome").exists() {
            yard.finish();
        }
        let carts = yard.simulator.carts();
        assert!(
            yard.requests(Endpoint::InsertCart).len() <= 1,
            "seed {seed}"
        );
        match yard.outcome().as_str() {
            "confirmed" => assert!(carts[0].is_paid, "seed {seed}"),
            "insert unknown" => assert!(yard.poll().is_none(), "seed {seed}"),
            other => panic!("seed {seed}: {other}"),
        }
        assert!(yard.hasty_checks() <= kills, "seed {seed}");
    }
}

/// The deadline is kept across a crash, too: what a token cannot do any more is said.
#[tokio::test]
async fn a_token_found_after_its_deadline_is_checked_once_and_then_given_back() {
    let simulator = Simulator::start(SimulatorOptions::default()).unwrap();
    let mut options = ClientOptions::new(simulator.app_key(), simulator.secret_key());
    options.base_url = Some(simulator.url().to_owned());
    let client = Client::new(options).unwrap();
    let order = NewCart::new(
        Amount::new(4990).unwrap(),
        "order",
        "8223281".parse().unwrap(),
    );
    let cart = client.insert_cart(&order).await.unwrap();
    let long_ago = Timestamp::now() - SignedDuration::from_mins(10);
    // The machine that was left behind may have had a wrong clock. Netgíró's said the same.
    let token = CartPoll::new(&cart, WaitOptions::default(), long_ago)
        .dated(long_ago, Some(long_ago))
        .to_json();
    let poll = CartPoll::from_json(&token).unwrap();
    let error = client.poll_step(&poll).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WaitTimeout);
    assert_eq!(simulator.cart(cart.transaction_id).unwrap().checks, 1);
    simulator.confirm(cart.transaction_id).unwrap();
    let poll = client.poll_step(&poll).await.unwrap();
    assert!(poll.is_done() && poll.state().unwrap().is_paid());
}
