//! Who may use the API of a site: the configured issuer's people, or the demonstration's own.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, bail};
use dashboard_api::ApiState;
use identity::provider::{self, Account, Provider};
use identity::{Identity, Login, LoginSettings, Web};

use crate::config::Issuer;
use crate::live::Live;
use crate::wall;

/// Whose tokens are believed.
#[derive(Clone)]
pub(crate) enum People {
    /// Nobody's: whoever reaches the API may read, so it must be loopback.
    Anybody,
    Issuer(Box<Issuer>),
    /// The demonstration's own provider, on loopback alone.
    Demo(Vec<Account>),
}

/// The API's doors, made once its address is known.
pub(crate) struct Doors {
    identity: Option<Arc<Identity>>,
    pages: Option<axum::Router>,
    /// Whether browsers come by https.
    is_https: bool,
    /// The demonstration's, for tokens to try the API with.
    pub(crate) provider: Option<Arc<Provider>>,
}

impl People {
    pub(crate) fn doors(&self, address: SocketAddr) -> anyhow::Result<Doors> {
        match self {
            Self::Anybody if !address.ip().is_loopback() => bail!(
                "listen.api is {address}, which others reach, and nobody's identity would be checked: \
                 set the section identity (docs/rights.md), or listen on 127.0.0.1"
            ),
            Self::Anybody => Ok(Doors { identity: None, pages: None, is_https: false, provider: None }),
            Self::Issuer(issuer) => {
                let identity = Arc::new(Identity::new(issuer.policy(), issuer.source()?));
                let login = issuer.login()?;
                let is_https = login.as_ref().is_some_and(|login| login.origin.starts_with("https://"));
                let pages = login.map(|login| Login::new(login, Arc::clone(&identity), wall::now).router());
                Ok(Doors { identity: Some(identity), pages, is_https, provider: None })
            }
            Self::Demo(accounts) => demo(accounts, address),
        }
    }
}

fn demo(accounts: &[Account], address: SocketAddr) -> anyhow::Result<Doors> {
    let provider = Arc::new(Provider::new(address, accounts.to_vec(), wall::now)?);
    let identity = Arc::new(Identity::new(provider.policy(), Arc::clone(&provider) as _));
    let settings = LoginSettings {
        authorize: format!("{}/authorize", provider.issuer()),
        token: Web::new(&format!("{}/token", provider.issuer()), None)
            .context("the demonstration's provider")?,
        client: provider::CLIENT.to_owned(),
        secret: None,
        origin: provider.origin().to_owned(),
        scope: "openid".to_owned(),
    };
    let login = Login::new(settings, Arc::clone(&identity), wall::now).router();
    let pages = login.merge(provider::router(Arc::clone(&provider)));
    Ok(Doors { identity: Some(identity), pages: Some(pages), is_https: false, provider: Some(provider) })
}

impl Doors {
    pub(crate) fn hang(&self, mut state: ApiState, live: &Arc<Live>) -> ApiState {
        if let Some(identity) = &self.identity {
            let live = Arc::clone(live);
            state = state.with_identity(Arc::clone(identity), move || live.orgs(), wall::now);
        }
        if self.is_https {
            state = state.with_https();
        }
        match &self.pages {
            Some(pages) => state.with_login(pages.clone()),
            None => state,
        }
    }
}
