//! The calls of the API, and their paths.

use crate::model::words::words;

words! {
    /// A call of the API: of V1's checkout, or of V2.
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
}

impl Endpoint {
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
        matches!(self, Self::InsertCart | Self::Payment)
    }

    /// Whether it is a call of V2's settlements, which name no transaction.
    pub(crate) const fn is_settlement(self) -> bool {
        matches!(self, Self::SettlementList | Self::SettlementItems)
    }

    /// Whether the path ends in the transaction's id.
    pub(crate) const fn has_id_in_path(self) -> bool {
        matches!(self, Self::Details | Self::Status)
    }

    pub(crate) const fn method(self) -> &'static str {
        if self.is_settlement() || self.has_id_in_path() {
            "GET"
        } else {
            "POST"
        }
    }

    /// The endpoint of a path, in upper or lower case.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
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
        let path = BASE_PATHS.iter().find_map(|base| path.strip_prefix(base))?;
        let name = path.strip_prefix("checkout/")?;
        Self::ALL
            .iter()
            .copied()
            .find(|endpoint| !endpoint.is_v2() && endpoint.as_str().eq_ignore_ascii_case(name))
    }
}

/// The checkout's base path: today, and on the test host until 2024.
const BASE_PATHS: [&str; 2] = ["/v1/", "/api/"];

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
            ("/v2/checkout/payment", Endpoint::Payment),
            ("/v2/Checkout/Status/abc-123", Endpoint::Status),
            ("/v2/transaction/capture", Endpoint::Capture),
            ("/v2/transaction/cancel", Endpoint::Cancel),
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
            "/v1/checkout/SettlementList",
            "/v2/settlement/items",
            "/v2/settlement/items/1/2",
            "/v1/Checkout/Check",
            "/Checkout/CheckCart",
            "/api/v1/Checkout/CheckCart",
            "/api/CheckCart",
            "/",
            "/v1/checkout/checkcart/x",
        ] {
            assert_eq!(Endpoint::of_path(path), None);
        }
    }
}
