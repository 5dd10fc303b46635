//! What a command's exit code says.

use netgiro::CartStatus;

/// How a command ended, for scripts. The numbers are public: `docs/command-line.md` and `--help` list them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// What was asked for has happened; of a cart that is followed, checked or confirmed: it is paid.
    Done = 0,
    /// It failed.
    Error = 1,
    /// The command, an option, a key or a URL is wrong. Nothing was sent.
    Usage = 2,
    /// The cart is canceled, declined or not found: nothing was charged.
    NotPaid = 3,
    /// The cart is still open: the customer's move, or the shop's.
    StillOpen = 4,
    /// What became of it could not be learnt: ask again before the order is shipped, dropped or inserted again.
    Unknown = 5,
    /// A signature does not verify.
    Refused = 6,
    /// The cart was to be canceled, and is paid.
    PaidAfterAll = 7,
    /// Ctrl-C. The cart was left alone.
    Interrupted = 130,
}

/// The table of the exit codes, as help shows it.
pub(crate) const TABLE: &[(Exit, &str)] = &[
    (
        Exit::Done,
        "done; of wait, settle, check and confirm: the cart is paid",
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
    (Exit::PaidAfterAll, "cancel came too late: the cart is paid"),
    (
        Exit::Interrupted,
        "interrupted by Ctrl-C; the cart was left alone",
    ),
];

impl Exit {
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// What a cart's status says of a payment that was hoped for.
    pub(crate) fn of_payment(status: CartStatus) -> Self {
        match status {
            CartStatus::Confirmed => Self::Done,
            CartStatus::Canceled | CartStatus::Declined | CartStatus::NotFound => Self::NotPaid,
            _ => Self::StillOpen,
        }
    }

    /// What it says of a cancellation: never the same for a cart that is paid as for one that is not.
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
    fn the_table_lists_each_code_once() {
        let codes: Vec<_> = TABLE.iter().map(|(exit, _)| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 130]);
    }
}
