//! The shop's secret key, kept out of every print-out.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

/// A secret key: text that is signed with and never shown.
///
/// `Debug` prints a placeholder, there is no `Display` and no `Serialize`, clones share one copy,
/// and that copy is wiped from memory when the last of them is dropped.
#[derive(Clone)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Arc::new(Zeroizing::new(text)))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn debug_shows_nothing_of_the_text() {
        assert_eq!(
            format!("{:?}", Secret::from("YCFd6hiA")),
            "Secret(redacted)"
        );
    }
}
