//! The register of officers (执法人员): who held which certificate when.

use std::collections::HashMap;
use std::sync::Arc;

use super::orgs::Orgs;
use crate::region::stem;
use crate::time::Day;

/// One row of `officers.csv`. Dates are inclusive; `None` is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    pub number: String,
    pub name: String,
    pub org: String,
    pub valid_from: Option<Day>,
    pub valid_to: Option<Day>,
    /// Where it counts (执法区域): codes or names of regions; empty: not said.
    pub area: String,
    /// For which classes of enforcement (执法类别), in words; empty: not said.
    pub class: String,
}

impl Certificate {
    /// Reading 20 of the contract: a row without a number is no certificate.
    pub fn is_held(&self) -> bool {
        !self.number.trim().is_empty()
    }

    fn is_of(&self, classes: &[String]) -> bool {
        classes.is_empty() || names(&self.class).any(|name| classes.iter().any(|class| class == name))
    }
}

/// What stands in a cell of the register, one by one.
fn names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(['、', '，', ',', ';', '；', '/']).map(str::trim).filter(|name| !name.is_empty())
}

/// What is asked of a certificate beside its dates (reading 20 of the contract).
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'w> {
    /// It is of one of them; where there are none, of any.
    pub classes: &'w [String],
    /// It is for an area that this region lies in; `None`: for any.
    pub region: Option<&'w str>,
}

/// What a region is called by, of which a government stands in `orgs.yaml`.
const GOVERNMENT: &str = "人民政府";

/// All certificates by officer id. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Officers {
    certificates: Arc<HashMap<String, Vec<Certificate>>>,
    /// Stems of the codes of regions, sorted, by what the regions are called.
    regions: Arc<HashMap<String, Vec<String>>>,
}

/// What the register says of an officer on a day (`detail` of `unqualified_officer`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Qualified,
    NotRegistered,
    NotYetValid,
    Expired,
    /// Of those valid that day none is of the class.
    OtherClass,
    /// Of these none is for the area.
    OtherArea,
}

impl Officers {
    /// Learns what regions are called: by the names of their governments.
    pub fn name_regions(&mut self, orgs: &Orgs) {
        let mut regions: HashMap<String, Vec<String>> = HashMap::new();
        for org in orgs.by_id.values() {
            let code = org.region.as_deref().and_then(stem);
            if let (Some(name), Some(code)) = (org.name.strip_suffix(GOVERNMENT), code) {
                regions.entry(name.to_owned()).or_default().push(code.to_owned());
            }
        }
        regions.values_mut().for_each(|codes| codes.sort_unstable());
        self.regions = Arc::new(regions);
    }

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

    /// How many officers hold a certificate of one of the classes (any, if there are none), whatever its dates; and, where an
    /// area is asked for, one that names any region.
    pub fn certified(&self, classes: &[String], in_area: bool) -> usize {
        let suits = |held: &Certificate| {
            held.is_held() && held.is_of(classes) && (!in_area || self.stems(held).next().is_some())
        };
        self.certificates.values().filter(|held| held.iter().any(suits)).count()
    }

    /// Stems of the regions that a certificate's area names.
    fn stems<'s>(&'s self, held: &'s Certificate) -> impl Iterator<Item = &'s str> {
        names(&held.area).flat_map(|name| {
            let called = self.regions.get(name).into_iter().flatten().map(String::as_str);
            called.chain(stem(name))
        })
    }

    /// What the register says of an officer on a day.
    pub fn standing(&self, officer: &str, on: Day, wanted: Wanted<'_>) -> Standing {
        let mut held = self.certificates(officer).iter().filter(|c| c.is_held()).peekable();
        if held.peek().is_none() {
            return Standing::NotRegistered;
        }
        let covers = |certificate: &Certificate| {
            wanted.region.is_none_or(|region| self.stems(certificate).any(|stem| region.starts_with(stem)))
        };
        let (mut all_begin_later, mut is_any_valid, mut is_any_of_class) = (true, false, false);
        for certificate in held {
            let begun = certificate.valid_from.is_none_or(|d| d <= on);
            all_begin_later &= !begun;
            if !begun || certificate.valid_to.is_some_and(|d| d < on) {
                continue;
            }
            is_any_valid = true;
            if certificate.is_of(wanted.classes) {
                if covers(certificate) {
                    return Standing::Qualified;
                }
                is_any_of_class = true;
            }
        }
        match (is_any_valid, is_any_of_class) {
            (true, true) => Standing::OtherArea,
            (true, false) => Standing::OtherClass,
            (false, _) if all_begin_later => Standing::NotYetValid,
            (false, _) => Standing::Expired,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::orgs::Org;
    use super::*;

    fn register(rows: &[(&str, &str, &str, Option<Day>)]) -> Officers {
        let mut officers = Officers::default();
        for (officer, area, class, valid_to) in rows {
            let certificate = Certificate {
                number: "1".to_owned(),
                name: String::new(),
                org: String::new(),
                valid_from: None,
                valid_to: *valid_to,
                area: (*area).to_owned(),
                class: (*class).to_owned(),
            };
            officers.insert((*officer).to_owned(), certificate);
        }
        let government =
            Org {
                name: "济南市人民政府".to_owned(), region: Some("370100".to_owned()), ..Org::default()
            };
        officers.name_regions(&Orgs::of(HashMap::from([("g".to_owned(), government)])));
        officers
    }

    #[test]
    fn of_what_is_wrong_the_first_in_order_is_told() {
        let (day, class) = (Day::from_ymd(2026, 5, 1), ["城市管理".to_owned()]);
        let wanted = |region| Wanted { classes: &class, region };
        let yesterday = Some(day.plus(-1));
        let officers = register(&[
            ("fits", "济南市、380000", "卫生；城市管理", None),
            ("far", "世界，370102", "城市管理", None),
            ("other", "37", "卫生", None),
            ("blank", "", "", None),
            ("two", "37", "城市管理", yesterday),
            ("two", "37", "卫生", None),
            ("late", "37", "城市管理", yesterday),
        ]);
        for (officer, region, expected) in [
            ("fits", Some("370101"), Standing::Qualified),
            ("fits", Some("370000"), Standing::OtherArea),
            ("fits", None, Standing::Qualified),
            ("far", Some("370101"), Standing::OtherArea),
            ("far", Some("370102"), Standing::Qualified),
            ("far", None, Standing::Qualified),
            ("other", Some("370101"), Standing::OtherClass),
            ("blank", None, Standing::OtherClass),
            ("two", Some("370101"), Standing::OtherClass),
            ("late", Some("370101"), Standing::Expired),
            ("nobody", None, Standing::NotRegistered),
        ] {
            assert_eq!(officers.standing(officer, day, wanted(region)), expected, "{officer} {region:?}");
        }
        assert_eq!(
            officers.standing("blank", day, Wanted::default()),
            Standing::Qualified,
            "who asks for nothing"
        );
        let certified = |classes: &[String], in_area| officers.certified(classes, in_area);
        assert_eq!((certified(&[], false), certified(&[], true), certified(&class, true)), (6, 5, 4));
    }
}
