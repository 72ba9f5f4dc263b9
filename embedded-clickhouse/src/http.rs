//! ClickHouse's HTTP interface: reads requests, writes responses, decides nothing about statements.

mod auth;
mod request;
mod response;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::Response;

use crate::exception::{Code, Exception};
use crate::exec::body::RequestBody;
use crate::exec::{Engine, random_letters};
use crate::ffi::Params;
use crate::policy::Users;
use request::Incoming;

/// All fields of a form together.
const FORM_BYTES_MAX: usize = 16 << 20;

struct Gateway {
    engine: Arc<Engine>,
    users: Users,
}

pub(crate) fn router(engine: Arc<Engine>, users: Users) -> Router {
    let gateway = Arc::new(Gateway { engine, users });
    // Inserts are streams without a size limit; everything that is held in memory has a limit of its own.
    Router::new().fallback(handle).with_state(gateway).layer(DefaultBodyLimit::disable())
}

async fn handle(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    match request.uri().path() {
        "/ping" | "/replicas_status" => return response::plain(StatusCode::OK, "Ok.\n"),
        "/" => {}
        path => {
            let text = format!("There is no handle {path}\nUse / for queries and /ping for health checks.\n");
            return response::plain(StatusCode::NOT_FOUND, text);
        }
    }
    let mut query_id = random_letters(32);
    let outcome = gateway.answer(request, &mut query_id).await;
    response::build(&gateway.engine.version, &query_id, outcome)
}

impl Gateway {
    /// Fills in the query id as soon as it is known, so that errors carry it, too.
    async fn answer(&self, request: Request, query_id: &mut String) -> Result<response::Outcome, Exception> {
        let (parts, body) = request.into_parts();
        let mut pairs = request::pairs(parts.uri.query().unwrap_or_default());
        let has_form = parts
            .headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"));
        let body = if has_form {
            pairs.extend(read_form(Request::from_parts(parts.clone(), body)).await?);
            Body::empty()
        } else {
            body
        };
        let incoming = Incoming::read(&parts.method, &parts.headers, pairs);
        if let Some(given) = &incoming.query_id {
            query_id.clone_from(given);
        }
        let mut body = RequestBody::new(body, incoming.content_encoding.as_deref(), incoming.decompress)?;
        let user = match self.users.authenticate(&incoming.user, &incoming.password) {
            Ok(user) => user,
            Err(refusal) => {
                body.drain().await;
                return Err(refusal);
            }
        };
        if incoming.query.is_empty() && parts.method != Method::POST {
            return Ok(response::Outcome::Greeting);
        }
        let request = incoming.for_user(user);
        self.engine.run(request, body).await.map(|answer| response::Outcome::Answer(Box::new(answer)))
    }
}

/// The fields of a form. Files in one would be external tables, which are not supported.
async fn read_form(request: Request) -> Result<Params, Exception> {
    let bad =
        |error: &dyn std::fmt::Display| Exception::new(Code::BadArguments, format!("Bad form: {error}"));
    let mut form = Multipart::from_request(request, &()).await.map_err(|error| bad(&error))?;
    let (mut fields, mut bytes) = (Params::new(), 0);
    while let Some(mut field) = form.next_field().await.map_err(|error| bad(&error))? {
        if field.file_name().is_some() {
            return Err(Exception::new(Code::NotImplemented, "External tables are not supported"));
        }
        let name = field.name().unwrap_or_default().to_owned();
        let mut value = Vec::new();
        while let Some(piece) = field.chunk().await.map_err(|error| bad(&error))? {
            bytes += piece.len();
            if bytes > FORM_BYTES_MAX {
                return Err(Exception::new(Code::TooLargeStringSize, "The form is too large"));
            }
            value.extend_from_slice(&piece);
        }
        let value = String::from_utf8(value).map_err(|error| bad(&error))?;
        fields.push((name, value));
    }
    Ok(fields)
}
