//! Chance: every draw is a function of the seed and of what it decides, so that leaving one fault or one act out
//! changes nothing else.

use std::collections::BTreeMap;

/// What is drawn: plan, faults and schedule share no draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    /// The acts of users, and the tasks.
    Plan,
    /// The faults, and their rates.
    Fault,
    /// The pauses that decide what happens first.
    Schedule,
}

/// The draws of a seed.
#[derive(Debug)]
pub struct Chance {
    seed: u64,
    counts: BTreeMap<(Stream, String), u64>,
}

impl Chance {
    /// The draws of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, counts: BTreeMap::new() }
    }

    /// A generator for one decision about `key`, and the number of the decision, from 0.
    pub fn draw(&mut self, stream: Stream, key: &str) -> (fastrand::Rng, u64) {
        let count = self.counts.entry((stream, key.to_owned())).or_default();
        let number = *count;
        *count += 1;
        let mut hash = Hash::default();
        hash.add(&self.seed.to_le_bytes());
        hash.add(&[stream as u8]);
        hash.add(key.as_bytes());
        hash.add(&number.to_le_bytes());
        (fastrand::Rng::with_seed(hash.value()), number)
    }
}

/// The FNV-1a hash, <http://www.isthe.com/chongo/tech/comp/fnv/>: the same in every process.
#[derive(Debug, Clone, Copy)]
pub struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hash {
    /// Takes in bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    /// The hash of what was taken in.
    #[must_use]
    pub fn value(self) -> u64 {
        self.0
    }
}
