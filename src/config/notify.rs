//! The section `notify`: who is told of alarms, of which, and on which days.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::bail;
use identity::is_local;
use model::finding::Light;
use serde::Deserialize;

/// Each has a thread of its own.
const MAX_RECIPIENTS: usize = 64;
/// Bytes of a name, which becomes part of a consumer group's.
const MAX_NAME_BYTES: usize = 64;

/// One who is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recipient {
    /// Names his place in the feed; under another name he begins anew.
    pub(crate) name: String,
    /// Address that is sent each revision of an alarm.
    pub(crate) webhook: Option<String>,
    /// Address of an Alertmanager, which is told again and again how things stand.
    pub(crate) alertmanager: Option<String>,
    /// Environment variable with a token, sent as `Authorization: Bearer`.
    pub(crate) token_env: Option<String>,
    /// PEM file of the authorities to trust for https; the system's where absent.
    pub(crate) ca: Option<PathBuf>,
    /// The lightest alarm that he hears of. Whoever hears of yellow ones hears of red ones too: the graver, the more hear of it.
    #[serde(default = "lightest")]
    pub(crate) from: Light,
    /// Of which organisations; all where empty.
    #[serde(default)]
    pub(crate) orgs: BTreeSet<String>,
    /// Whether what comes on a day off, by the catalogue's calendar, waits for the next working day.
    #[serde(default)]
    pub(crate) working_days: bool,
}

const fn lightest() -> Light {
    Light::Yellow
}

/// All of them.
pub(crate) fn check(recipients: &[Recipient]) -> anyhow::Result<()> {
    if recipients.len() > MAX_RECIPIENTS {
        bail!("notify has {} recipients; at most {MAX_RECIPIENTS} are told", recipients.len());
    }
    let mut names = BTreeSet::new();
    for recipient in recipients {
        recipient.check()?;
        if !names.insert(&recipient.name) {
            bail!("notify: {} stands twice; give each recipient a name of his own", recipient.name);
        }
    }
    Ok(())
}

impl Recipient {
    fn check(&self) -> anyhow::Result<()> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let name = &self.name;
        if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.chars().all(is_name) {
            bail!("notify: {name:?} is no name; give 1 to {MAX_NAME_BYTES} letters, digits, - and _");
        }
        let address = match (&self.webhook, &self.alertmanager) {
            (Some(address), None) | (None, Some(address)) => address,
            _ => bail!("notify.{name}: give either webhook or alertmanager"),
        };
        let is_secure = address.starts_with("https://");
        if !is_secure && !address.starts_with("http://") {
            bail!("notify.{name}: {address} is no http or https address");
        }
        if self.token_env.is_some() && !is_secure && !is_local(address) {
            bail!("notify.{name}: a token goes to another machine by https alone, not to {address}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let recipients: Vec<Recipient> = serde_saphyr::from_str(text).unwrap();
        check(&recipients).unwrap_err().to_string()
    }

    #[test]
    fn who_cannot_be_told_is_refused_by_name() {
        let at = "webhook: 'http://sms.example/'";
        assert!(refused(&format!("[{{name: 'a b', {at}}}]")).contains("\"a b\" is no name"));
        assert!(refused("[{name: a}]").contains("notify.a: give either"));
        assert!(refused(&format!("[{{name: a, {at}, alertmanager: 'http://am'}}]")).contains("either"));
        assert!(refused("[{name: a, webhook: 'ftp://x'}]").contains("ftp://x is no http"));
        assert!(refused(&format!("[{{name: a, {at}, token_env: T}}]")).contains("by https alone"));
        assert!(refused(&format!("[{{name: a, {at}}}, {{name: a, {at}}}]")).contains("a stands twice"));
        let many = (0..65).map(|n| format!("{{name: a{n}, {at}}}")).collect::<Vec<_>>().join(",");
        assert!(refused(&format!("[{many}]")).contains("at most 64"));
    }

    #[test]
    fn a_token_may_stay_on_this_machine() {
        let text = "[{name: a, webhook: 'http://127.0.0.1:9/', token_env: T}, {name: b, alertmanager: 'https://am', token_env: T}]";
        let recipients: Vec<Recipient> = serde_saphyr::from_str(text).unwrap();
        assert!(check(&recipients).is_ok());
        assert_eq!(recipients[0].from, Light::Yellow);
    }
}
