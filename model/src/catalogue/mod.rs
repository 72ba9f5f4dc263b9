//! The catalogue (职权目录): what is supervised, by which rules. These are the checked forms: every reference is an
//! index that exists, every number is in range. [`Catalogue::load`] makes them from a directory of YAML and CSV files.

mod edition;
mod load;
mod officers;
mod orgs;
mod problem;
mod rules;

pub use edition::{
    Edition, MAX_EDITION_BYTES, MAX_EDITIONS, Proposal, Record, Refused, Request, Shelf, Unreadable,
};
pub use load::{Inspection, is_id};
pub(crate) use load::{Source, both};
pub use officers::{Certificate, Officers, Standing, Wanted};
pub use orgs::{Org, Orgs, WatchedSource};
pub use problem::{Problem, ProblemCode, Severity};
pub use rules::*;

use std::collections::HashMap;
use std::sync::Arc;

use crate::calendar::Calendar;
use crate::hash::Hash;

/// A whole catalogue, as one version of the rules.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// `version` of `catalogue.yaml`, else the first 12 hex digits of the SHA-256 over its files.
    pub version: String,
    /// SHA-256 over its files: another one is another content, whatever the version says.
    pub fingerprint: Hash,
    pub calendar: Calendar,
    pub officers: Officers,
    pub orgs: Orgs,
    pub items: HashMap<String, Arc<Item>>,
}
