//! Which of Netgíró's two APIs is spoken.

use serde::{Deserialize, Serialize};

use crate::model::error::Error;
use crate::model::text::quote;
use crate::model::text::words::words;

words! {
    /// Which of Netgíró's two APIs a client speaks about carts.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum ApiVersion {
        /// InsertCart, CheckCart, ConfirmCart and CancelCart, whose requests and answers are signed.
        #[default]
        V1 = "v1",
        /// Payments, captures and cancels by JSON, with the app key alone; Netgíró points new shops to it.
        V2 = "v2",
    }

    /// Both versions.
    const ALL;
    argument "api", quote::word, Error::configuration;
}

impl ApiVersion {
    /// Whether it is V1.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
    pub(crate) fn is_v1(&self) -> bool {
        *self == Self::V1
    }
}
