//! What a person may see: roles, each for some organisations or regions.

use std::collections::BTreeSet;
use std::fmt;

use model::Instant;
use model::catalogue::Orgs;
use workflow::Role;

/// Somebody whom the issuer vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The issuer's own id of him (`sub`), which stands in the audit.
    pub id: String,
    /// For people's eyes; may be the id.
    pub name: String,
    pub grants: Vec<Grant>,
    /// When the token is over, to the second; it may be believed for [`crate::LEEWAY_S`] longer.
    pub expires: Instant,
}

/// One role, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub role: Role,
    pub reach: Reach,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// These organisations and no others.
    Orgs(BTreeSet<String>),
    /// An organisation and all below it in the catalogue's tree.
    Under(String),
    /// A region and all its subdivisions: two, four or six digits of GB/T 2260.
    Region(String),
    /// The whole site, records of unknown origin included.
    Everywhere,
}

/// For the access trail.
impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.role.name().en)?;
        match &self.reach {
            Reach::Orgs(orgs) => {
                write!(f, "of {}", orgs.iter().map(String::as_str).collect::<Vec<_>>().join(","))
            }
            Reach::Under(top) => write!(f, "under {top}"),
            Reach::Region(prefix) => write!(f, "in {prefix}"),
            Reach::Everywhere => f.write_str("everywhere"),
        }
    }
}

impl Grant {
    /// Whether it reaches an organisation; its region is the catalogue's.
    pub fn covers_org(&self, org: &str, orgs: &Orgs) -> bool {
        match &self.reach {
            Reach::Orgs(own) => own.contains(org),
            Reach::Under(top) => is_under(org, top, orgs),
            Reach::Region(prefix) => {
                let region = orgs.by_id.get(org).and_then(|org| org.region.as_deref());
                region.is_some_and(|region| region.starts_with(prefix.as_str()))
            }
            Reach::Everywhere => true,
        }
    }
}

/// Whether `org` is `top` or stands below it. A tree with a circle ends after as many steps as it has nodes.
fn is_under(org: &str, top: &str, orgs: &Orgs) -> bool {
    let parent = |id: &&str| orgs.by_id.get(*id).and_then(|org| org.parent.as_deref());
    std::iter::successors(Some(org), parent).take(orgs.by_id.len() + 1).any(|id| id == top)
}

/// What a question is narrowed to. Without a grant: nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    Everywhere,
    Within(Bounds),
}

/// Rows of one of the organisations or of one of the regions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Sorted, each once.
    pub orgs: Vec<String>,
    /// Prefixes of region codes, never empty ones; sorted, each once.
    pub regions: Vec<String>,
    /// `orgs`, and those that the catalogue places in one of the regions: for rows that have no region.
    pub seats: Vec<String>,
}

impl Default for Scope {
    fn default() -> Self {
        Self::Within(Bounds::default())
    }
}

impl Scope {
    /// All that any of the grants reaches.
    pub fn of<'a>(grants: impl IntoIterator<Item = &'a Grant>, orgs: &Orgs) -> Self {
        let (mut own, mut regions) = (BTreeSet::new(), BTreeSet::new());
        for grant in grants {
            match &grant.reach {
                Reach::Everywhere => return Self::Everywhere,
                Reach::Orgs(listed) => own.extend(listed.iter().cloned()),
                Reach::Under(top) => {
                    own.insert(top.clone());
                    own.extend(orgs.by_id.keys().filter(|id| is_under(id, top, orgs)).cloned());
                }
                Reach::Region(prefix) => {
                    regions.insert(prefix.clone());
                }
            }
        }
        let lies_in = |region: &str| regions.iter().any(|prefix| region.starts_with(prefix.as_str()));
        let placed = orgs.by_id.values().filter(|org| org.region.as_deref().is_some_and(lies_in));
        let seats: BTreeSet<String> = placed.map(|org| org.id.clone()).chain(own.iter().cloned()).collect();
        Self::Within(Bounds {
            orgs: own.into_iter().collect(),
            regions: regions.into_iter().collect(),
            seats: seats.into_iter().collect(),
        })
    }

    /// Whether a row of this organisation and region lies in it: what the store is asked, for a row at hand.
    pub fn covers(&self, org: &str, region: &str) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Within(bounds) => {
                let has = |list: &[String]| list.iter().any(|own| own == org);
                has(&bounds.orgs) || bounds.regions.iter().any(|prefix| region.starts_with(prefix.as_str()))
            }
        }
    }

    /// Whether a row that has an organisation and no region lies in it.
    pub fn covers_seat(&self, org: &str) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Within(bounds) => bounds.seats.iter().any(|seat| seat == org),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use model::catalogue::Org;

    use super::*;

    fn tree() -> Orgs {
        let org = |id: &str, parent: Option<&str>, region: &str| {
            let (parent, region) = (parent.map(str::to_owned), Some(region.to_owned()));
            (id.to_owned(), Org { id: id.to_owned(), parent, region, ..Org::default() })
        };
        Orgs::of(HashMap::from([
            org("city", None, "990100"),
            org("market", Some("city"), "990100"),
            org("east", Some("city"), "990102"),
            org("east-market", Some("east"), "990102"),
            org("loop-a", Some("loop-b"), "110000"),
            org("loop-b", Some("loop-a"), "110000"),
        ]))
    }

    fn grant(reach: Reach) -> Grant {
        Grant { role: Role::Analyst, reach }
    }

    #[test]
    fn a_subtree_is_its_top_and_all_below() {
        let under = grant(Reach::Under("east".into()));
        let Scope::Within(bounds) = Scope::of([&under], &tree()) else { panic!("everywhere") };
        assert_eq!(bounds.orgs, ["east", "east-market"]);
        assert!(under.covers_org("east-market", &tree()) && !under.covers_org("market", &tree()));
        assert!(!grant(Reach::Under("city".into())).covers_org("loop-a", &tree()), "a circle ends");
    }

    #[test]
    fn a_region_takes_in_its_subdivisions_and_the_orgs_that_sit_there() {
        let scope = Scope::of([&grant(Reach::Region("990102".into()))], &tree());
        assert!(scope.covers("whoever", "990102") && !scope.covers("market", "990100"));
        assert!(scope.covers_seat("east-market") && !scope.covers_seat("market") && !scope.covers_seat(""));
    }

    #[test]
    fn no_grant_reaches_nothing_and_several_reach_all_of_theirs() {
        let nothing = Scope::of([], &tree());
        assert_eq!(nothing, Scope::default());
        assert!(!nothing.covers("", "") && !nothing.covers_seat(""));
        let two = [grant(Reach::Orgs(["x".to_owned()].into())), grant(Reach::Region("99".into()))];
        let scope = Scope::of(&two, &tree());
        assert!(scope.covers("x", "") && scope.covers("y", "990100") && !scope.covers("y", "11"));
        let all = Scope::of(two.iter().chain([&grant(Reach::Everywhere)]), &tree());
        assert_eq!(all, Scope::Everywhere);
    }
}
