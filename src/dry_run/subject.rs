//! What is tried, and what it is compared with: the files of the catalogue as they are, and with the draft in its place.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use dashboard_api::Draft;
use desk::{KafkaLog, Log, LogEvent};
use ledger::kafka::Topics;
use ledger::reference;
use model::Catalogue;
use model::catalogue::{Edition, Problem, Shelf};
use model::hash::Hash;
use rdkafka::config::ClientConfig;
use serde_json::Value;
use workflow::{Chain, InFlight};

use crate::cli::DryRunArgs;
use crate::rules::with_version;
use crate::verify;

/// Longest wait for the next record of the workflow log.
const LOG_WAIT: std::time::Duration = std::time::Duration::from_secs(10);

type Files = BTreeMap<String, String>;

/// A catalogue that cannot be judged by.
#[derive(Debug)]
pub(super) struct Unusable {
    what: &'static str,
    problems: Vec<Problem>,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be used 目录不可用:", self.what)?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n{problem}"))
    }
}

impl std::error::Error for Unusable {}

pub(super) struct Subject {
    pub(super) rule: Option<String>,
    pub(super) version: Option<u32>,
    pub(super) content: Hash,
    /// Before the first edition.
    base: Files,
    shelf: Shelf,
    with: Files,
}

impl Subject {
    pub(super) fn of(args: &DryRunArgs) -> anyhow::Result<Self> {
        let client = args.brokers.as_ref().map(|brokers| verify::client(brokers, &args.set));
        match (&args.rule, args.version, &client) {
            (Some(rule), Some(version), Some(client)) => {
                Self::of_draft(client, &args.catalogue, &drafted(client, rule, version)?)
            }
            _ => Self::of_files(args, client.as_ref()),
        }
    }

    fn of_files(args: &DryRunArgs, client: Option<&ClientConfig>) -> anyhow::Result<Self> {
        let (base, shelf) = rules(client, &args.catalogue)?;
        match (&args.item, &args.draft) {
            (Some(path), _) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                let content: Value = serde_saphyr::from_str(&text)
                    .with_context(|| format!("{} is neither YAML nor JSON", path.display()))?;
                let code =
                    content["code"].as_str().with_context(|| format!("{} names no code", path.display()))?;
                let rule = code.to_owned();
                let in_flight = serde_json::from_value(content["in_flight"].clone()).unwrap_or(InFlight::Pin);
                Ok(Self::placing(base, shelf, (&rule, None), &content, in_flight))
            }
            (None, Some(dir)) => {
                let with = files(dir)?;
                let content = usable("the draft", &with)?.fingerprint;
                Ok(Self { rule: None, version: None, content, base, shelf, with })
            }
            (None, None) => anyhow::bail!("nothing is to be tried: give --draft, --item or --rule"),
        }
    }

    /// A version under review, in the last edition's place.
    pub(super) fn of_draft(client: &ClientConfig, catalogue: &Path, draft: &Draft) -> anyhow::Result<Self> {
        let (base, shelf) = rules(Some(client), catalogue)?;
        let rule = (draft.rule.as_str(), Some(draft.version));
        Ok(Self::placing(base, shelf, rule, &draft.content, draft.in_flight))
    }

    fn placing(
        base: Files,
        shelf: Shelf,
        (rule, version): (&str, Option<u32>),
        content: &Value,
        in_flight: InFlight,
    ) -> Self {
        let name = version.map_or_else(|| format!("{rule}/draft"), |number| format!("{rule}/{number}"));
        let with = with_version(standing(&base, &shelf), (rule, &name), content, (in_flight, None));
        let content = Hash::of(content.to_string().as_bytes());
        Self { rule: Some(rule.to_owned()), version, content, base, shelf, with }
    }

    pub(super) fn editions(&self) -> &[Arc<Edition>] {
        self.shelf.editions()
    }

    pub(super) fn base(&self) -> anyhow::Result<Arc<Catalogue>> {
        usable("the catalogue", &self.base)
    }

    /// The rules as they are.
    pub(super) fn current(&self) -> anyhow::Result<Arc<Catalogue>> {
        usable("the catalogue", standing(&self.base, &self.shelf))
    }

    /// The same with the draft.
    pub(super) fn with(&self) -> anyhow::Result<Arc<Catalogue>> {
        usable("the catalogue with the draft", &self.with)
    }
}

/// Of the last edition, whether or not its moment has come.
fn standing<'a>(base: &'a Files, shelf: &'a Shelf) -> &'a Files {
    if shelf.editions().is_empty() { base } else { shelf.files() }
}

fn usable(what: &'static str, files: &Files) -> anyhow::Result<Arc<Catalogue>> {
    let catalogue = Catalogue::from_files(files.clone());
    Ok(Arc::new(catalogue.map_err(|problems| Unusable { what, problems })?))
}

fn files(dir: &Path) -> anyhow::Result<Files> {
    if !dir.is_dir() {
        anyhow::bail!("{} is no directory; give the catalogue's", dir.display());
    }
    Ok(Catalogue::files(dir).map_err(|problems| Unusable { what: "the catalogue", problems })?)
}

fn rules(client: Option<&ClientConfig>, catalogue: &Path) -> anyhow::Result<(Files, Shelf)> {
    let shelf = client.map(|client| reference::load(client, &Topics::default().reference)).transpose()?;
    Ok((files(catalogue)?, shelf.unwrap_or_default()))
}

/// A version out of the workflow log.
fn drafted(client: &ClientConfig, rule: &str, number: u32) -> anyhow::Result<Draft> {
    let mut log = KafkaLog::open(client, ingest::topics::WORKFLOW)?;
    let mut chain = Chain::default();
    loop {
        match log.poll(LOG_WAIT)?.context("the workflow log does not answer")? {
            LogEvent::Record(bytes) => drop(chain.accept(&bytes)),
            LogEvent::End => break,
            LogEvent::Unknown(_) => {}
        }
    }
    let object = chain.machine().object(rule).with_context(|| format!("there is no rule {rule}"))?;
    let last = object.versions.len();
    let version = object.version(number);
    let version = version.with_context(|| format!("{rule} has no version {number}: the last is {last}"))?;
    let (content, in_flight) = (version.content.clone(), version.in_flight);
    Ok(Draft { rule: rule.to_owned(), version: number, content, in_flight })
}
