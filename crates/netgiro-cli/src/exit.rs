//! The exit codes.

use netgiro::{CartStatus, TransactionStatus};

/// A command's outcome, for scripts. The numbers are public: `docs/testing/command-line.md` and `--help` list them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Success; after `wait`, `settle`, `check`, `confirm` and `capture`: the cart is paid.
    Done = 0,
    /// A failure.
    Error = 1,
    /// The command, an option, a key or a URL is wrong. Nothing was sent.
    Usage = 2,
    /// The cart is canceled, declined or not found: nothing was charged.
    NotPaid = 3,
    /// The cart is still open: it waits for the customer, or for the shop.
    StillOpen = 4,
    /// The outcome is unknown: check again before you ship, drop or insert the order.
    Unknown = 5,
    /// A signature does not verify.
    Refused = 6,
    /// The cart could not be canceled: it is paid.
    PaidAfterAll = 7,
    /// Ctrl-C. The cart was not changed.
    Interrupted = 130,
}

/// The table of the exit codes, as help shows it.
pub(crate) const TABLE: &[(Exit, &str)] = &[
    (
        Exit::Done,
        "done; of wait, settle, check, confirm and capture: the cart is paid",
    ),
    (Exit::Error, "failed"),
    (Exit::Usage, "a wrong option, key or URL; nothing was sent"),
    (Exit::NotPaid, "not paid: canceled, declined or not found"),
    (Exit::StillOpen, "still open: the customer's move, or yours"),
    (
        Exit::Unknown,
        "the outcome is unknown: ask again before you ship, drop or repeat the order",
    ),
    (Exit::Refused, "a signature does not verify"),
    (
        Exit::PaidAfterAll,
        "not canceled by cancel or void: the cart is paid",
    ),
    (
        Exit::Interrupted,
        "interrupted by Ctrl-C; the cart was left alone",
    ),
];

impl Exit {
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// The outcome of a command that expects a payment.
    pub(crate) fn of_payment(status: CartStatus) -> Self {
        match status {
            CartStatus::Confirmed => Self::Done,
            CartStatus::Canceled | CartStatus::Declined | CartStatus::NotFound => Self::NotPaid,
            _ => Self::StillOpen,
        }
    }

    /// The outcome of a command that asks about a transaction.
    pub(crate) fn of_transaction(status: TransactionStatus) -> Self {
        match status {
            TransactionStatus::Paid => Self::Done,
            TransactionStatus::Canceled => Self::NotPaid,
            _ => Self::StillOpen,
        }
    }

    /// The outcome of a cancel: never the same code for a paid and an unpaid cart.
    pub(crate) fn of_cancellation(status: CartStatus) -> Self {
        match Self::of_payment(status) {
            Self::Done => Self::PaidAfterAll,
            Self::NotPaid => Self::Done,
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paid_and_canceled_never_share_a_code() {
        for status in CartStatus::ALL {
            let (payment, cancellation) =
                (Exit::of_payment(*status), Exit::of_cancellation(*status));
            assert_eq!(payment == Exit::Done, status.is_paid(), "{status}");
            assert_eq!(
                cancellation == Exit::Done,
                status.is_final() && !status.is_paid(),
                "{status}"
            );
            assert_eq!(payment == Exit::StillOpen, !status.is_final(), "{status}");
        }
    }

    #[test]
    fn a_transaction_is_done_where_it_is_paid() {
        let codes = TransactionStatus::ALL
            .iter()
            .map(|status| Exit::of_transaction(*status).code());
        assert_eq!(codes.collect::<Vec<_>>(), [0, 4, 3, 4, 4]);
    }

    #[test]
    fn the_table_lists_each_code_once() {
        let codes: Vec<_> = TABLE.iter().map(|(exit, _)| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 130]);
    }
}
