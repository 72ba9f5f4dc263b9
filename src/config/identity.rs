//! The section `identity`: whose tokens are believed, and how people sign in (docs/rights.md).

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use identity::{Alg, KeySource, LoginSettings, Policy, Web};
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Issuer {
    /// `iss` of its tokens, to the letter.
    pub(crate) issuer: String,
    /// `aud` of those that are for us.
    pub(crate) audience: String,
    /// Address (https, or http on this machine) or file of its key set.
    pub(crate) keys: String,
    #[serde(default = "all_algorithms")]
    pub(crate) algorithms: Vec<Alg>,
    /// Name of the claim with the grants.
    #[serde(default = "default_claim")]
    pub(crate) claim: String,
    /// PEM file of the authorities to trust for https; the system's where absent.
    pub(crate) ca: Option<PathBuf>,
    /// Absent: no sign-in with a browser, tokens alone.
    pub(crate) login: Option<SignIn>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// The issuer's page for people.
    pub(crate) authorize: String,
    /// The issuer's address for codes.
    pub(crate) token: String,
    pub(crate) client: String,
    pub(crate) secret_env: Option<String>,
    /// This API as browsers reach it, without a path: `https://xiezhi.example`.
    pub(crate) origin: String,
    #[serde(default = "default_scope")]
    pub(crate) scope: String,
}

fn all_algorithms() -> Vec<Alg> {
    Alg::ALL.to_vec()
}

fn default_claim() -> String {
    "xiezhi".to_owned()
}

fn default_scope() -> String {
    "openid profile".to_owned()
}

impl Issuer {
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.issuer.is_empty() || self.audience.is_empty() || self.claim.is_empty() {
            bail!("identity: issuer, audience and claim must not be empty");
        }
        if self.algorithms.is_empty() {
            bail!("identity.algorithms is empty; give some of RS256, ES256, EdDSA, or leave it out for all");
        }
        if let Some(login) = &self.login {
            let is_origin = login.origin.starts_with("http") && login.origin.split('/').count() == 3;
            if !is_origin {
                bail!(
                    "identity.login.origin is {:?}; it must be scheme and host, such as https://xiezhi.example",
                    login.origin
                );
            }
        }
        Ok(())
    }

    pub(crate) fn policy(&self) -> Policy {
        Policy {
            issuer: self.issuer.clone(),
            audiences: vec![self.audience.clone()],
            algorithms: self.algorithms.clone(),
            claim: self.claim.clone(),
        }
    }

    pub(crate) fn source(&self) -> anyhow::Result<Arc<dyn KeySource>> {
        if self.keys.contains("://") {
            let web = Web::new(&self.keys, self.ca.as_ref()).context("identity.keys")?;
            return Ok(Arc::new(web));
        }
        let file = PathBuf::from(&self.keys);
        if !file.is_file() {
            bail!("identity.keys: {} is no file; give the issuer's key set, or its address", file.display());
        }
        Ok(Arc::new(file))
    }

    pub(crate) fn login(&self) -> anyhow::Result<Option<LoginSettings>> {
        let Some(login) = &self.login else { return Ok(None) };
        Ok(Some(LoginSettings {
            authorize: login.authorize.clone(),
            token: Web::new(&login.token, self.ca.as_ref()).context("identity.login.token")?,
            client: login.client.clone(),
            secret: crate::site::secret(login.secret_env.as_deref())?,
            origin: login.origin.clone(),
            scope: login.scope.clone(),
        }))
    }
}
