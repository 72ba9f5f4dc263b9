//! A store in memory for the routes' tests: the same questions, answered by looking at every row.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use identity::Scope;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::FindingId;
use prometheus::Registry;
use serde_json::Value;
use tower::ServiceExt;

use crate::limits::Limits;
use crate::question::{Axis, DeadLetterQuery, Field, Filter, Group, ListQuery, StatsQuery};
use crate::state::ApiState;
use crate::store::rows::{
    AlarmRow, CaseRow, DeadLetterRow, EventRow, IncidentRow, ProgressRow, StandingRow, StatsRow,
};
use crate::store::{AlarmReader, Answer, StoreError};

#[derive(Default)]
pub(crate) struct FakeReader {
    pub(crate) alarms: Vec<AlarmRow>,
    pub(crate) events: Vec<EventRow>,
    pub(crate) cases: Vec<CaseRow>,
    pub(crate) dead_letters: Vec<DeadLetterRow>,
    pub(crate) progress: Vec<ProgressRow>,
    pub(crate) standings: Vec<StandingRow>,
    pub(crate) incidents: Vec<IncidentRow>,
    pub(crate) missing: Vec<String>,
    /// What every question fails with.
    pub(crate) failure: Option<fn(String) -> StoreError>,
    /// Whether no question is ever answered.
    pub(crate) is_stuck: bool,
}

impl FakeReader {
    fn answer<'a, T: Send + 'a>(&'a self, rows: T) -> Answer<'a, T> {
        Box::pin(async move {
            if self.is_stuck {
                std::future::pending::<()>().await;
            }
            self.failure.map_or(Ok(rows), |failure| Err(failure("SELECT secret".to_owned())))
        })
    }

    fn matching(&self, filter: &Filter, scope: &Scope) -> Vec<AlarmRow> {
        let rows = self.alarms.iter().filter(|row| scope.covers(&row.org, &row.region));
        rows.filter(|row| matches(filter, row)).cloned().collect()
    }
}

impl FakeReader {
    fn of_id(&self, id: FindingId, scope: &Scope) -> Vec<AlarmRow> {
        let rows = self.alarms.iter().filter(|row| row.finding_id == id.to_string());
        rows.filter(|row| scope.covers(&row.org, &row.region)).cloned().collect()
    }
}

fn matches(filter: &Filter, row: &AlarmRow) -> bool {
    let standing = filter.fields.contains_key(&Field::State) || row.state != "retracted";
    let at = time(filter.axis, row);
    let in_range = filter.from.is_none_or(|from| from.0 <= at) && filter.to.is_none_or(|to| at < to.0);
    standing
        && in_range
        && filter.shadow == row.shadow
        && filter.fields.iter().all(|(field, values)| values.iter().any(|v| holds(*field, v, row)))
}

fn holds(field: Field, value: &str, row: &AlarmRow) -> bool {
    match field {
        Field::Org => row.org == value,
        Field::Region if value.is_empty() => row.region.is_empty(),
        Field::Region => row.region.starts_with(value),
        Field::RegionIs => row.region == value,
        Field::Item => row.item == value,
        Field::Category => row.category == value,
        Field::Kind => row.kind == value,
        Field::Code => row.code == value,
        Field::Light => row.light == value,
        Field::State => row.state == value,
        Field::Case => row.case_id == value,
        Field::Step => row.step == value,
        Field::RulesVersion => row.rules_version == value,
    }
}

fn time(axis: Axis, row: &AlarmRow) -> i64 {
    match axis {
        Axis::Accepted => row.accepted_ms,
        Axis::Violated => row.violated_ms,
        Axis::Raised => row.raised_ms,
        Axis::Changed => row.changed_ms,
    }
}

fn key(group: Group, axis: Axis, zone: &str, row: &AlarmRow) -> String {
    let at = Timestamp::from_millisecond(time(axis, row)).unwrap();
    match group {
        Group::Day => at.to_zoned_datetime(TimeZone::get(zone).unwrap()).date().to_string(),
        Group::Hour => crate::dto::rfc3339(model::Instant(time(axis, row).div_euclid(3_600_000) * 3_600_000)),
        Group::Org => row.org.clone(),
        Group::Region => row.region.clone(),
        Group::Item => row.item.clone(),
        Group::Category => row.category.clone(),
        Group::Kind => row.kind.clone(),
        Group::Code => row.code.clone(),
        Group::Light => row.light.clone(),
        Group::State => row.state.clone(),
    }
}

impl AlarmReader for FakeReader {
    fn alarms<'a>(&'a self, query: &'a ListQuery) -> Answer<'a, Vec<AlarmRow>> {
        let axis = query.filter.axis;
        let place = |row: &AlarmRow| (-time(axis, row), row.finding_id.clone());
        let mut rows = self.matching(&query.filter, &query.scope);
        rows.sort_by_key(place);
        if let Some(after) = query.after {
            rows.retain(|row| place(row) > (-after.at.0, after.id.to_string()));
        }
        rows.truncate(query.limit as usize);
        self.answer(rows)
    }

    fn count<'a>(&'a self, filter: &'a Filter, scope: &'a Scope) -> Answer<'a, u64> {
        self.answer(self.matching(filter, scope).len() as u64)
    }

    fn alarm<'a>(&'a self, id: FindingId, scope: &'a Scope) -> Answer<'a, Option<AlarmRow>> {
        self.answer(self.of_id(id, scope).into_iter().next())
    }

    fn alarms_of<'a>(&'a self, ids: &'a [FindingId], scope: &'a Scope) -> Answer<'a, Vec<AlarmRow>> {
        let rows = ids.iter().flat_map(|id| self.of_id(*id, scope));
        self.answer(rows.filter(|row| !row.shadow).collect())
    }

    fn revisions<'a>(&'a self, id: FindingId, _limit: u32, scope: &'a Scope) -> Answer<'a, Vec<AlarmRow>> {
        self.answer(self.of_id(id, scope))
    }

    fn events<'a>(
        &'a self,
        case: &'a str,
        ids: Option<&'a [String]>,
        _limit: u32,
        scope: &'a Scope,
    ) -> Answer<'a, Vec<EventRow>> {
        if *scope != Scope::Everywhere
            && self.cases.iter().all(|row| row.case_id != case || !scope.covers(&row.org, &row.region))
        {
            return self.answer(Vec::new());
        }
        let named =
            |row: &&EventRow| row.case_id == case && ids.is_none_or(|ids| ids.contains(&row.event_id));
        self.answer(self.events.iter().filter(named).cloned().collect())
    }

    fn case<'a>(&'a self, case: &'a str, scope: &'a Scope) -> Answer<'a, Option<CaseRow>> {
        let covered = |row: &&CaseRow| row.case_id == case && scope.covers(&row.org, &row.region);
        self.answer(self.cases.iter().find(covered).cloned())
    }

    fn stats<'a>(&'a self, query: &'a StatsQuery) -> Answer<'a, Vec<StatsRow>> {
        let mut groups: BTreeMap<Vec<String>, u64> = BTreeMap::new();
        for row in self.matching(&query.filter, &query.scope) {
            let key =
                query.by.iter().map(|group| key(*group, query.filter.axis, &query.zone, &row)).collect();
            *groups.entry(key).or_default() += 1;
        }
        let rows = groups.into_iter().map(|(key, number)| StatsRow { key, number });
        self.answer(rows.take(query.limit as usize).collect())
    }

    fn dead_letters<'a>(&'a self, query: &'a DeadLetterQuery) -> Answer<'a, Vec<DeadLetterRow>> {
        let after = query.after.as_ref().map_or(i64::MIN, |after| after.offset);
        let covered = |row: &&DeadLetterRow| query.scope.covers_seat(&row.org);
        let rows = self.dead_letters.iter().filter(covered).filter(|row| row.from_offset > after).cloned();
        self.answer(rows.take(query.limit as usize).collect())
    }

    fn progress(&self) -> Answer<'_, Vec<ProgressRow>> {
        self.answer(self.progress.clone())
    }

    fn completeness(&self) -> Answer<'_, Vec<StandingRow>> {
        self.answer(self.standings.clone())
    }

    fn incidents(&self, limit: u32) -> Answer<'_, Vec<IncidentRow>> {
        self.answer(self.incidents.iter().take(limit as usize).cloned().collect())
    }

    fn missing_views(&self) -> Answer<'_, Vec<String>> {
        self.answer(self.missing.clone())
    }
}

/// An alarm whose id and times come from `n`.
pub(crate) fn alarm(n: u8) -> AlarmRow {
    AlarmRow {
        finding_id: FindingId([n; 16]).to_string(),
        revision: 1,
        state: "raised".to_owned(),
        case_id: format!("case-{}", n % 3),
        org: format!("org-{}", n % 2),
        region: ["370102", "370000", ""][usize::from(n % 3)].to_owned(),
        kind: "evidence".to_owned(),
        light: "red".to_owned(),
        raised_ms: i64::from(n / 2) * 3_600_000,
        violated_ms: i64::from(n) * 1_000,
        ..AlarmRow::default()
    }
}

pub(crate) struct App {
    router: Router,
    pub(crate) registry: Registry,
}

impl App {
    pub(crate) fn new(reader: FakeReader) -> Self {
        Self::with_limits(reader, Limits::default())
    }

    pub(crate) fn with_limits(reader: FakeReader, limits: Limits) -> Self {
        Self::with(reader, limits, |state| state)
    }

    pub(crate) fn with(reader: FakeReader, limits: Limits, more: impl FnOnce(ApiState) -> ApiState) -> Self {
        let registry = Registry::new();
        let state = ApiState::new(Arc::new(reader), &registry, limits).unwrap();
        Self { router: crate::router(more(state)), registry }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn text(&self, uri: &str) -> (StatusCode, String) {
        let response = self.send(Request::get(uri).body(Body::empty()).unwrap()).await;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    pub(crate) async fn json(&self, uri: &str) -> (StatusCode, Value) {
        let (status, text) = self.text(uri).await;
        (status, serde_json::from_str(&text).unwrap())
    }

    pub(crate) async fn ok(&self, uri: &str) -> Value {
        let (status, value) = self.json(uri).await;
        assert_eq!(status, StatusCode::OK, "{uri}: {value}");
        value
    }
}
