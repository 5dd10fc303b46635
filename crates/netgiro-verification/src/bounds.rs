//! How far the models are explored, and which model finds which mutation.

use netgiro::ApiVersion;

use crate::explore::{Exploration, explore};
use crate::models::callbacks::Callbacks;
use crate::models::canceling::Canceling;
use crate::models::following_up::{self, FollowingUp, Kept};
use crate::models::inserting::Inserting;
use crate::models::polling::{self, Polling};
use crate::models::refunding::Refunding;
use crate::models::settling::{self, Settling};
use crate::mutation::Mutation;

const APIS: [ApiVersion; 2] = [ApiVersion::V1, ApiVersion::V2];

/// How far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounds {
    /// In a minute, on two cores and without optimisation.
    Small,
    /// As far as an optimised program comes in some minutes.
    Large,
}

impl Bounds {
    fn more(self, small: u8) -> u8 {
        match self {
            Self::Small => small,
            Self::Large => small + 1,
        }
    }

    /// Polls: with faults and accidents together; long ones; ones at the server's slowest pace; with all delays at their longest.
    fn polling(self) -> Vec<polling::Setting> {
        let usual = polling::Setting {
            api: ApiVersion::V1,
            interval: 3_000,
            timeout: 7_000,
            expires_at: 6_000,
            has_jitter: false,
            moves: true,
            faults: 1,
            accidents: self.more(1),
        };
        let both = |setting| APIS.map(|api| polling::Setting { api, ..setting });
        let mut settings = Vec::from(both(usual));
        // Failures in a row, on one machine.
        settings.extend(both(polling::Setting {
            timeout: 40_000,
            expires_at: 20_000,
            has_jitter: true,
            moves: false,
            faults: self.more(2),
            accidents: 0,
            ..usual
        }));
        // A cart that cannot be seen for as long as one may not be.
        settings.push(polling::Setting {
            interval: 8_000,
            timeout: 24_000,
            expires_at: 180_000,
            faults: self.more(1),
            accidents: 0,
            ..usual
        });
        // From the first check to the last of a cart that nobody decides, and on two machines.
        settings.push(polling::Setting {
            timeout: 180_000,
            expires_at: 300_000,
            faults: 0,
            accidents: 0,
            moves: false,
            ..usual
        });
        settings
    }

    fn settling(self) -> Vec<settling::Setting> {
        let setting = |api| settling::Setting {
            api,
            timeout: 4_000,
            expires_at: 9_000,
            faults: self.more(2),
            crashes: 1,
        };
        // A cart that is canceled at once, and perhaps before it can be seen.
        let at_once = |api| settling::Setting {
            timeout: 0,
            faults: self.more(3),
            crashes: 0,
            ..setting(api)
        };
        APIS.into_iter()
            .flat_map(|api| [setting(api), at_once(api)])
            .collect()
    }

    fn following_up(self) -> Vec<following_up::Setting> {
        let setting = |(kept, api)| following_up::Setting {
            api,
            kept,
            faults: match kept {
                Kept::Ledger => 1,
                Kept::Message => 2,
            },
            accidents: match kept {
                Kept::Ledger => self.more(1),
                Kept::Message => self.more(2),
            },
        };
        let ways = [Kept::Ledger, Kept::Message].map(|kept| APIS.map(|api| (kept, api)));
        // Failures of the shop's own alone, and more of them.
        let own = following_up::Setting {
            faults: 0,
            accidents: self.more(3),
            ..setting((Kept::Ledger, ApiVersion::V1))
        };
        ways.into_iter()
            .flatten()
            .map(setting)
            .chain([own])
            .collect()
    }

    /// Explores every model, or those in which a mutation can be made.
    pub fn explore(self, mutation: Option<Mutation>, mut each: impl FnMut(Exploration)) {
        for model in Model::ALL {
            if mutation.is_none_or(|mutation| model.has(mutation)) {
                each(self.explore_one(model, mutation));
            }
        }
    }

    /// Explores a model.
    #[must_use]
    pub fn explore_one(self, model: Model, mutation: Option<Mutation>) -> Exploration {
        match model {
            Model::Inserting => explore(Inserting {
                retries: self.more(1),
                mutation,
            }),
            Model::Polling => explore(Polling {
                settings: self.polling(),
                mutation,
            }),
            Model::Settling => explore(Settling {
                settings: self.settling(),
                mutation,
            }),
            Model::Canceling => explore(Canceling {
                faults: self.more(3),
                mutation,
            }),
            Model::Callbacks => explore(Callbacks {
                requests: self.more(3),
                mutation,
            }),
            Model::FollowingUp => explore(FollowingUp {
                settings: self.following_up(),
                mutation,
            }),
            Model::Refunding => explore(Refunding {
                calls: self.more(2),
                mutation,
            }),
        }
    }
}

/// The models, in the order of a checkout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// [`Inserting`]
    Inserting,
    /// [`Polling`]
    Polling,
    /// [`Settling`]
    Settling,
    /// [`Canceling`]
    Canceling,
    /// [`Callbacks`]
    Callbacks,
    /// [`FollowingUp`]
    FollowingUp,
    /// [`Refunding`]
    Refunding,
}

impl Model {
    /// Every model.
    pub const ALL: [Self; 7] = [
        Self::Inserting,
        Self::Polling,
        Self::Settling,
        Self::Canceling,
        Self::Callbacks,
        Self::FollowingUp,
        Self::Refunding,
    ];

    /// Whether the model can make this mutation.
    #[must_use]
    pub const fn has(self, mutation: Mutation) -> bool {
        match mutation {
            Mutation::LostInsertIsRefused => matches!(self, Self::Inserting),
            Mutation::SuccessIsPaid
            | Mutation::BelievesMissing
            | Mutation::PollWithoutToken
            | Mutation::HalfTheDelay
            | Mutation::EndsEarly => matches!(self, Self::Polling),
            Mutation::CancelIsNotRead => {
                matches!(self, Self::Settling | Self::Canceling | Self::FollowingUp)
            }
            Mutation::CancelsWhatIsPaid => matches!(self, Self::Settling | Self::Canceling),
            Mutation::ForgetsAfterCrash | Mutation::TellsNobody => {
                matches!(self, Self::Polling | Self::Settling | Self::FollowingUp)
            }
            Mutation::TellsWithoutClaim => matches!(self, Self::FollowingUp),
            Mutation::AcknowledgesFirst | Mutation::AsksNoGuard => matches!(self, Self::Callbacks),
            Mutation::LostRefundIsRefused => matches!(self, Self::Refunding),
        }
    }
}
