//! demo: five checkouts against a simulator of its own, as a timeline.

use std::future::{Future, pending};
use std::io;
use std::time::{Duration, Instant};

use netgiro::{
    Amount, Cart, CartState, CartStatus, Client, ClientOptions, ConfirmationType, NewCart,
    PollPolicy, WaitOptions,
};
use netgiro_simulator::{Endpoint, Fault, Simulator, SimulatorError, SimulatorOptions};
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use uuid::Uuid;

use crate::console::{Console, kronur};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;

use super::session;

/// The expected end of each checkout.
const CHECKOUTS: [(&str, CartStatus); 5] = [
    ("accepted after two checks", CartStatus::Confirmed),
    ("declined", CartStatus::Declined),
    ("nobody answers", CartStatus::Canceled),
    ("accepted during the cancel", CartStatus::Confirmed),
    ("server callback", CartStatus::Confirmed),
];

const QUICK: Duration = Duration::from_millis(200);
const AMOUNT: i64 = 4990;

#[derive(Serialize)]
struct Outcome {
    checkout: &'static str,
    status: &'static str,
    is_paid: bool,
    held_paid: bool,
}

pub(super) fn play(console: &mut Console, interrupt: &Interrupt) -> Result<Exit, Failure> {
    session::run(interrupt, all(console))
}

async fn all(console: &mut Console) -> Result<Exit, Failure> {
    let simulator = Simulator::start(SimulatorOptions {
        check_interval_ms: Some(200),
        ..SimulatorOptions::default()
    })
    .map_err(|error| Failure::Machine(format!("the simulator could not be started: {error}")))?;
    let mut options = ClientOptions::new(simulator.app_key(), simulator.secret_key());
    options.base_url = Some(simulator.local_url().to_owned());
    let client = Client::new(options)?;
    let mut scene = Scene {
        console,
        simulator: &simulator,
        client: &client,
        started: Instant::now(),
    };
    let mut exit = Exit::Done;
    for (number, (checkout, expected)) in (1..).zip(CHECKOUTS) {
        scene.title(number, checkout);
        let state = scene.play(number).await?;
        let held = simulator.cart(state.transaction_id);
        let outcome = Outcome {
            checkout,
            status: state.status.as_str(),
            is_paid: state.is_paid(),
            held_paid: held.is_some_and(|cart| cart.is_paid),
        };
        let is_right = state.status == expected && outcome.is_paid == outcome.held_paid;
        if !is_right {
            exit = Exit::Error;
        }
        scene.end(&outcome, state.status, is_right);
    }
    simulator.close();
    Ok(exit)
}

/// A shop with a customer: the client on one side, the simulator on the other.
struct Scene<'a> {
    console: &'a mut Console,
    simulator: &'a Simulator,
    client: &'a Client,
    started: Instant,
}

impl Scene<'_> {
    async fn play(&mut self, number: usize) -> Result<CartState, Failure> {
        if number == CHECKOUTS.len() {
            return self.by_callback(number).await;
        }
        let cart = self.insert(number, None).await?;
        match number {
            1 => (self.wait(&cart, "accepts", Simulator::confirm, pending())).await,
            2 => (self.wait(&cart, "declines", Simulator::decline, pending())).await,
            3 => self.settle(&cart).await,
            _ => {
                let late = Fault::on(Endpoint::CancelCart).confirm_during();
                self.simulator.add_fault(late)?;
                let state = self.settle(&cart).await?;
                self.report(
                    "shop",
                    "learns that the customer accepted during the cancel: paid late",
                );
                Ok(state)
            }
        }
    }

    async fn by_callback(&mut self, number: usize) -> Result<CartState, Failure> {
        let server = TcpListener::bind(("127.0.0.1", 0))
            .await
            .map_err(|error| failed(&error))?;
        let address = server.local_addr().map_err(|error| failed(&error))?;
        let url = format!("http://{address}/netgiro/callback?order={number}");
        let cart = self.insert(number, Some(&url)).await?;
        let (client, started) = (self.client.clone(), self.started);
        let reference = cart.reference.clone();
        let answering = async move {
            while !answer(&server, &client, &url, &reference)
                .await
                .map_err(|error| failed(&error))?
            {}
            Ok(started.elapsed().as_secs_f64())
        };
        self.wait(&cart, "accepts", Simulator::confirm, answering)
            .await
    }

    async fn insert(&mut self, number: usize, url: Option<&str>) -> Result<Cart, Failure> {
        let reference = format!("order-{number}");
        let mut order = NewCart::new(Amount::new(AMOUNT)?, reference, "822-3281".parse()?);
        if let Some(url) = url {
            order.confirmation_type = ConfirmationType::ServerCallback;
            order.callback_url = Some(url.to_owned());
        }
        let cart = self.client.insert_cart(&order).await?;
        self.report(
            "shop",
            &format!(
                "asks the customer for {} for {}",
                kronur(cart.amount),
                cart.reference
            ),
        );
        Ok(cart)
    }

    /// Waits, while the customer answers after the shop's second check.
    async fn wait(
        &mut self,
        cart: &Cart,
        verb: &str,
        act: fn(&Simulator, Uuid) -> Result<(), SimulatorError>,
        answering: impl Future<Output = Result<f64, Failure>>,
    ) -> Result<CartState, Failure> {
        let (simulator, id) = (self.simulator, cart.transaction_id);
        let customer = async {
            while simulator.cart(id).is_some_and(|cart| cart.checks < 2) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let mut watch = self.client.watch_cart(cart, quick(20)?);
        let mut customer = std::pin::pin!(customer);
        let mut answering = std::pin::pin!(answering);
        let (mut has_acted, mut has_answered) = (false, false);
        loop {
            let mut next = std::pin::pin!(watch.next());
            let change = loop {
                tokio::select! {
                    change = &mut next => break change,
                    () = &mut customer, if !has_acted => {
                        has_acted = true;
                        self.report("customer", verb);
                        act(simulator, id)?;
                    }
                    answered = &mut answering, if !has_answered => {
                        has_answered = true;
                        self.report_at(answered?, "shop", "verified the callback, recorded it, answers 200");
                    }
                }
            };
            match change {
                Some(state) => self.report_state(&state?),
                None => break,
            }
        }
        Ok(watch.finish().await?)
    }

    async fn settle(&mut self, cart: &Cart) -> Result<CartState, Failure> {
        self.report("shop", "settles: waits a second, then cancels");
        let mut watch = self.client.watch_settling(cart, quick(1)?);
        while let Some(state) = watch.next().await {
            self.report_state(&state?);
        }
        Ok(watch.finish().await?)
    }

    fn title(&mut self, number: usize, checkout: &str) {
        if !self.console.writes_json() {
            let gap = if number > 1 { "\n" } else { "" };
            self.console.say(format_args!("{gap}{checkout}"));
        }
    }

    fn report_state(&mut self, state: &CartState) {
        let status = self.console.status(state.status);
        let code = state
            .result_code
            .map(|code| format!(" (result code {code})"))
            .unwrap_or_default();
        self.report("Netgíró", &format!("{status}{code}"));
    }

    fn report(&mut self, who: &str, what: &str) {
        self.report_at(self.started.elapsed().as_secs_f64(), who, what);
    }

    fn report_at(&mut self, seconds: f64, who: &str, what: &str) {
        if !self.console.writes_json() {
            self.console
                .say(format_args!("  {seconds:6.2} s  {who:9} {what}"));
        }
    }

    fn end(&mut self, outcome: &Outcome, status: CartStatus, is_right: bool) {
        let held = if outcome.held_paid {
            "paid"
        } else {
            "not paid"
        };
        let verdict = if is_right { "as it should be" } else { "WRONG" };
        let status = self.console.status(status);
        self.console.result(
            outcome,
            format_args!("  {:>10} {status}; {held} at Netgíró: {verdict}", "=>"),
        );
    }
}

fn quick(seconds: u64) -> Result<WaitOptions, Failure> {
    Ok(WaitOptions {
        timeout: Duration::from_secs(seconds),
        policy: Some(PollPolicy::new(QUICK, QUICK, QUICK)?),
    })
}

/// Responds to one callback as a shop does; returns whether it was for the order.
async fn answer(
    server: &TcpListener,
    client: &Client,
    url: &str,
    reference: &str,
) -> io::Result<bool> {
    let (stream, _) = server.accept().await?;
    let request = received(&stream).await?;
    let matches = request.is_some_and(|(headers, body)| {
        let amount = Amount::new(AMOUNT);
        client
            .verify_callback(url, &headers, &body)
            .is_ok_and(|callback| amount.is_ok_and(|amount| callback.matches(amount, reference)))
    });
    let status = if matches { "200 OK" } else { "400 Bad Request" };
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let mut rest = answer.as_bytes();
    while !rest.is_empty() {
        stream.writable().await?;
        match stream.try_write(rest) {
            Ok(written) => rest = rest.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(matches)
}

/// The headers and the body of a complete request.
async fn received(stream: &TcpStream) -> io::Result<Option<(Vec<(String, String)>, Vec<u8>)>> {
    let mut bytes = Vec::new();
    loop {
        stream.readable().await?;
        match stream.try_read_buf(&mut bytes) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        }
        let mut fields = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut fields);
        let Ok(httparse::Status::Complete(start)) = request.parse(&bytes) else {
            continue;
        };
        let headers: Vec<_> = request
            .headers
            .iter()
            .map(|field| {
                let value = String::from_utf8_lossy(field.value).into_owned();
                (field.name.to_ascii_lowercase(), value)
            })
            .collect();
        let length = headers
            .iter()
            .find(|(name, _)| name == "content-length")
            .and_then(|(_, value)| value.parse::<usize>().ok())
            .unwrap_or(0);
        if let Some(body) = bytes.get(start..start.saturating_add(length)) {
            return Ok(Some((headers, body.to_vec())));
        }
    }
}

fn failed(error: &io::Error) -> Failure {
    Failure::Machine(format!("the shop's callback URL cannot be served: {error}"))
}
