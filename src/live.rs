//! What stands now: the last edition of the catalogue or, before the first, the directory that the site was started with. The
//! parts of a site that are not detectors follow it: who may speak, who may see what, what a draft is checked against.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Context as _;
use dashboard_api::{NotPublished, Propose, RegisterSource, Registers, Standing};
use ingest::topics::Layout;
use ledger::reference::{self, Editions, READ_WAIT};
use model::catalogue::{Edition, Orgs};
use model::{Calendar, Catalogue};
use rdkafka::config::ClientConfig;

use crate::wall;

/// Between two looks at whether there are new organisations.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// See the module.
pub(crate) struct Live {
    /// Of the directory, as it was at the start.
    start: Arc<BTreeMap<String, String>>,
    base: Arc<Catalogue>,
    editions: Arc<Editions>,
    /// Of the last edition, and how many there were then.
    orgs: RwLock<(usize, Arc<Orgs>)>,
}

impl Live {
    pub(crate) fn new(start: &Path, base: &Arc<Catalogue>, editions: &Arc<Editions>) -> Self {
        let orgs = RwLock::new((0, Arc::new(base.orgs.clone())));
        // What cannot be read was told when the catalogue was loaded.
        let start = Arc::new(Catalogue::readable_files(start).0);
        Self { start, base: Arc::clone(base), editions: Arc::clone(editions), orgs }
    }

    /// Waits until what was published before is known, but not for ever.
    pub(crate) fn await_read(&self) {
        self.editions.await_read(READ_WAIT);
    }

    /// The organisations as they stand. Asked at every record: most times it is a look at a number.
    pub(crate) fn orgs(&self) -> Arc<Orgs> {
        let count = self.editions.count();
        {
            let known = self.orgs.read().unwrap_or_else(PoisonError::into_inner);
            if known.0 == count {
                return Arc::clone(&known.1);
            }
        }
        let mut known = self.orgs.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = self.editions.last() {
            *known = (count, Arc::new(last.edition.catalogue.orgs.clone()));
        }
        Arc::clone(&known.1)
    }

    /// The files that the site was started with.
    pub(crate) fn start(&self) -> &BTreeMap<String, String> {
        &self.start
    }

    /// The calendar as it stands.
    pub(crate) fn calendar(&self) -> Calendar {
        let last = self.editions.last();
        last.map_or_else(|| self.base.calendar.clone(), |last| last.edition.catalogue.calendar.clone())
    }

    /// The files that stand.
    pub(crate) fn files(&self) -> Arc<BTreeMap<String, String>> {
        self.editions.last().map_or_else(|| Arc::clone(&self.start), |last| last.files)
    }

    /// All that stands, at one moment.
    pub(crate) fn standing(&self) -> Standing {
        let editions = self.editions.all();
        // An edition may have come between the two questions: its files are of the number asked for, or later ones.
        let files = self.files();
        Standing { base: Arc::clone(&self.base), editions, files }
    }

    /// Makes the inbound topics of organisations that come by an edition, until `stop` is set. What fails is tried again.
    pub(crate) fn make_topics(&self, layout: &Layout, client: &ClientConfig, stop: &AtomicBool) {
        let mut made = 0;
        while !stop.load(Ordering::Relaxed) {
            let count = self.editions.count();
            if count > made {
                match ensure_topics(layout, client, &self.orgs()) {
                    Ok(()) => made = count,
                    Err(error) => {
                        tracing::error!(
                            error = format!("{error:#}"),
                            "topics of new organisations; tried again"
                        );
                    }
                }
            }
            std::thread::park_timeout(LOOK_EVERY);
        }
    }
}

/// Every topic of the site, with an inbound one for each org that publishes.
pub(crate) fn ensure_topics(layout: &Layout, client: &ClientConfig, orgs: &Orgs) -> anyhow::Result<()> {
    let publishing = orgs.by_id.values().filter(|org| !org.sources.is_empty());
    let mut orgs: Vec<&str> = publishing.map(|org| org.id.as_str()).collect();
    orgs.sort_unstable();
    let topics = layout.topics(orgs)?;
    ingest::topics::ensure_topics(client, &topics).context("the topics could not be made")?;
    Ok(())
}

/// The registers of the API: what stands here, and the way into the log.
pub(crate) fn registers(client: &ClientConfig, live: &Arc<Live>) -> Registers {
    Registers::new(Arc::new(Source { client: client.clone(), live: Arc::clone(live) }), wall::now)
}

struct Source {
    client: ClientConfig,
    live: Arc<Live>,
}

impl RegisterSource for Source {
    fn standing(&self) -> Standing {
        self.live.standing()
    }

    fn publish(&self, propose: &Propose<'_>) -> Result<Arc<Edition>, NotPublished> {
        let topic = ledger::kafka::Topics::default().reference;
        reference::publish(&self.client, &topic, propose).map_err(|error| match error {
            reference::NotPublished::Refused(refused) => NotPublished::Refused(refused),
            other => NotPublished::Unavailable(other.to_string()),
        })
    }
}
