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
    use std::sync::Arc;

    use zeroize::{Zeroize, ZeroizeOnDrop};

    use super::Secret;

    #[test]
    fn debug_shows_nothing_of_the_text() {
        assert_eq!(
            format!("{:?}", Secret::from("YCFd6hiA")),
            "Secret(redacted)"
        );
    }

    /// Reading freed memory is undefined, so the test checks what leads there: there is one copy, its type is wiped
    /// when it is dropped, and wiping empties it.
    #[test]
    fn the_one_copy_is_of_a_type_that_is_wiped_when_dropped() {
        fn is_wiped_on_drop<T: ZeroizeOnDrop>(_: &T) {}

        let text = String::from("YCFd6hiA");
        let buffer = text.as_ptr();
        let mut secret = Secret::from(text);
        assert_eq!(secret.expose().as_ptr(), buffer, "moved, not copied");
        let clone = secret.clone();
        assert!(Arc::ptr_eq(&secret.0, &clone.0));
        is_wiped_on_drop(&*secret.0);
        drop(clone);
        let text = Arc::get_mut(&mut secret.0).unwrap();
        text.zeroize();
        assert!(text.is_empty());
    }
}
