//! What stands in ClickHouse, asked for with nothing but HTTP, as an analyst might.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, bail};
use model::event::Reason;
use model::finding::{Code, Kind, Light, State};

use super::generator::Truth;

const TIMEOUT: Duration = Duration::from_secs(30);

/// ClickHouse's HTTP interface.
pub(super) struct Store {
    address: String,
}

/// What is to equal the truth.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) findings: BTreeMap<(Kind, Code, Light, State), u64>,
    pub(super) rejected: BTreeMap<Reason, u64>,
}

impl Store {
    pub(super) fn new(url: &str) -> anyhow::Result<Self> {
        let address = url.strip_prefix("http://").context("the demonstration speaks plain HTTP")?;
        Ok(Self { address: address.trim_end_matches('/').to_owned() })
    }

    pub(super) fn seen(&self) -> anyhow::Result<Seen> {
        let mut seen = Seen { findings: self.alarms()?, rejected: BTreeMap::new() };
        for line in self.ask("SELECT reason, count() FROM xiezhi.dead_letters GROUP BY reason")? {
            let [reason, count] = line.as_slice() else { bail!("unexpected answer {line:?}") };
            if let Some(reason) = Reason::ALL.into_iter().find(|r| r.as_str() == reason) {
                seen.rejected.insert(reason, count.parse()?);
            }
        }
        Ok(seen)
    }

    pub(super) fn alarms(&self) -> anyhow::Result<BTreeMap<(Kind, Code, Light, State), u64>> {
        let sql = "SELECT kind, code, light, state, count() FROM xiezhi.alarms WHERE state != 'retracted' \
                   GROUP BY kind, code, light, state";
        let mut found = BTreeMap::new();
        for line in self.ask(sql)? {
            let [kind, code, light, state, count] = line.as_slice() else {
                bail!("unexpected answer {line:?}")
            };
            let kind = Kind::ALL.iter().find(|k| k.as_str() == kind).context("a kind")?;
            let code = Code::ALL.iter().find(|c| c.as_str() == code).context("a code")?;
            let light = if light == "red" { Light::Red } else { Light::Yellow };
            let state = State::ALL.iter().find(|s| s.as_str() == state).context("a state")?;
            found.insert((*kind, *code, light, *state), count.parse()?);
        }
        Ok(found)
    }

    /// Rows of a query; none as long as the tables are not there yet.
    fn ask(&self, sql: &str) -> anyhow::Result<Vec<Vec<String>>> {
        let body = format!("{sql} FORMAT TSV");
        let mut stream = TcpStream::connect(&self.address).context("ClickHouse is away")?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        write!(
            stream,
            "POST / HTTP/1.0\r\nHost: {}\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, text) = answer.split_once("\r\n\r\n").context("ClickHouse gave no answer")?;
        if head.split(' ').nth(1) == Some("404") {
            return Ok(Vec::new());
        }
        if head.split(' ').nth(1) != Some("200") {
            bail!("ClickHouse says: {text}");
        }
        Ok(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
    }
}

/// The alarms by kind and light.
pub(super) fn table(
    out: &mut dyn Write,
    found: &BTreeMap<(Kind, Code, Light, State), u64>,
) -> io::Result<()> {
    writeln!(out, "\n  {:<24}{:<22}{:>10}{:>10}{:>10}", "kind", "code", "yellow 黄", "red 红", "cleared")?;
    let mut rows: BTreeMap<(Kind, Code), [u64; 3]> = BTreeMap::new();
    for ((kind, code, light, state), count) in found {
        let column = match (state, light) {
            (State::Cleared | State::Retracted, _) => 2,
            (State::Raised, Light::Red) => 1,
            (State::Raised, Light::Yellow) => 0,
        };
        rows.entry((*kind, *code)).or_default()[column] += count;
    }
    let mut total = [0; 3];
    for ((kind, code), counts) in &rows {
        row(out, kind.as_str(), code.as_str(), counts)?;
        total.iter_mut().zip(counts).for_each(|(t, c)| *t += c);
    }
    row(out, "total", "", &total)
}

fn row(out: &mut dyn Write, kind: &str, code: &str, [yellow, red, cleared]: &[u64; 3]) -> io::Result<()> {
    writeln!(out, "  {kind:<24}{code:<22}{yellow:>10}{red:>10}{cleared:>10}")
}

/// Where the truth and what was seen part.
pub(super) fn differences(out: &mut dyn Write, truth: &Truth, seen: &Seen) -> io::Result<()> {
    let keys = truth.findings.keys().chain(seen.findings.keys());
    let mut keys: Vec<_> = keys.collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let (expected, found) = (truth.findings.get(key).unwrap_or(&0), seen.findings.get(key).unwrap_or(&0));
        if expected != found {
            writeln!(out, "  {} {} {:?}: {expected} expected, {found} found", key.1, key.2.as_str(), key.3)?;
        }
    }
    for reason in Reason::ALL {
        let (expected, found) =
            (truth.rejected.get(&reason).unwrap_or(&0), seen.rejected.get(&reason).unwrap_or(&0));
        if expected != found {
            writeln!(out, "  rejected {reason}: {expected} expected, {found} found")?;
        }
    }
    Ok(())
}
