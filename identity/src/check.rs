//! Whether a token is to be believed. Pure but for the signature's arithmetic: keys and the time are arguments.

use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Header, Validation, decode, decode_header};
use model::Instant;
use serde_json::{Map, Value};

use crate::claims;
use crate::grant::Person;
use crate::keys::{Alg, KeySet};
use crate::{MAX_TOKEN_BYTES, crypto};

/// What the operator pins.
#[derive(Debug, Clone)]
pub struct Policy {
    /// `iss`, to the letter.
    pub issuer: String,
    /// One of them must be in `aud`.
    pub audiences: Vec<String>,
    pub algorithms: Vec<Alg>,
    /// Name of the claim with the grants.
    pub claim: String,
}

/// Why a token is not believed. The sentence is for the one who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the token has more than {MAX_TOKEN_BYTES} bytes")]
    TooLong,
    #[error("it is no signed token of three parts with a header that is understood")]
    Malformed,
    #[error(
        "its header asks for what is not followed here: crit, jku, jwk, x5u, x5c, or a type of another use"
    )]
    Header,
    #[error("its header names no key, or one that the issuer does not have")]
    UnknownKey,
    #[error("its algorithm is not the one of the key that it names")]
    Algorithm,
    #[error("its signature does not hold")]
    Signature,
    #[error("it is of another issuer")]
    Issuer,
    #[error("it is for another audience")]
    Audience,
    #[error("it has expired")]
    Expired,
    #[error("it is not valid yet")]
    NotYet,
    #[error("{0}")]
    Claims(&'static str),
    /// Not the token's fault.
    #[error("the issuer's keys cannot be had now")]
    NoKeys,
}

/// Types that an access token may say it has (RFC 9068, and what issuers write).
const TYPES: [&str; 3] = ["jwt", "at+jwt", "application/at+jwt"];

/// The header, if nothing in it is a reason to stop. Nothing of it is believed yet.
pub(crate) fn header(token: &str) -> Result<Header, Refused> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(Refused::TooLong);
    }
    crypto::install();
    let header = decode_header(token).map_err(|_| Refused::Malformed)?;
    let asks = header.crit.is_some()
        || header.jku.is_some()
        || header.jwk.is_some()
        || header.x5u.is_some()
        || header.x5c.is_some()
        || header.enc.is_some()
        || header.zip.is_some();
    let typed = header.typ.as_ref().is_none_or(|typ| TYPES.contains(&typ.to_ascii_lowercase().as_str()));
    if asks || !typed { Err(Refused::Header) } else { Ok(header) }
}

/// The person, if the signature holds under the key that the header names and all claims are as the policy wants them.
pub(crate) fn person(
    token: &str,
    header: &Header,
    keys: &KeySet,
    policy: &Policy,
    now: Instant,
) -> Result<Person, Refused> {
    let key = header.kid.as_deref().and_then(|kid| keys.get(kid)).ok_or(Refused::UnknownKey)?;
    let algorithm = key.alg.of_library();
    if header.alg != algorithm || !policy.algorithms.contains(&key.alg) {
        return Err(Refused::Algorithm);
    }
    let mut validation = Validation::new(algorithm);
    // The library would ask the clock; the claims are judged below, against ours.
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
    let decoded = decode::<Map<String, Value>>(token, &key.key, &validation);
    let claims = decoded.map_err(judge)?.claims;
    claims::person(&claims, policy, now)
}

/// The claims are read once the signature holds, so whatever is not about the signature is about them.
fn judge(error: Error) -> Refused {
    match error.kind() {
        ErrorKind::InvalidSignature | ErrorKind::Base64(_) => Refused::Signature,
        _ => Refused::Claims("the claims are not understood"),
    }
}
