//! Query parameters: read once, refused by name when they are wrong, and never more than were declared.
//!
//! The names an address takes are those of its OpenAPI declaration ([`declared`]), so the document cannot promise what the
//! server refuses, nor the other way round.

pub(crate) mod declared;
mod values;

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use utoipa::IntoParams;
use utoipa::openapi::path::ParameterIn;

use crate::error::Problem;
use crate::limits::{MAX_VALUE_BYTES, MAX_VALUES};

/// The parameters of a request to an address that declares `P`.
pub(crate) struct Params<P> {
    pairs: Vec<(String, String)>,
    declared: PhantomData<fn() -> P>,
}

impl<P: IntoParams> Params<P> {
    pub(crate) fn parse(query: &str) -> Result<Self, Problem> {
        let known = names::<P>();
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        for (name, value) in &pairs {
            check(name, value, &known)?;
        }
        if let Some(name) = known.iter().find(|name| count(&pairs, name) > MAX_VALUES) {
            return Err(Problem::parameter(name, format!("{name} may be given at most {MAX_VALUES} times")));
        }
        Ok(Self { pairs, declared: PhantomData })
    }

    /// Every value, in the order given.
    pub(crate) fn many(&self, name: &str) -> Vec<&str> {
        debug_assert!(names::<P>().iter().any(|known| known == name), "{name} is not declared");
        self.pairs.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The only value.
    pub(crate) fn one(&self, name: &str) -> Result<Option<&str>, Problem> {
        match self.many(name).as_slice() {
            [] => Ok(None),
            [value] => Ok(Some(value)),
            _ => Err(Problem::parameter(name, format!("{name} may be given once"))),
        }
    }
}

fn names<P: IntoParams>() -> Vec<String> {
    let declared = P::into_params(|| Some(ParameterIn::Query));
    declared.into_iter().map(|parameter| parameter.name).collect()
}

fn count(pairs: &[(String, String)], name: &str) -> usize {
    pairs.iter().filter(|(given, _)| given == name).count()
}

fn check(name: &str, value: &str, known: &[String]) -> Result<(), Problem> {
    if !known.iter().any(|known| known == name) {
        let takes = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let detail = format!("{name:?} is no parameter here; this address takes: {takes}");
        return Err(Problem::parameter(name, detail));
    }
    if value.len() > MAX_VALUE_BYTES {
        return Err(Problem::parameter(name, format!("a value has at most {MAX_VALUE_BYTES} bytes")));
    }
    Ok(())
}

impl<P: IntoParams, S: Sync> FromRequestParts<S> for Params<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
