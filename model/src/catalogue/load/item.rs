//! `items/*.yaml`: one power item, its steps, and what hangs on them.

use super::cursor::{At, Fields, Sink, both};
use super::text::{Index, bilingual, ids};
use super::tree::Node;
use super::{annex, discretion, limits, points, waivers};
use crate::catalogue::{Category, InFlight, Item, ProblemCode, Step};

const KEYS: [&str; 14] = [
    "code",
    "name",
    "category",
    "legal_basis",
    "steps",
    "limits",
    "points",
    "discretion",
    "risk_points",
    "redress",
    "max_entry_lag_hours",
    "in_flight",
    "shadow_until",
    "waivers",
];

const CATEGORIES: [(&str, Category); 10] = [
    ("licence", Category::Licence),
    ("penalty", Category::Penalty),
    ("coercion", Category::Coercion),
    ("levy", Category::Levy),
    ("payment", Category::Payment),
    ("ruling", Category::Ruling),
    ("confirmation", Category::Confirmation),
    ("reward", Category::Reward),
    ("inspection", Category::Inspection),
    ("other", Category::Other),
];

const MAX_LAG_HOURS: i64 = 100_000;

/// What an item needs to know of the rest of the catalogue.
#[derive(Clone, Copy)]
pub(super) struct Context {
    /// Length of one office day, ms.
    pub(super) office_day_ms: i64,
}

/// The code of an item file, for those who look for the same code in other files.
pub(super) fn code<'t>(root: &At<'t>) -> Option<At<'t>> {
    root.peek("code")
}

/// Reads an item. `None` if it has errors, which the sink then knows.
pub(super) fn read(node: &Node, sink: &Sink, context: Context) -> Option<Item> {
    let fields = At::root(node, sink).fields(&KEYS)?;
    let code = fields.need("code").and_then(|at| at.id());
    let name = fields.need("name").and_then(|at| bilingual(&at));
    let category = fields.need("category").and_then(|at| at.word(&CATEGORIES));
    let (index, steps) = read_steps(&fields);
    let (limit_index, limits) = limits::read(&fields, &index, context);
    let discretion = discretion::read(&fields);
    let points = points::read(&fields, &index, &limit_index, &discretion);
    let in_flight = fields
        .get("in_flight")
        .and_then(|at| at.word(&[("pin", InFlight::Pin), ("migrate", InFlight::Migrate)]))
        .unwrap_or_default();
    note_trial_of_migrants(&fields, in_flight);
    let item = Item {
        code: code.unwrap_or_default().to_owned(),
        name: name.unwrap_or_default(),
        category: category.unwrap_or(Category::Other),
        legal_basis: annex::legal_basis(&fields),
        steps,
        limits,
        points,
        discretion,
        risk_points: annex::risk_points(&fields, &index),
        redress: annex::redress(&fields),
        max_entry_lag_hours: fields
            .get("max_entry_lag_hours")
            .and_then(|at| at.int(0..=MAX_LAG_HOURS))
            .and_then(|hours| u32::try_from(hours).ok()),
        in_flight,
        shadow_until: fields.get("shadow_until").and_then(|at| at.instant()),
        waivers: waivers::read(&fields),
    };
    (!sink.has_errors()).then_some(item)
}

/// Alarms that stand would vanish from a case that went over to a trial.
fn note_trial_of_migrants(item: &Fields<'_>, in_flight: InFlight) {
    let points = item.list("points");
    let trials = item.get("shadow_until").into_iter();
    for at in trials.chain(points.iter().filter_map(|point| point.peek("shadow_until"))) {
        if in_flight == InFlight::Migrate {
            let message = both!(
                "in_flight: migrate 的事项不能试运行：在办事项转入后，已有的报警会消失",
                "an item with in_flight: migrate cannot be on trial: alarms that stand would vanish from the cases that go over"
            );
            at.note(ProblemCode::InvalidValue, message);
        }
    }
}

fn read_steps<'t>(item: &Fields<'t>) -> (Index<'t>, Vec<Step>) {
    let found = item.need("steps");
    let list = found.as_ref().map(At::list).unwrap_or_default();
    if let Some(at) = found.filter(|at| at.is_list() && list.is_empty()) {
        at.note(ProblemCode::MissingKey, both!("至少要有一个环节", "an item has at least one step"));
    }
    let elements: Vec<_> =
        list.iter().map(|at| at.fields(&["id", "name", "next", "form", "authorizes"])).collect();
    let index = Index::read(ProblemCode::UnknownStep, ("环节", "step"), &elements);
    let steps: Vec<Step> =
        elements.iter().enumerate().map(|(i, fields)| read_step(&index, i, fields.as_ref())).collect();
    // A step whose way in is misspelt would be reported twice.
    if !item.at().has_errors() {
        note_unreachable(&elements, &steps);
    }
    (index, steps)
}

fn read_step(index: &Index<'_>, place: usize, fields: Option<&Fields<'_>>) -> Step {
    let id = index.id(place);
    let name = fields.and_then(|f| f.get("name")).and_then(|at| bilingual(&at));
    let name = name.unwrap_or_else(|| crate::catalogue::Bilingual { zh: id.clone(), en: id.clone() });
    let next = read_steps_named(index, fields, "next");
    let authorizes = read_steps_named(index, fields, "authorizes");
    let form = fields.filter(|f| f.has("form")).map(|f| ids(&f.list("form")));
    Step { id, name, next, form, authorizes }
}

/// The steps that a key lists, each once.
fn read_steps_named(index: &Index<'_>, fields: Option<&Fields<'_>>, key: &str) -> Vec<usize> {
    let mut found = Vec::new();
    for at in fields.map(|f| f.list(key)).unwrap_or_default() {
        let Some(step) = index.find(&at) else { continue };
        if found.contains(&step) {
            let id = index.id(step);
            at.note(ProblemCode::DuplicateId, both!("“{id}”重复列出", "\"{id}\" is listed twice"));
        }
        found.push(step);
    }
    found
}

fn note_unreachable(elements: &[Option<Fields<'_>>], steps: &[Step]) {
    let mut reached = vec![false; steps.len()];
    let mut open: Vec<usize> = if steps.is_empty() { vec![] } else { vec![0] };
    while let Some(step) = open.pop() {
        if !std::mem::replace(&mut reached[step], true) {
            open.extend(&steps[step].next);
        }
    }
    let lost = elements.iter().zip(steps).zip(reached).filter(|(_, reached)| !reached);
    for ((fields, step), _) in lost {
        if let Some(fields) = fields {
            let id = &step.id;
            let message = both!(
                "从第一个环节无法到达环节“{id}”",
                "no way leads from the first step to \"{id}\"; name it in the `next` of a step before it"
            );
            fields.at().note(ProblemCode::UnreachableStep, message);
        }
    }
}
