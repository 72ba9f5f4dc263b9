//! `/registers`: officers, organisations and calendars as they stand, and tables that are put in their place.

mod upload;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use identity::Need;
use model::Day;
use model::catalogue::{Certificate, Org};
use registers::{Lasting, Register, lasting};

use super::rules::key;
use crate::access::Access;
use crate::cursor;
use crate::dto::{
    Calendars, EditionBody, Officer, OfficerList, OrgBody, OrgList, Overview, ProblemBody, Refusals,
    UploadAnswer, YearBody, calendar_until, link,
};
use crate::error::{Problem, ProblemKind};
use crate::limits::MAX_EDITIONS_SHOWN;
use crate::params::Params;
use crate::params::declared::{NoParams, OfficerListParams, OrgListParams, UploadParams};
use crate::registers::{Registers, Standing};
use crate::state::ApiState;

const OFFICERS: &str = "/api/v1/registers/officers";
const ORGS: &str = "/api/v1/registers/orgs";
/// A certificate that ends within so many days expires soon.
const SOON_DAYS: i32 = 30;
/// Longest that may be asked for.
const MAX_DAYS: u32 = 3_660;

/// What stands, what of it expires soon, and who published what.
#[utoipa::path(
    get,
    path = "/api/v1/registers",
    operation_id = "getRegisters",
    tag = "registers",
    responses((status = 200, body = Overview), Refusals)
)]
pub(super) async fn overview(
    State(state): State<ApiState>,
    access: Access,
    _: Params<NoParams>,
) -> Result<Json<Overview>, Problem> {
    let (registers, scope) = (registers_of(&state)?, access.scope(Need::Registers)?);
    let standing = registers.source.standing();
    let (catalogue, today) = (standing.catalogue(), today(registers, &standing));
    let own = |held: &[Certificate]| held.iter().any(|held| scope.covers_seat(&held.org));
    let days: Vec<Option<i32>> = (catalogue.officers.iter())
        .filter(|(_, held)| own(held))
        .map(|(_, held)| match lasting(held) {
            Lasting::Until(day) => Some(day.0 - today.0),
            Lasting::Open | Lasting::Nothing => None,
        })
        .collect();
    let count = |is: &dyn Fn(i32) -> bool| days.iter().flatten().filter(|days| is(**days)).count();
    let published = standing.editions.iter().rev().take(MAX_EDITIONS_SHOWN);
    Ok(Json(Overview {
        editions: standing.editions.len(),
        version: catalogue.version.clone(),
        officers: days.len(),
        expiring: count(&|days| (0..=SOON_DAYS).contains(&days)),
        expired: count(&|days| days < 0),
        orgs: catalogue.orgs.by_id.keys().filter(|org| scope.covers_seat(org)).count(),
        calendar_until: calendar_until(catalogue, today).map(|day| day.to_string()),
        published: published.map(|edition| EditionBody::from(edition.as_ref())).collect(),
    }))
}

/// Officers and their certificates, or those whose last one ends soon.
#[utoipa::path(
    get,
    path = "/api/v1/registers/officers",
    operation_id = "listOfficers",
    tag = "registers",
    params(OfficerListParams),
    responses((status = 200, body = OfficerList), Refusals)
)]
pub(super) async fn officers(
    State(state): State<ApiState>,
    access: Access,
    params: Params<OfficerListParams>,
) -> Result<Json<OfficerList>, Problem> {
    let (registers, scope) = (registers_of(&state)?, access.scope(Need::Registers)?);
    let personal = access.personal();
    let orgs = params.many("org");
    let within =
        params.one("expires_within")?.map(|_| params.number("expires_within", MAX_DAYS, 1)).transpose()?;
    let limit = params.limit()?;
    let mut pairs: Vec<(&str, String)> = orgs.iter().map(|org| ("org", (*org).to_owned())).collect();
    pairs.extend(within.map(|days| ("expires_within", days.to_string())));
    let after: Option<Position> = params.after(&pairs)?;
    let standing = registers.source.standing();
    let today = today(registers, &standing);
    let is_meant = |all: &[Certificate], held: &Certificate| {
        let soon = |within: u32| match lasting(all) {
            Lasting::Until(day) => {
                held.valid_to == Some(day) && (0..=within as i32).contains(&(day.0 - today.0))
            }
            Lasting::Open | Lasting::Nothing => false,
        };
        scope.covers_seat(&held.org)
            && (orgs.is_empty() || orgs.contains(&held.org.as_str()))
            && within.is_none_or(soon)
    };
    let mut rows: Vec<(Position, &Certificate)> = Vec::new();
    for (officer, all) in standing.catalogue().officers.iter() {
        for held in all.iter().filter(|held| is_meant(all, held)) {
            let end = within.map_or(0, |_| held.valid_to.map_or(i32::MAX, |day| day.0));
            let from = held.valid_from.map_or(i32::MIN, |day| day.0);
            rows.push(((end, officer.to_owned(), held.number.clone(), from), held));
        }
    }
    rows.retain(|(position, _)| after.as_ref().is_none_or(|after| position > after));
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(|(position, _)| cursor::write(&pairs, position));
    let next = next_page(OFFICERS, pairs, limit, next_cursor.clone());
    let row = |((_, officer, ..), held): &(Position, &Certificate)| {
        Officer::new(officer, held, today, personal.covers_seat(&held.org))
    };
    let officers = rows.iter().map(row).collect();
    Ok(Json(OfficerList { editions: standing.editions.len(), officers, next, next_cursor }))
}

/// The last day, if that orders them; officer, certificate, and the day it begins.
type Position = (i32, String, String, i32);

/// Organisations by id.
#[utoipa::path(
    get,
    path = "/api/v1/registers/orgs",
    operation_id = "listOrgs",
    tag = "registers",
    params(OrgListParams),
    responses((status = 200, body = OrgList), Refusals)
)]
pub(super) async fn orgs(
    State(state): State<ApiState>,
    access: Access,
    params: Params<OrgListParams>,
) -> Result<Json<OrgList>, Problem> {
    let (registers, scope) = (registers_of(&state)?, access.scope(Need::Registers)?);
    let limit = params.limit()?;
    let after: Option<String> = params.after(&[])?;
    let standing = registers.source.standing();
    let all = standing.catalogue().orgs.by_id.values();
    let mut rows: Vec<&Org> = all
        .filter(|org| scope.covers_seat(&org.id) && after.as_ref().is_none_or(|after| org.id > *after))
        .collect();
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(|org| cursor::write(&[], &org.id));
    let next = next_page(ORGS, Vec::new(), limit, next_cursor.clone());
    let orgs = rows.into_iter().map(OrgBody::from).collect();
    Ok(Json(OrgList { editions: standing.editions.len(), orgs, next, next_cursor }))
}

/// Days off and weekend days that are worked, by year.
#[utoipa::path(
    get,
    path = "/api/v1/registers/calendars",
    operation_id = "listCalendars",
    tag = "registers",
    responses((status = 200, body = Calendars), Refusals)
)]
pub(super) async fn calendars(
    State(state): State<ApiState>,
    access: Access,
    _: Params<NoParams>,
) -> Result<Json<Calendars>, Problem> {
    let registers = registers_of(&state)?;
    access.scope(Need::Registers)?;
    let standing = registers.source.standing();
    let years = ::registers::years(&standing.files).into_iter().map(|(year, days)| {
        let of = |wanted: &str| {
            days.iter().filter(|(_, kind)| *kind == wanted).map(|(day, _)| day.to_string()).collect()
        };
        YearBody { year, holidays: of("holiday"), workdays: of("workday") }
    });
    Ok(Json(Calendars { editions: standing.editions.len(), years: years.collect() }))
}

/// Puts a table of officers in the place of those that stand, as far as the grants reach: CSV, XLSX, or JSON rows.
///
/// With `dry_run=true` it only says what would change and which rows are refused. Otherwise all of it is published as an edition,
/// or nothing; `expected` names the editions that stood when the table was made, and the same request under the same
/// `Idempotency-Key` has one effect.
#[utoipa::path(
    put,
    path = "/api/v1/registers/officers",
    operation_id = "putOfficers",
    tag = "registers",
    params(UploadParams, ("Idempotency-Key" = Option<String>, Header, description = "1 to 64 visible ASCII characters, new for every upload; not for a dry run")),
    request_body(content = String, content_type = "text/csv", description = "The table; also as application/vnd.openxmlformats-officedocument.spreadsheetml.sheet, or as application/json"),
    responses(
        (status = 200, body = UploadAnswer),
        (status = 409, description = "Somebody else was first", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Refused for what it says; `reason` and `message` say why", body = ProblemBody, content_type = "application/problem+json"),
        Refusals
    )
)]
pub(super) async fn put_officers(
    State(state): State<ApiState>,
    access: Access,
    params: Params<UploadParams>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<UploadAnswer>, Problem> {
    upload::put(Register::Officers, registers_of(&state)?, &access, &params, &headers, body).await
}

/// Puts a table of all organisations in the place of those that stand. As for officers; only with a grant everywhere.
#[utoipa::path(
    put,
    path = "/api/v1/registers/orgs",
    operation_id = "putOrgs",
    tag = "registers",
    params(UploadParams, ("Idempotency-Key" = Option<String>, Header, description = "1 to 64 visible ASCII characters, new for every upload; not for a dry run")),
    request_body(content = String, content_type = "text/csv", description = "The table; also as application/vnd.openxmlformats-officedocument.spreadsheetml.sheet, or as application/json"),
    responses(
        (status = 200, body = UploadAnswer),
        (status = 409, description = "Somebody else was first", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Refused for what it says; `reason` and `message` say why", body = ProblemBody, content_type = "application/problem+json"),
        Refusals
    )
)]
pub(super) async fn put_orgs(
    State(state): State<ApiState>,
    access: Access,
    params: Params<UploadParams>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<UploadAnswer>, Problem> {
    upload::put(Register::Orgs, registers_of(&state)?, &access, &params, &headers, body).await
}

/// Puts the days of the years that the table names in the place of those that stand. As for officers; only with a grant everywhere.
#[utoipa::path(
    put,
    path = "/api/v1/registers/calendars",
    operation_id = "putCalendars",
    tag = "registers",
    params(UploadParams, ("Idempotency-Key" = Option<String>, Header, description = "1 to 64 visible ASCII characters, new for every upload; not for a dry run")),
    request_body(content = String, content_type = "text/csv", description = "The table; also as application/vnd.openxmlformats-officedocument.spreadsheetml.sheet, or as application/json"),
    responses(
        (status = 200, body = UploadAnswer),
        (status = 409, description = "Somebody else was first", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Refused for what it says; `reason` and `message` say why", body = ProblemBody, content_type = "application/problem+json"),
        Refusals
    )
)]
pub(super) async fn put_calendars(
    State(state): State<ApiState>,
    access: Access,
    params: Params<UploadParams>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<UploadAnswer>, Problem> {
    upload::put(Register::Calendars, registers_of(&state)?, &access, &params, &headers, body).await
}

fn registers_of(state: &ApiState) -> Result<&Registers, Problem> {
    let detail = "this process knows no editions: registers are served where the API runs with Kafka";
    state.registers.as_ref().ok_or_else(|| Problem::new(ProblemKind::Unavailable, detail))
}

fn today(registers: &Registers, standing: &Standing) -> Day {
    standing.catalogue().calendar.day_of((registers.clock)())
}

fn next_page(
    path: &str,
    mut pairs: Vec<(&str, String)>,
    limit: u32,
    cursor: Option<String>,
) -> Option<String> {
    let cursor = cursor?;
    pairs.extend([("limit", limit.to_string()), ("cursor", cursor)]);
    Some(link(path, &pairs))
}
