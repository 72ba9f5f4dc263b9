//! Who asks, and what he may: bearer tokens of one pinned issuer become a [`Person`] with grants, and grants become a
//! [`Scope`] that every question is narrowed to (docs/rights.md).
//!
//! What must stay true: nothing in a token is believed before its signature holds under a key that the operator's own key
//! set has; a token names no key, no address and no algorithm that we would follow; whoever has no grant for something
//! has no access to it. Time is an argument.

mod check;
mod claims;
mod crypto;
mod grant;
mod keeper;
mod keys;
mod login;
mod pages;
pub mod provider;
mod rights;
mod source;

pub use check::{Policy, Refused};
pub use crypto::secret;
pub use grant::{Bounds, Grant, Person, Reach, Scope};
pub use keeper::Identity;
pub use keys::Alg;
pub use login::{COOKIE, Login, LoginSettings, cookie};
pub use rights::{Need, allows};
pub use source::{KeySource, SourceError, Web, is_local, tls};
pub use workflow::Role;

/// Longest token that is looked at, bytes.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// Longest key set that is read, bytes.
pub const MAX_KEY_SET_BYTES: usize = 256 * 1024;
/// Keys of a set that are kept; a longer set is refused.
pub const MAX_KEYS: usize = 64;
/// Grants of one token; a token with more is refused.
pub const MAX_GRANTS: usize = 64;
/// Organisations that one grant may list.
pub const MAX_ORGS: usize = 1_000;
/// How far the issuer's clock may be from ours, seconds.
pub const LEEWAY_S: i64 = 30;
