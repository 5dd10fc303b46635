//! The bounded models hold, and each mutation of the product is found in each model that can make it.

#![allow(
    missing_docs,
    clippy::print_stderr,
    reason = "a test says how far it has come"
)]

use std::collections::BTreeSet;

use netgiro_verification::bounds::{Bounds, Model};
use netgiro_verification::invariants::{Invariant, Report};
use netgiro_verification::mutation::Mutation;

/// A model holds, and what it is about does happen in it.
fn holds(model: Model) {
    let found = Bounds::Small.explore_one(model, None);
    eprintln!("{found}");
    assert!(found.violation.is_none(), "{found}");
    let happens = match model {
        Model::Inserting | Model::Refunding => vec![Report::Paid, Report::Undecided],
        Model::Callbacks => vec![Report::Paid, Report::Unpaid],
        _ => vec![Report::Paid, Report::Unpaid, Report::Undecided],
    };
    assert_eq!(found.reports, happens);
}

#[test]
fn inserting_holds() {
    holds(Model::Inserting);
}

#[test]
fn polling_holds() {
    holds(Model::Polling);
}

#[test]
fn settling_holds() {
    holds(Model::Settling);
}

#[test]
fn canceling_holds() {
    holds(Model::Canceling);
}

#[test]
fn callbacks_hold() {
    holds(Model::Callbacks);
}

#[test]
fn following_up_holds() {
    holds(Model::FollowingUp);
}

#[test]
fn refunding_holds() {
    holds(Model::Refunding);
}

#[test]
fn each_mutation_is_found_in_each_model() {
    let mut missed = Vec::new();
    for mutation in Mutation::ALL {
        Bounds::Small.explore(Some(mutation), |found| {
            let broken = found.broken();
            eprintln!("{mutation:?} in {}: {broken:?}", found.name);
            if !broken.is_some_and(|it| mutation.breaks().contains(&it)) {
                missed.push(format!("{mutation:?}\n{found}"));
            }
        });
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn each_invariant_is_broken_by_a_mutation() {
    let broken = Mutation::ALL.iter().flat_map(|it| it.breaks());
    let broken: BTreeSet<Invariant> = broken.copied().collect();
    assert_eq!(broken, Invariant::ALL.into());
}
