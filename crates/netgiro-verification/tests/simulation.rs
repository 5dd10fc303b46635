//! The simulation: that a seed replays, that nothing is found where nothing is wrong, and that each mistake is found.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may stop at the first surprise"
)]

use std::collections::BTreeSet;

use netgiro_verification::invariants::Invariant;
use netgiro_verification::simulation::{Mistake, Outcome, Plan, run, shrink};

/// A short run, whose seeds the tests share.
fn plan(seed: u64, checkouts: u32) -> Plan {
    Plan {
        shops: 8,
        checkouts,
        ..Plan::new(seed)
    }
}

fn outcome(plan: &Plan) -> Outcome {
    run(plan.clone()).unwrap()
}

#[test]
fn a_seed_gives_the_same_trace_again() {
    let traced = Plan {
        is_traced: true,
        ..plan(7, 24)
    };
    let (first, second) = (outcome(&traced), outcome(&traced));
    assert!(first.trace.len() > 100);
    assert_eq!(first.trace, second.trace);
    let other = Plan { seed: 8, ..traced };
    assert_ne!(first.trace, outcome(&other).trace);
}

#[test]
fn a_checkout_does_alone_what_it_does_among_others() {
    let all = Plan {
        is_traced: true,
        ..plan(3, 16)
    };
    let alone = Plan {
        only: Some([5].into()),
        ..all.clone()
    };
    let first_steps = |outcome: Outcome| -> Vec<String> {
        let its = outcome.trace.into_iter().filter(|line| line.checkout == 5);
        its.map(|line| line.text).take(2).collect()
    };
    assert_eq!(first_steps(outcome(&all)), first_steps(outcome(&alone)));
}

#[test]
fn no_invariant_is_broken() {
    for seed in 1..=3 {
        let outcome = outcome(&plan(seed, 40));
        assert_eq!(outcome.checkouts, 40);
        if let Some((_, violation)) = outcome.violation {
            panic!("seed {seed}: {violation}");
        }
    }
}

/// What a mistake breaks first.
const fn broken_by(mistake: Mistake) -> Invariant {
    match mistake {
        Mistake::BelievesCallbacks => Invariant::PaidIsPaid,
        Mistake::IgnoresCancelAnswer => Invariant::UnpaidIsUnpaid,
        Mistake::InsertsAgain => Invariant::OneInsert,
        Mistake::ChangesRefundKey => Invariant::OneRefund,
        Mistake::IgnoresClaims => Invariant::ToldOnce,
        Mistake::LosesMessages => Invariant::OpenIsAsked,
        Mistake::DoesNotWait => Invariant::NeverHot,
        Mistake::GivesUpEarly => Invariant::WaitsItsTime,
        Mistake::AnswersFirst => Invariant::RecordedFirst,
        Mistake::HasNoGuard => Invariant::NoReplay,
        Mistake::NeverRestarts => Invariant::EveryCartEnds,
    }
}

#[test]
fn each_mistake_of_a_shop_is_found_and_shrunk() {
    for mistake in Mistake::ALL {
        let mut tried = (1..).map(|seed| Plan {
            mistake: Some(mistake),
            ..plan(seed, 40)
        });
        let (plan, found) = tried
            .by_ref()
            .take(40)
            .find_map(|plan| {
                let found = outcome(&plan);
                found.violation.is_some().then_some((plan, found))
            })
            .unwrap_or_else(|| panic!("{mistake:?} is not found"));
        let (smallest, again) = shrink(&plan, &found).unwrap();
        let (_, violation) = again.violation.unwrap();
        assert_eq!(
            violation.invariant,
            broken_by(mistake),
            "{mistake:?}: {violation}"
        );
        let count = |set: Option<usize>| set.unwrap_or(usize::MAX);
        let checkouts = count(smallest.only.as_ref().map(BTreeSet::len));
        let faults = count(smallest.faults.as_ref().map(BTreeSet::len));
        assert!(
            checkouts == 1 && faults <= 6,
            "{mistake:?}: {smallest:?}, {violation}"
        );
        assert!(!again.trace.is_empty());
    }
}
