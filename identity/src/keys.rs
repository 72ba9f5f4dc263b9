//! A key set (RFC 7517) as far as we use it: public keys for signatures, of the algorithms that the operator allows. Pure.

use std::collections::BTreeMap;

use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use crate::{MAX_KEY_SET_BYTES, MAX_KEYS};

/// An algorithm with a public key. There are no others: a shared secret would let whoever checks tokens make them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Alg {
    RS256,
    ES256,
    EdDSA,
}

impl Alg {
    pub const ALL: [Self; 3] = [Self::RS256, Self::ES256, Self::EdDSA];

    /// As headers and key sets write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::ES256 => "ES256",
            Self::EdDSA => "EdDSA",
        }
    }

    pub(crate) const fn of_library(self) -> Algorithm {
        match self {
            Self::RS256 => Algorithm::RS256,
            Self::ES256 => Algorithm::ES256,
            Self::EdDSA => Algorithm::EdDSA,
        }
    }
}

/// A key with the one algorithm that it is for, whatever a token's header says.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) alg: Alg,
    pub(crate) key: DecodingKey,
}

/// Keys by their id.
#[derive(Clone, Default)]
pub(crate) struct KeySet(BTreeMap<String, Key>);

/// A key as it stands in a set. Certificates and addresses in it are not looked at.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    r#use: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Keys for other uses, of other kinds or without an id are passed over: issuers publish them beside ours.
    ///
    /// # Errors
    /// What is wrong with the set as a whole.
    pub(crate) fn parse(bytes: &[u8], allowed: &[Alg]) -> Result<Self, String> {
        if bytes.len() > MAX_KEY_SET_BYTES {
            return Err(format!("the key set has more than {MAX_KEY_SET_BYTES} bytes"));
        }
        let document: Document =
            serde_json::from_slice(bytes).map_err(|error| format!("it is no key set: {error}"))?;
        if document.keys.len() > MAX_KEYS {
            return Err(format!(
                "the key set has {} keys; at most {MAX_KEYS} are taken",
                document.keys.len()
            ));
        }
        let mut keys = BTreeMap::new();
        for value in document.keys {
            let Ok(jwk) = serde_json::from_value::<Jwk>(value) else { continue };
            let (Some(kid), Some(key)) = (jwk.kid.clone(), usable(&jwk, allowed)) else { continue };
            if keys.insert(kid.clone(), key).is_some() {
                return Err(format!("two keys of the set have the id {kid:?}"));
            }
        }
        if keys.is_empty() {
            return Err(
                "the key set has no key for signatures with an id and an allowed algorithm".to_owned()
            );
        }
        Ok(Self(keys))
    }

    pub(crate) fn get(&self, kid: &str) -> Option<&Key> {
        self.0.get(kid)
    }
}

fn usable(jwk: &Jwk, allowed: &[Alg]) -> Option<Key> {
    if jwk.r#use.as_deref().is_some_and(|of| of != "sig") {
        return None;
    }
    let (alg, key) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => {
            let key = DecodingKey::from_rsa_components(jwk.n.as_deref()?, jwk.e.as_deref()?);
            (Alg::RS256, key)
        }
        ("EC", Some("P-256")) => {
            (Alg::ES256, DecodingKey::from_ec_components(jwk.x.as_deref()?, jwk.y.as_deref()?))
        }
        ("OKP", Some("Ed25519")) => (Alg::EdDSA, DecodingKey::from_ed_components(jwk.x.as_deref()?)),
        _ => return None,
    };
    let fits = jwk.alg.as_deref().is_none_or(|named| named == alg.name()) && allowed.contains(&alg);
    key.ok().filter(|_| fits).map(|key| Key { alg, key })
}
