//! An identity provider for the demonstration: it knows a few people, believes whoever picks one of them, and is
//! therefore refused outside loopback. Apart from that it does what a real one does: codes that work once and for a
//! minute, PKCE, signed tokens, a key set.

mod routes;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use model::Instant;
use model::catalogue::Bilingual;
use model::time::MS_PER_SECOND;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use crate::check::Policy;
use crate::crypto;
use crate::keys::Alg;
use crate::source::{KeySource, SourceError};

pub use routes::router;

/// What its tokens are for.
pub const AUDIENCE: &str = "xiezhi";
/// The only client that it knows.
pub const CLIENT: &str = "xiezhi-console";
/// The claim with the grants.
pub const CLAIM: &str = "xiezhi";
/// How long a code works.
const CODE_MS: i64 = 60 * MS_PER_SECOND;
/// Codes that wait to be used; the oldest goes when there are more.
const MAX_CODES: usize = 1_000;
/// How long a token works, seconds: a working day.
const TOKEN_S: i64 = 8 * 3_600;

/// Somebody whom one can be.
#[derive(Debug, Clone)]
pub struct Account {
    pub id: String,
    pub name: Bilingual,
    /// What he is, for the page.
    pub office: Bilingual,
    /// The claim as it goes into his tokens (docs/rights.md).
    pub grants: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    #[error(
        "the demonstration's identity provider asks for no password, so it serves loopback alone: {0} is not"
    )]
    NotLoopback(SocketAddr),
    #[error("no key could be made")]
    NoKey,
}

/// See the module.
pub struct Provider {
    origin: String,
    accounts: Vec<Account>,
    /// PKCS#8.
    key: Vec<u8>,
    kid: String,
    /// The public key's coordinates, base64url.
    point: [String; 2],
    codes: Mutex<VecDeque<Code>>,
    clock: fn() -> Instant,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the demonstration's identity provider at {}", self.issuer())
    }
}

impl KeySource for Provider {
    fn read(&self) -> Result<Vec<u8>, SourceError> {
        Ok(self.keys().to_string().into_bytes())
    }
}

/// A code that somebody was given.
struct Code {
    code: String,
    account: usize,
    challenge: String,
    given: Instant,
}

impl Provider {
    /// For an API that listens on `address`.
    ///
    /// # Errors
    /// The address is not of loopback.
    pub fn new(
        address: SocketAddr,
        accounts: Vec<Account>,
        clock: fn() -> Instant,
    ) -> Result<Self, ProviderError> {
        if !address.ip().is_loopback() {
            return Err(ProviderError::NotLoopback(address));
        }
        crypto::install();
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
        let key = made.map_err(|_| ProviderError::NoKey)?.as_ref().to_vec();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key, &random);
        let pair = pair.map_err(|_| ProviderError::NoKey)?;
        // Uncompressed: 4, then the two coordinates.
        let public = pair.public_key().as_ref();
        let (x, y) =
            public.get(1..).and_then(|both| both.split_at_checked(32)).ok_or(ProviderError::NoKey)?;
        let point = [URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y)];
        let kid = crypto::challenge(&point.concat())[..16].to_owned();
        let (origin, codes) = (format!("http://{address}"), Mutex::default());
        Ok(Self { origin, accounts, key, kid, point, codes, clock })
    }

    /// The API's own address, which everything of the provider is below.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// `iss` of its tokens.
    pub fn issuer(&self) -> String {
        format!("{}/idp", self.origin)
    }

    /// What whoever checks its tokens pins.
    pub fn policy(&self) -> Policy {
        Policy {
            issuer: self.issuer(),
            audiences: vec![AUDIENCE.to_owned()],
            algorithms: vec![Alg::ES256],
            claim: CLAIM.to_owned(),
        }
    }

    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The key set (RFC 7517).
    fn keys(&self) -> Value {
        let [x, y] = &self.point;
        let key = json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid, "x": x, "y": y});
        json!({"keys": [key]})
    }

    /// A token of somebody, by his id.
    pub fn token(&self, id: &str) -> Option<String> {
        let account = self.accounts.iter().find(|account| account.id == id)?;
        let now = (self.clock)().0.div_euclid(MS_PER_SECOND);
        let claims = json!({
            "iss": self.issuer(), "aud": AUDIENCE, "sub": account.id, "name": account.name.zh,
            "iat": now, "exp": now + TOKEN_S, CLAIM: account.grants,
        });
        let header = Header {
            kid: Some(self.kid.clone()),
            typ: Some("at+jwt".to_owned()),
            ..Header::new(Algorithm::ES256)
        };
        encode(&header, &claims, &EncodingKey::from_ec_der(&self.key)).ok()
    }

    /// A code for somebody who was picked on the page.
    fn give_code(&self, id: &str, challenge: &str) -> Option<String> {
        let account = self.accounts.iter().position(|account| account.id == id)?;
        let code = crypto::secret()?;
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        if codes.len() >= MAX_CODES {
            codes.pop_front();
        }
        let (challenge, given) = (challenge.to_owned(), (self.clock)());
        codes.push_back(Code { code: code.clone(), account, challenge, given });
        Some(code)
    }

    /// The token for a code. Asked once, a code is used up, whatever came of it.
    fn redeem(&self, code: &str, verifier: &str) -> Option<String> {
        let taken = {
            let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
            let place = codes.iter().position(|given| given.code == code)?;
            codes.remove(place)?
        };
        let age = (self.clock)().0 - taken.given.0;
        let holds = (0..CODE_MS).contains(&age) && crypto::challenge(verifier) == taken.challenge;
        let account = self.accounts.get(taken.account).filter(|_| holds)?;
        self.token(&account.id)
    }
}
