//! The same of V2: its answers, its callbacks, and the redirects of the hosted checkout.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use netgiro::{
    Amount, ApiVersion, CartState, CartStatus, Client, ClientOptions, ErrorKind, NewCart,
    NewRefund, RequestSent, sign,
};
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{APP_KEY, Answers, ID, Members, SECRET, is_sound_error};

/// The calls whose answers are read.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    Payment,
    Status,
    Capture,
    Cancel,
    Refund,
    Details,
}

/// HTTP statuses after which nothing is sent again, so that nobody waits.
pub const STATUSES: [u16; 8] = [200, 201, 400, 401, 404, 409, 422, 429];

impl Call {
    pub const ALL: [Self; 6] = [
        Self::Payment,
        Self::Status,
        Self::Capture,
        Self::Cancel,
        Self::Refund,
        Self::Details,
    ];
}

/// A client of V2 and the server that answers it with whatever is set.
pub struct Api {
    answers: Answers,
    runtime: tokio::runtime::Runtime,
    client: Client,
}

impl Api {
    pub fn start() -> Self {
        let answers = Answers::start();
        let mut options = ClientOptions::new(APP_KEY, SECRET);
        options.base_url = Some(answers.base_url.clone());
        options.api = ApiVersion::V2;
        options.timeout = Duration::from_secs(5);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        Self {
            answers,
            runtime: runtime.unwrap(),
            client: Client::new(options).unwrap(),
        }
    }

    /// What is believed is in the body, about the transaction that was asked about; and nothing without success.
    pub fn answer_is_read_soundly(&self, call: Call, http_status: u16, body: &[u8]) {
        self.answers.set(http_status, body);
        self.runtime.block_on(async {
            match call {
                Call::Payment => self.payment(http_status, body).await,
                Call::Refund => self.refund(body).await,
                Call::Details => {
                    if let Ok(read) = self.client.get_transaction(ID).await {
                        let said = Members::of(std::str::from_utf8(body).unwrap()).unwrap();
                        assert_eq!(read.transaction_id, ID);
                        assert_eq!(said.get::<Uuid>("TransactionId"), Some(ID));
                        assert_ne!(said.get("Success"), Some(false));
                    }
                }
                Call::Status | Call::Capture | Call::Cancel => {
                    let outcome = match call {
                        Call::Status => self.client.check_cart(ID).await,
                        Call::Capture => self.client.capture_cart(ID, None).await,
                        _ => self.client.cancel_cart(ID).await,
                    };
                    match outcome {
                        Ok(state) => is_said(&state, http_status, body),
                        Err(error) => is_sound_error(&error),
                    }
                }
            }
        });
    }

    async fn payment(&self, http_status: u16, body: &[u8]) {
        let amount = Amount::new(4990).unwrap();
        let order = NewCart::new(amount, "order-1", "8223281".parse().unwrap());
        let said = std::str::from_utf8(body).ok().and_then(Members::of);
        match self.client.insert_cart(&order).await {
            Ok(cart) => {
                let said = said.unwrap();
                assert!(matches!(http_status, 200..=299));
                assert_eq!(said.get("Success"), Some(true));
                assert_eq!(said.get("TransactionId"), Some(cart.transaction_id));
            }
            Err(error) => {
                is_sound_error(&error);
                let may_exist = said.is_some_and(|said| said.get("Success") == Some(true));
                if error.request_sent() == RequestSent::Yes && may_exist {
                    let is_free = matches!(
                        error.kind(),
                        ErrorKind::Api | ErrorKind::RateLimited | ErrorKind::Authentication
                    );
                    assert!(!is_free, "{error}");
                }
            }
        }
    }

    async fn refund(&self, body: &[u8]) {
        // A key belongs to one refund.
        static REFUNDS: AtomicU64 = AtomicU64::new(0);
        let key = REFUNDS.fetch_add(1, Ordering::Relaxed).to_string();
        let refund = NewRefund::new(Amount::new(1000).unwrap(), key);
        match self.client.refund_cart(ID, &refund).await {
            Ok(made) => {
                let said = Members::of(std::str::from_utf8(body).unwrap()).unwrap();
                assert!(said.get::<bool>("Success").is_some());
                assert_eq!((made.transaction_id, made.amount.kronur()), (ID, 1000));
            }
            Err(error) => {
                is_sound_error(&error);
                let is_unknown = error.kind() == ErrorKind::OutcomeUnknown;
                assert_eq!(is_unknown, error.idempotency_key().is_some(), "{error}");
            }
        }
    }
}

/// Reads the body again, and compares.
fn is_said(state: &CartState, http_status: u16, body: &[u8]) {
    let text = std::str::from_utf8(body).unwrap();
    let said = Members::of(text).unwrap();
    assert_eq!((state.transaction_id, state.api), (ID, ApiVersion::V2));
    assert!(state.result_code.is_none() && state.payment.is_none());
    if state.status == CartStatus::NotFound {
        assert_eq!(said.get("Success"), Some(false), "{text}");
        return;
    }
    assert!(matches!(http_status, 200..=299));
    assert_eq!(said.get("Success"), Some(true), "{text}");
    assert_eq!(said.get("TransactionId"), Some(ID), "{text}");
    let word: String = said.get("Status").unwrap();
    let word = word.trim().to_ascii_lowercase();
    let paid = word == "confirmed";
    assert_eq!(state.is_paid(), paid, "{text}");
    let canceled = matches!(word.as_str(), "cancelled" | "canceled");
    assert_eq!(state.status == CartStatus::Canceled, canceled, "{text}");
}

fn shop() -> Client {
    Client::new(ClientOptions::new(APP_KEY, SECRET)).unwrap()
}

/// A callback is accepted for the members that its signature covers, or not at all.
pub fn callback_is_read_soundly(body: &[u8], signed_id: &str, signed_amount: &str) {
    let signature = sign(SECRET, signed_id, signed_amount, b"");
    let headers = [("X-Netgiro-Signature".to_owned(), signature)];
    match shop().verify_callback("https://shop.example/", &headers, body) {
        Err(error) => {
            is_sound_error(&error);
            assert_eq!(error.kind(), ErrorKind::Signature, "{error}");
        }
        Ok(callback) => {
            assert!(callback.state.is_none());
            let said = Members::of(std::str::from_utf8(body).unwrap()).unwrap();
            let id: String = said.get("TransactionId").unwrap();
            let digits: &RawValue = said.get("TotalAmount").unwrap();
            assert_eq!(callback.transaction_id, Uuid::parse_str(&id).unwrap());
            // The hash cannot tell where the id ends: a GUID does.
            let whole = digits.get().split('.').next().unwrap();
            let signed = format!("{signed_id}{signed_amount}");
            let is_covered = |amount: &str| format!("{id}{amount}") == signed;
            assert!(is_covered(digits.get()) || is_covered(whole), "{digits}");
            let amount: Decimal = digits.get().parse().unwrap();
            assert_eq!(callback.amount, Some(amount));
        }
    }
}

/// A callback as a form, or a redirect, is accepted for the members that its signature covers, or not at all.
pub fn redirect_is_read_soundly(query: &str) {
    let client = shop();
    let verified = client.verify_redirect(query, None, None);
    match &verified {
        Err(error) => is_sound_error(error),
        Ok(redirect) => {
            assert!(redirect.amount.is_sign_positive() && !redirect.amount.is_zero());
            assert!(Uuid::parse_str(&redirect.transaction_id).is_ok());
            let members = [
                redirect.reference.as_str(),
                &redirect.transaction_id,
                redirect.invoice_number.as_deref().unwrap_or_default(),
            ];
            // The amount and the status stand there as text that is not kept: the query has one that fits.
            let covered = ["1", "2", "5"].iter().any(|status| {
                let rest = format!("{}{}{status}", members[2], redirect.amount);
                let signature = sign(SECRET, members[0], members[1], rest.as_bytes());
                query.to_ascii_lowercase().contains(&signature)
            });
            assert!(covered || redirect.status == CartStatus::Unknown, "{query}");
        }
    }
    let callback = client.verify_callback("https://shop.example/", &[], query.as_bytes());
    if let Ok(callback) = callback {
        assert!(verified.is_ok(), "{query}");
        assert!(callback.state.is_none());
    }
}
