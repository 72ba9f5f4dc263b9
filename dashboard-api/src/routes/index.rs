//! `/plain`: a page to look at the latest alarms without any script.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Response};
use identity::Need;

use crate::access::Access;
use crate::error::Problem;
use crate::limits::MAX_PAGE_ROWS;
use crate::page::{self, Language, View};
use crate::params::Params;
use crate::params::declared::IndexParams;
use crate::question::{Group, ListQuery, StatsQuery};
use crate::state::ApiState;
use crate::words;

pub(super) async fn style() -> impl IntoResponse {
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=3600")];
    (headers, page::STYLE)
}

pub(super) async fn page(
    State(state): State<ApiState>,
    access: Access,
    headers: HeaderMap,
    params: Result<Params<IndexParams>, Problem>,
) -> Response {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let mut language = Language::of_header(accepted.unwrap_or_default());
    let view = async {
        let params = params?;
        if let Some(asked) = params.word("lang", &words::LANGUAGES)? {
            language = Language::of_name(asked);
        }
        view(&state, &access, &params).await
    };
    match view.await {
        Ok(view) => Html(page::render(&view, language)).into_response(),
        Err(problem) => {
            let html = Html(page::render_problem(&problem, access.name(), language));
            // Status and Retry-After of the problem, the page as its body.
            let (parts, _) = problem.into_response().into_parts();
            (parts.status, parts.headers, html).into_response()
        }
    }
}

async fn view(state: &ApiState, access: &Access, params: &Params<IndexParams>) -> Result<View, Problem> {
    let scope = access.scope(Need::Alarms)?;
    let (filter, limit) = (params.filter()?, params.limit()?);
    let after = super::alarms::after(params, &filter)?;
    let by = vec![Group::Kind, Group::Light];
    let (filter_of_stats, zone) = (filter.clone(), "UTC".to_owned());
    let stats = StatsQuery { filter: filter_of_stats, scope: scope.clone(), by, zone, limit: MAX_PAGE_ROWS };
    let query = ListQuery { filter, scope, after, limit: limit + 1 };
    let (alarms, groups) = tokio::try_join!(state.reader.alarms(&query), state.reader.stats(&stats))?;
    Ok(View::new(query.filter, limit, alarms, groups).seen_by(access.name()))
}
