//! trigger: what a customer or Netgíró does, at a running simulator.

use std::env;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::time::sleep;
use uuid::Uuid;

use crate::arguments::{Trigger, TriggerArgs};
use crate::console::{Console, kronur, sanitize};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::simulators::control::{Control, ControlError};
use crate::simulators::registry;

use super::session;

/// How long a callback may take; the simulator waits some seconds for its answer.
const PATIENCE: Duration = Duration::from_secs(60);
const INTERVAL: Duration = Duration::from_millis(20);

/// A cart, as the simulator's control shows it.
#[derive(Deserialize)]
struct Cart {
    transaction_id: Uuid,
    reference: String,
    amount: i64,
    status: String,
    is_paid: bool,
}

/// A callback, as the simulator's control shows it.
#[derive(Deserialize, Serialize)]
struct Callback {
    #[serde(skip_serializing)]
    transaction_id: Uuid,
    url: String,
    attempt: u32,
    status: Option<u16>,
    #[serde(skip_serializing)]
    is_done: bool,
}

#[derive(Serialize)]
struct Triggered<'a> {
    action: &'static str,
    transaction_id: Uuid,
    reference: &'a str,
    amount: i64,
    status: &'a str,
    is_paid: bool,
    callback: Option<&'a Callback>,
}

pub(super) fn trigger(args: &TriggerArgs, console: &mut Console) -> Result<Exit, Failure> {
    let named = args
        .cart
        .as_deref()
        .map(|id| Ok::<_, Failure>(id.parse::<netgiro::CartRef>()?.transaction_id()))
        .transpose()?;
    session::block_on(act(args, named, console))?
}

async fn act(
    args: &TriggerArgs,
    named: Option<Uuid>,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let control = simulator(args).await?;
    let failed = |error: ControlError| match error {
        ControlError::Absent(why) => Failure::Machine(format!(
            "there is no simulator at {}: {why}; start one: netgiro simulator",
            control.page()
        )),
        ControlError::Refused(message) => Failure::Machine(message),
    };
    let id = if let Some(id) = named {
        id
    } else {
        let carts: Vec<Cart> = control.get("carts").await.map_err(failed)?;
        latest(args.action, &carts)?
    };
    let before: Vec<Callback> = control.get("callbacks").await.map_err(failed)?;
    let action = args.action.as_str();
    (control.post(&format!("carts/{id}/{action}")).await).map_err(failed)?;
    let started = Instant::now();
    let callback = loop {
        let callbacks: Vec<Callback> = control.get("callbacks").await.map_err(failed)?;
        let mut sent = callbacks.into_iter().skip(before.len());
        match sent.find(|callback| callback.transaction_id == id) {
            Some(callback) if !callback.is_done && started.elapsed() < PATIENCE => {
                sleep(INTERVAL).await;
            }
            sent => break sent,
        }
    };
    let cart: Cart = control.get(&format!("carts/{id}")).await.map_err(failed)?;
    let triggered = Triggered {
        action,
        transaction_id: id,
        reference: &cart.reference,
        amount: cart.amount,
        status: &cart.status,
        is_paid: cart.is_paid,
        callback: callback.as_ref(),
    };
    let heard = callback.as_ref().map(answer).unwrap_or_default();
    let text = format!(
        "{id}  {}  {} for {}{heard}",
        cart.status,
        kronur(cart.amount),
        sanitize(&cart.reference)
    );
    console.result(&triggered, text);
    let is_acknowledged = callback.is_none_or(|callback| callback.status == Some(200));
    if is_acknowledged {
        return Ok(Exit::Done);
    }
    console.print_error(
        "netgiro: the callback was not acknowledged by 200: netgiro doctor --callback URL says why",
    );
    Ok(if args.action == Trigger::Callback {
        Exit::Error
    } else {
        Exit::Done
    })
}

fn answer(callback: &Callback) -> String {
    let url = sanitize(&callback.url);
    match callback.status {
        Some(status) => format!("\n  callback to {url}: the shop answered {status}"),
        None => format!("\n  callback to {url}: the shop did not answer"),
    }
}

/// The cart that is meant when none is named: the newest that the action fits.
fn latest(action: Trigger, carts: &[Cart]) -> Result<Uuid, Failure> {
    let fits = |cart: &&Cart| match action {
        Trigger::Confirm | Trigger::Decline => {
            ["pending", "needs_code"].contains(&cart.status.as_str())
        }
        Trigger::Expire => ["pending", "needs_code", "reserved", "awaiting_callback"]
            .contains(&cart.status.as_str()),
        Trigger::Callback => true,
    };
    carts
        .iter()
        .rfind(fits)
        .map(|cart| cart.transaction_id)
        .ok_or_else(|| {
            Failure::Machine(match action {
                Trigger::Callback => "the simulator has no cart".to_owned(),
                _ => "the simulator has no open cart: insert one, or name a cart".to_owned(),
            })
        })
}

/// The simulator that the command means: by `--url`, by `NETGIRO_BASE_URL`, started in this folder, or on the usual port.
async fn simulator(args: &TriggerArgs) -> Result<Control, Failure> {
    if let Some(url) = &args.url {
        return match registry::with_url(url) {
            Some(known) if args.ca_file.is_none() => Control::new(&known.local_url, known.ca_file),
            _ => Control::new(url, args.ca_file.clone()),
        };
    }
    let url = env::var("NETGIRO_BASE_URL").unwrap_or_default();
    if url.is_empty() {
        let here = registry::running_here().await;
        return match here.iter().find_map(registry::Registered::control) {
            Some(control) => Ok(control),
            None => Control::new(USUAL, args.ca_file.clone()),
        };
    }
    let is_netgiros = url::Url::parse(&url).is_ok_and(|url| {
        url.host_str()
            .is_some_and(|host| host == "netgiro.is" || host.ends_with(".netgiro.is"))
    });
    if is_netgiros {
        return Err(Failure::usage(
            "trigger is for a simulator, and NETGIRO_BASE_URL names Netgíró itself: name a simulator by --url",
        ));
    }
    match registry::with_url(&url) {
        Some(known) => Control::new(&known.local_url, known.ca_file),
        None => Control::new(&url, args.ca_file.clone()),
    }
}

const USUAL: &str = "http://127.0.0.1:8765/v1/";
