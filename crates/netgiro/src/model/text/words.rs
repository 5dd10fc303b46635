//! The words that callers write for the values of an enum.

/// Finds the value a caller's word stands for; case, `_` and `-` do not matter.
pub fn word<T: Copy>(text: &str, all: &[T], name: fn(T) -> &'static str) -> Option<T> {
    let plain = |text: &str| text.replace(['_', '-'], "").to_ascii_lowercase();
    let wanted = plain(text.trim());
    all.iter()
        .copied()
        .find(|&value| plain(name(value)) == wanted)
}

/// The sentence for a word that stands for nothing; `quoted` is what may be repeated of it.
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
