//! Sessions: connections that outlive a request, so that temporary tables and SETs do.
//!
//! What must stay true: a session is used by one request at a time; its key holds the user, so nobody can enter
//! another's; at most [`SESSIONS_MAX`] exist.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::exception::{Code, Exception};

const SESSIONS_MAX: usize = 256;
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(60);
const TIMEOUT_MAX: Duration = Duration::from_secs(3600);

/// What a request says about its session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) id: String,
    pub(crate) timeout_seconds: Option<u64>,
    /// Fail if the session does not exist yet.
    pub(crate) must_exist: bool,
    pub(crate) close_after: bool,
}

type Key = (String, String);

struct Slot<C> {
    /// `None` while a request uses it.
    connection: Option<C>,
    last_used: Instant,
    timeout: Duration,
}

/// All sessions, generic over the connection so that the rules can be tested without an engine.
pub(crate) struct Sessions<C>(Mutex<HashMap<Key, Slot<C>>>);

impl<C> Default for Sessions<C> {
    fn default() -> Self {
        Sessions(Mutex::new(HashMap::new()))
    }
}

impl<C> Sessions<C> {
    fn slots(&self) -> MutexGuard<'_, HashMap<Key, Slot<C>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the session, making it if it is new: then the lease has no connection yet.
    pub(crate) fn lease(
        self: &Arc<Self>,
        user: &str,
        wish: &Wish,
        now: Instant,
    ) -> Result<Lease<C>, Exception> {
        drop(self.sweep(now));
        let key = (user.to_owned(), wish.id.clone());
        let mut slots = self.slots();
        let is_full = slots.len() >= SESSIONS_MAX;
        let timeout = wish.timeout_seconds.map_or(TIMEOUT_DEFAULT, Duration::from_secs).min(TIMEOUT_MAX);
        let connection = match slots.get_mut(&key) {
            Some(Slot { connection: None, .. }) => {
                let message = format!("Session {} is locked by a concurrent client", wish.id);
                return Err(Exception::new(Code::SessionIsLocked, message));
            }
            Some(slot) => {
                slot.timeout = timeout;
                slot.connection.take()
            }
            None if wish.must_exist => {
                return Err(Exception::new(Code::SessionNotFound, format!("Session {} not found", wish.id)));
            }
            None if is_full => {
                return Err(Exception::new(
                    Code::TooManyQueries,
                    format!("More than {SESSIONS_MAX} sessions"),
                ));
            }
            None => {
                slots.insert(key.clone(), Slot { connection: None, last_used: now, timeout });
                None
            }
        };
        Ok(Lease { sessions: Arc::clone(self), key, connection, close_after: wish.close_after })
    }

    /// Takes out the sessions whose time is up; the caller drops them outside the lock.
    pub(crate) fn sweep(&self, now: Instant) -> Vec<C> {
        let is_over =
            |slot: &Slot<C>| slot.connection.is_some() && now.duration_since(slot.last_used) > slot.timeout;
        let over = self.slots().extract_if(|_, slot| is_over(slot)).collect::<Vec<_>>();
        over.into_iter().filter_map(|(_, slot)| slot.connection).collect()
    }

    /// Closes all that are idle.
    pub(crate) fn clear(&self) {
        let all = std::mem::take(&mut *self.slots());
        drop(all);
    }
}

/// A session in use; dropping it gives it back, or ends it when it has no connection.
pub(crate) struct Lease<C> {
    sessions: Arc<Sessions<C>>,
    key: Key,
    pub(crate) connection: Option<C>,
    close_after: bool,
}

impl<C> Drop for Lease<C> {
    fn drop(&mut self) {
        let connection = self.connection.take().filter(|_| !self.close_after);
        let mut slots = self.sessions.slots();
        match (connection, slots.get_mut(&self.key)) {
            (Some(connection), Some(slot)) => {
                slot.connection = Some(connection);
                slot.last_used = Instant::now();
            }
            (_, _) => drop(slots.remove(&self.key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(id: &str) -> Wish {
        Wish { id: id.to_owned(), ..Wish::default() }
    }

    fn code<T>(result: Result<T, Exception>) -> Option<u32> {
        result.err().map(|error| error.code)
    }

    #[test]
    fn what_is_put_in_comes_out_for_the_same_user_only() {
        let sessions: Arc<Sessions<u32>> = Arc::default();
        let now = Instant::now();
        sessions.lease("ann", &wish("s"), now).expect("new").connection = Some(7);
        assert_eq!(sessions.lease("ann", &wish("s"), now).expect("known").connection, Some(7));
        assert_eq!(sessions.lease("bob", &wish("s"), now).expect("another").connection, None);
    }

    #[test]
    fn a_session_serves_one_request_at_a_time() {
        let sessions: Arc<Sessions<u32>> = Arc::default();
        let _first = sessions.lease("ann", &wish("s"), Instant::now()).expect("new");
        assert_eq!(code(sessions.lease("ann", &wish("s"), Instant::now())), Some(373));
    }

    #[test]
    fn a_session_that_must_exist_is_not_made() {
        let sessions: Arc<Sessions<u32>> = Arc::default();
        let wish = Wish { must_exist: true, ..wish("s") };
        assert_eq!(code(sessions.lease("ann", &wish, Instant::now())), Some(372));
    }

    #[test]
    fn sessions_end_by_time_by_wish_and_by_losing_their_connection() {
        let sessions: Arc<Sessions<u32>> = Arc::default();
        let now = Instant::now();
        sessions.lease("ann", &wish("time"), now).expect("new").connection = Some(1);
        assert!(sessions.sweep(now + Duration::from_secs(59)).is_empty());
        assert_eq!(sessions.sweep(now + Duration::from_secs(120)), [1]);
        let closing = Wish { close_after: true, ..wish("wish") };
        sessions.lease("ann", &closing, now).expect("new").connection = Some(2);
        drop(sessions.lease("ann", &wish("lost"), now).expect("new"));
        assert!(sessions.slots().is_empty());
    }

    #[test]
    fn there_is_a_limit() {
        let sessions: Arc<Sessions<u32>> = Arc::default();
        let lease = |n: usize| sessions.lease("ann", &wish(&n.to_string()), Instant::now());
        let _all: Vec<_> = (0..SESSIONS_MAX).map(|n| lease(n).expect("room")).collect();
        assert_eq!(code(lease(SESSIONS_MAX)), Some(202));
    }
}
