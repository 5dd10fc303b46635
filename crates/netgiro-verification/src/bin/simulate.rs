//! Simulates shops until an invariant is broken, or replays a seed.

#![expect(
    clippy::print_stdout,
    reason = "it reports on the terminal, which is all it is for"
)]

use std::io;
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Parser;
use mimalloc::MiMalloc;
use netgiro_verification::simulation::{FaultId, Line, Outcome, Plan, run, shrink};

/// A checkout makes thousands of small allocations: this is 6 % faster than the system's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;
/// How often it reports.
const REPORTS: Duration = Duration::from_secs(5);

/// Simulates shops until an invariant is broken.
#[derive(Parser)]
struct Arguments {
    /// Replays this seed alone.
    #[arg(long)]
    seed: Option<u64>,
    /// The checkouts that take place, such as 17,18; all of them without it.
    #[arg(long, value_delimiter = ',', requires = "seed")]
    only: Vec<u32>,
    /// The faults that strike, such as 17r3,17x0, or "none"; all of the seed's without it.
    #[arg(long, requires = "seed")]
    faults: Option<String>,
    /// Prints what happens; it does so for a seed whose checkouts are named.
    #[arg(long, requires = "seed")]
    trace: bool,
    /// The seed to begin with, where none is replayed; one that changes with the time without it.
    #[arg(long)]
    first: Option<u64>,
    /// Stops after so many checkouts; never without it.
    #[arg(long)]
    count: Option<u64>,
    /// How many seeds run at once; one on each core without it.
    #[arg(long)]
    jobs: Option<usize>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.seed {
        Some(seed) => replay(&arguments, seed),
        None => explore(&arguments),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Replays a seed; gives whether all invariants hold.
fn replay(arguments: &Arguments, seed: u64) -> io::Result<bool> {
    let mut plan = Plan::new(seed);
    plan.is_traced = arguments.trace || !arguments.only.is_empty();
    if !arguments.only.is_empty() {
        plan.only = Some(arguments.only.iter().copied().collect());
    }
    if let Some(faults) = &arguments.faults {
        let faults = faults.split(',').filter(|fault| *fault != "none");
        let faults: Result<_, _> = faults.map(str::parse).collect();
        plan.faults = Some(faults.map_err(io::Error::other)?);
    }
    let began = Instant::now();
    let outcome = run(plan)?;
    print_trace(&outcome.trace);
    println!(
        "seed {seed}: {} checkouts, {} requests, {:.1} simulated hours in {:.1?}",
        outcome.checkouts,
        outcome.requests,
        outcome.simulated.as_secs_f64() / 3600.0,
        began.elapsed()
    );
    if let Some((at, violation)) = &outcome.violation {
        println!("{} {violation}", clock(*at));
    }
    Ok(outcome.violation.is_none())
}

/// What the threads have done so far.
#[derive(Default)]
struct Progress {
    seeds: AtomicU64,
    checkouts: AtomicU64,
    requests: AtomicU64,
    simulated_ms: AtomicU64,
    is_over: AtomicBool,
    failure: Mutex<Option<(Plan, Outcome)>>,
}

impl Progress {
    fn report(&self, began: Instant) {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let seconds = began.elapsed().as_secs_f64();
        let checkouts = of(&self.checkouts);
        println!(
            "{checkouts} checkouts of {} seeds, {} requests, {} simulated hours in {seconds:.0} s: {:.0} checkouts/s",
            of(&self.seeds),
            of(&self.requests),
            of(&self.simulated_ms) / 3_600_000,
            rate(checkouts, seconds),
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "for display")]
fn rate(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds
}

/// Runs seed after seed; gives whether all invariants hold.
fn explore(arguments: &Arguments) -> io::Result<bool> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let first = arguments
        .first
        .unwrap_or_else(|| now.map_or(1, |now| now.as_secs()));
    println!("from seed {first} on");
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let (progress, began) = (Progress::default(), Instant::now());
    let next = AtomicU64::new(first);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..arguments.jobs.unwrap_or(cores))
            .map(|_| scope.spawn(|| work(&progress, &next, arguments.count)))
            .collect();
        let mut reported = Instant::now();
        while !workers.iter().all(thread::ScopedJoinHandle::is_finished) {
            thread::sleep(Duration::from_millis(100));
            if reported.elapsed() >= REPORTS {
                reported = Instant::now();
                progress.report(began);
            }
        }
        workers.into_iter().try_for_each(|worker| {
            let ended = worker.join();
            ended.unwrap_or_else(|_| Err(io::Error::other("a thread of the simulation panicked")))
        })
    })?;
    progress.report(began);
    let failure = progress
        .failure
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    let Some((plan, outcome)) = failure else {
        return Ok(true);
    };
    println!("seed {} breaks an invariant; shrinking it", plan.seed);
    let (smallest, outcome) = shrink(&plan, &outcome)?;
    print_trace(&outcome.trace);
    if let Some((at, violation)) = &outcome.violation {
        println!("{} {violation}", clock(*at));
    }
    println!("replay it: {}", command(&smallest));
    Ok(false)
}

fn work(progress: &Progress, next: &AtomicU64, count: Option<u64>) -> io::Result<()> {
    let is_enough =
        || count.is_some_and(|count| progress.checkouts.load(Ordering::Relaxed) >= count);
    while !progress.is_over.load(Ordering::Relaxed) && !is_enough() {
        let plan = Plan::new(next.fetch_add(1, Ordering::Relaxed));
        let outcome = run(plan.clone())?;
        let checkouts = u64::try_from(outcome.checkouts).unwrap_or_default();
        let simulated = u64::try_from(outcome.simulated.as_millis()).unwrap_or_default();
        progress.seeds.fetch_add(1, Ordering::Relaxed);
        progress.checkouts.fetch_add(checkouts, Ordering::Relaxed);
        progress
            .requests
            .fetch_add(outcome.requests, Ordering::Relaxed);
        progress
            .simulated_ms
            .fetch_add(simulated, Ordering::Relaxed);
        if outcome.violation.is_some() {
            progress.is_over.store(true, Ordering::Relaxed);
            let failure = progress.failure.lock();
            failure
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert((plan, outcome));
        }
    }
    Ok(())
}

/// The one command that replays a plan.
fn command(plan: &Plan) -> String {
    let mut command = format!("make simulate SEED={}", plan.seed);
    if let Some(only) = &plan.only {
        let only: Vec<_> = only.iter().map(u32::to_string).collect();
        command += " ONLY=";
        command += &only.join(",");
    }
    if let Some(faults) = &plan.faults {
        let faults: Vec<_> = faults.iter().map(FaultId::to_string).collect();
        let faults = faults.join(",");
        command += " FAULTS=";
        command += if faults.is_empty() { "none" } else { &faults };
    }
    command
}

fn print_trace(trace: &[Line]) {
    for line in trace {
        println!("{} #{} {}", clock(line.at), line.checkout, line.text);
    }
}

/// An instant of a run.
fn clock(at: i64) -> String {
    let (seconds, milliseconds) = (at / 1_000, at % 1_000);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    format!("{minutes:3}:{seconds:02}.{milliseconds:03}")
}
