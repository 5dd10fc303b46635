//! The calls of the API, and their paths.

use crate::model::words::words;

words! {
    /// A call of the API: of V1, of V2, of the hosted checkout, or of the Partner API.
    Endpoint, "an endpoint":
    /// Asks a customer to pay.
    InsertCart "InsertCart";
    /// Asks for a cart's status.
    CheckCart "CheckCart";
    /// Turns a reservation into a payment, or sends the customer's SMS code.
    ConfirmCart "ConfirmCart";
    /// Withdraws a cart.
    CancelCart "CancelCart";
    /// Asks for the settlements of some days: `GET /v2/settlement/list`.
    SettlementList "SettlementList";
    /// Asks for the sales in a settlement: `GET /v2/settlement/items/{number}`.
    SettlementItems "SettlementItems";
    /// Pays a part or all of a payment back: `POST /v2/transaction/refund`.
    Refund "Refund";
    /// Asks what a transaction is worth, and whether it can be refunded: `GET /v2/transaction/details/{id}`.
    Details "Details";
    /// Asks a customer to pay: `POST /v2/checkout/payment`.
    Payment "Payment";
    /// Asks for a sale's status: `GET /v2/checkout/status/{id}`.
    Status "Status";
    /// Turns a hold, or a part of it, into a payment: `POST /v2/transaction/capture`.
    Capture "Capture";
    /// Cancels a sale, even a paid one: `POST /v2/transaction/cancel`.
    Cancel "Cancel";
    /// Opens a hosted checkout, a page on which the customer pays: `POST /v1/Checkout/Payment`.
    HostedPayment "HostedPayment";
    /// Opens a hosted checkout by a form that the customer's browser posts: `POST /`, `/v1/` or `/securepay`.
    HostedForm "HostedForm";
    /// Asks what a sale is worth: `/v1/transactions`, or `/v1/transaction`, with `GET` or `POST`.
    Transactions "Transactions";
    /// Looks a payment up by the shop's reference: `GET /v1/payment/GetByReference?ReferenceNumber=…`.
    GetByReference "GetByReference";
    /// Cancels a payment, which refunds it: `POST /v1/payment/Cancel`.
    PaymentCancel "PaymentCancel";
    /// Changes a payment's amount, which refunds a part of it: `POST /v1/payment/Change`.
    PaymentChange "PaymentChange";
    /// Gives an access code of a customer, for tests: `GET /v1/Account/RequestConfirmation?Customer=…`.
    RequestConfirmation "RequestConfirmation";
    /// Pays a part or all of a payment back: `POST /partner/refund`.
    PartnerRefund "PartnerRefund";
    /// Asks what a transaction is worth: `GET /partner/transaction/{id}`.
    PartnerTransaction "PartnerTransaction";
}

/// How a call shows whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// Headers with the application key, a nonce and a signature: V1, whose responses are signed as well.
    Signature,
    /// The application key in a header: V2, and the hosted checkout.
    ApiKey,
    /// The secret key in a header: the Partner API.
    Token,
    /// A signature among the fields of a form.
    Form,
}

impl Endpoint {
    pub(crate) const fn credentials(self) -> Credentials {
        match self {
            Self::InsertCart
            | Self::CheckCart
            | Self::ConfirmCart
            | Self::CancelCart
            | Self::Transactions
            | Self::GetByReference
            | Self::PaymentCancel
            | Self::PaymentChange
            | Self::RequestConfirmation => Credentials::Signature,
            Self::SettlementList
            | Self::SettlementItems
            | Self::Refund
            | Self::Details
            | Self::Payment
            | Self::Status
            | Self::Capture
            | Self::Cancel
            | Self::HostedPayment => Credentials::ApiKey,
            Self::PartnerRefund | Self::PartnerTransaction => Credentials::Token,
            Self::HostedForm => Credentials::Form,
        }
    }

    /// Whether it is a call of V1's checkout.
    pub(crate) const fn is_checkout_v1(self) -> bool {
        matches!(
            self,
            Self::InsertCart | Self::CheckCart | Self::ConfirmCart | Self::CancelCart
        )
    }

    /// Whether it is a call of V2: with the application key, and without a signature.
    pub(crate) const fn is_v2(self) -> bool {
        self.is_settlement()
            || self.is_checkout_v2()
            || matches!(self, Self::Refund | Self::Details)
    }

    /// Whether it is a call of V2 that is answered with the status of a sale.
    pub(crate) const fn is_checkout_v2(self) -> bool {
        matches!(
            self,
            Self::Payment | Self::Status | Self::Capture | Self::Cancel
        )
    }

    /// Whether it makes a cart, and so cannot name one.
    pub(crate) const fn makes_cart(self) -> bool {
        matches!(
            self,
            Self::InsertCart | Self::Payment | Self::HostedPayment | Self::HostedForm
        )
    }

    /// Whether it is a call of V2's settlements, which name no transaction.
    pub(crate) const fn is_settlement(self) -> bool {
        matches!(self, Self::SettlementList | Self::SettlementItems)
    }

    /// Whether the path ends in the transaction's id.
    pub(crate) const fn has_id_in_path(self) -> bool {
        matches!(
            self,
            Self::Details | Self::Status | Self::PartnerTransaction
        )
    }

    /// The HTTP methods that it takes.
    pub(crate) const fn methods(self) -> &'static str {
        match self {
            // The documentation does not say which.
            Self::Transactions => "GET, POST",
            Self::GetByReference | Self::RequestConfirmation => "GET",
            _ if self.is_settlement() || self.has_id_in_path() => "GET",
            _ => "POST",
        }
    }

    pub(crate) fn takes(self, method: &str) -> bool {
        self.methods().split(", ").any(|known| known == method)
    }

    /// The endpoint of a request, whose path may be in upper or lower case and have a query.
    pub(crate) fn of(method: &str, path: &str) -> Option<Self> {
        let path = path.split('?').next().unwrap_or_default();
        // These are places of other things as well.
        if is_form_address(path) {
            return (method == "POST").then_some(Self::HostedForm);
        }
        Self::of_path(path)
    }

    fn of_path(path: &str) -> Option<Self> {
        let path = path.to_ascii_lowercase();
        if let Some(path) = path.strip_prefix("/v2/settlement/") {
            return match path.split_once('/') {
                None if path == "list" => Some(Self::SettlementList),
                Some(("items", number)) if !number.contains('/') => Some(Self::SettlementItems),
                _ => None,
            };
        }
        if let Some(path) = path.strip_prefix("/v2/checkout/") {
            return match path.split_once('/') {
                None if path == "payment" => Some(Self::Payment),
                Some(("status", id)) if !id.contains('/') => Some(Self::Status),
                _ => None,
            };
        }
        if let Some(path) = path.strip_prefix("/v2/transaction/") {
            return match path.split_once('/') {
                None if path == "refund" => Some(Self::Refund),
                None if path == "capture" => Some(Self::Capture),
                None if path == "cancel" => Some(Self::Cancel),
                Some(("details", id)) if !id.contains('/') => Some(Self::Details),
                _ => None,
            };
        }
        if path == "/v1/checkout/payment" {
            return Some(Self::HostedPayment);
        }
        if let Some(path) = PARTNER_PATHS
            .iter()
            .find_map(|base| path.strip_prefix(base))
        {
            return match path.split_once('/') {
                None if path == "refund" => Some(Self::PartnerRefund),
                Some(("transaction", id)) if !id.contains('/') => Some(Self::PartnerTransaction),
                _ => None,
            };
        }
        match BASE_PATHS.iter().find_map(|base| path.strip_prefix(base))? {
            "transactions" | "transaction" => Some(Self::Transactions),
            "payment/getbyreference" => Some(Self::GetByReference),
            // A published plugin has a base path of its own in production.
            "payment/cancel" | "api/payment/cancel" => Some(Self::PaymentCancel),
            "payment/change" | "api/payment/change" => Some(Self::PaymentChange),
            "account/requestconfirmation" => Some(Self::RequestConfirmation),
            path => {
                let name = path.strip_prefix("checkout/")?;
                (Self::ALL.iter().copied()).find(|endpoint| {
                    endpoint.is_checkout_v1() && endpoint.as_str().eq_ignore_ascii_case(name)
                })
            }
        }
    }
}

/// Whether forms of the hosted checkout are posted to this path: in test, in production, in test until 2024.
pub(crate) fn is_form_address(path: &str) -> bool {
    let path = path.trim_end_matches('/').to_ascii_lowercase();
    matches!(&*path, "" | "/v1" | "/securepay")
}

/// V1's base path: today, and on the test host until 2024.
const BASE_PATHS: [&str; 2] = ["/v1/", "/api/"];

/// The Partner API's base path: in production, and on the test host until 2024.
const PARTNER_PATHS: [&str; 2] = ["/partner/", "/partnerapi/"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_whatever_their_case() {
        for path in [
            "/v1/Checkout/CheckCart",
            "/v1/checkout/checkcart",
            "/V1/CHECKOUT/CHECKCART",
            "/api/Checkout/CheckCart",
            "/API/checkout/checkcart",
        ] {
            assert_eq!(Endpoint::of_path(path), Some(Endpoint::CheckCart));
        }
        let list = Endpoint::of_path("/v2/Settlement/List");
        assert_eq!(list, Some(Endpoint::SettlementList));
        let items = Endpoint::of_path("/v2/settlement/items/20780");
        assert_eq!(items, Some(Endpoint::SettlementItems));
        let refund = Endpoint::of_path("/V2/Transaction/Refund");
        assert_eq!(refund, Some(Endpoint::Refund));
        let details = Endpoint::of_path("/v2/transaction/details/abc-123");
        assert_eq!(details, Some(Endpoint::Details));
        for (path, endpoint) in [
            ("/v1/Checkout/Payment", Endpoint::HostedPayment),
            ("/v2/checkout/payment", Endpoint::Payment),
            ("/v2/Checkout/Status/abc-123", Endpoint::Status),
            ("/v2/transaction/capture", Endpoint::Capture),
            ("/v2/transaction/cancel", Endpoint::Cancel),
            ("/v1/transactions", Endpoint::Transactions),
            ("/v1/Transaction", Endpoint::Transactions),
            ("/v1/payment/GetByReference", Endpoint::GetByReference),
            (
                "/v1/Account/RequestConfirmation",
                Endpoint::RequestConfirmation,
            ),
            ("/v1/api/payment/cancel", Endpoint::PaymentCancel),
            ("/api/payment/change", Endpoint::PaymentChange),
            ("/partner/refund", Endpoint::PartnerRefund),
            (
                "/partnerapi/transaction/abc-123",
                Endpoint::PartnerTransaction,
            ),
        ] {
            assert_eq!(Endpoint::of_path(path), Some(endpoint));
        }
        for path in [
            "/v1/checkout/Refund",
            "/v2/transaction",
            "/v2/transaction/details",
            "/v2/transaction/details/1/2",
            "/v2/checkout/refund",
            "/v2/checkout/status",
            "/v2/transaction/payment",
            "/v1/checkout/capture",
            "/v1/checkout/hostedpayment",
            "/api/checkout/payment",
            "/v1/checkout/SettlementList",
            "/v2/settlement/items",
            "/v2/settlement/items/1/2",
            "/v1/Checkout/Check",
            "/Checkout/CheckCart",
            "/api/v1/Checkout/CheckCart",
            "/api/CheckCart",
            "/",
            "/v1/checkout/checkcart/x",
            "/v1/checkout/transactions",
            "/v1/payment",
            "/partner/transaction",
            "/partner/transaction/1/2",
            "/v2/partner/refund",
        ] {
            assert_eq!(Endpoint::of_path(path), None);
        }
    }

    #[test]
    fn a_form_is_posted_where_other_things_are_read() {
        for path in ["/", "/v1/", "/v1", "/securepay", "/SecurePay/", "/v1/?a=b"] {
            assert_eq!(Endpoint::of("POST", path), Some(Endpoint::HostedForm));
            assert_eq!(Endpoint::of("GET", path), None);
        }
        for path in ["/securepay/v1", "/v2/", "/v1/x"] {
            assert_eq!(Endpoint::of("POST", path), None);
        }
    }
}
