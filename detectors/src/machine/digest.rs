//! A digest of a partition's state that can follow each change: the sum of a digest a case.

use std::hash::{Hash, Hasher};

use super::revise::Standing;
use crate::facts::Facts;

/// FNV-1a, 64 bits: the same on every machine and release, which the standard hashers do not promise.
pub(super) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Number of cases, and the wrapping sum of their digests: independent of the order of cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StateDigest {
    pub cases: u64,
    pub sum: u64,
}

impl StateDigest {
    pub(super) fn add(&mut self, id: &str, facts: &Facts, standing: &[Standing]) {
        self.cases += 1;
        self.sum = self.sum.wrapping_add(case(id, facts, standing));
    }

    pub(super) fn remove(&mut self, id: &str, facts: &Facts, standing: &[Standing]) {
        self.cases -= 1;
        self.sum = self.sum.wrapping_sub(case(id, facts, standing));
    }
}

/// Of a case, the size of its facts and the revisions of its findings: enough to see a replay diverge.
fn case(id: &str, facts: &Facts, standing: &[Standing]) -> u64 {
    let mut hash = Fnv::default();
    id.hash(&mut hash);
    facts.heap_bytes().hash(&mut hash);
    for finding in standing {
        (finding.id.0, finding.revision, finding.content).hash(&mut hash);
    }
    hash.finish()
}
