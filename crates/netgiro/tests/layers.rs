//! The layers of the core: a folder names itself and what stands below it, never what stands above.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test may stop at the first surprise"
)]

use std::fs;
use std::path::Path;

/// From the bottom to the top; `internals.rs` and `lib.rs` stand above all of them.
const LAYERS: [&str; 12] = [
    "model", "protocol", "events", "options", "http", "callback", "api", "follow", "webhook",
    "bulk", "doctor", "client",
];

/// The lines of a layer's source that name a layer above it, or what only `lib.rs` passes on.
fn arrows_upwards<'a>(layer: &str, source: &'a str) -> Vec<&'a str> {
    let rank = |name: &str| LAYERS.iter().position(|known| *known == name);
    let goes_up = |line: &&str| {
        let code = line.split("//").next().unwrap_or_default();
        let names_above = code.split("crate::").skip(1).any(|path| {
            let named = path
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .next();
            named
                .and_then(rank)
                .is_none_or(|named| Some(named) > rank(layer))
        });
        // Within a module of a file, `super` is that file; elsewhere it hides which layer is meant.
        names_above
            || code.contains("super::super")
            || (code.contains("super::") && !code.starts_with(' '))
    };
    source.lines().filter(goes_up).map(str::trim).collect()
}

fn look(folder: &Path, layer: Option<&str>, arrows: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let layer = layer.unwrap_or_else(|| path.file_stem().unwrap().to_str().unwrap());
        if path.is_dir() {
            look(&path, Some(layer), arrows);
        } else if !matches!(layer, "lib" | "internals") {
            assert!(
                LAYERS.contains(&layer),
                "{layer} is no layer: name it in LAYERS"
            );
            let source = fs::read_to_string(&path).unwrap();
            let found = arrows_upwards(layer, &source).into_iter();
            arrows.extend(found.map(|line| format!("{}: {line}", path.display())));
        }
    }
}

#[test]
fn no_layer_names_one_above_it() {
    let mut arrows = Vec::new();
    look(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        None,
        &mut arrows,
    );
    assert!(arrows.is_empty(), "{}", arrows.join("\n"));
}

#[test]
fn an_arrow_upwards_is_found() {
    for (layer, line) in [
        ("model", "use crate::protocol::json;"),
        ("http", "let api = crate::api::Api::new();"),
        ("follow", "use super::client::Client;"),
        ("api", "use crate::{Client, model};"),
    ] {
        assert_eq!(arrows_upwards(layer, line), [line]);
    }
    for line in [
        "use crate::model::error::Error;",
        "    use super::tests;",
        "/// [`crate::Client`]",
    ] {
        assert!(arrows_upwards("api", line).is_empty(), "{line}");
    }
}
