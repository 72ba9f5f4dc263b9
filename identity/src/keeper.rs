//! Keeps the issuer's keys, and asks for them again when they are old or a token names one that is not there: at most so
//! often, whoever asks.

use std::sync::{Arc, PoisonError, RwLock};

use model::Instant;
use model::time::{MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND};

use crate::check::{self, Policy, Refused};
use crate::grant::Person;
use crate::keys::KeySet;
use crate::source::KeySource;

/// Shortest time between two questions to the issuer: tokens with invented key ids must not make us its burden.
const ASK_AGAIN_MS: i64 = 10 * MS_PER_SECOND;
/// Keys older than this are asked for again, so that one that was withdrawn is dropped.
const FRESH_MS: i64 = 10 * MS_PER_MINUTE;
/// Keys that could not be renewed for so long are no longer believed.
const BELIEVED_MS: i64 = 24 * MS_PER_HOUR;

/// The gate: from a token to a person.
#[derive(Debug)]
pub struct Identity {
    policy: Policy,
    source: Arc<dyn KeySource>,
    held: RwLock<Held>,
    /// Held while the issuer is asked, so that it is asked once; with the time of the last question.
    asked: tokio::sync::Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Held {
    keys: Arc<KeySet>,
    /// When they were had.
    at: Option<Instant>,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "keys of {:?}", self.at)
    }
}

impl Identity {
    /// Asks nobody yet: an issuer that is away holds up tokens, not the start.
    pub fn new(policy: Policy, source: Arc<dyn KeySource>) -> Self {
        Self { policy, source, held: RwLock::default(), asked: tokio::sync::Mutex::default() }
    }

    /// Who sends this token.
    ///
    /// # Errors
    /// Why it is not believed; [`Refused::NoKeys`] if that could not be found out.
    pub async fn person(&self, token: &str, now: Instant) -> Result<Person, Refused> {
        let header = check::header(token)?;
        let judge = |keys: &KeySet| check::person(token, &header, keys, &self.policy, now);
        if let Some(keys) = self.keys(now, FRESH_MS) {
            match judge(&keys) {
                Err(Refused::UnknownKey) => {}
                judged => return judged,
            }
        }
        self.renew(now).await;
        let keys = self.keys(now, BELIEVED_MS).ok_or(Refused::NoKeys)?;
        judge(&keys)
    }

    /// The keys that are held, unless they are older.
    fn keys(&self, now: Instant, age_ms: i64) -> Option<Arc<KeySet>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.at.filter(|at| is_within(*at, now, age_ms)).map(|_| Arc::clone(&held.keys))
    }

    async fn renew(&self, now: Instant) {
        let mut asked = self.asked.lock().await;
        if asked.is_some_and(|at| is_within(at, now, ASK_AGAIN_MS)) {
            return;
        }
        *asked = Some(now);
        let (source, allowed) = (Arc::clone(&self.source), self.policy.algorithms.clone());
        let read = move || {
            let bytes = source.read().map_err(|error| error.to_string())?;
            KeySet::parse(&bytes, &allowed)
        };
        let read = tokio::task::spawn_blocking(read).await.unwrap_or_else(|error| Err(error.to_string()));
        match read {
            Ok(keys) => {
                let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
                *held = Held { keys: Arc::new(keys), at: Some(now) };
            }
            Err(error) => tracing::warn!(source = ?self.source, error, "the issuer's keys cannot be had"),
        }
    }
}

/// A clock that was set back makes everything old, not young for ever.
fn is_within(at: Instant, now: Instant, ms: i64) -> bool {
    (0..ms).contains(&now.0.saturating_sub(at.0))
}
