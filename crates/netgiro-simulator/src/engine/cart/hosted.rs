//! What a customer does on the page of the hosted checkout.

use crate::engine::cart::{Cart, Notification, Stage, TransitionError};
use crate::model::codes;
use crate::model::customer::{Behaviour, Customer};
use crate::model::order::Payment;
use jiff::Timestamp;
use url::Url;

impl Cart {
    /// The customer signs in and accepts; one without credit is declined by Netgíró.
    pub(crate) fn accept_as(
        &mut self,
        customer: Customer,
        now: Timestamp,
    ) -> Result<Notification, TransitionError> {
        if self.stage != Stage::Asked {
            return Err(self.cannot("confirm"));
        }
        self.order.customer = customer;
        if self.order.customer.behaviour == Behaviour::NoCredit {
            self.set_stage(Stage::Declined(codes::REFUSED));
            return Ok(Notification::Canceled);
        }
        self.customer_confirms(now)
    }

    /// The customer goes back to the shop without an answer.
    pub(crate) fn leave(&mut self) -> Result<(), TransitionError> {
        if self.stage != Stage::Asked {
            return Err(self.cannot("cancel"));
        }
        self.set_stage(Stage::Canceled);
        Ok(())
    }

    /// Where the customer returns to, and with what; `None` as long as the outcome is open.
    pub(crate) fn redirect(&self) -> Option<(&Url, Payment)> {
        let urls = self.order.return_urls.as_ref()?;
        let url = match self.stage {
            Stage::Paid | Stage::Reserved => urls.success.as_ref()?,
            Stage::Canceled | Stage::Declined(_) => urls.cancel.as_ref()?,
            Stage::Asked | Stage::NeedsCode | Stage::AwaitingCallback => return None,
        };
        Some((url, self.any_payment()))
    }

    /// Whether the names of what the shop is told have a prefix.
    pub(crate) fn is_prefixed(&self) -> bool {
        (self.order.return_urls.as_ref()).is_some_and(|urls| urls.is_prefixed)
    }

    /// The content of a callback as a form.
    pub(crate) fn form(&self) -> Payment {
        self.any_payment()
    }
}
