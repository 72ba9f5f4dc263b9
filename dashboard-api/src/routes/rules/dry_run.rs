//! A dry run of a version under review: begun here, looked at here, and attached to the version when it ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use desk::{DeskError, Service};
use identity::{Need, Role};
use model::Instant;
use model::hash::Hash;
use workflow::{Action, Actor, Command, DryRun, Outcome, Reason};

use super::commands::{actor, or_other, refused, roles_for, somebody};
use super::{desk, find, of_object};
use crate::access::Access;
use crate::dry_runs::{Draft, DryRuns};
use crate::dto::{DryRunStanding, ProblemBody, Refusals};
use crate::error::{Problem, ProblemKind};
use crate::params::Params;
use crate::params::declared::NoParams;
use crate::rules::Rules;
use crate::state::ApiState;

/// Times that an attachment is tried behind others' commands on the same rule.
const MAX_ATTEMPTS: u32 = 16;

/// Begins a dry run of a version over all stored history, as the submitter who then attaches it.
///
/// One runs at a time in a process; 503 says which. Look at it with GET. When it has ended well, the version has it: the
/// command `attach_dry_run` stands in the log, given by who began.
#[utoipa::path(
    post,
    path = "/api/v1/rules/{id}/versions/{number}/dry-run",
    operation_id = "beginDryRun",
    tag = "rules",
    params(
        ("id" = String, Path, description = "The item's code, or code#point, percent-encoded"),
        ("number" = u32, Path, description = "The version's number, from 1")
    ),
    responses(
        (status = 202, description = "It runs", body = DryRunStanding),
        (status = 404, description = "There is no such version", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The version is not in a state in which a dry run is attached", body = ProblemBody, content_type = "application/problem+json"),
        Refusals
    )
)]
pub(crate) async fn begin(
    State(state): State<ApiState>,
    access: Access,
    Path((id, number)): Path<(String, String)>,
    _: Params<NoParams>,
) -> Result<(StatusCode, Json<DryRunStanding>), Problem> {
    let (rules, runs) = (desk(&state)?, runs(&state)?);
    let (version, draft, attachment) = prepare(rules, &access, &id, &number)?;
    match runs.begin(&id, version) {
        Err((rule, running)) if (&rule, running) == (&id, version) => {}
        Err((rule, running)) => {
            let other = of_object(rules, &access, &rule, |_| Ok(())).is_ok();
            let what =
                if other { format!("that of {rule}, version {running}") } else { "another".to_owned() };
            return Err(Problem::new(
                ProblemKind::Busy,
                format!("one dry run at a time: {what} is under way; try again later"),
            ));
        }
        Ok(progress) => {
            let (place, runs, desk) = (runs, runs.clone(), Arc::clone(&rules.desk));
            let runtime = tokio::runtime::Handle::current();
            let work = move || {
                let run = || {
                    let report = (runs.run)(&draft, &progress)?;
                    runtime.block_on(attachment.give(&desk, DryRun::of(report, true)))
                };
                // Whatever becomes of it, the place is free for the next.
                let outcome = catch_unwind(AssertUnwindSafe(run));
                let broke_off = |_| Err("it broke off; the server's log has the reason".to_owned());
                runs.end(outcome.unwrap_or_else(broke_off));
            };
            let thread = std::thread::Builder::new().name("dry-run".to_owned()).spawn(work);
            thread.map_err(|error| {
                tracing::error!(%error, "a dry run has no thread");
                place.end(Err("there was no room for it".to_owned()));
                Problem::new(ProblemKind::Busy, "there is no room for a dry run now; try again later")
            })?;
        }
    }
    Ok((StatusCode::ACCEPTED, Json(look(rules, &access, &id, &number)?)))
}

/// How the dry run of a version stands, and its result once it is attached.
///
/// Of organisations that the asker's rights do not cover, sums are shown and no cases.
#[utoipa::path(
    get,
    path = "/api/v1/rules/{id}/versions/{number}/dry-run",
    operation_id = "getDryRun",
    tag = "rules",
    params(
        ("id" = String, Path, description = "The item's code, or code#point, percent-encoded"),
        ("number" = u32, Path, description = "The version's number, from 1")
    ),
    responses(
        (status = 200, body = DryRunStanding),
        (status = 404, description = "There is no such version", body = ProblemBody, content_type = "application/problem+json"),
        Refusals
    )
)]
pub(crate) async fn standing(
    State(state): State<ApiState>,
    access: Access,
    Path((id, number)): Path<(String, String)>,
    _: Params<NoParams>,
) -> Result<Json<DryRunStanding>, Problem> {
    Ok(Json(look(desk(&state)?, &access, &id, &number)?))
}

fn look(rules: &Rules, access: &Access, id: &str, number: &str) -> Result<DryRunStanding, Problem> {
    let scope = access.scope(Need::Rules)?;
    of_object(rules, access, id, |object| {
        let version = find(object, number)?;
        let here = rules.dry_runs.as_ref().and_then(|runs| runs.standing(id, version.number));
        Ok(DryRunStanding::new(id, version, here, |org| scope.covers_seat(org)))
    })
}

fn runs(state: &ApiState) -> Result<&DryRuns, Problem> {
    let detail = "this process makes no dry runs: use `xiezhi dry-run` and attach its result";
    let runs = state.rules.as_ref().and_then(|rules| rules.dry_runs.as_ref());
    runs.ok_or_else(|| Problem::new(ProblemKind::Unavailable, detail))
}

/// Whether this person may attach a dry run to this version now; what is to be tried, and how it is attached.
fn prepare(
    rules: &Rules,
    access: &Access,
    id: &str,
    number: &str,
) -> Result<(u32, Draft, Attachment), Problem> {
    let now = (rules.clock)();
    let scope = access.scope(Need::Rules)?;
    let (person, orgs) = somebody(access)?;
    rules.look(|view| {
        let object = view.machine.object(id).filter(|object| scope.covers_seat(&object.org));
        let object = object.ok_or_else(|| Problem::not_found("rule", id))?;
        let version = find(object, number)?;
        let role = or_other(person, Role::Submitter, &roles_for(person, &object.org, orgs))?;
        let attachment = Attachment {
            rule: id.to_owned(),
            version: version.number,
            actor: actor(person, role, &object.org, orgs),
            clock: rules.clock,
        };
        // What it will say is not known; whether anything may be said is.
        let report = DryRun {
            report: Hash::ZERO,
            content: version.hash,
            added: 0,
            removed: 0,
            changed: 0,
            detail: None,
            is_computed: true,
        };
        if let Outcome::Refused(reason) =
            view.machine.judge(&attachment.command(report, object.revision), now)
        {
            return Err(refused(&reason));
        }
        let draft = Draft {
            rule: id.to_owned(),
            version: version.number,
            content: version.content.clone(),
            in_flight: version.in_flight,
        };
        Ok((version.number, draft, attachment))
    })?
}

/// Who attaches to what.
struct Attachment {
    rule: String,
    version: u32,
    actor: Actor,
    clock: fn() -> Instant,
}

impl Attachment {
    fn command(&self, report: DryRun, expected: u64) -> Command {
        let (rule, version, at) = (&self.rule, self.version, (self.clock)().0);
        let said = format!("{}\0{rule}\0{version}\0{expected}\0{at}\0{}", self.actor.person, report.report);
        Command {
            key: format!("dry-run:{}", Hash::of(said.as_bytes())),
            object: rule.clone(),
            expected,
            actor: self.actor.clone(),
            action: Action::AttachDryRun { version, report },
        }
    }

    /// Others may have decided something about the rule meanwhile; the content is the version's all the same.
    async fn give(&self, desk: &Service, report: DryRun) -> Result<(), String> {
        let words = |error: DeskError| format!("the result could not be attached: {error}");
        for _ in 0..MAX_ATTEMPTS {
            let revision =
                desk.look(|view| view.machine.object(&self.rule).map_or(0, |object| object.revision));
            let command = self.command(report.clone(), revision.map_err(words)?);
            match desk.submit(command).await.map_err(words)? {
                Outcome::Accepted { .. } => return Ok(()),
                Outcome::Refused(Reason::Stale { .. }) => {}
                Outcome::Refused(reason) => return Err(reason.refusal().message.en),
            }
        }
        Err("others changed the rule again and again; begin anew".to_owned())
    }
}
