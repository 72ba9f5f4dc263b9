//! Where the issuer's keys come from: an address or a file. Blocking.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use crate::MAX_KEY_SET_BYTES;

const TIMEOUT: Duration = Duration::from_secs(5);
/// What Debian trusts, where no other file is named.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);

/// Gives the key set's bytes whenever it is asked.
pub trait KeySource: fmt::Debug + Send + Sync + 'static {
    /// # Errors
    /// Why they cannot be had now.
    fn read(&self) -> Result<Vec<u8>, SourceError>;
}

/// A file that the operator keeps.
impl KeySource for PathBuf {
    fn read(&self) -> Result<Vec<u8>, SourceError> {
        use std::io::Read;
        let say = |error: std::io::Error| SourceError(format!("{}: {error}", self.display()));
        let file = std::fs::File::open(self).map_err(say)?;
        let mut bytes = Vec::new();
        // One more than is taken, so that a longer one is refused and not cut.
        file.take(MAX_KEY_SET_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(say)?;
        Ok(bytes)
    }
}

/// HTTP as the issuer is spoken to: no redirects, short waits, certificates checked.
#[derive(Clone)]
pub struct Web {
    agent: ureq::Agent,
    address: String,
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.address)
    }
}

impl Web {
    /// `roots`: a PEM file of the authorities to trust; the system's without it.
    ///
    /// # Errors
    /// The address is neither https nor on this machine, or the file has no certificates.
    pub fn new(address: &str, roots: Option<&PathBuf>) -> Result<Self, SourceError> {
        let config = ureq::Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(true)
            .http_status_as_error(true)
            .timeout_global(Some(TIMEOUT))
            .proxy(None);
        let config = if address.starts_with("https://") {
            config.tls_config(tls(roots)?)
        } else if is_local(address) {
            config.https_only(false)
        } else {
            let what = format!("{address}: an issuer on another machine needs https");
            return Err(SourceError(what));
        };
        Ok(Self { agent: config.build().into(), address: address.to_owned() })
    }

    /// Posts a form, and gives the answer's body.
    pub(crate) fn post(&self, form: &[(&str, &str)]) -> Result<Vec<u8>, SourceError> {
        let form = form.iter().copied();
        self.read_body(self.agent.post(&self.address).send_form(form))
    }

    fn read_body(
        &self,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Vec<u8>, SourceError> {
        let say = |error: ureq::Error| SourceError(format!("{}: {error}", self.address));
        let answer = answer.map_err(say)?;
        if answer.status() != 200 {
            // A redirect could lead to another issuer.
            return Err(SourceError(format!("{}: status {}", self.address, answer.status())));
        }
        let body = answer.into_body();
        body.into_with_config().limit(MAX_KEY_SET_BYTES as u64).read_to_vec().map_err(say)
    }
}

impl KeySource for Web {
    fn read(&self) -> Result<Vec<u8>, SourceError> {
        self.read_body(self.agent.get(&self.address).call())
    }
}

/// How others are spoken to by https: certificates are checked against a PEM file of authorities, or the system's.
///
/// # Errors
/// The file cannot be read, or has no certificates.
pub fn tls(roots: Option<&PathBuf>) -> Result<TlsConfig, SourceError> {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(trusted(roots)?);
    Ok(tls.build())
}

fn trusted(roots: Option<&PathBuf>) -> Result<RootCerts, SourceError> {
    let system = PathBuf::from(SYSTEM_ROOTS);
    let path = roots.unwrap_or(&system);
    let pem = std::fs::read(path).map_err(|error| SourceError(format!("{}: {error}", path.display())))?;
    let items = ureq::tls::parse_pem(&pem).filter_map(Result::ok);
    let certificates: Vec<Certificate<'static>> = items
        .filter_map(|item| match item {
            ureq::tls::PemItem::Certificate(certificate) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(SourceError(format!("{} has no certificate in PEM", path.display())));
    }
    Ok(RootCerts::Specific(Arc::new(certificates)))
}

/// Whether an http address is on this machine for sure.
pub fn is_local(address: &str) -> bool {
    let host = address.strip_prefix("http://").and_then(|rest| rest.split(['/', '?', '#']).next());
    // A name or a password before the host would hide it.
    host.filter(|host| !host.contains('@')).is_some_and(|host| {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        matches!(name, "127.0.0.1" | "[::1]" | "localhost")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        for local in ["http://127.0.0.1:8080/idp/keys", "http://localhost/keys", "http://[::1]:1/"] {
            assert!(is_local(local), "{local}");
        }
        for far in [
            "http://id.example/keys",
            "http://127.0.0.1@id.example/",
            "http://127.0.0.1.example/",
            "ftp://127.0.0.1/",
        ] {
            assert!(Web::new(far, None).is_err(), "{far}");
        }
    }
}
