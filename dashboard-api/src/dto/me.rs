//! Who asks.

use identity::{Grant, Need, Reach};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Access;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// The issuer's id of the person; null where no identity is configured and everybody may read.
    id: Option<String>,
    name: Option<String>,
    grants: Vec<GrantBody>,
    sees: Sees,
}

/// A role, and for what: one of the four reaches (docs/rights.md).
#[derive(Debug, Serialize, ToSchema)]
struct GrantBody {
    #[schema(example = "supervision_office")]
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    orgs: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    under: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    everywhere: bool,
}

/// What at least one grant gives access to.
#[derive(Debug, Serialize, ToSchema)]
struct Sees {
    alarms: bool,
    cases: bool,
    personal_data: bool,
    dead_letters: bool,
    pipeline: bool,
    incidents: bool,
    rules: bool,
    audit: bool,
    registers: bool,
    orders: bool,
    todo: bool,
}

impl Me {
    pub(crate) fn new(access: &Access) -> Self {
        let person = access.person().map(|(person, _)| person);
        let sees = |need| access.scope(need).is_ok();
        Self {
            id: person.map(|person| person.id.clone()),
            name: person.map(|person| person.name.clone()),
            grants: person.iter().flat_map(|person| &person.grants).map(GrantBody::from).collect(),
            sees: Sees {
                alarms: sees(Need::Alarms),
                cases: sees(Need::Cases),
                personal_data: sees(Need::PersonalData),
                dead_letters: sees(Need::DeadLetters),
                pipeline: sees(Need::Pipeline),
                incidents: sees(Need::Incidents),
                rules: sees(Need::Rules),
                audit: sees(Need::Audit),
                registers: sees(Need::Registers),
                orders: sees(Need::Orders),
                todo: sees(Need::Todo),
            },
        }
    }
}

impl From<&Grant> for GrantBody {
    fn from(Grant { role, reach }: &Grant) -> Self {
        let mut body = Self { role: role.as_str(), orgs: None, under: None, region: None, everywhere: false };
        match reach {
            Reach::Orgs(orgs) => body.orgs = Some(orgs.iter().cloned().collect()),
            Reach::Under(top) => body.under = Some(top.clone()),
            Reach::Region(region) => body.region = Some(region.clone()),
            Reach::Everywhere => body.everywhere = true,
        }
        body
    }
}
