//! Editions: catalogues as they are published, one behind the other, in a log that every detector reads (topic `reference`,
//! docs/adr/0022). Pure: records in, editions out; whoever publishes gives the instant.
//!
//! A record counts if its `seq` is one more than the last one's and its `prev` is the hash of that one's bytes: of two that are
//! published at once the first to land wins. It holds the files that changed, so a new register of officers is one file.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Catalogue, InFlight, Problem};
use crate::hash::Hash;
use crate::time::Instant;

/// Version of the record's form.
const FORMAT: u32 = 1;
/// Most editions; more do not count. They are kept in memory, items and registers that did not change only once.
pub const MAX_EDITIONS: usize = 1_000;
/// Largest record, bytes: some 150,000 officers.
pub const MAX_EDITION_BYTES: usize = 16 * 1024 * 1024;

/// A record of `reference`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    pub v: u32,
    /// Counts up from 0.
    pub seq: u64,
    /// Cases accepted from then on are judged by its items; never before the `from` of the edition before.
    pub from: Instant,
    /// When it was published, by the publisher's clock, and who did it.
    pub at: Instant,
    pub by: String,
    /// Files that changed, by path in the catalogue's directory; `null` is one that is gone. The first edition has them all.
    pub files: BTreeMap<String, Option<String>>,
    /// Hash of the bytes of the record before; all zero for the first.
    pub prev: Hash,
    /// The request that published it, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
}

/// What makes a request that is sent twice one: its key, chosen by who sends it, and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub key: String,
    /// Hash of all that it asks for.
    pub content: Hash,
}

impl Record {
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a record is plain data")
    }
}

/// A published version of the catalogue.
#[derive(Debug)]
pub struct Edition {
    pub seq: u64,
    pub from: Instant,
    pub at: Instant,
    pub by: String,
    /// Of its record, and so of all before it.
    pub hash: Hash,
    pub request: Option<Request>,
    /// Files that it changed, by path.
    pub files: Vec<String>,
    pub catalogue: Catalogue,
    /// Items that it changed and that say `in_flight: migrate`.
    migrating: HashSet<String>,
}

impl Edition {
    /// The edition that a catalogue would be behind these, in force from an instant: for a trial, of no log.
    pub fn trial(last: Option<&Self>, catalogue: Catalogue, from: Instant) -> Self {
        let (catalogue, migrating) = behind(last.map(|last| &last.catalogue), catalogue);
        Self {
            seq: last.map_or(0, |last| last.seq + 1),
            from,
            at: from,
            by: String::new(),
            hash: Hash::ZERO,
            request: None,
            files: Vec::new(),
            catalogue,
            migrating,
        }
    }

    /// Whether cases already accepted take its form of the item.
    pub fn migrates(&self, item: &str) -> bool {
        self.migrating.contains(item)
    }

    pub fn migrates_any(&self) -> bool {
        !self.migrating.is_empty()
    }
}

/// An edition that counts and that this build cannot read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("edition {seq} of the rules cannot be read by this build: {reason}")]
pub struct Unreadable {
    pub seq: u64,
    pub reason: String,
}

/// Why a catalogue is not published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the catalogue has errors 目录有错误:\n{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Problems(Vec<Problem>),
    #[error("nothing differs from the last edition, \"{version}\" 与上一版相同")]
    Unchanged { version: String },
    #[error(
        "the version \"{version}\" stands already with other content: change `version` in catalogue.yaml 版本号已被使用"
    )]
    VersionTaken { version: String },
    #[error("it cannot be in force from {from}, before it is published, {at} 不得溯及既往")]
    Backdated { from: Instant, at: Instant },
    #[error("it cannot be in force from {from}: the last edition is from {last} only 生效时间早于上一版")]
    BeforeLast { from: Instant, last: Instant },
    #[error(
        "the time zone cannot be changed from {was} to {now}: days already counted would be others 时区不得变更"
    )]
    OtherZone { was: String, now: String },
    #[error(
        "{stands} editions stand by now, and the request was made after {expected}: look again 版本已更新，请重新核对"
    )]
    Stale { expected: usize, stands: usize },
    #[error("the key was used for another request: take a new one 请求键已被使用")]
    KeyReused,
    #[error("there are {MAX_EDITIONS} editions already 版本数已达上限")]
    TooMany,
    #[error("the files that changed take {bytes} bytes, more than {MAX_EDITION_BYTES} 内容过大")]
    TooLarge { bytes: usize },
}

/// What is to be published: a new edition, or none, because the same request has published it already.
#[derive(Debug)]
pub enum Proposal {
    New(Box<Record>),
    Stands(Arc<Edition>),
}

impl From<Record> for Proposal {
    fn from(record: Record) -> Self {
        Self::New(Box::new(record))
    }
}

/// All editions of a log, in order.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    editions: Vec<Arc<Edition>>,
    /// Of the last edition.
    files: BTreeMap<String, String>,
    prev: Hash,
}

impl Shelf {
    pub fn editions(&self) -> &[Arc<Edition>] {
        &self.editions
    }

    /// The edition that the same request has published already.
    ///
    /// # Errors
    /// The same person used the key for something else.
    pub fn answered(&self, by: &str, request: &Request) -> Result<Option<&Arc<Edition>>, Refused> {
        let same = |edition: &&Arc<Edition>| {
            edition.by == by && edition.request.as_ref().is_some_and(|known| known.key == request.key)
        };
        match self.editions.iter().find(same) {
            Some(edition) if edition.request.as_ref() != Some(request) => Err(Refused::KeyReused),
            found => Ok(found),
        }
    }

    /// The files of the last edition.
    pub fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }

    /// Takes the log's next record; `None` if it does not count.
    ///
    /// # Errors
    /// It counts, but what it says cannot be understood: then nothing behind it can be taken either.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Option<Arc<Edition>>, Unreadable> {
        let Ok(record) = serde_json::from_slice::<Record>(bytes) else { return Ok(None) };
        let seq = self.editions.len();
        let is_next = record.v == FORMAT && record.seq == seq as u64 && record.prev == self.prev;
        if !is_next || seq >= MAX_EDITIONS || self.last().is_some_and(|last| record.from < last.from) {
            return Ok(None);
        }
        let (mut files, paths) = (self.files.clone(), record.files.keys().cloned().collect());
        for (path, text) in record.files {
            match text {
                Some(text) => drop(files.insert(path, text)),
                None => drop(files.remove(&path)),
            }
        }
        let catalogue = Catalogue::from_files(files.clone()).map_err(|problems| {
            let reason = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            Unreadable { seq: record.seq, reason }
        })?;
        let (catalogue, migrating) = behind(self.last().map(|last| &last.catalogue), catalogue);
        let Record { seq, from, at, by, request, .. } = record;
        let hash = Hash::of(bytes);
        let edition =
            Arc::new(Edition { seq, from, at, by, hash, request, files: paths, catalogue, migrating });
        (self.files, self.prev) = (files, hash);
        self.editions.push(Arc::clone(&edition));
        Ok(Some(edition))
    }

    fn last(&self) -> Option<&Edition> {
        self.editions.last().map(AsRef::as_ref)
    }

    /// The record that publishes a catalogue's files behind the last edition. `at` is now; `from`, if given, is not before it.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn propose(
        &self,
        files: &BTreeMap<String, String>,
        from: Option<Instant>,
        (at, by): (Instant, &str),
    ) -> Result<Record, Refused> {
        let inspection = Catalogue::inspect_files(files.clone());
        let today = |catalogue: &Catalogue| catalogue.calendar.day_of(at);
        let day = inspection.catalogue.as_ref().map(today).unwrap_or_default();
        let errors: Vec<Problem> = inspection.findings(day).into_iter().filter(Problem::is_error).collect();
        let Some(catalogue) = inspection.catalogue.filter(|_| errors.is_empty()) else {
            return Err(Refused::Problems(errors));
        };
        let last = self.last();
        let from = from.unwrap_or_else(|| last.map_or(at, |last| last.from.max(at)));
        self.check(&catalogue, from, at)?;
        let changed = files.iter().filter(|(path, text)| self.files.get(*path) != Some(text));
        let gone = self.files.keys().filter(|path| !files.contains_key(*path));
        let changes = changed
            .map(|(path, text)| (path.clone(), Some(text.clone())))
            .chain(gone.map(|path| (path.clone(), None)))
            .collect();
        let seq = self.editions.len() as u64;
        let record = Record {
            v: FORMAT,
            seq,
            from,
            at,
            by: by.to_owned(),
            files: changes,
            prev: self.prev,
            request: None,
        };
        let bytes = record.encode().len();
        if bytes > MAX_EDITION_BYTES { Err(Refused::TooLarge { bytes }) } else { Ok(record) }
    }

    fn check(&self, catalogue: &Catalogue, from: Instant, at: Instant) -> Result<(), Refused> {
        if self.editions.len() >= MAX_EDITIONS {
            return Err(Refused::TooMany);
        }
        if from < at {
            return Err(Refused::Backdated { from, at });
        }
        let Some(last) = self.last() else { return Ok(()) };
        if catalogue.fingerprint == last.catalogue.fingerprint {
            return Err(Refused::Unchanged { version: last.catalogue.version.clone() });
        }
        let version = &catalogue.version;
        if self.editions.iter().any(|edition| edition.catalogue.version == *version) {
            return Err(Refused::VersionTaken { version: version.clone() });
        }
        if from < last.from {
            return Err(Refused::BeforeLast { from, last: last.from });
        }
        let [was, now] = [&last.catalogue, catalogue].map(|c| c.calendar.zone_name().to_owned());
        if was == now { Ok(()) } else { Err(Refused::OtherZone { was, now }) }
    }
}

/// Shares with the edition before what is as it was there; says which changed items are to be migrated to.
fn behind(before: Option<&Catalogue>, mut catalogue: Catalogue) -> (Catalogue, HashSet<String>) {
    let mut migrating = HashSet::new();
    for (code, item) in &mut catalogue.items {
        match before.and_then(|before| before.items.get(code)) {
            Some(same) if same == item => *item = Arc::clone(same),
            _ if item.in_flight == InFlight::Migrate => drop(migrating.insert(code.clone())),
            _ => {}
        }
    }
    if let Some(before) = before {
        if before.calendar.is_same(&catalogue.calendar) {
            catalogue.calendar = before.calendar.clone();
        }
        if before.officers == catalogue.officers {
            catalogue.officers = before.officers.clone();
        }
    }
    (catalogue, migrating)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: &str = "code: i\nname: item\ncategory: other\nsteps: [{id: a}]\nlimits: [{id: t, scope: case, hours: 5, unit: hour}]\n\
                        points: [{id: p, kind: time_limit, limit: t}]\n";

    fn files(version: &str, item: &str) -> BTreeMap<String, String> {
        let own = |(path, text): (&str, String)| (path.to_owned(), text);
        [("catalogue.yaml", format!("version: \"{version}\"\n")), ("items/i.yaml", item.to_owned())]
            .map(own)
            .into()
    }

    fn publish(shelf: &mut Shelf, files: &BTreeMap<String, String>, at: i64) -> Result<Vec<u8>, Refused> {
        let bytes = shelf.propose(files, None, (Instant(at), "li"))?.encode();
        assert!(shelf.take(&bytes).expect("readable").is_some());
        Ok(bytes)
    }

    #[test]
    fn editions_stand_one_behind_the_other_and_hold_what_changed() {
        let mut shelf = Shelf::default();
        let first = publish(&mut shelf, &files("1", ITEM), 10).expect("published");
        let mut later = files("2", &ITEM.replace("other", "penalty"));
        later.insert("items/j.yaml".into(), ITEM.replace("code: i", "code: j\nin_flight: migrate"));
        let mut rival = shelf.clone();
        let second = publish(&mut shelf, &later, 20).expect("published");
        assert!(second.len() > first.len());
        later.remove("items/j.yaml");
        later.insert("catalogue.yaml".into(), "version: \"3\"\n".into());
        let third = publish(&mut shelf, &later, 20).expect("published");
        assert!(!String::from_utf8_lossy(&third).contains("penalty"), "it stands in the second");
        let editions = shelf.editions().to_vec();
        let [one, two, three] = &editions[..] else { panic!("three") };
        assert!(!Arc::ptr_eq(&one.catalogue.items["i"], &two.catalogue.items["i"]));
        assert!(Arc::ptr_eq(&two.catalogue.items["i"], &three.catalogue.items["i"]), "kept once");
        assert!(two.migrates("j") && !two.migrates("i") && !three.migrates_any());
        assert_eq!((one.from, three.from, three.seq), (Instant(10), Instant(20), 2));
        // Whoever proposed at the same place lands behind, and does not count; nor does a repeated record, nor garbage.
        let late = rival.propose(&files("4", ITEM), None, (Instant(15), "wu")).expect("proposed").encode();
        for misfit in [late, second.clone(), b"garbage".to_vec()] {
            assert_eq!(shelf.take(&misfit).map(|e| e.is_some()), Ok(false));
        }
        assert_eq!(rival.take(&second).expect("readable").map(|e| e.hash), Some(two.hash));
    }

    #[test]
    fn what_would_not_be_right_is_refused() {
        let mut shelf = Shelf::default();
        let good = files("1", ITEM);
        let refused = |shelf: &Shelf, files: &BTreeMap<String, String>, from: i64, at: i64| {
            shelf.propose(files, Some(Instant(from)), (Instant(at), "li")).expect_err("refused")
        };
        assert!(
            matches!(refused(&shelf, &files("1", "code: i"), 9, 9), Refused::Problems(p) if !p.is_empty())
        );
        assert!(matches!(refused(&shelf, &good, 8, 9), Refused::Backdated { .. }));
        publish(&mut shelf, &good, 10).expect("published");
        assert!(matches!(refused(&shelf, &good, 11, 11), Refused::Unchanged { .. }));
        let other = ITEM.replace("other", "levy");
        assert!(matches!(refused(&shelf, &files("1", &other), 11, 11), Refused::VersionTaken { .. }));
        assert!(matches!(refused(&shelf, &files("2", &other), 9, 9), Refused::BeforeLast { .. }));
        let mut rome = files("2", &other);
        rome.insert("catalogue.yaml".into(), "version: \"2\"\ntime_zone: Europe/Rome\n".into());
        assert!(matches!(refused(&shelf, &rome, 11, 11), Refused::OtherZone { .. }));
    }

    #[test]
    fn a_request_that_is_sent_twice_is_known_again() {
        let mut shelf = Shelf::default();
        let request =
            |key: &str, content: &str| Request { key: key.into(), content: Hash::of(content.as_bytes()) };
        let mut record = shelf.propose(&files("1", ITEM), None, (Instant(10), "li")).expect("proposed");
        record.request = Some(request("k", "this"));
        let bytes = record.encode();
        assert!(shelf.take(&bytes).expect("readable").is_some());
        let answered = |by, request| shelf.answered(by, &request).map(|edition| edition.map(|e| e.seq));
        assert_eq!(answered("li", request("k", "this")), Ok(Some(0)));
        assert_eq!(answered("li", request("k", "that")), Err(Refused::KeyReused));
        assert_eq!(answered("li", request("l", "this")), Ok(None));
        assert_eq!(answered("wu", request("k", "that")), Ok(None), "two people may choose the same key");
        assert_eq!(shelf.editions()[0].files, ["catalogue.yaml", "items/i.yaml"]);
    }

    #[test]
    fn an_edition_that_this_build_cannot_read_is_told() {
        let record = Record {
            v: FORMAT,
            seq: 0,
            from: Instant(0),
            at: Instant(0),
            by: "li".into(),
            files: [("items/i.yaml".to_owned(), Some("code: i".to_owned()))].into(),
            prev: Hash::ZERO,
            request: None,
        };
        let told = Shelf::default().take(&record.encode()).expect_err("unreadable");
        assert!(told.to_string().contains("edition 0") && told.reason.contains("items/i.yaml"), "{told}");
    }
}
