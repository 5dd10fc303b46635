//! The callback route that is looked at.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::model::values::secret::Secret;

/// Where it is, and what is known of it.
pub(crate) struct CallbackRoute {
    pub(crate) url: Url,
    pub(crate) registered: String,
    pub(crate) secret_key: Option<(String, Secret)>,
    pub(crate) timeout: Duration,
    pub(crate) ca_file: Option<PathBuf>,
}
