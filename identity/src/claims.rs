//! From the claims of a token whose signature holds to a person. Pure.

use std::collections::BTreeSet;

use model::Instant;
use model::region::stem;
use serde::Deserialize;
use serde_json::{Map, Value};
use workflow::Role;

use crate::check::{Policy, Refused};
use crate::grant::{Grant, Person, Reach};
use crate::{LEEWAY_S, MAX_GRANTS, MAX_ORGS};

const MAX_ID_BYTES: usize = 128;

/// Issuer, audience and times first, then who it is.
pub(crate) fn person(claims: &Map<String, Value>, policy: &Policy, now: Instant) -> Result<Person, Refused> {
    if claims.get("iss").and_then(Value::as_str) != Some(policy.issuer.as_str()) {
        return Err(Refused::Issuer);
    }
    if !has_audience(claims.get("aud"), &policy.audiences) {
        return Err(Refused::Audience);
    }
    let expires = check_times(claims, now)?;
    let id = text(claims.get("sub")).ok_or(Refused::Claims("sub is missing or no id"))?;
    let name = ["name", "preferred_username"].iter().find_map(|name| text(claims.get(*name)));
    let grants = grants(claims.get(&policy.claim))?;
    Ok(Person { name: name.unwrap_or(id).to_owned(), id: id.to_owned(), grants, expires })
}

/// A text, or a list with one of ours among its texts.
fn has_audience(claim: Option<&Value>, ours: &[String]) -> bool {
    let is_ours = |value: &Value| value.as_str().is_some_and(|text| ours.iter().any(|own| own == text));
    match claim {
        Some(Value::Array(all)) => all.iter().any(is_ours),
        Some(one) => is_ours(one),
        None => false,
    }
}

/// When it expires, if it is valid now.
fn check_times(claims: &Map<String, Value>, now: Instant) -> Result<Instant, Refused> {
    let seconds = |name: &'static str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or(Refused::Claims("a time is no number")),
    };
    let (now, leeway) = (now.0 as f64 / 1_000.0, LEEWAY_S as f64);
    let expires = seconds("exp")?.ok_or(Refused::Claims("exp is missing"))?;
    if now >= expires + leeway {
        return Err(Refused::Expired);
    }
    let begins = [seconds("nbf")?, seconds("iat")?].into_iter().flatten().fold(f64::MIN, f64::max);
    let at = Instant((expires * 1_000.0) as i64);
    if now + leeway < begins { Err(Refused::NotYet) } else { Ok(at) }
}

/// An id or a name: short, and of no control characters, since it goes into logs.
fn text(claim: Option<&Value>) -> Option<&str> {
    claim?.as_str().filter(|text| is_id(text))
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_ID_BYTES && !text.chars().any(char::is_control)
}

/// `[{"role": "supervision_office", "orgs": ["…"]}, …]`: exactly one of `orgs`, `under`, `region`, `everywhere`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GrantClaim {
    role: Role,
    orgs: Option<BTreeSet<String>>,
    under: Option<String>,
    region: Option<String>,
    everywhere: Option<bool>,
}

/// A grant that cannot be understood refuses the token: half understood it could be wider than was meant.
fn grants(claim: Option<&Value>) -> Result<Vec<Grant>, Refused> {
    let Some(claim) = claim else { return Ok(Vec::new()) };
    let list: Vec<GrantClaim> = serde_json::from_value(claim.clone())
        .map_err(|_| Refused::Claims("the grants are not well formed"))?;
    if list.len() > MAX_GRANTS {
        return Err(Refused::Claims("there are too many grants"));
    }
    list.into_iter().map(grant).collect()
}

fn grant(claim: GrantClaim) -> Result<Grant, Refused> {
    let reach = match (claim.orgs, claim.under, claim.region, claim.everywhere) {
        (Some(orgs), None, None, None) if orgs.len() <= MAX_ORGS && orgs.iter().all(|org| is_id(org)) => {
            Reach::Orgs(orgs)
        }
        (None, Some(top), None, None) if is_id(&top) => Reach::Under(top),
        (None, None, Some(region), None) => {
            let stem = stem(&region).ok_or(Refused::Claims("a grant's region is no code of GB/T 2260"))?;
            Reach::Region(stem.to_owned())
        }
        (None, None, None, Some(true)) => Reach::Everywhere,
        _ => return Err(Refused::Claims("a grant needs exactly one of orgs, under, region, everywhere")),
    };
    Ok(Grant { role: claim.role, reach })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_grant_that_is_not_understood_refuses_all() {
        for wrong in [
            json!("analyst"),
            json!([{"role": "emperor", "everywhere": true}]),
            json!([{"role": "analyst"}]),
            json!([{"role": "analyst", "everywhere": false}]),
            json!([{"role": "analyst", "orgs": ["a"], "region": "37"}]),
            json!([{"role": "analyst", "orgs": [""]}]),
            json!([{"role": "analyst", "region": ""}]),
            json!([{"role": "analyst", "region": "37", "extra": 1}]),
            json!([{"role": "analyst", "orgs": ["a"]}, {"role": "analyst"}]),
            json!(vec![json!({"role": "analyst", "under": "a"}); MAX_GRANTS + 1]),
        ] {
            assert!(matches!(grants(Some(&wrong)), Err(Refused::Claims(_))), "{wrong}");
        }
        assert_eq!(grants(None).map(|grants| grants.len()), Ok(0), "a person without grants may nothing");
    }
}
