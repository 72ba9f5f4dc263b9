//! `/rules`: what is under review or in force, version by version, and what people decide about it.

mod commands;
mod dry_run;

use axum::Json;
use axum::extract::{Path, State};
use identity::{Need, Scope};
use workflow::{Object, State as Stage, Version, diff};

use crate::access::Access;
use crate::cursor;
use crate::dto::{
    AuditEntry, AuditList, Difference, Differences, LintReport, ProblemBody, Refusals, Rule, RuleHead,
    RuleList, VersionDetail, link, rule_link,
};
use crate::error::{Problem, ProblemKind};
use crate::params::Params;
use crate::params::declared::{AuditParams, DiffParams, NoParams, RuleListParams};
use crate::rules::Rules;
use crate::state::ApiState;

pub(super) use commands::{__path_give, actor, give, key, or_other, read, roles_for, somebody, submit};
pub(super) use dry_run::{__path_begin, __path_standing, begin, standing};

const RULES: &str = "/api/v1/rules";
const AUDIT: &str = "/api/v1/audit";

/// Rules by id, each with its newest version.
#[utoipa::path(
    get,
    path = "/api/v1/rules",
    operation_id = "listRules",
    tag = "rules",
    params(RuleListParams),
    responses((status = 200, body = RuleList), Refusals)
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    access: Access,
    params: Params<RuleListParams>,
) -> Result<Json<RuleList>, Problem> {
    let (rules, scope) = (desk(&state)?, access.scope(Need::Rules)?);
    let (orgs, stages, limit) = (params.many("org"), params.stages()?, params.limit()?);
    let mut pairs: Vec<(&str, String)> = orgs.iter().map(|org| ("org", (*org).to_owned())).collect();
    pairs.extend(stages.iter().map(|stage| ("state", (*stage).to_owned())));
    let after: Option<String> = params.after(&pairs)?;
    let now = (rules.clock)();
    let is_meant = |object: &Object| {
        let newest = object.versions.last().map(|version| version.state.as_str());
        scope.covers_seat(&object.org)
            && (orgs.is_empty() || orgs.contains(&object.org.as_str()))
            && (stages.is_empty() || newest.is_some_and(|stage| stages.contains(&stage)))
    };
    let mut heads = rules.look(|view| {
        let behind =
            view.machine.objects().filter(|(id, _)| after.as_deref().is_none_or(|after| *id > after));
        let meant = behind.filter(|(_, object)| is_meant(object));
        let one = |(id, object): (&str, &Object)| Some((id.to_owned(), RuleHead::new(id, object, now)?));
        meant.filter_map(one).take(limit as usize + 1).collect::<Vec<_>>()
    })?;
    let more = heads.len() > limit as usize;
    heads.truncate(limit as usize);
    let last = heads.last().map(|(id, _)| id).filter(|_| more);
    let next_cursor = last.map(|id| cursor::write(&pairs, id));
    let next = next_cursor.clone().map(|cursor| {
        pairs.extend([("limit", limit.to_string()), ("cursor", cursor)]);
        link(RULES, &pairs)
    });
    Ok(Json(RuleList { rules: heads.into_iter().map(|(_, head)| head).collect(), next, next_cursor }))
}

/// One rule with all its versions.
#[utoipa::path(
    get,
    path = "/api/v1/rules/{id}",
    operation_id = "getRule",
    tag = "rules",
    params(("id" = String, Path, description = "The item's code, or code#point, percent-encoded")),
    responses(
        (status = 200, body = Rule),
        (status = 404, description = "There is no such rule", body = ProblemBody, content_type = "application/problem+json"),
        Refusals
    )
)]
pub(super) async fn one(
    State(state): State<ApiState>,
    access: Access,
    Path(id): Path<String>,
    _: Params<NoParams>,
) -> Result<Json<Rule>, Problem> {
    let rules = desk(&state)?;
    let now = (rules.clock)();
    of_object(rules, &access, &id, |object| Ok(Json(Rule::new(&id, object, now))))
}

/// One version with its content.
#[utoipa::path(
    get,
    path = "/api/v1/rules/{id}/versions/{number}",
    operation_id = "getRuleVersion",
    tag = "rules",
    params(
        ("id" = String, Path, description = "The item's code, or code#point, percent-encoded"),
        ("number" = u32, Path, description = "The version's number, from 1")
    ),
    responses(
        (status = 200, body = VersionDetail),
        (status = 404, description = "There is no such version", body = ProblemBody, content_type = "application/problem+json"),
        Refusals
    )
)]
pub(super) async fn version(
    State(state): State<ApiState>,
    access: Access,
    Path((id, number)): Path<(String, String)>,
    _: Params<NoParams>,
) -> Result<Json<VersionDetail>, Problem> {
    let rules = desk(&state)?;
    let now = (rules.clock)();
    of_object(rules, &access, &id, |object| {
        let version = find(object, &number)?;
        Ok(Json(VersionDetail::new(&id, object, version, now)))
    })
}

/// What a version changes, key by key.
#[utoipa::path(
    get,
    path = "/api/v1/rules/{id}/versions/{number}/diff",
    operation_id = "diffRuleVersion",
    tag = "rules",
    params(
        ("id" = String, Path, description = "The item's code, or code#point, percent-encoded"),
        ("number" = u32, Path, description = "The version's number, from 1"),
        DiffParams
    ),
    responses(
        (status = 200, body = Differences),
        (status = 404, description = "There is no such version", body = ProblemBody, content_type = "application/problem+json"),
        Refusals
    )
)]
pub(super) async fn differences(
    State(state): State<ApiState>,
    access: Access,
    Path((id, number)): Path<(String, String)>,
    params: Params<DiffParams>,
) -> Result<Json<Differences>, Problem> {
    let rules = desk(&state)?;
    let against = params.one("against")?;
    of_object(rules, &access, &id, |object| {
        let version = find(object, &number)?;
        let old = match against {
            Some(number) => Some(find(object, number)?),
            None => before(object, version),
        };
        let nothing = serde_json::json!({});
        let changes = diff(old.map_or(&nothing, |old| &old.content), &version.content);
        Ok(Json(Differences {
            rule: id.clone(),
            against: old.map(|old| old.number),
            version: version.number,
            changes: changes.into_iter().map(Difference::from).collect(),
        }))
    })
}

/// What lint says of a version; with errors it is not taken for review.
#[utoipa::path(
    get,
    path = "/api/v1/rules/{id}/versions/{number}/lint",
    operation_id = "lintRuleVersion",
    tag = "rules",
    params(
        ("id" = String, Path, description = "The item's code, or code#point, percent-encoded"),
        ("number" = u32, Path, description = "The version's number, from 1")
    ),
    responses(
        (status = 200, body = LintReport),
        (status = 404, description = "There is no such version", body = ProblemBody, content_type = "application/problem+json"),
        Refusals
    )
)]
pub(super) async fn lint(
    State(state): State<ApiState>,
    access: Access,
    Path((id, number)): Path<(String, String)>,
    _: Params<NoParams>,
) -> Result<Json<LintReport>, Problem> {
    let rules = desk(&state)?;
    let (number, content) = of_object(rules, &access, &id, |object| {
        let version = find(object, &number)?;
        Ok((version.number, version.content.clone()))
    })?;
    let findings = rules.lint(id.clone(), content).await?;
    Ok(Json(LintReport::new(id, number, findings)))
}

/// Who asked for what in reviews, refusals included, oldest first.
///
/// It is the log itself; the hashes chain its entries. The newest 100,000 are shown here, all of them stand in the topic.
#[utoipa::path(
    get,
    path = "/api/v1/audit",
    operation_id = "listAudit",
    tag = "rules",
    params(AuditParams),
    responses((status = 200, body = AuditList), Refusals)
)]
pub(super) async fn audit(
    State(state): State<ApiState>,
    access: Access,
    params: Params<AuditParams>,
) -> Result<Json<AuditList>, Problem> {
    let (rules, scope) = (desk(&state)?, access.scope(Need::Audit)?);
    let sees_all = scope == Scope::Everywhere;
    let (rule, limit) = (params.one("rule")?, params.limit()? as usize);
    let from = match params.one("from_seq")? {
        None => 0,
        // As the document has it: an int64 from 0.
        Some(text) => text.parse::<i64>().ok().and_then(|seq| u64::try_from(seq).ok()).ok_or_else(|| {
            Problem::parameter("from_seq", format!("from_seq is {text:?}; it must be a whole number from 0"))
        })?,
    };
    let list = rules.look(|view| {
        let org_of = |object: &str| view.machine.object(object).map(|object| object.org.as_str());
        let entries = view.trail.from(from, rule, usize::MAX);
        let covered = entries.filter(|entry| {
            // A draft is also of the organisation that it names: the rule may never have come to be, or be another's.
            let orgs = [org_of(&entry.object), entry.org.as_deref()];
            match orgs {
                [None, None] => scope.covers_seat(""),
                orgs => orgs.into_iter().flatten().any(|org| scope.covers_seat(org)),
            }
        });
        let page: Vec<_> = covered.take(limit + 1).collect();
        let next = page.get(limit).map(|entry| {
            let rule = rule.map(|rule| ("rule", rule.to_owned()));
            let rest = [("from_seq", entry.seq.to_string()), ("limit", limit.to_string())];
            link(AUDIT, &rule.into_iter().chain(rest).collect::<Vec<_>>())
        });
        AuditList {
            entries: page.into_iter().take(limit).map(AuditEntry::from).collect(),
            total: sees_all.then_some(view.entries),
            head: sees_all.then(|| view.head.to_string()),
            next,
        }
    })?;
    Ok(Json(list))
}

fn desk(state: &ApiState) -> Result<&Rules, Problem> {
    let detail = "this process has no desk: rules are served where the API runs with Kafka";
    state.rules.as_ref().ok_or_else(|| Problem::new(ProblemKind::Unavailable, detail))
}

/// Looks at an object that lies in the asker's scope; any other is as if it were not there.
fn of_object<T>(
    rules: &Rules,
    access: &Access,
    id: &str,
    look: impl FnOnce(&Object) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let scope = access.scope(Need::Rules)?;
    rules.look(|view| {
        let object = view.machine.object(id).filter(|object| scope.covers_seat(&object.org));
        look(object.ok_or_else(|| Problem::not_found("rule", id))?)
    })?
}

fn find<'a>(object: &'a Object, number: &str) -> Result<&'a Version, Problem> {
    let version = number.parse().ok().and_then(|number| object.version(number));
    version.ok_or_else(|| Problem::not_found("version", number))
}

/// What a version is to replace: the last one approved before it, else the one before it.
fn before<'a>(object: &'a Object, version: &Version) -> Option<&'a Version> {
    let mut older = object.versions.iter().rev().filter(|old| old.number < version.number);
    let approved = older.clone().find(|old| matches!(old.state, Stage::Approved { .. }));
    approved.or_else(|| older.next())
}
