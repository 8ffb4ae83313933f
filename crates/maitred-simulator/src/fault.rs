//! Faults: what can go wrong at a crossing of a door, and how often.

use std::collections::BTreeMap;
use std::fmt;

use fastrand::Rng;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The process dies before the effect.
    KillBefore,
    /// The process dies after the effect, and before it hears of it.
    KillAfter,
    /// The store is busy or full: nothing is done.
    Unavailable,
    /// The store breaks before the effect.
    BrokenBefore,
    /// The store breaks after the effect.
    BrokenAfter,
    /// It takes so many milliseconds longer.
    Slow(u64),
    /// The request never gets there.
    LostRequest,
    /// The request has its effect, and the reply is lost.
    LostReply,
    /// The service answers 503 without an effect.
    Refused,
    /// The service answers 500 after the effect.
    FailedAfter,
    /// The service answers 429.
    Throttled,
    /// A read shows an earlier state.
    Stale,
    /// Code of a user panics.
    Panic,
    /// Code of a user never returns.
    Hang,
    /// Code of a user returns an error.
    Error,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slow(millis) => write!(f, "slow by {millis} ms"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// A kind of door, with its own faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    /// A transaction of the store.
    Store,
    /// The threads on which transactions are made.
    Disk,
    /// A request to the service.
    Service,
    /// A method of an operator or a trigger.
    User,
}

impl Door {
    const ALL: [Self; 4] = [Self::Store, Self::Disk, Self::Service, Self::User];

    /// Its faults.
    fn faults(self) -> &'static [Fault] {
        use Fault as F;
        match self {
            Self::Store => {
                &[F::KillBefore, F::KillAfter, F::Unavailable, F::BrokenBefore, F::BrokenAfter]
            }
            Self::Disk => &[F::Slow(0)],
            Self::Service => &[
                F::KillBefore,
                F::KillAfter,
                F::LostRequest,
                F::LostReply,
                F::Refused,
                F::FailedAfter,
                F::Throttled,
                F::Stale,
                F::Slow(0),
            ],
            Self::User => &[F::KillBefore, F::Panic, F::Hang, F::Error, F::Slow(0)],
        }
    }
}

/// How often a fault happens at a crossing, before the seed's multiple of it.
const BASE: f64 = 0.002;

/// The rates of a seed: some faults never, some often.
#[derive(Debug)]
pub struct Rates(BTreeMap<(Door, Fault), f64>);

impl Rates {
    /// The rates that are drawn for a seed. Swarm testing: Groce et al., "Swarm Testing", ISSTA 2012.
    pub fn drawn(random: &mut Rng) -> Self {
        let mut rates = BTreeMap::new();
        for door in Door::ALL {
            // A door that works well lets faults of others show.
            let works = random.u8(..4) == 0;
            for fault in door.faults() {
                let multiple = [0.0, 0.0, 1.0, 4.0, 25.0][random.usize(..5)];
                rates.insert((door, *fault), if works { 0.0 } else { BASE * multiple });
            }
        }
        Self(rates)
    }

    /// The fault of a crossing, if there is one.
    pub fn fault(&self, door: Door, random: &mut Rng) -> Option<Fault> {
        let mut at = random.f64();
        for fault in door.faults() {
            let rate = self.0[&(door, *fault)];
            if at < rate {
                return Some(match fault {
                    Fault::Slow(_) => Fault::Slow([50, 500, 5_000, 40_000][random.usize(..4)]),
                    other => *other,
                });
            }
            at -= rate;
        }
        None
    }
}

/// Which faults happen.
#[derive(Debug, Clone, Default)]
pub enum Choice {
    /// Those that the seed draws.
    #[default]
    Drawn,
    /// These, by the key and the number of their crossings, and no others: to shrink a run.
    Only(BTreeMap<(String, u64), Fault>),
    /// One, at the crossing of this number of the whole run: to try each.
    At(u64, Fault),
}
