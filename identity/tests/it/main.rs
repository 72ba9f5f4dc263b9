//! Tokens that must and that must not be believed, keys that change, signing in: through the crate's public face, over
//! real HTTP where the product speaks it.
#![expect(clippy::unwrap_used, reason = "in a test the panic is the report, in its helpers as well")]

mod attacks;
mod issuer;
mod login;
mod rotation;
