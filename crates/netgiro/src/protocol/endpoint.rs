//! The calls of the API.

/// The calls of the API: of the checkout and the look-up by reference, which are V1, of refunds, transactions and
/// settlements, which are V2, and of the hosted checkout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    InsertCart,
    CheckCart,
    ConfirmCart,
    CancelCart,
    Refund,
    Details,
    SettlementList,
    SettlementItems,
    HostedPayment,
    GetByReference,
}

impl Endpoint {
    /// The calls of the checkout, in the order of `Settings`' URLs.
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
        !matches!(
            self,
            Self::Refund
                | Self::Details
                | Self::SettlementList
                | Self::SettlementItems
                | Self::HostedPayment
        )
    }

    /// Whether sending it twice has the same effect as sending it once. A refund has a key that makes it so.
    pub(crate) const fn is_repeatable(self) -> bool {
        !matches!(self, Self::InsertCart | Self::HostedPayment)
    }
}
