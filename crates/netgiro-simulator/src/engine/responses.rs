//! Responses: corrupted by a fault, with headers, signed.

use crate::engine::exchange::Response;
use crate::engine::state::{Engine, guid};
use crate::faults::corrupt;
use crate::faults::fault::Fault;
use crate::faults::forms::BodyAs;
use crate::model::codes;
use crate::model::endpoint::{Credentials, Endpoint};
use crate::model::options::ResponseSignatures;
use crate::model::order::CartResponse;
use crate::protocol::response as response_body;
use crate::protocol::signature::{Identifiers, Keys};
use crate::protocol::{form, partner, v2};

pub(super) const HTML: &str = "text/html; charset=utf-8";

impl Engine {
    /// Adds the headers, including the signature.
    pub(super) fn add_headers(
        &mut self,
        response: &mut Response,
        fault: Option<&Fault>,
        endpoint: Option<Endpoint>,
        url: &str,
    ) {
        if let (Some(BodyAs::Replayed), Some(before)) = (
            fault.and_then(|fault| fault.body_as),
            endpoint.and_then(|endpoint| self.last_responses.get(&endpoint)),
        ) {
            response.clone_from(before);
            return;
        }
        let credentials = endpoint.map_or(Credentials::Signature, Endpoint::credentials);
        let content_type = match credentials {
            Credentials::Form => HTML,
            _ => "application/json; charset=utf-8",
        };
        (response.headers).push(("content-type", content_type.to_owned()));
        if !(200..300).contains(&response.status) {
            return;
        }
        if credentials != Credentials::Signature {
            if let (None, Some(endpoint)) = (fault, endpoint) {
                self.last_responses.insert(endpoint, response.clone());
            }
            return;
        }
        let signatures = fault
            .and_then(|fault| fault.signature)
            .unwrap_or(self.options.response_signatures);
        let identifiers = self.identifiers();
        let signed = self
            .keys()
            .signing_headers(&identifiers, url, &response.body, signatures);
        if signatures == ResponseSignatures::Replay && !self.last_signing_headers.is_empty() {
            response.headers.extend(self.last_signing_headers.clone());
            return;
        }
        if signatures == ResponseSignatures::Valid {
            self.last_signing_headers.clone_from(&signed);
        }
        response.headers.extend(signed);
        if let (None, Some(endpoint)) = (fault, endpoint) {
            self.last_responses.insert(endpoint, response.clone());
        }
    }

    pub(super) fn keys(&self) -> Keys<'_> {
        Keys {
            app_key: &self.options.app_key,
            secret_key: &self.options.secret_key,
        }
    }

    pub(super) fn identifiers(&mut self) -> Identifiers {
        Identifiers {
            // 18 digits, like the ticks in the documentation's examples.
            nonce: self
                .message_rng
                .u64(100_000_000_000_000_000..1_000_000_000_000_000_000)
                .to_string(),
            reference_id: guid(&mut self.message_rng).to_string(),
        }
    }
}

/// The body of a failure. V1 and the settlements alone have result codes.
pub(super) fn failure_body(endpoint: Endpoint, code: i64, message: &str) -> Vec<u8> {
    match endpoint.credentials() {
        Credentials::ApiKey if !endpoint.is_settlement() => v2::refused(message),
        Credentials::Token => partner::message(message),
        Credentials::Form => form::refused(message),
        Credentials::ApiKey | Credentials::Signature => response_body::error_body(code, message),
    }
}

/// Replaces the response by the one that a fault describes.
pub(super) fn corrupt(response: &mut Response, fault: &Fault, endpoint: Endpoint) {
    if let Some(code) = fault.result_code {
        let paid = matches!(code, codes::CONFIRMED | codes::ALREADY_CONFIRMED);
        let canceled = matches!(code, codes::CANCELED | codes::ALREADY_CANCELED);
        let known = code == codes::OK || code >= codes::CONFIRMED;
        response.body = match endpoint {
            Endpoint::InsertCart => response_body::not_inserted(code, response_body::message(code)),
            Endpoint::CancelCart => {
                response_body::about_cart(&CartResponse::without_payment(canceled, None, code), 0)
            }
            Endpoint::CheckCart => response_body::about_cart(
                &CartResponse::without_payment(known, Some(paid), code),
                0,
            ),
            Endpoint::ConfirmCart => {
                response_body::about_cart(&CartResponse::without_payment(true, Some(paid), code), 0)
            }
            _ => failure_body(
                endpoint,
                code,
                response_body::message(code).unwrap_or_default(),
            ),
        };
    }
    if let Some(status) = fault.status {
        response.status = status;
        if !(200..300).contains(&status) && fault.result_code.is_none() {
            let code = match status {
                401 => codes::UNAUTHORIZED,
                500.. => codes::SERVER_ERROR,
                _ => codes::GENERIC_ERROR,
            };
            response.body = failure_body(endpoint, code, &format!("Simulated status {status}"));
        }
    }
    if let Some(body) = &fault.body {
        response.body.clone_from(body);
    }
    if let Some(form) = fault.body_as {
        response.body = corrupt::body(std::mem::take(&mut response.body), form);
        let spoken = match form {
            BodyAs::Gzip => Some(("content-encoding", "gzip")),
            BodyAs::Html => Some(("content-type", HTML)),
            _ => None,
        };
        if let Some((name, value)) = spoken {
            response
                .replaced_headers
                .insert(name.to_owned(), value.to_owned());
        }
    }
    if let Some(value) = &fault.retry_after {
        response.headers.push(("retry-after", value.clone()));
    }
    response.replaced_headers.extend(fault.headers.clone());
    response.header_bytes = fault.header_bytes.unwrap_or_default();
    response.padding = fault.padding.unwrap_or_default();
    response.drip = fault.drip;
}
