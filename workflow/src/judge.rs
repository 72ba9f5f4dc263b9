//! Whether a command may have its effect on an object. Changes nothing.

use model::Instant;

use crate::command::{Action, Command};
use crate::machine::hash_of;
use crate::object::{InFlight, Object, State, Version};
use crate::people::Role;
use crate::reason::Reason;
use crate::{MAX_CONTENT_BYTES, MAX_REASON_BYTES, MAX_SHADOW_DAYS, MAX_VERSIONS};

const MAX_ID_BYTES: usize = 128;

pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_ID_BYTES && !text.chars().any(char::is_control)
}

/// Judges a command in this order: ids, revision, organisation, version, state, role, own work, and what the action needs.
pub(crate) fn judge(command: &Command, object: Option<&Object>, now: Instant) -> Result<(), Reason> {
    judge_ids(command)?;
    let revision = object.map_or(0, |o| o.revision);
    let Some(number) = command.action.version() else {
        check(command.expected == revision, || Reason::Stale { revision })?;
        return judge_draft(command, object);
    };
    let object = object.ok_or(Reason::NoSuchObject)?;
    check(command.expected == revision, || Reason::Stale { revision })?;
    check_org(command, &object.org)?;
    let last = object.versions.len() as u32;
    let version = object.version(number).ok_or(Reason::NoSuchVersion { last })?;
    let role = needed_role(&command.action, &version.state)?;
    check(command.actor.role == role, || Reason::WrongRole { needed: role })?;
    let took_part = barred(&command.action, version, &command.actor.person);
    check(took_part.is_none(), || Reason::OwnWork { took_part: took_part.unwrap_or_default().to_owned() })?;
    judge_action(&command.action, object, version, now)
}

pub(crate) fn check(holds: bool, reason: impl FnOnce() -> Reason) -> Result<(), Reason> {
    if holds { Ok(()) } else { Err(reason()) }
}

fn judge_ids(command: &Command) -> Result<(), Reason> {
    let members = [("key", &command.key), ("object", &command.object), ("person", &command.actor.person)];
    match members.iter().find(|(_, id)| !is_id(id)) {
        Some((member, _)) => Err(Reason::BadId { member: (*member).to_owned() }),
        None => Ok(()),
    }
}

fn check_org(command: &Command, org: &str) -> Result<(), Reason> {
    check(command.actor.orgs.contains(org), || Reason::WrongOrg { org: org.to_owned() })
}

fn judge_draft(command: &Command, object: Option<&Object>) -> Result<(), Reason> {
    let Action::Draft { org, content, .. } = &command.action else { return Ok(()) };
    check(is_id(org), || Reason::BadId { member: "org".to_owned() })?;
    check_org(command, org)?;
    check(object.is_none_or(|o| o.org == *org), || Reason::WrongOrg { org: org.clone() })?;
    check(command.actor.role == Role::Submitter, || Reason::WrongRole { needed: Role::Submitter })?;
    let (size, hash) = hash_of(content);
    check(content.is_object() && size <= MAX_CONTENT_BYTES, || Reason::BadContent)?;
    let Some(object) = object else { return Ok(()) };
    check(object.versions.len() < MAX_VERSIONS, || Reason::TooMany)?;
    let Some(last) = object.versions.last() else { return Ok(()) };
    check(!last.state.is_under_review(), || Reason::UnderReview { version: last.number })?;
    // Withdrawn and drafted again is a change of mind; returned or in force and drafted again is none.
    let same = last.hash == hash && !(last.state == State::Withdrawn);
    check(!same, || Reason::Unchanged { version: last.number })
}

/// Who is to do this in this state; refused where nobody is.
fn needed_role(action: &Action, state: &State) -> Result<Role, Reason> {
    let role = match (action, state) {
        (Action::PassLegally { .. } | Action::Return { .. }, State::Draft) => Role::LegalOffice,
        (Action::Submit { .. }, State::LegallyPassed) => Role::Submitter,
        (Action::PassFirst { .. } | Action::Return { .. }, State::Submitted) => Role::SupervisionOffice,
        (Action::PassFinal { .. } | Action::Return { .. }, State::FirstPassed) => Role::SupervisionBureau,
        (Action::AttachDryRun { .. }, State::Draft | State::LegallyPassed | State::Submitted) => {
            Role::Submitter
        }
        (
            Action::Withdraw { .. },
            State::Draft | State::LegallyPassed | State::Submitted | State::FirstPassed,
        ) => Role::Submitter,
        _ => return Err(Reason::WrongState { state: state.as_str().to_owned() }),
    };
    Ok(role)
}

/// As what the person took part before, if that keeps him from this: nobody passes or returns his own work, and nobody
/// submits what he has passed himself.
fn barred(action: &Action, version: &Version, person: &str) -> Option<&'static str> {
    match action {
        Action::PassLegally { .. }
        | Action::PassFirst { .. }
        | Action::PassFinal { .. }
        | Action::Return { .. } => version.took_part(person),
        Action::Submit { .. } => {
            (version.legally_passed_by.as_deref() == Some(person)).then_some("legal_review")
        }
        Action::Draft { .. }
        | Action::AttachDryRun { .. }
        | Action::Withdraw { .. }
        | Action::Supervise(_) => None,
    }
}

fn judge_action(action: &Action, object: &Object, version: &Version, now: Instant) -> Result<(), Reason> {
    match action {
        Action::Draft { .. }
        | Action::PassLegally { .. }
        | Action::Withdraw { .. }
        | Action::Supervise(_) => Ok(()),
        Action::AttachDryRun { report, .. } => check(report.content == version.hash, || Reason::OtherContent),
        Action::Submit { lint, .. } => check(lint.errors == 0, || Reason::LintErrors { errors: lint.errors }),
        Action::PassFirst { .. } => check(version.dry_run.is_some(), || Reason::NoDryRun),
        Action::PassFinal { from, shadow_days, .. } => {
            // Alarms that stand by the rules before would vanish from a case that went over to a trial.
            let is_trial = *shadow_days > 0;
            let fits =
                *shadow_days <= MAX_SHADOW_DAYS && !(is_trial && version.in_flight == InFlight::Migrate);
            check(fits, || Reason::BadShadow)?;
            let after = object.last_from().map_or(now, |last| now.max(Instant(last.0.saturating_add(1))));
            check(*from >= after, || Reason::TooEarly { earliest: after })
        }
        Action::Return { reason, .. } => {
            check(!reason.trim().is_empty() && reason.len() <= MAX_REASON_BYTES, || Reason::ReturnReason)
        }
    }
}
