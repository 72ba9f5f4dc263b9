//! Who asks, what he may, and the trail of it.
//!
//! What must stay true: a handler can ask the store nothing without a [`Scope`], and a scope comes from [`Access`] alone,
//! which comes from a token that [`Identity`] has believed. Nothing of a request can widen it.

use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use identity::{COOKIE, Identity, Need, Person, Refused, Scope, allows};
use model::Instant;
use model::catalogue::Orgs;

use crate::error::{Problem, ProblemKind};
use crate::rate::{Meters, peer};

/// Where the trail goes: one line a request, without tokens.
const TRAIL: &str = "xiezhi::access";

/// Gives the tree of organisations as it is now.
pub(crate) type Tree = Arc<dyn Fn() -> Arc<Orgs> + Send + Sync>;

/// What stands before the addresses.
#[derive(Clone)]
pub(crate) struct Gate {
    /// Absent: whoever reaches the API may read all of it, which is for loopback alone.
    pub(crate) identity: Option<Arc<Identity>>,
    /// The tree as it is now.
    pub(crate) orgs: Tree,
    pub(crate) clock: fn() -> Instant,
    /// Whether a browser without a token can be led to signing in.
    pub(crate) has_login: bool,
    pub(crate) meters: Meters,
}

/// What the one who asks may.
#[derive(Clone, Debug)]
pub(crate) enum Access {
    /// No identity is configured.
    Open,
    Person(Arc<Person>, Arc<Orgs>),
}

impl Access {
    /// What a question about this is narrowed to.
    ///
    /// # Errors
    /// 403 where none of his roles has access to it.
    pub(crate) fn scope(&self, need: Need) -> Result<Scope, Problem> {
        match self.reach(need) {
            Some(scope) => Ok(scope),
            None => {
                let detail = format!("none of your roles gives access to {}", need.name());
                Err(Problem::new(ProblemKind::Forbidden, detail))
            }
        }
    }

    /// Where he may see personal data.
    pub(crate) fn personal(&self) -> Scope {
        self.reach(Need::PersonalData).unwrap_or_default()
    }

    fn reach(&self, need: Need) -> Option<Scope> {
        let Self::Person(person, orgs) = self else { return Some(Scope::Everywhere) };
        let mut grants = person.grants.iter().filter(|grant| allows(grant.role, need)).peekable();
        grants.peek()?;
        Some(Scope::of(grants, orgs))
    }

    /// Who asks, and the tree that his reach is of; nobody where no identity is configured.
    pub(crate) fn person(&self) -> Option<(&Person, &Orgs)> {
        match self {
            Self::Open => None,
            Self::Person(person, orgs) => Some((&**person, &**orgs)),
        }
    }

    /// Who it is, where that is known.
    pub(crate) fn id(&self) -> Option<&str> {
        match self {
            Self::Open => None,
            Self::Person(person, _) => Some(&person.id),
        }
    }

    /// When what he showed is over.
    pub(crate) fn expires(&self) -> Option<Instant> {
        match self {
            Self::Open => None,
            Self::Person(person, _) => Some(person.expires),
        }
    }

    /// Whom the page greets.
    pub(crate) fn name(&self) -> Option<&str> {
        self.person().map(|(person, _)| person.name.as_str())
    }
}

/// An address behind no gate has no access.
impl<S: Sync> FromRequestParts<S> for Access {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(|| unauthenticated("this address takes a token"))
    }
}

/// Lets nobody by without a token that is believed, and writes the trail.
pub(crate) async fn admit(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let peer = peer(&request);
    let Some(identity) = gate.identity.clone() else {
        if let Err(problem) = gate.meters.anybody(peer) {
            return problem.into_response();
        }
        request.extensions_mut().insert(Access::Open);
        return next.run(request).await;
    };
    let asked = Asked::of(&request);
    let person = match token(request.headers(), request.method()) {
        Some(token) => identity.person(token, (gate.clock)()).await.map_err(refused),
        None => Err(unauthenticated("send Authorization: Bearer with a token of the configured issuer")),
    };
    match person {
        Ok(person) => {
            let person = Arc::new(person);
            if let Err(problem) = gate.meters.person(&person.id) {
                let response = problem.into_response();
                asked.write(Some(&person), &response);
                return response;
            }
            request.extensions_mut().insert(Access::Person(Arc::clone(&person), (gate.orgs)()));
            let response = next.run(request).await;
            asked.write(Some(&person), &response);
            response
        }
        Err(_) if gate.has_login && asked.is_page() => {
            (axum::http::StatusCode::SEE_OTHER, [(header::LOCATION, "/session/login")]).into_response()
        }
        // Who may have the address in common is turned away only with those whom nobody knows either.
        Err(problem) => {
            let response = gate.meters.address(peer).err().unwrap_or(problem).into_response();
            asked.write(None, &response);
            response
        }
    }
}

/// The bearer's token; a browser's cookie counts for reading alone.
fn token<'a>(headers: &'a HeaderMap, method: &Method) -> Option<&'a str> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then(|| token.trim());
    }
    let reads = *method == Method::GET || *method == Method::HEAD;
    reads.then(|| identity::cookie(headers, COOKIE)).flatten()
}

fn unauthenticated(detail: &str) -> Problem {
    Problem::new(ProblemKind::Unauthenticated, detail)
}

fn refused(why: Refused) -> Problem {
    match why {
        Refused::NoKeys => Problem::new(ProblemKind::Unavailable, why.to_string()),
        why => unauthenticated(&format!("the token is refused: {why}")),
    }
}

/// What `WWW-Authenticate` says (RFC 6750).
pub(crate) const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"xiezhi\"");

/// A request as the trail names it.
struct Asked {
    method: Method,
    route: Option<MatchedPath>,
    path: String,
    query: String,
}

impl Asked {
    fn of(request: &Request) -> Self {
        Self {
            method: request.method().clone(),
            route: request.extensions().get().cloned(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().unwrap_or_default().to_owned(),
        }
    }

    fn is_page(&self) -> bool {
        self.path == "/plain"
    }

    fn write(&self, person: Option<&Person>, response: &Response) {
        let who = person.map_or("-", |person| person.id.as_str());
        let grants: Vec<String> =
            person.iter().flat_map(|person| &person.grants).map(ToString::to_string).collect();
        let route = self.route.as_ref().map_or("unmatched", MatchedPath::as_str);
        let (method, path, query) = (self.method.as_str(), self.path.as_str(), self.query.as_str());
        let (status, scope) = (response.status().as_u16(), grants.join("; "));
        tracing::info!(target: TRAIL, who, method, route, path, query, scope, status);
    }
}
