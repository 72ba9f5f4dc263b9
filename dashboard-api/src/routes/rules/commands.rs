//! What people decide about rules. Who decides, in which role and for whom is the token's to say; the machine judges, and
//! the answer is what stands in the log.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use desk::{Service, TrailEntry};
use identity::{Need, Person, Role};
use model::catalogue::{Orgs, Severity};
use serde::de::DeserializeOwned;
use workflow::{Actor, Command, InFlight, Lint, Outcome, Reason, State as Stage};

use super::{desk, find, rule_link};
use crate::access::Access;
use crate::dto::{Accepted, ActionBody, CommandBody, DryRunBody, ProblemBody, Refusals};
use crate::error::{Problem, ProblemKind};
use crate::limits::MAX_COMMAND_BYTES;
use crate::params::Params;
use crate::params::declared::NoParams;
use crate::rules::Rules;
use crate::state::ApiState;

/// Bytes of a key; with the person before it, it fits an id of the log.
const MAX_KEY_BYTES: usize = 64;
const MAX_ID_BYTES: usize = 128;
/// Longest wait for an outcome: below the limit of a request, so that the answer says what to do.
const OUTCOME_WITHIN: Duration = Duration::from_secs(12);
/// What a body looks like.
const FORM: &str = r#"{"expected": 0, "action": {"do": "draft", …}}"#;
/// Roles that return a version, by its state.
const REVIEWERS: [Role; 3] = [Role::LegalOffice, Role::SupervisionOffice, Role::SupervisionBureau];

/// Gives a command about a rule and waits for its outcome, which stands in the log by then.
///
/// The same command under the same `Idempotency-Key` has one effect and gets the same answer, at whichever process it
/// arrives: after any answer of 5xx, or none, send it again. Who acts, and in which role, is the token's to say.
#[utoipa::path(
    post,
    path = "/api/v1/rules/{id}/commands",
    operation_id = "commandRule",
    tag = "rules",
    params(
        ("id" = String, Path, description = "The item's code, or code#point, percent-encoded"),
        ("Idempotency-Key" = String, Header, description = "1 to 64 visible ASCII characters, new for every command: a UUID")
    ),
    request_body = CommandBody,
    responses(
        (status = 200, body = Accepted),
        (status = 404, description = "There is no such rule or version", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Somebody else was first, or the version is not in the state for it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Refused for what it says; `reason` and `message` say why", body = ProblemBody, content_type = "application/problem+json"),
        Refusals
    )
)]
pub(crate) async fn give(
    State(state): State<ApiState>,
    access: Access,
    Path(id): Path<String>,
    _: Params<NoParams>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Accepted>, Problem> {
    let rules = desk(&state)?;
    let scope = access.scope(Need::Rules)?;
    let (person, orgs) = somebody(&access)?;
    let key = key(&headers, person)?;
    let body: CommandBody = read(body, FORM).await?;
    let (org, given) = rules.look(|view| {
        let org = view.machine.object(&id).map(|object| object.org.clone());
        (org, view.trail.by_key(&key).cloned())
    })?;
    let org = match (org, &body.action) {
        (Some(org), _) if scope.covers_seat(&org) => org,
        (None, ActionBody::Draft { org, .. }) => org.clone(),
        _ => return Err(Problem::not_found("rule", &id)),
    };
    let lint = lint(rules, &id, &body.action, given.as_ref()).await?;
    // The catalogue may have changed since it was submitted: what could not be published is not approved.
    if let (ActionBody::PassFinal { .. }, None, 1..) = (&body.action, &given, lint.errors) {
        return Err(refused(&Reason::LintErrors { errors: lint.errors }));
    }
    if let (ActionBody::AttachDryRun { version, report }, None) = (&body.action, &given) {
        switch_is_told(rules, &id, *version, report)?;
    }
    let role = role(rules, &id, &body.action, person, (&org, orgs), given.as_ref())?;
    let actor = actor(person, role, &org, orgs);
    let action = body.action.into_action(lint)?;
    let command = Command { key, object: id.clone(), expected: body.expected, actor, action };
    let (version, revision) = submit(&rules.desk, command).await?;
    Ok(Json(Accepted { outcome: "accepted", link: rule_link(&id), rule: id, version, revision }))
}

/// Whoever gives a command.
pub(in crate::routes) fn somebody(access: &Access) -> Result<(&Person, &Orgs), Problem> {
    let detail = "a command needs somebody who gives it: configure an identity (docs/rights.md)";
    access.person().ok_or_else(|| Problem::new(ProblemKind::Unauthenticated, detail))
}

/// The roles that somebody has for an organisation.
pub(in crate::routes) fn roles_for(person: &Person, org: &str, orgs: &Orgs) -> Vec<Role> {
    person.grants.iter().filter(|grant| grant.covers_org(org, orgs)).map(|grant| grant.role).collect()
}

/// Waits for the outcome; what was accepted, or why not.
pub(in crate::routes) async fn submit(desk: &Service, command: Command) -> Result<(u32, u64), Problem> {
    let outcome = tokio::time::timeout(OUTCOME_WITHIN, desk.submit(command)).await.map_err(|_| {
        let detail = "no outcome yet: send the same command again under the same Idempotency-Key";
        Problem::new(ProblemKind::Unavailable, detail)
    })??;
    match outcome {
        Outcome::Accepted { version, revision } => Ok((version, revision)),
        Outcome::Refused(reason) => Err(refused(&reason)),
    }
}

/// The person stands before it: two people may well choose the same.
pub(in crate::routes) fn key(headers: &HeaderMap, person: &Person) -> Result<String, Problem> {
    let given = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    let given = given.filter(|key| {
        !key.is_empty() && key.len() <= MAX_KEY_BYTES && key.bytes().all(|b| b.is_ascii_graphic())
    });
    let detail =
        format!("send Idempotency-Key with 1 to {MAX_KEY_BYTES} visible ASCII characters, such as a UUID");
    let given = given.ok_or_else(|| Problem::parameter("Idempotency-Key", detail))?;
    let key = format!("{}:{given}", person.id);
    if key.len() > MAX_ID_BYTES {
        let detail =
            format!("with your id of {} bytes the key is too long: take a shorter one", person.id.len());
        return Err(Problem::parameter("Idempotency-Key", detail));
    }
    Ok(key)
}

/// Reads a body; `form` is what it must look like.
pub(in crate::routes) async fn read<T: DeserializeOwned>(body: Body, form: &str) -> Result<T, Problem> {
    let bytes = to_bytes(body, MAX_COMMAND_BYTES).await.map_err(|_| {
        let detail = format!("a command has at most {MAX_COMMAND_BYTES} bytes");
        Problem::new(ProblemKind::TooLarge, detail)
    })?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let detail = format!("the body is no command: {error}; it must be {form}");
        Problem::new(ProblemKind::BadParameter, detail)
    })
}

/// What lint says at submission. A command that is repeated carries what it said the first time: the calendar may have
/// changed since.
async fn lint(
    rules: &Rules,
    id: &str,
    action: &ActionBody,
    given: Option<&TrailEntry>,
) -> Result<Lint, Problem> {
    let none = Lint { errors: 0, warnings: 0 };
    let (ActionBody::Submit { version } | ActionBody::PassFinal { version, .. }) = action else {
        return Ok(none);
    };
    if let Some(lint) = given.and_then(|entry| entry.lint) {
        return Ok(lint);
    }
    let content = rules.look(|view| {
        let version = view.machine.object(id).and_then(|object| object.version(*version));
        version.map(|version| version.content.clone())
    })?;
    // The machine says that there is none.
    let Some(content) = content else { return Ok(none) };
    let findings = rules.lint(id.to_owned(), content).await?;
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Lint { errors: narrow(errors), warnings: narrow(findings.len() - errors) })
}

/// No case goes over to a version of which nobody has seen what becomes of the case.
fn switch_is_told(rules: &Rules, id: &str, version: u32, report: &DryRunBody) -> Result<(), Problem> {
    let migrates = rules.look(|view| {
        let version = view.machine.object(id).and_then(|object| object.version(version));
        version.is_some_and(|version| version.in_flight == InFlight::Migrate)
    })?;
    if !migrates || report.tells_of_switch() {
        return Ok(());
    }
    let detail = "the version takes over cases already accepted, and report.detail.switch must say what becomes of them: let \
                  the system make the dry run (POST …/dry-run), or hand in what `xiezhi dry-run --rule … --version … --format json` prints";
    Err(Problem::parameter("report", detail))
}

/// The role that the action is for, if the person has it for the organisation; else one that he has, which the machine
/// refuses, so that the attempt stands in the log.
fn role(
    rules: &Rules,
    id: &str,
    action: &ActionBody,
    person: &Person,
    (org, orgs): (&str, &Orgs),
    given: Option<&TrailEntry>,
) -> Result<Role, Problem> {
    let own = roles_for(person, org, orgs);
    let needed = match action {
        ActionBody::Draft { .. }
        | ActionBody::AttachDryRun { .. }
        | ActionBody::Submit { .. }
        | ActionBody::Withdraw { .. } => Role::Submitter,
        ActionBody::PassLegally { .. } => Role::LegalOffice,
        ActionBody::PassFirst { .. } => Role::SupervisionOffice,
        ActionBody::PassFinal { .. } => Role::SupervisionBureau,
        ActionBody::Return { version, .. } => match given {
            // Repeated: as the first time, whatever has become of the version since.
            Some(entry) => entry.role,
            None => returner(rules, id, *version, &own)?,
        },
    };
    or_other(person, needed, &own)
}

/// The role that is needed, if he has it for any organisation; else one that he has, here if possible.
pub(in crate::routes) fn or_other(person: &Person, needed: Role, own: &[Role]) -> Result<Role, Problem> {
    let mut of_any_org = person.grants.iter().map(|grant| grant.role);
    if of_any_org.clone().any(|role| role == needed) {
        return Ok(needed);
    }
    let other = own.first().copied().or_else(|| of_any_org.next());
    other.ok_or_else(|| Problem::new(ProblemKind::Forbidden, "you have no role"))
}

/// Who returns a version in its present state, if the person is that; else the reviewer that he is.
fn returner(rules: &Rules, id: &str, number: u32, own: &[Role]) -> Result<Role, Problem> {
    let turn = rules.look(|view| {
        let object = view.machine.object(id)?;
        match find(object, &number.to_string()).ok()?.state {
            Stage::Draft => Some(Role::LegalOffice),
            Stage::Submitted => Some(Role::SupervisionOffice),
            Stage::FirstPassed => Some(Role::SupervisionBureau),
            _ => None,
        }
    })?;
    let first = REVIEWERS.into_iter().find(|role| own.contains(role));
    Ok(turn.filter(|role| own.contains(role)).or(first).unwrap_or(Role::LegalOffice))
}

/// He acts for the object's organisation, or for none.
pub(in crate::routes) fn actor(person: &Person, role: Role, org: &str, orgs: &Orgs) -> Actor {
    let acts = person.grants.iter().any(|grant| grant.role == role && grant.covers_org(org, orgs));
    let orgs = if acts { BTreeSet::from([org.to_owned()]) } else { BTreeSet::new() };
    Actor { person: person.id.clone(), role, orgs }
}

pub(super) fn refused(reason: &Reason) -> Problem {
    let kind = match reason {
        Reason::NoSuchObject | Reason::NoSuchVersion { .. } | Reason::NoSuchOrder => ProblemKind::NotFound,
        Reason::WrongRole { .. }
        | Reason::WrongOrg { .. }
        | Reason::OwnWork { .. }
        | Reason::OwnAnswer
        | Reason::NotAddressed => ProblemKind::Forbidden,
        Reason::Stale { .. }
        | Reason::WrongState { .. }
        | Reason::UnderReview { .. }
        | Reason::Unchanged { .. }
        | Reason::UnderOrder { .. }
        | Reason::AlreadyRevoked { .. }
        | Reason::NotStanding { .. }
        | Reason::OrderState { .. }
        | Reason::Unanswered { .. }
        | Reason::NotAssigned
        | Reason::FollowedAlready
        | Reason::NotFollowed
        | Reason::NoChange
        | Reason::TooMany => ProblemKind::Conflict,
        Reason::KeyReused
        | Reason::BadId { .. }
        | Reason::ReturnReason
        | Reason::LintErrors { .. }
        | Reason::NoDryRun
        | Reason::OtherContent
        | Reason::BadContent
        | Reason::BadShadow
        | Reason::TooEarly { .. }
        | Reason::BadText { .. }
        | Reason::BadEvidence { .. }
        | Reason::BadDays { .. }
        | Reason::BadAlarms { .. }
        | Reason::SeveralOrgs
        | Reason::NoFacts => ProblemKind::Unprocessable,
    };
    let refusal = reason.refusal();
    Problem { refusal: Some(refusal.clone()), ..Problem::new(kind, refusal.message.en) }
}
