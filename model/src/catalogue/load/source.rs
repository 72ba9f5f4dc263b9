//! An item as it was written, for those who look at it once it is loaded: what stands where.

use std::sync::Arc;

use super::tree::{Node, Value};
use crate::catalogue::{Bilingual, Item, Problem, ProblemCode};

/// An item file without errors.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) file: String,
    pub(crate) item: Arc<Item>,
    pub(super) root: Node,
}

impl Source {
    /// A problem at a path such as `points[2].step`. Where the path ends in what was left out, the place is that of the
    /// innermost part there is.
    pub(crate) fn problem(&self, path: &str, code: ProblemCode, message: Bilingual) -> Problem {
        let place = way(&self.root, path).last().map(|node| node.place);
        Problem {
            file: self.file.clone(),
            line: place.map(|p| p.line),
            column: place.map(|p| p.column),
            path: path.to_owned(),
            about: about(&self.root, path),
            code,
            severity: code.severity(),
            message,
        }
    }
}

/// Id of the innermost element on the way to a path.
pub(super) fn about(root: &Node, path: &str) -> Option<String> {
    way(root, path).iter().rev().find_map(|node| match value_of(node, "id")?.value {
        Value::Text(ref id) | Value::Int(_, ref id) => Some(id.clone()),
        _ => None,
    })
}

/// The nodes from the root to a path, as far as they exist.
fn way<'t>(root: &'t Node, path: &str) -> Vec<&'t Node> {
    let mut nodes = vec![root];
    for part in path.split(['.', '[']).filter(|part| !part.is_empty()) {
        let at = nodes[nodes.len() - 1];
        let next = match (part.strip_suffix(']'), &at.value) {
            (Some(place), Value::List(list)) => place.parse::<usize>().ok().and_then(|i| list.get(i)),
            (None, Value::Map(_)) => value_of(at, part),
            _ => None,
        };
        let Some(next) = next else { break };
        nodes.push(next);
    }
    nodes
}

fn value_of<'t>(node: &'t Node, key: &str) -> Option<&'t Node> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|(k, _)| k.text == key).map(|(_, value)| value)
}
