//! An issuer of the tests' own: three key pairs, and tokens of any shape.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use identity::{Alg, Identity, KeySource, Policy, SourceError};
use model::Instant;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://id.example/realm";
pub(crate) const NOW: Instant = Instant(1_780_000_000_000);
pub(crate) const NOW_S: i64 = NOW.0 / 1_000;

pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) struct Issuer {
    pub(crate) rsa: RsaKeyPair,
    pub(crate) ec: EcdsaKeyPair,
    pub(crate) ed: Ed25519KeyPair,
}

impl Issuer {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let ec = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let ed = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        let rsa = STANDARD.decode(include_str!("rsa.key.txt").trim()).unwrap();
        Self {
            rsa: RsaKeyPair::from_der(&rsa).unwrap(),
            ec: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, ec.as_ref(), &random).unwrap(),
            ed: Ed25519KeyPair::from_pkcs8(ed.as_ref()).unwrap(),
        }
    }

    pub(crate) fn rsa_jwk(&self, kid: &str) -> Value {
        let public = RsaPublicKeyComponents::<Vec<u8>>::from(self.rsa.public());
        json!({"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": base64url(public.n), "e": base64url(public.e)})
    }

    pub(crate) fn ec_jwk(&self, kid: &str) -> Value {
        let (x, y) = self.ec.public_key().as_ref()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "x": base64url(x), "y": base64url(y)})
    }

    pub(crate) fn ed_jwk(&self, kid: &str) -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": base64url(self.ed.public_key())})
    }

    pub(crate) fn key_set(&self) -> Value {
        json!({"keys": [self.rsa_jwk("rsa"), self.ec_jwk("ec"), self.ed_jwk("ed")]})
    }

    /// Signed with the key pair of this name, whatever the header says.
    pub(crate) fn sign(&self, pair: &str, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()));
        format!("{message}.{}", base64url(self.signature(pair, message.as_bytes())))
    }

    pub(crate) fn signature(&self, pair: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match pair {
            "rsa" => {
                let mut signature = vec![0; self.rsa.public().modulus_len()];
                self.rsa.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
            "ec" => self.ec.sign(&random, message).unwrap().as_ref().to_vec(),
            _ => self.ed.sign(message).as_ref().to_vec(),
        }
    }

    /// A token in order but for the claims given.
    pub(crate) fn token(&self, changes: &Value) -> String {
        self.sign("ec", &header("ES256", "ec"), &claims(changes))
    }
}

pub(crate) fn header(alg: &str, kid: &str) -> Value {
    json!({"alg": alg, "kid": kid, "typ": "JWT"})
}

/// Claims in order, with these members changed, or taken out where they are null.
pub(crate) fn claims(changes: &Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": ["other", "xiezhi"], "sub": "li", "name": "李送", "iat": NOW_S, "nbf": NOW_S,
        "exp": NOW_S + 300, "xiezhi": [{"role": "submitter", "orgs": ["o1"]}],
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
    }
    claims
}

pub(crate) fn policy() -> Policy {
    Policy {
        issuer: ISSUER.to_owned(),
        audiences: vec!["xiezhi".to_owned()],
        algorithms: Alg::ALL.to_vec(),
        claim: "xiezhi".to_owned(),
    }
}

/// A key set that can be changed, and that counts who asks for it.
#[derive(Debug, Default)]
pub(crate) struct Board {
    pub(crate) set: Mutex<Option<Vec<u8>>>,
    pub(crate) asked: AtomicUsize,
}

impl Board {
    pub(crate) fn show(&self, set: &Value) {
        *self.set.lock().unwrap() = Some(set.to_string().into_bytes());
    }

    pub(crate) fn take_down(&self) {
        *self.set.lock().unwrap() = None;
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl KeySource for Board {
    fn read(&self) -> Result<Vec<u8>, SourceError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.set.lock().unwrap().clone().ok_or_else(|| SourceError("the issuer is away".to_owned()))
    }
}

pub(crate) fn gate(set: &Value) -> (Identity, Arc<Board>) {
    let board = Arc::new(Board::default());
    board.show(set);
    (Identity::new(policy(), Arc::clone(&board) as Arc<dyn KeySource>), board)
}
