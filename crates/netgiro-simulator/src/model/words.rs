//! Enums with a word for each variant, the same in Rust, JSON, Python and Node.

use crate::model::error::SimulatorError;

/// The error for a text that is not one of these words.
pub(crate) fn unknown(what: &str, words: &[&str], text: &str) -> SimulatorError {
    let known: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
    SimulatorError::InvalidOption(format!(
        "{what} must be one of {}; got {text:?}",
        known.join(", ")
    ))
}

macro_rules! words {
    (
        $(#[$about:meta])* $name:ident, $what:literal:
        $($(#[$meta:meta])+ $variant:ident $word:literal;)+
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$meta])+ $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word for it, the same in Rust, Python and Node.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::model::error::SimulatorError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|known| known.as_str() == text)
                    .ok_or_else(|| $crate::model::words::unknown($what, &[$($word),+], text))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use words;
