//! The register of officers (执法人员): who held which certificate when.

use std::collections::HashMap;
use std::sync::Arc;

use crate::time::Day;

/// One row of `officers.csv`. Dates are inclusive; `None` is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    pub number: String,
    pub name: String,
    pub org: String,
    pub valid_from: Option<Day>,
    pub valid_to: Option<Day>,
    /// Where it counts, in words; empty: not said.
    pub area: String,
    /// For which class of enforcement (执法类别), in words; empty: not said.
    pub class: String,
}

impl Certificate {
    /// Reading 20 of the contract: a row without a number is no certificate.
    pub fn is_held(&self) -> bool {
        !self.number.trim().is_empty()
    }
}

/// All certificates by officer id. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Officers {
    certificates: Arc<HashMap<String, Vec<Certificate>>>,
}

/// What the register says of an officer on a day (`detail` of `unqualified_officer`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Qualified,
    NotRegistered,
    NotYetValid,
    Expired,
}

impl Officers {
    pub fn insert(&mut self, officer: String, certificate: Certificate) {
        Arc::make_mut(&mut self.certificates).entry(officer).or_default().push(certificate);
    }

    pub fn len(&self) -> usize {
        self.certificates.len()
    }

    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    pub fn certificates(&self, officer: &str) -> &[Certificate] {
        self.certificates.get(officer).map_or(&[], Vec::as_slice)
    }

    /// Officers and their certificates, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Certificate])> {
        self.certificates.iter().map(|(officer, held)| (officer.as_str(), held.as_slice()))
    }

    /// How many officers hold a certificate, whatever its dates.
    pub fn certified(&self) -> usize {
        self.certificates.values().filter(|held| held.iter().any(Certificate::is_held)).count()
    }

    /// What the register says of an officer on a day.
    pub fn standing(&self, officer: &str, on: Day) -> Standing {
        let mut held = self.certificates(officer).iter().filter(|c| c.is_held()).peekable();
        if held.peek().is_none() {
            return Standing::NotRegistered;
        }
        let mut all_begin_later = true;
        for certificate in held {
            let begun = certificate.valid_from.is_none_or(|d| d <= on);
            if begun && certificate.valid_to.is_none_or(|d| on <= d) {
                return Standing::Qualified;
            }
            all_begin_later &= !begun;
        }
        if all_begin_later { Standing::NotYetValid } else { Standing::Expired }
    }
}
