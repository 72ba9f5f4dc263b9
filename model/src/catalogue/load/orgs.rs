//! `orgs.yaml`: the tree of organisations and the systems that speak for them.

use super::cursor::{At, Fields, Sink, both};
use super::text::{Index, ids};
use super::tree::Node;
use crate::catalogue::{Org, Orgs, ProblemCode};
use crate::time::{MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE};

/// Reads the whole file. The sink knows what is wrong.
pub(super) fn read(node: &Node, sink: &Sink) -> Orgs {
    let root = At::root(node, sink);
    let list = root.list();
    if root.is_list() && list.is_empty() {
        let message = both!(
            "没有任何机构：若任何来源都可代表任何机构，请删除本文件",
            "there is no org here; delete the file if any source may speak for any org"
        );
        root.note(ProblemCode::MissingKey, message);
    }
    let keys = ["id", "name", "parent", "region", "sources"];
    let elements: Vec<_> = list.iter().map(|at| at.fields(&keys)).collect();
    let index = Index::read(ProblemCode::UnknownOrg, ("机构", "org"), &elements);
    let parents: Vec<Option<usize>> = elements.iter().map(|f| read_parent(f.as_ref()?, &index)).collect();
    note_cycles(&elements, &parents, &index);
    let read = |(i, fields): (usize, &Option<Fields<'_>>)| {
        let parent = parents[i].map(|p| index.id(p));
        Some(read_org(fields.as_ref()?, index.id(i), parent))
    };
    Orgs::of(elements.iter().enumerate().filter_map(read).map(|org| (org.id.clone(), org)).collect())
}

fn read_parent(fields: &Fields<'_>, index: &Index<'_>) -> Option<usize> {
    fields.get("parent").and_then(|at| index.find(&at))
}

fn read_org(fields: &Fields<'_>, id: String, parent: Option<String>) -> Org {
    let name = fields.need("name").and_then(|at| at.text()).unwrap_or_default().to_owned();
    let region = fields.get("region").and_then(|at| at.id().map(str::to_owned));
    let listed: Vec<_> = fields.list("sources").iter().filter_map(read_source).collect();
    let silence = |(uri, ms): &(At<'_>, Option<i64>)| Some((uri.plain_text()?.to_owned(), (*ms)?));
    let silent_after = listed.iter().filter_map(silence).collect();
    let uris: Vec<_> = listed.into_iter().map(|(uri, _)| uri).collect();
    let sources = ids(&uris).into_iter().collect();
    Org { id, name, parent, region, sources, silent_after }
}

/// Longest silence that may be waited for, days.
const LONGEST_SILENCE: i64 = 366;

/// A source as plain text, or with the time after which it is taken to be silent, ms.
fn read_source<'t>(at: &At<'t>) -> Option<(At<'t>, Option<i64>)> {
    if !at.is_map() {
        return Some((at.clone(), None));
    }
    let fields = at.fields(&["uri", "silent_after"])?;
    let uri = fields.need("uri")?;
    Some((uri, fields.get("silent_after").and_then(|at| read_span(&at))))
}

/// `{days: n}`, `{hours: n}`, `{minutes: n}` or `{seconds: n}`, ms.
fn read_span(at: &At<'_>) -> Option<i64> {
    const UNITS: [(&str, i64); 4] =
        [("days", MS_PER_DAY), ("hours", MS_PER_HOUR), ("minutes", MS_PER_MINUTE), ("seconds", 1_000)];
    let fields = at.fields(&UNITS.map(|(unit, _)| unit))?;
    let mut given = UNITS.into_iter().filter(|(unit, _)| fields.has(unit));
    let (Some((unit, ms)), None) = (given.next(), given.next()) else {
        let message = both!(
            "应给出 days、hours、minutes、seconds 之一",
            "give one of days, hours, minutes and seconds"
        );
        at.note(ProblemCode::MissingKey, message);
        return None;
    };
    let most = LONGEST_SILENCE * MS_PER_DAY / ms;
    fields.get(unit).and_then(|at| at.int(1..=most)).map(|n| n * ms)
}

/// Each cycle is noted once, at its member that stands first in the file.
fn note_cycles(elements: &[Option<Fields<'_>>], parents: &[Option<usize>], index: &Index<'_>) {
    // Which walk came by: a walk that meets itself has found a cycle.
    let mut walked: Vec<Option<usize>> = vec![None; parents.len()];
    for start in 0..parents.len() {
        let mut at = Some(start);
        while let Some(here) = at.filter(|here| walked[*here].is_none()) {
            walked[here] = Some(start);
            at = parents[here];
        }
        let Some(here) = at.filter(|here| walked[*here] == Some(start)) else { continue };
        if let Some(fields) = &elements[here] {
            let id = index.id(here);
            let message = both!("机构“{id}”是自己的上级", "the org \"{id}\" is its own ancestor");
            fields.get("parent").unwrap_or_else(|| fields.at().clone()).note(ProblemCode::OrgCycle, message);
        }
    }
}
