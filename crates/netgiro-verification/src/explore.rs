//! Every schedule of a system, up to its bounds.

use std::fmt::{self, Debug};
use std::hash::Hash;
use std::time::{Duration, Instant};

use stateright::{Checker as _, HasDiscoveries, Model, Property};

use crate::invariants::{Invariant, Report, Violation, World, check, check_end};

/// A system that is explored: where it may begin, what may happen next, and what has then happened.
pub trait System: Send + Sync + 'static {
    /// Where it stands.
    type State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static;
    /// One thing that may happen.
    type Action: Clone + Debug + PartialEq + Send + Sync + 'static;

    /// What the system is called.
    const NAME: &'static str;

    /// Where it may begin.
    fn beginnings(&self) -> Vec<Self::State>;

    /// What may happen next.
    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>);

    /// Where it stands then; `None` where that cannot happen.
    fn next(&self, state: &Self::State, action: &Self::Action) -> Option<Self::State>;

    /// Whether nothing more can happen.
    fn is_over(&self, state: &Self::State) -> bool;

    /// What has happened.
    fn world<'a>(&self, state: &'a Self::State) -> &'a World;

    /// Whether a state is to be explored further, rather than be left as too far away.
    fn is_within(&self, _state: &Self::State) -> bool {
        true
    }
}

/// What an exploration has found.
#[derive(Clone, Debug)]
pub struct Exploration {
    /// What was explored.
    pub name: &'static str,
    /// How many states there are.
    pub states: usize,
    /// The longest way to one of them, in actions.
    pub depth: usize,
    /// How long it took.
    pub took: Duration,
    /// The reports that the shop gets in some schedule.
    pub reports: Vec<Report>,
    /// What does not hold, and the shortest schedule to it.
    pub violation: Option<(Violation, Vec<String>)>,
}

impl Exploration {
    /// The invariant that does not hold.
    #[must_use]
    pub fn broken(&self) -> Option<Invariant> {
        Some(self.violation.as_ref()?.0.invariant)
    }
}

impl fmt::Display for Exploration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            states,
            depth,
            took,
            ..
        } = self;
        let seconds = took.as_secs_f64();
        write!(
            f,
            "{name:<12} {states:>9} states  depth {depth:>3}  {seconds:>6.1} s"
        )?;
        if let Some((violation, schedule)) = &self.violation {
            write!(f, "\n{violation}")?;
            for action in schedule {
                write!(f, "\n  {action}")?;
            }
        }
        Ok(())
    }
}

struct Explored<S>(S);

impl<S: System> Explored<S> {
    fn violation(&self, state: &S::State) -> Option<Violation> {
        let world = self.0.world(state);
        let held = if self.0.is_over(state) {
            check_end(world)
        } else {
            check(world)
        };
        held.err()
    }

    fn has_told(&self, state: &S::State, report: Report) -> bool {
        let checkouts = &self.0.world(state).checkouts;
        let mut told = checkouts.iter().flat_map(|it| &it.told);
        told.any(|(said, _)| *said == report)
    }
}

const HOLDS: &str = "every invariant holds";
const REPORTS: [(&str, Report); 3] = [
    ("some are paid", Report::Paid),
    ("some are unpaid", Report::Unpaid),
    ("some are undecided", Report::Undecided),
];

impl<S: System> Model for Explored<S> {
    type State = S::State;
    type Action = S::Action;

    fn init_states(&self) -> Vec<S::State> {
        self.0.beginnings()
    }

    fn actions(&self, state: &S::State, actions: &mut Vec<S::Action>) {
        if !self.0.is_over(state) {
            self.0.actions(state, actions);
        }
    }

    fn next_state(&self, state: &S::State, action: S::Action) -> Option<S::State> {
        self.0.next(state, &action)
    }

    fn within_boundary(&self, state: &S::State) -> bool {
        self.0.is_within(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let [paid, unpaid, undecided] = REPORTS.map(|(name, _)| name);
        vec![
            Property::always(HOLDS, |model, state| model.violation(state).is_none()),
            Property::sometimes(paid, |model, state| model.has_told(state, Report::Paid)),
            Property::sometimes(unpaid, |model, state| model.has_told(state, Report::Unpaid)),
            Property::sometimes(undecided, |model, state| {
                model.has_told(state, Report::Undecided)
            }),
        ]
    }
}

/// Explores a system until every schedule was tried, or one was found that breaks an invariant.
pub fn explore<S: System>(system: S) -> Exploration {
    let started = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let checker = Explored(system)
        .checker()
        .threads(threads)
        .finish_when(HasDiscoveries::AnyFailures)
        .spawn_bfs()
        .join();
    let violation = checker.discovery(HOLDS).and_then(|path| {
        let violation = checker.model().violation(path.last_state())?;
        let actions = path.into_actions();
        let schedule = actions.iter().map(|action| format!("{action:?}"));
        Some((violation, schedule.collect()))
    });
    let reports = REPORTS
        .into_iter()
        .filter(|(name, _)| checker.discovery(name).is_some());
    Exploration {
        name: S::NAME,
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        took: started.elapsed(),
        reports: reports.map(|(_, report)| report).collect(),
        violation,
    }
}
