//! Of each signing header there must be one. The first byte is the place of the right ones, each line a header.
#![no_main]

#[path = "../../crates/netgiro/tests/laws/mod.rs"]
mod laws;

libfuzzer_sys::fuzz_target!(|input: (u8, &str)| {
    let (at, text) = input;
    let others: Vec<_> = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    laws::headers_are_read_strictly(&others, at.into());
});
