//! A file of a backup: zstd, in it a line of JSON a record, so that it can be read without this program too.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use anyhow::{Context, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::hash::Hash;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::manifest::Part;

/// A record as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    pub(super) offset: i64,
    /// Kafka's timestamp, ms since 1970.
    pub(super) ms: Option<i64>,
    pub(super) key: Option<Bytes>,
    pub(super) value: Option<Bytes>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) headers: Vec<(String, Option<Bytes>)>,
}

/// Bytes as a text where they are one, else as `{"base64": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Form", into = "Form")]
pub(super) struct Bytes(pub(super) Vec<u8>);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Text(String),
    Base64 { base64: Coded },
}

/// Read by way of a check, so that what is no base64 is an error of its line.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Coded(Vec<u8>);

impl TryFrom<String> for Coded {
    type Error = base64::DecodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        STANDARD.decode(text).map(Self)
    }
}

impl From<Coded> for String {
    fn from(coded: Coded) -> Self {
        STANDARD.encode(coded.0)
    }
}

impl From<Form> for Bytes {
    fn from(form: Form) -> Self {
        Self(match form {
            Form::Text(text) => text.into_bytes(),
            Form::Base64 { base64 } => base64.0,
        })
    }
}

impl From<Bytes> for Form {
    fn from(Bytes(bytes): Bytes) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(other) => Self::Base64 { base64: Coded(other.into_bytes()) },
        }
    }
}

impl Kept {
    /// By which a record is known again. Not by its timestamp: brokers write that of the ledger themselves.
    pub(super) fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for bytes in [&self.key, &self.value] {
            let bytes = bytes.as_ref().map(|b| b.0.as_slice());
            hash.update((bytes.map_or(-1, |b| b.len() as i64)).to_le_bytes());
            hash.update(bytes.unwrap_or_default());
        }
        Hash(hash.finalize().into()).to_string()
    }
}

/// Writes one file; it counts only once it is whole and on the disk.
pub(super) struct Writer {
    name: String,
    out: zstd::Encoder<'static, BufWriter<File>>,
    from: i64,
    to: i64,
    last: String,
}

impl Writer {
    pub(super) fn new(dir: &Path, topic: &str, partition: i32, from: i64) -> anyhow::Result<Self> {
        let name = format!("{topic}/{partition}/{from:020}.jsonl.zst");
        let path = dir.join(&name);
        std::fs::create_dir_all(path.parent().unwrap_or(dir))?;
        let file = File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
        let out = zstd::Encoder::new(BufWriter::new(file), 3)?;
        Ok(Self { name, out, from, to: from, last: String::new() })
    }

    /// Records come in order and without a gap, one at every offset.
    pub(super) fn add(&mut self, kept: &Kept) -> anyhow::Result<()> {
        ensure!(
            kept.offset == self.to,
            "{}: offset {} is not there, {} is: a log with holes cannot be put back at its place",
            self.name,
            self.to,
            kept.offset
        );
        serde_json::to_writer(&mut self.out, kept)?;
        self.out.write_all(b"\n")?;
        self.to += 1;
        self.last = kept.digest();
        Ok(())
    }

    pub(super) const fn records(&self) -> i64 {
        self.to - self.from
    }

    pub(super) fn finish(self, dir: &Path) -> anyhow::Result<Part> {
        self.out.finish()?.into_inner().map_err(|e| e.into_error())?.sync_all()?;
        let sha256 = digest(&dir.join(&self.name))?;
        Ok(Part { file: self.name, from: self.from, to: self.to, sha256, last: self.last })
    }
}

fn digest(path: &Path) -> anyhow::Result<String> {
    let mut file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(Hash(hash.finalize().into()).to_string()),
            read => hash.update(&buffer[..read]),
        }
    }
}

/// Reads a file, record by record, after a look that it is the one that was written. How many there were.
pub(super) fn read(
    dir: &Path,
    part: &Part,
    mut each: impl FnMut(Kept) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let path = dir.join(&part.file);
    ensure!(
        digest(&path)? == part.sha256,
        "{} is not the file that was written: it is damaged",
        path.display()
    );
    let mut next = part.from;
    for line in BufReader::new(zstd::Decoder::new(File::open(&path)?)?).lines() {
        let kept: Kept =
            serde_json::from_str(&line?).with_context(|| format!("{}: offset {next}", path.display()))?;
        ensure!(kept.offset == next, "{}: offset {} where {next} is needed", path.display(), kept.offset);
        next += 1;
        each(kept)?;
    }
    ensure!(next == part.to, "{} ends before offset {next}, {} is needed", path.display(), part.to);
    Ok((part.to - part.from) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(offset: i64, value: &[u8]) -> Kept {
        let value = Some(Bytes(value.to_vec()));
        Kept { offset, ms: Some(5), key: None, value, headers: vec![("h".to_owned(), None)] }
    }

    #[test]
    fn texts_stay_readable_and_other_bytes_whole() {
        let line = |kept: &Kept| serde_json::to_string(kept).unwrap();
        let text = kept(0, "报警".as_bytes());
        assert_eq!(line(&text), r#"{"offset":0,"ms":5,"key":null,"value":"报警","headers":[["h",null]]}"#);
        let bytes = kept(0, &[0xff, 0]);
        assert!(line(&bytes).contains(r#""value":{"base64":"/wA="}"#));
        for one in [text, bytes] {
            assert_eq!(serde_json::from_str::<Kept>(&line(&one)).unwrap(), one);
        }
        assert!(
            serde_json::from_str::<Kept>(r#"{"offset":0,"ms":5,"key":{"base64":"!"},"value":null}"#).is_err()
        );
    }

    #[test]
    fn what_was_written_is_read_and_what_was_altered_is_told() {
        let dir = std::env::temp_dir().join(format!("xiezhi-backup-line-{}", std::process::id()));
        let mut writer = Writer::new(&dir, "t", 0, 4).unwrap();
        writer.add(&kept(4, b"a")).unwrap();
        writer.add(&kept(5, &[0xff])).unwrap();
        assert!(writer.add(&kept(7, b"c")).unwrap_err().to_string().contains("offset 6 is not there"));
        let part = writer.finish(&dir).unwrap();
        assert_eq!((part.from, part.to, part.last.as_str()), (4, 6, kept(9, &[0xff]).digest().as_str()));
        let mut found = Vec::new();
        let collect = |one| {
            found.push(one);
            Ok(())
        };
        assert_eq!(read(&dir, &part, collect).unwrap(), 2);
        assert_eq!(found, [kept(4, b"a"), kept(5, &[0xff])]);
        let path = dir.join(&part.file);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[8] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(read(&dir, &part, |_| Ok(())).unwrap_err().to_string().contains("damaged"));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
