//! What a backup's directory holds: `backup.json`, written anew behind each file that is whole on the disk.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

const FILE: &str = "backup.json";
const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    v: u32,
    /// By topic, then by partition.
    topics: BTreeMap<String, Vec<Vec<Part>>>,
}

/// A file of records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    /// From the directory on.
    pub(super) file: String,
    /// Offsets `[from, to)`, each of them a record.
    pub(super) from: i64,
    pub(super) to: i64,
    /// Of the file, hex.
    pub(super) sha256: String,
    /// Of the last record's key and value, hex: by it a later run knows the log again.
    pub(super) last: String,
}

impl Default for Manifest {
    fn default() -> Self {
        Self { v: VERSION, topics: BTreeMap::new() }
    }
}

impl Manifest {
    /// `None` where there is none yet.
    pub(super) fn load(dir: &Path) -> anyhow::Result<Option<Self>> {
        let path = dir.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            text => text.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let manifest: Self =
            serde_json::from_str(&text).with_context(|| format!("{} is no manifest", path.display()))?;
        ensure!(
            manifest.v == VERSION,
            "{} is of version {}, this program knows {VERSION}",
            path.display(),
            manifest.v
        );
        Ok(Some(manifest))
    }

    /// Either the old manifest stands or the new one, whatever happens meanwhile.
    pub(super) fn save(&self, dir: &Path) -> anyhow::Result<()> {
        let (path, new) = (dir.join(FILE), dir.join("backup.json.new"));
        let text = serde_json::to_string_pretty(self)?;
        let write = || -> std::io::Result<()> {
            std::fs::write(&new, text + "\n")?;
            std::fs::File::open(&new)?.sync_all()?;
            std::fs::rename(&new, &path)?;
            std::fs::File::open(dir)?.sync_all()
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }

    /// Makes room for a topic; refuses one that has another number of partitions than before.
    pub(super) fn expect(&mut self, topic: &str, partitions: usize) -> anyhow::Result<()> {
        let known = self.topics.entry(topic.to_owned()).or_insert_with(|| vec![Vec::new(); partitions]);
        ensure!(
            known.len() == partitions,
            "topic {topic:?} has {partitions} partitions and had {}: another site's, or made anew",
            known.len()
        );
        Ok(())
    }

    pub(super) fn add(&mut self, topic: &str, partition: i32, part: Part) {
        if let Some(parts) = self.topics.get_mut(topic).and_then(|t| t.get_mut(partition as usize)) {
            parts.push(part);
        }
    }

    pub(super) fn last(&self, topic: &str, partition: i32) -> Option<&Part> {
        self.topics.get(topic)?.get(partition as usize)?.last()
    }

    /// Up to where a partition is kept.
    pub(super) fn end(&self, topic: &str, partition: i32) -> i64 {
        self.last(topic, partition).map_or(0, |part| part.to)
    }

    pub(super) fn partitions_of(&self, topic: &str) -> usize {
        self.topics.get(topic).map_or(0, Vec::len)
    }

    pub(super) fn partitions(&self) -> impl Iterator<Item = (&str, i32, &[Part])> {
        self.topics.iter().flat_map(|(topic, partitions)| {
            let numbered = partitions.iter().enumerate();
            numbered.map(move |(number, parts)| (topic.as_str(), number as i32, parts.as_slice()))
        })
    }
}

/// Whether the parts cover a log from its beginning without a gap: only then can each record get its offset again.
pub(super) fn contiguous(parts: &[Part]) -> Result<(), String> {
    let mut end = 0;
    for part in parts {
        if part.from != end {
            let Part { file, from, .. } = part;
            return Err(format!(
                "{file} begins at offset {from}, {end} is needed: what lies between is not kept"
            ));
        }
        end = part.to;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(from: i64, to: i64) -> Part {
        Part { file: format!("{from}"), from, to, sha256: String::new(), last: String::new() }
    }

    #[test]
    fn a_gap_and_a_missing_beginning_are_told() {
        assert_eq!(contiguous(&[]), Ok(()));
        assert_eq!(contiguous(&[part(0, 3), part(3, 4)]), Ok(()));
        assert!(contiguous(&[part(2, 3)]).unwrap_err().contains("begins at offset 2, 0 is needed"));
        assert!(contiguous(&[part(0, 3), part(4, 5)]).unwrap_err().contains("4 begins at offset 4, 3"));
    }

    #[test]
    fn a_manifest_comes_back_as_it_was_and_knows_its_topics() {
        let dir = std::env::temp_dir().join(format!("xiezhi-manifest-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        assert!(Manifest::load(&dir).unwrap().is_none());
        let mut manifest = Manifest::default();
        manifest.expect("ledger", 2).unwrap();
        manifest.add("ledger", 1, part(0, 7));
        manifest.save(&dir).unwrap();
        let mut again = Manifest::load(&dir).unwrap().expect("it was saved");
        assert_eq!((again.end("ledger", 0), again.end("ledger", 1)), (0, 7));
        assert!(again.expect("ledger", 2).is_ok());
        assert!(again.expect("ledger", 3).unwrap_err().to_string().contains("3 partitions and had 2"));
        std::fs::write(dir.join(FILE), "{\"v\": 2, \"topics\": {}}").unwrap();
        assert!(Manifest::load(&dir).unwrap_err().to_string().contains("version 2"));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
