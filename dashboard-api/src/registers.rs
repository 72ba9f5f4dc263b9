//! Registers as they stand, and the way to publish them: given by who composes the process, for the log is not ours.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::catalogue::{Edition, Proposal, Refused, Shelf};
use model::{Catalogue, Instant};

/// Asked for the record to publish behind the editions that stand; again, if somebody else was first.
pub type Propose<'a> = dyn Fn(&Shelf) -> Result<Proposal, Refused> + 'a;

/// Why an edition was not published.
#[derive(Debug)]
pub enum NotPublished {
    Refused(Refused),
    /// The log does not answer, or whether it has taken it is not known.
    Unavailable(String),
}

/// What stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Before the first edition.
    pub base: Arc<Catalogue>,
    pub editions: Vec<Arc<Edition>>,
    /// Of the last edition; before the first, those that the site was started with.
    pub files: Arc<BTreeMap<String, String>>,
}

impl Standing {
    pub fn catalogue(&self) -> &Catalogue {
        self.editions.last().map_or(&self.base, |last| &last.catalogue)
    }
}

/// Where registers come from and go to.
pub trait RegisterSource: Send + Sync {
    fn standing(&self) -> Standing;

    /// Publishes, and waits until it stands in the log. Blocks.
    ///
    /// # Errors
    /// See [`NotPublished`].
    fn publish(&self, propose: &Propose<'_>) -> Result<Arc<Edition>, NotPublished>;
}

/// See the module.
#[derive(Clone)]
pub struct Registers {
    pub(crate) source: Arc<dyn RegisterSource>,
    pub(crate) clock: fn() -> Instant,
}

impl Registers {
    pub fn new(source: Arc<dyn RegisterSource>, clock: fn() -> Instant) -> Self {
        Self { source, clock }
    }
}
