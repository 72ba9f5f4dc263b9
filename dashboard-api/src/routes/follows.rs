//! `/follows`: 重点关注, an alarm or a case that somebody keeps an eye on, with the reason why.

use std::collections::BTreeSet;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use identity::{Need, Person, Role, Scope};
use model::FindingId;
use model::catalogue::Orgs;
use workflow::supervision::{Deed, Facts, Place, Supervise, Thing};
use workflow::{Action, Actor, Command};

use super::orders::desk;
use super::rules::{key, read, somebody, submit};
use crate::access::Access;
use crate::dto::{FollowAccepted, FollowBody, FollowWord, ProblemBody, Refusals, ThingWord};
use crate::error::Problem;
use crate::params::Params;
use crate::params::declared::NoParams;
use crate::state::ApiState;

/// What a body looks like.
const FORM: &str = r#"{"action": "follow", "kind": "case", "id": "…", "reason": "…"}"#;
/// The object of these commands: they change nobody's but the person's own.
const OBJECT: &str = "follows";

/// Follows an alarm or a case, or no longer; either with a reason. What is followed stands in `/todo`.
#[utoipa::path(
    post,
    path = "/api/v1/follows",
    operation_id = "follow",
    tag = "orders",
    params(("Idempotency-Key" = String, Header, description = "1 to 64 visible ASCII characters, new for every command: a UUID")),
    request_body = FollowBody,
    responses(
        (status = 200, body = FollowAccepted),
        (status = 404, description = "There is no such alarm or case", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is followed already, or is not", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Refused for what it says; `reason` and `message` say why", body = ProblemBody, content_type = "application/problem+json"),
        Refusals
    )
)]
pub(super) async fn give(
    State(state): State<ApiState>,
    access: Access,
    _: Params<NoParams>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<FollowAccepted>, Problem> {
    let orders = desk(&state)?;
    access.scope(Need::Todo)?;
    let (person, orgs) = somebody(&access)?;
    let key = key(&headers, person)?;
    let FollowBody { action, kind, id, reason } = read(body, FORM).await?;
    let thing = match kind {
        ThingWord::Alarm => Thing::Alarm { id },
        ThingWord::Case => Thing::Case { id },
    };
    let (asked, place) = match action {
        FollowWord::Follow => {
            let place = place(&state, &access, &thing).await?;
            (Deed::Follow { thing: thing.clone(), reason }, Some(place))
        }
        FollowWord::Unfollow => (Deed::Unfollow { thing: thing.clone(), reason }, None),
    };
    let actor = Actor {
        person: person.id.clone(),
        role: role(person, place.as_ref(), orgs),
        orgs: place.iter().map(|place| place.org.clone()).collect::<BTreeSet<_>>(),
    };
    let facts = Facts { place, ..Facts::default() };
    let action = Action::Supervise(Box::new(Supervise { asked, facts }));
    let command = Command { key, object: OBJECT.to_owned(), expected: 0, actor, action };
    submit(&orders.desk, command).await?;
    Ok(Json(FollowAccepted::new(&thing)))
}

/// Where a thing belongs that the person may see.
async fn place(state: &ApiState, access: &Access, thing: &Thing) -> Result<Place, Problem> {
    let found = match thing {
        Thing::Alarm { id } => {
            let scope = access.scope(Need::Alarms)?;
            match FindingId::parse(id) {
                None => None,
                Some(finding) => {
                    // A shadow alarm is nobody's to deal with.
                    let row = state.reader.alarms_of(&[finding], &scope).await?.pop();
                    row.map(|row| Place { org: row.org, region: row.region })
                }
            }
        }
        Thing::Case { id } => {
            let scope = access.scope(Need::Cases)?;
            let row = state.reader.case(id, &scope).await?;
            row.map(|row| Place { org: row.org, region: row.region })
        }
    };
    let what = if matches!(thing, Thing::Alarm { .. }) { "alarm" } else { "case" };
    found.ok_or_else(|| Problem::not_found(what, thing.id()))
}

/// A role in which he sees it.
fn role(person: &Person, place: Option<&Place>, orgs: &Orgs) -> Role {
    let sees = |scope: Scope| place.is_some_and(|place| scope.covers(&place.org, &place.region));
    let mut grants = person.grants.iter();
    let seen = grants.clone().find(|grant| sees(Scope::of([*grant], orgs)));
    seen.or_else(|| grants.next()).map_or(Role::Handler, |grant| grant.role)
}
