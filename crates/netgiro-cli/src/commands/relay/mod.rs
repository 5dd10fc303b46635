//! relay: callbacks for a shop on a developer's machine, which Netgíró's test host cannot reach.
//!
//! The shop uses the relay as its base URL. The relay passes its calls on to the test host, signed for that, and learns from
//! the responses which carts there are. It follows each by CheckCart, and posts to the shop what the callback would be.

mod callback;
mod cart;
mod follow;
mod proxy;

use std::env;
use std::sync::Arc;

use netgiro::raw::RawClient;
use netgiro::{ApiVersion, Client, Environment};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use url::Url;
use uuid::Uuid;

use crate::arguments::RelayArgs;
use crate::console::{Console, kronur, sanitize};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::spelling::on_command_line;

use self::callback::CallbackSender;
use self::cart::FollowedCart;
use self::follow::Carts;
use super::session;

/// What is reported.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event {
    /// The relay is ready.
    Listening {
        base_url: String,
        upstream: String,
        to: String,
    },
    /// The shop has inserted a cart.
    Inserted {
        transaction_id: Uuid,
        reference: Option<String>,
        amount: Option<i64>,
        callback_url: Option<String>,
    },
    /// A cart's status has changed.
    Changed {
        transaction_id: Uuid,
        status: &'static str,
    },
    /// A callback was posted.
    Callback {
        transaction_id: Uuid,
        status: &'static str,
        registered_url: String,
        attempt: u32,
        /// The shop's answer; `None` if there was none.
        http_status: Option<u16>,
        #[serde(skip)]
        why: String,
    },
    /// Something that somebody should know.
    Note { message: String },
}

impl Event {
    fn text(&self) -> String {
        match self {
            Self::Listening {
                base_url,
                upstream,
                to,
            } => format!(
                "export NETGIRO_BASE_URL={base_url}\n# Start the shop with it. Calls go on to {upstream}, callbacks to {to}; \
                 Ctrl-C ends the relay."
            ),
            Self::Inserted {
                transaction_id,
                reference,
                amount,
                ..
            } => {
                let amount = amount.map(kronur).unwrap_or_default();
                let reference = sanitize(reference.as_deref().unwrap_or("?"));
                format!("{transaction_id}  inserted  {amount} for {reference}")
            }
            Self::Changed {
                transaction_id,
                status,
            } => format!("{transaction_id}  {status}"),
            Self::Callback {
                transaction_id,
                status,
                attempt,
                http_status,
                why,
                ..
            } => {
                let answer = match http_status {
                    Some(status) => format!("the shop answered {status}"),
                    None => format!("the shop did not answer: {}", sanitize(why)),
                };
                format!("{transaction_id}  {status}  callback {attempt}: {answer}")
            }
            Self::Note { message } => sanitize(message),
        }
    }
}

/// What the proxy and the followers share.
struct Relay {
    client: Client,
    app_key: String,
    secret_key: String,
    /// Netgíró's base URL.
    upstream: Url,
    raw: RawClient,
    sender: CallbackSender,
    carts: Carts,
    events: mpsc::UnboundedSender<Event>,
}

impl Relay {
    fn report(&self, event: Event) {
        // Nobody listens once the command ends.
        let _ = self.events.send(event);
    }
}

pub(super) fn relay(
    args: &RelayArgs,
    console: &mut Console,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    session::block_on(async {
        tokio::select! {
            biased;
            () = interrupt.requested() => Ok(Exit::Done),
            ended = run(args, console) => ended,
        }
    })?
}

async fn run(args: &RelayArgs, console: &mut Console) -> Result<Exit, Failure> {
    let (events, mut received) = mpsc::unbounded_channel();
    let relay = Arc::new(prepare(args, events)?);
    if args.carts.is_empty() {
        let listener = TcpListener::bind(("127.0.0.1", args.port)).await;
        let listener = listener.map_err(|error| {
            Failure::Machine(format!(
                "port {} cannot be used: {error}; give another one by --port, or --port 0 for a free one",
                args.port
            ))
        })?;
        let address = listener.local_addr();
        let address = address.map_err(|error| Failure::Machine(error.to_string()))?;
        relay.report(Event::Listening {
            base_url: format!("http://{address}/v1/"),
            upstream: relay.upstream.to_string(),
            to: args.to.clone(),
        });
        tokio::spawn(proxy::serve(listener, Arc::clone(&relay)));
    }
    let mut followers = tokio::task::JoinSet::new();
    for id in &args.carts {
        let cart = FollowedCart::named(id.parse::<netgiro::CartRef>()?.transaction_id(), args);
        followers.spawn(follow::follow(Arc::clone(&relay), cart));
    }
    let mut is_acknowledged = true;
    loop {
        tokio::select! {
            biased;
            event = received.recv() => match event {
                Some(event) => console.result(&event, event.text()),
                None => break,
            },
            Some(ended) = followers.join_next() => {
                is_acknowledged &= ended.unwrap_or(false);
                if followers.is_empty() {
                    break;
                }
            }
        }
    }
    while let Ok(event) = received.try_recv() {
        console.result(&event, event.text());
    }
    Ok(if is_acknowledged {
        Exit::Done
    } else {
        Exit::Error
    })
}

fn prepare(args: &RelayArgs, events: mpsc::UnboundedSender<Event>) -> Result<Relay, Failure> {
    let options = session::options(&args.connection, None)?;
    let base_url =
        (options.base_url.clone()).unwrap_or_else(|| options.environment.base_url().to_owned());
    let is_production = Url::parse(&base_url).ok().is_some_and(|url| {
        let production = Url::parse(Environment::Production.base_url()).ok();
        production.is_some_and(|production| production.host() == url.host())
    });
    if is_production || options.environment == Environment::Production {
        return Err(Failure::usage(
            "relay is for Netgíró's test environment and for simulators: in production Netgíró itself must reach the \
             shop's callback URL; set NETGIRO_ENVIRONMENT=test, or --environment test",
        ));
    }
    if options.api == ApiVersion::V2 {
        return Err(Failure::usage(
            "relay posts the callbacks of V1 alone: a sale of V2 with a callback URL is paid only when Netgíró itself reaches \
             the shop; use a tunnel, or the simulator",
        ));
    }
    let app_key = options.app_key.clone();
    let ca_file = options.ca_file.clone();
    let client = Client::new(options)?;
    let upstream = Url::parse(client.base_url())
        .map_err(|error| Failure::usage(format!("--base-url: {error}")))?;
    let raw = RawClient::to(&upstream, ca_file.clone(), proxy::TIMEOUT)?;
    Ok(Relay {
        sender: CallbackSender::new(args, ca_file)?,
        client,
        app_key,
        secret_key: env::var("NETGIRO_SECRET_KEY").unwrap_or_default(),
        upstream,
        raw,
        carts: Carts::default(),
        events,
    })
}

/// A failure, as a note.
fn note(transaction_id: Uuid, error: &netgiro::Error) -> Event {
    Event::Note {
        message: format!("{transaction_id}  {}", on_command_line(&error.to_string())),
    }
}
