//! The floor plan of addresses: which there are, and what stands around them. One resource a file below.

mod alarms;
mod cases;
mod catalogue;
mod completeness;
mod dead_letters;
mod follows;
mod health;
mod incidents;
mod index;
mod me;
mod orders;
mod progress;
mod registers;
mod rules;
mod stats;
mod stream;
mod todo;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access;
use crate::console;
use crate::guard::{self, Guard};
use crate::limits::{Limits, MAX_BODY_BYTES, MAX_COMMAND_BYTES, MAX_UPLOAD_BYTES};
use crate::rate;
use crate::state::ApiState;
use crate::telemetry;

/// Probes have bounds of their own: they must answer when all else is busy.
const PROBES: usize = 8;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Xiezhi",
        description = "Alarms, cases, statistics, dead letters, progress, rules on their way through review, and supervision orders. Every instant is RFC 3339 in UTC \
                       with milliseconds; null stands for what is absent; errors are RFC 9457 problems.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact()
    ),
    modifiers(&Tokens),
    security(("token" = [])),
    tags(
        (name = "alarms", description = "What was found, with its explanation, its history and its facts"),
        (name = "cases", description = "Cases and what happened in them"),
        (name = "catalogue", description = "What names mean, and who asks"),
        (name = "rules", description = "Rules on their way through review, their versions, commands and audit trail"),
        (name = "registers", description = "Officers, organisations and calendars, and how they are published"),
        (name = "orders", description = "Supervision orders of both tiers, to-do lists, follows"),
        (name = "stream", description = "What happens, as it happens"),
        (name = "operations", description = "How the pipeline does")
    )
)]
struct Document;

/// Says that a bearer's token is taken.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.bearer_format = Some("JWT".to_owned());
        scheme.description = Some("An access token of the configured issuer (docs/rights.md)".to_owned());
        let components = document.components.get_or_insert_default();
        components.security_schemes.insert("token".to_owned(), SecurityScheme::Http(scheme).into());
    }
}

fn resources() -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(Document::openapi().merge_from(stream::Events::openapi()))
        .routes(routes!(alarms::list))
        .routes(routes!(alarms::one))
        .routes(routes!(cases::one))
        .routes(routes!(cases::timeline))
        .routes(routes!(stats::count))
        .routes(routes!(dead_letters::list))
        .routes(routes!(progress::read))
        .routes(routes!(completeness::read))
        .routes(routes!(incidents::list))
        .routes(routes!(catalogue::read))
        .routes(routes!(catalogue::item))
        .routes(routes!(me::read))
        .routes(routes!(rules::list))
        .routes(routes!(rules::one))
        .routes(routes!(rules::version))
        .routes(routes!(rules::differences))
        .routes(routes!(rules::lint))
        .routes(routes!(rules::audit))
        .routes(routes!(registers::overview))
        .routes(routes!(orders::list))
        .routes(routes!(orders::one))
        .routes(routes!(todo::read))
        .routes(routes!(stream::listen))
}

/// What changes something; its bodies may be larger.
fn commands() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(rules::give))
        .routes(routes!(rules::begin, rules::standing))
        .routes(routes!(orders::open))
        .routes(routes!(orders::give))
        .routes(routes!(follows::give))
}

/// Registers: what is read and what is put stand at the same addresses.
fn tables() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(registers::officers, registers::put_officers))
        .routes(routes!(registers::orgs, registers::put_orgs))
        .routes(routes!(registers::calendars, registers::put_calendars))
}

fn probes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(health::healthz)).routes(routes!(health::readyz))
}

/// The OpenAPI document, as `/api/v1/openapi.json` serves it.
pub fn openapi_json() -> String {
    let document = resources().merge(commands()).merge(tables()).merge(probes()).into_openapi();
    let text = document.to_pretty_json().unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}"));
    text + "\n"
}

/// Everything but the metrics, which have a port of their own ([`crate::metrics_router`]).
pub fn router(state: ApiState) -> Router {
    let document = openapi_json();
    let serve_document = move || async move { ([(header::CONTENT_TYPE, "application/json")], document) };
    let limits = Limits { concurrent_requests: PROBES, ..state.limits };
    let metrics = &state.metrics;
    let bounded =
        |limits, bytes| from_fn_with_state(Guard::new(limits, bytes, metrics.clone()), guard::bound);
    let admitted = from_fn_with_state(state.gate.clone(), access::admit);
    let probes = Router::from(probes()).layer(bounded(limits, MAX_BODY_BYTES));
    let commands =
        Router::from(commands()).layer(admitted.clone()).layer(bounded(state.limits, MAX_COMMAND_BYTES));
    let tables =
        Router::from(tables()).layer(admitted.clone()).layer(bounded(state.limits, MAX_UPLOAD_BYTES));
    let open = Router::new()
        .route("/api/v1/openapi.json", get(serve_document))
        .route("/style.css", get(index::style))
        .merge(state.pages.clone().with_state(()))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(state.gate.meters.clone(), rate::by_address));
    Router::from(resources())
        .route("/plain", get(index::page))
        .layer(admitted)
        .merge(open)
        .layer(bounded(state.limits, MAX_BODY_BYTES))
        .merge(commands)
        .merge(tables)
        .merge(probes)
        .fallback(console::serve)
        .layer(from_fn_with_state(state.is_https, guard::dress))
        .layer(from_fn_with_state(state.metrics.clone(), telemetry::observe))
        .with_state(state)
}

#[cfg(test)]
mod tests;
