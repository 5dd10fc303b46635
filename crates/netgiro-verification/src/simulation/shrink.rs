//! Makes a run that fails small: as few checkouts and faults as break the same invariant.

use std::collections::BTreeSet;
use std::io;

use crate::invariants::Invariant;
use crate::simulation::plan::{FaultId, Plan};
use crate::simulation::{Outcome, run};

/// A smaller plan that breaks the same invariant, and what comes of it, with a trace.
///
/// # Errors
///
/// Where no runtime can be made.
pub fn shrink(plan: &Plan, found: &Outcome) -> io::Result<(Plan, Outcome)> {
    let Some((_, violation)) = &found.violation else {
        return Ok((plan.clone(), found.clone()));
    };
    let mut shrinking = Shrinking {
        smallest: plan.clone(),
        struck: found.struck.clone(),
        invariant: violation.invariant,
    };
    let alone = u32::try_from(violation.checkout).unwrap_or(u32::MAX);
    shrinking.shrink_checkouts(alone)?;
    shrinking.shrink_faults()?;
    let traced = Plan {
        is_traced: true,
        ..shrinking.smallest.clone()
    };
    Ok((shrinking.smallest, run(traced)?))
}

/// The smallest plan so far.
struct Shrinking {
    smallest: Plan,
    struck: BTreeSet<FaultId>,
    invariant: Invariant,
}

impl Shrinking {
    /// Takes a plan over that breaks the same invariant; gives whether it does.
    fn try_plan(&mut self, plan: Plan) -> io::Result<bool> {
        let outcome = run(plan.clone())?;
        let broken = outcome.violation.map(|(_, it)| it.invariant);
        let fails = broken == Some(self.invariant);
        if fails {
            self.smallest = plan;
            self.struck = outcome.struck;
        }
        Ok(fails)
    }

    /// The checkout alone, or with as few others of its shop as it takes: they share clients.
    fn shrink_checkouts(&mut self, alone: u32) -> io::Result<()> {
        let plan = self.smallest.clone();
        let with_only = |only: &[u32]| Plan {
            only: Some(only.iter().copied().collect()),
            ..plan.clone()
        };
        if self.try_plan(with_only(&[alone]))? {
            return Ok(());
        }
        let shops = plan.shops.max(1);
        let neighbours = (0..plan.checkouts).filter(|number| number % shops == alone % shops);
        let neighbours: Vec<_> = neighbours.collect();
        if self.try_plan(with_only(&neighbours))? {
            self.drop_parts(neighbours, with_only)?;
        }
        Ok(())
    }

    fn shrink_faults(&mut self) -> io::Result<()> {
        let plan = self.smallest.clone();
        let struck: Vec<_> = self.struck.iter().copied().collect();
        let with_faults = |faults: &[FaultId]| Plan {
            faults: Some(faults.iter().copied().collect()),
            ..plan.clone()
        };
        self.try_plan(with_faults(&struck))?;
        self.drop_parts(struck, with_faults)
    }

    /// Leaves out all parts that it does not take, the largest first.
    fn drop_parts<T: Copy>(
        &mut self,
        mut parts: Vec<T>,
        plan_of: impl Fn(&[T]) -> Plan,
    ) -> io::Result<()> {
        let mut size = parts.len();
        while size > 0 {
            let mut at = 0;
            while at < parts.len() {
                let mut fewer = parts.clone();
                fewer.drain(at..parts.len().min(at + size));
                if self.try_plan(plan_of(&fewer))? {
                    parts = fewer;
                } else {
                    at += size;
                }
            }
            size /= 2;
        }
        Ok(())
    }
}
