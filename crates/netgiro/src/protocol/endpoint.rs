//! The calls of the API.

/// The calls of the API: carts of V1 and of V2, the look-up by reference, which is V1, refunds, transactions and
/// settlements, which are V2, and the hosted checkout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Endpoint {
    InsertCart,
    CheckCart,
    ConfirmCart,
    CancelCart,
    Payment,
    Status,
    Capture,
    Cancel,
    Refund,
    Details,
    SettlementList,
    SettlementItems,
    HostedPayment,
    GetByReference,
}

impl Endpoint {
    /// The calls of V1's checkout, in the order of `Settings`' URLs.
    pub(crate) const CHECKOUT: [Self; 4] = [
        Self::InsertCart,
        Self::CheckCart,
        Self::ConfirmCart,
        Self::CancelCart,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::InsertCart => "InsertCart",
            Self::CheckCart => "CheckCart",
            Self::ConfirmCart => "ConfirmCart",
            Self::CancelCart => "CancelCart",
            Self::Payment => "Payment",
            Self::Status => "Status",
            Self::Capture => "Capture",
            Self::Cancel => "Cancel",
            Self::Refund => "Refund",
            Self::Details => "Details",
            Self::SettlementList => "SettlementList",
            Self::SettlementItems => "SettlementItems",
            Self::HostedPayment => "HostedPayment",
            Self::GetByReference => "GetByReference",
        }
    }

    /// Whether request and answer are signed. V2 and the hosted checkout sign neither, and know the shop by its app key.
    pub(crate) const fn is_signed(self) -> bool {
        matches!(
            self,
            Self::InsertCart
                | Self::CheckCart
                | Self::ConfirmCart
                | Self::CancelCart
                | Self::GetByReference
        )
    }

    /// Whether sending it twice has the same effect as sending it once. A refund has a key that makes it so; a capture and
    /// a cancel of V2 are sent again after a status alone.
    pub(crate) const fn is_repeatable(self) -> bool {
        !matches!(
            self,
            Self::InsertCart | Self::Payment | Self::Capture | Self::Cancel | Self::HostedPayment
        )
    }

    /// Whether it makes a cart: a lost answer leaves it unknown whether there is one.
    pub(crate) const fn inserts_cart(self) -> bool {
        matches!(self, Self::InsertCart | Self::Payment)
    }

    /// Whether V2 says in the body of its answer, whatever the HTTP status, that the call succeeded or was refused.
    pub(crate) const fn is_answered_with_success(self) -> bool {
        matches!(
            self,
            Self::Payment | Self::Status | Self::Capture | Self::Cancel | Self::Refund
        )
    }
}
