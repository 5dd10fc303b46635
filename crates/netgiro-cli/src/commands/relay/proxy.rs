//! The base URL for the shop: its calls are passed on, signed for Netgíró's URL.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use netgiro::raw::{RawError, RawResponse};
use netgiro::sign;
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use url::Url;

use super::cart::FollowedCart;
use super::follow::follow;
use super::{Event, Relay};

/// How long Netgíró may take; a shop's client gives up before.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);
const LARGEST_REQUEST: usize = 4 << 20;
const LARGEST_RESPONSE: usize = 16 << 20;

/// What goes on to Netgíró as it is.
const REQUEST_HEADERS: [&str; 6] = [
    "content-type",
    "accept",
    "user-agent",
    "netgiro_appkey",
    "netgiro_nonce",
    "x-netgiro-api-key",
];
/// What comes back to the shop as it is.
const RESPONSE_HEADERS: [&str; 7] = [
    "content-type",
    "retry-after",
    "location",
    "date",
    "www-authenticate",
    "netgiro_appkey",
    "netgiro_referenceid",
];
const NONCE: &str = "netgiro_nonce";
const SIGNATURE: &str = "netgiro_signature";

pub(super) async fn serve(listener: TcpListener, relay: Arc<Relay>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let relay = Arc::clone(&relay);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, Arc::clone(&relay)));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            let _ = connection.await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    relay: Arc<Relay>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let Some(url) = upstream(&relay.upstream, path) else {
        return Ok(plain(
            StatusCode::NOT_FOUND,
            "the relay passes on what is below /v1/ and /v2/",
        ));
    };
    let Ok(body) = Limited::new(body, LARGEST_REQUEST).collect().await else {
        return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE, "too large"));
    };
    let body = body.to_bytes();
    let host = header(&head.headers, "host").unwrap_or_default();
    let local = format!("http://{host}{path}");
    let signature = header(&head.headers, SIGNATURE).map(|given| {
        let nonce = header(&head.headers, NONCE).unwrap_or_default();
        signed_anew(&relay.secret_key, nonce, given, &local, url.as_str(), &body)
    });
    let mut headers: Vec<(&str, &str)> = REQUEST_HEADERS
        .iter()
        .filter_map(|name| Some((*name, header(&head.headers, name)?)))
        .collect();
    if let Some(signature) = &signature {
        headers.push((SIGNATURE, signature));
    }
    let sent_body = (head.method != hyper::Method::GET).then(|| body.to_vec());
    let sent = relay.raw.send(
        head.method.as_str(),
        &url,
        &headers,
        sent_body,
        TIMEOUT,
        LARGEST_RESPONSE,
    );
    let response = match sent.await {
        Ok(response) => response,
        Err(error) => {
            let (status, why) = match error {
                RawError::Timeout => (StatusCode::GATEWAY_TIMEOUT, "no answer in time".to_owned()),
                RawError::Dns(why)
                | RawError::Tls(why)
                | RawError::Connect(why)
                | RawError::Broken(why) => (StatusCode::BAD_GATEWAY, why),
            };
            relay.report(Event::Note {
                message: format!("no answer from {}: {why}", relay.upstream),
            });
            return Ok(plain(status, "the relay had no answer from Netgíró"));
        }
    };
    observe(&relay, &url, &body, &response);
    Ok(returned(&relay, response, &local, &url))
}

/// Netgíró's URL for a path of the relay.
fn upstream(base: &Url, path: &str) -> Option<Url> {
    let (version, rest) = path.strip_prefix('/')?.split_once('/')?;
    let base = base.as_str();
    let url = match version {
        "v1" | "api" => format!("{base}{rest}"),
        "v2" => format!("{}v2/{rest}", base.strip_suffix("v1/")?),
        _ => return None,
    };
    Url::parse(&url).ok()
}

/// A signature for another URL, if this one is right; a wrong one stays wrong.
fn signed_anew(
    secret_key: &str,
    nonce: &str,
    given: &str,
    from: &str,
    to: &str,
    body: &[u8],
) -> String {
    if sign(secret_key, nonce, from, body).eq_ignore_ascii_case(given) {
        sign(secret_key, nonce, to, body)
    } else {
        given.to_owned()
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn returned(relay: &Relay, response: RawResponse, local: &str, url: &Url) -> Response<Full<Bytes>> {
    let signature = response.header(SIGNATURE).map(|given| {
        let nonce = response.header(NONCE).unwrap_or_default();
        let (secret_key, body) = (&relay.secret_key, &response.body);
        signed_anew(secret_key, nonce, given, url.as_str(), local, body)
    });
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = StatusCode::from_u16(response.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::try_from(value) {
            answer
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    };
    for name in RESPONSE_HEADERS.into_iter().chain([NONCE]) {
        if let Some(value) = response.header(name) {
            set(name, value);
        }
    }
    if let Some(signature) = signature {
        set(SIGNATURE, &signature);
    }
    *answer.body_mut() = Full::from(Bytes::from(response.body));
    answer
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::from(Bytes::from_static(text.as_bytes())));
    *answer.status_mut() = status;
    answer
}

/// Learns from a call which carts there are, and which the shop cancels.
fn observe(relay: &Arc<Relay>, url: &Url, request: &[u8], response: &RawResponse) {
    let call = url.path().rsplit('/').next().unwrap_or_default();
    let Ok(request) = serde_json::from_slice::<Map<String, Value>>(request) else {
        return;
    };
    if url.path().eq_ignore_ascii_case("/v2/checkout/payment") {
        relay.report(Event::Note {
            message: "a sale of V2 is not followed: the relay posts the callbacks of V1 alone"
                .to_owned(),
        });
    } else if call.eq_ignore_ascii_case("CancelCart") {
        if let Some(id) = id(&request) {
            relay.carts.shop_cancels(id);
        }
    } else if call.eq_ignore_ascii_case("InsertCart")
        && let Ok(response) = serde_json::from_slice::<Map<String, Value>>(&response.body)
        && member(&response, "Success").and_then(Value::as_bool) == Some(true)
        && let Some(transaction_id) = id(&response)
    {
        let text = |name| member(&request, name)?.as_str().map(str::to_owned);
        let interval = member(&response, "ProcessCartCheckIntervalMiliseconds");
        let cart = FollowedCart {
            transaction_id,
            reference: text("Reference"),
            amount: member(&request, "Amount").and_then(Value::as_i64),
            callback_url: text("CallbackUrl"),
            callback_cancel_url: text("CallbackCancelUrl"),
            interval: interval.and_then(Value::as_u64).map(Duration::from_millis),
        };
        relay.report(Event::Inserted {
            transaction_id,
            reference: cart.reference.clone(),
            amount: cart.amount,
            callback_url: cart.callback_url.clone(),
        });
        tokio::spawn(follow(Arc::clone(relay), cart));
    }
}

fn id(members: &Map<String, Value>) -> Option<uuid::Uuid> {
    member(members, "TransactionId")?.as_str()?.parse().ok()
}

/// A member in whichever case it is written.
fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let found = members
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
}
