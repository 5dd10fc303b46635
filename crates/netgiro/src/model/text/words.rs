//! The words that callers write for the values of an enum.

/// Finds the value a caller's word stands for; case, `_` and `-` do not matter.
pub fn word<T: Copy>(text: &str, all: &[T], name: fn(T) -> &'static str) -> Option<T> {
    let plain = |text: &str| text.replace(['_', '-'], "").to_ascii_lowercase();
    let wanted = plain(text.trim());
    all.iter()
        .copied()
        .find(|&value| plain(name(value)) == wanted)
}

/// The error message for an unknown word; `quoted` is what may be repeated of it.
pub fn one_of<T: Copy>(
    argument: &str,
    quoted: &str,
    all: &[T],
    name: fn(T) -> &'static str,
) -> String {
    let words: Vec<_> = all
        .iter()
        .map(|&value| format!("{:?}", name(value)))
        .collect();
    format!(
        "{argument} must be one of {}; got {quoted}",
        words.join(", ")
    )
}

/// Reads a caller's word; `quote` gives what may be repeated of an unknown one.
pub(crate) fn parse<T: Copy, E>(
    argument: &str,
    text: &str,
    quote: fn(&str) -> String,
    all: &[T],
    name: fn(T) -> &'static str,
    refuse: impl FnOnce(String) -> E,
) -> Result<T, E> {
    word(text, all, name).ok_or_else(|| refuse(one_of(argument, &quote(text), all, name)))
}

/// An enum of words, the same in Rust, Python and Node: gives it `ALL` and `as_str`, and `FromStr` where an argument
/// takes it.
macro_rules! words {
    (
        $(#[$of_enum:meta])*
        pub enum $name:ident {
            $( $(#[$of_variant:meta])* $variant:ident = $word:literal, )+
        }
        $(#[$of_all:meta])+
        const ALL;
        $( argument $argument:literal, $quote:path, $refuse:path; )?
    ) => {
        $(#[$of_enum])*
        pub enum $name {
            $( $(#[$of_variant])* $variant, )+
        }

        impl $name {
            $(#[$of_all])+
            pub const ALL: &'static [Self] = &[$( Self::$variant, )+];

            /// The word for it, the same in Rust, Python and Node.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )+
                }
            }
        }

        $(
            impl std::str::FromStr for $name {
                type Err = $crate::model::error::Error;

                fn from_str(text: &str) -> Result<Self, Self::Err> {
                    $crate::model::text::words::parse(
                        $argument,
                        text,
                        $quote,
                        Self::ALL,
                        Self::as_str,
                        $refuse,
                    )
                }
            }
        )?
    };
}

pub(crate) use words;
