//! The supervision points of an item (监察点): which rule watches which step or limit.

use std::collections::HashMap;

use super::cursor::{At, Fields, both};
use super::text::{Index, ids};
use crate::catalogue::{Point, ProblemCode, RequiredEvidence, Rule, Standard};
use crate::finding::Kind;

const KINDS: [(&str, Kind); 7] = [
    (Kind::TimeLimit.as_str(), Kind::TimeLimit),
    (Kind::OfficerQualification.as_str(), Kind::OfficerQualification),
    (Kind::StepRollback.as_str(), Kind::StepRollback),
    (Kind::Evidence.as_str(), Kind::Evidence),
    (Kind::DecisionBasis.as_str(), Kind::DecisionBasis),
    (Kind::Discretion.as_str(), Kind::Discretion),
    (Kind::PenaltyExecution.as_str(), Kind::PenaltyExecution),
];

/// The point of the findings that are always on; no configured point may take its name.
const RESERVED: &str = Kind::DataQuality.as_str();

const MAX_OFFICERS: i64 = 100;
const MAX_PIECES: i64 = 10_000;

pub(super) fn read<'t>(
    item: &Fields<'t>,
    steps: &Index<'_>,
    limits: &Index<'_>,
    standards: &[Standard],
) -> Vec<Point> {
    let elements: Vec<_> = item.list("points").iter().map(|at| at.fields(keys_of(kind_of(at)))).collect();
    let index = Index::read(ProblemCode::InvalidValue, ("监察点", "point"), &elements);
    let mut points = Vec::new();
    for (i, fields) in elements.iter().enumerate() {
        let Some(fields) = fields else { continue };
        let id = index.id(i);
        note_reserved(fields, &id);
        let kind = fields.need("kind").and_then(|at| at.word(&KINDS));
        let rule = kind.and_then(|kind| read_rule(fields, kind, steps, limits));
        let shadow_until = fields.get("shadow_until").and_then(|at| at.instant());
        if let Some(rule) = rule {
            points.push((Point { id, rule, shadow_until }, fields));
        }
    }
    note_duplicates(&points);
    note_missing_standards(&points, standards);
    note_unjudged_limits(item, &points, limits);
    points.into_iter().map(|(point, _)| point).collect()
}

fn kind_of(at: &At<'_>) -> Option<Kind> {
    let kind = at.peek("kind")?;
    KINDS.iter().find(|(word, _)| kind.is_text(word)).map(|(_, kind)| *kind)
}

/// The keys a point of this kind may have; of an unknown kind, all.
fn keys_of(kind: Option<Kind>) -> &'static [&'static str] {
    match kind {
        Some(Kind::TimeLimit) => &["id", "kind", "limit", "shadow_until"],
        Some(Kind::OfficerQualification) => {
            &["id", "kind", "step", "min_officers", "classes", "in_area", "shadow_until"]
        }
        Some(Kind::StepRollback | Kind::Discretion) => &["id", "kind", "step", "shadow_until"],
        Some(Kind::Evidence) => &["id", "kind", "step", "required", "shadow_until"],
        Some(Kind::DecisionBasis) => &["id", "kind", "step", "negative", "required_fields", "shadow_until"],
        Some(Kind::PenaltyExecution) => &["id", "kind", "step", "require_voucher", "shadow_until"],
        Some(Kind::DataQuality) | None => &[
            "id",
            "kind",
            "limit",
            "step",
            "min_officers",
            "classes",
            "in_area",
            "required",
            "negative",
            "required_fields",
            "require_voucher",
            "shadow_until",
        ],
    }
}

fn read_rule(fields: &Fields<'_>, kind: Kind, steps: &Index<'_>, limits: &Index<'_>) -> Option<Rule> {
    if kind == Kind::TimeLimit {
        return fields.need("limit").and_then(|at| limits.find(&at)).map(|limit| Rule::TimeLimit { limit });
    }
    let step = fields.need("step").and_then(|at| steps.find(&at));
    let rule = |step: usize| match kind {
        Kind::OfficerQualification => {
            let least = fields.get("min_officers").map_or(Some(2), |at| at.int(1..=MAX_OFFICERS));
            let in_area = fields.get("in_area").map_or(Some(false), |at| at.bool());
            let classes = read_classes(fields);
            let min_officers = u32::try_from(least?).ok()?;
            Some(Rule::OfficerQualification { step, min_officers, classes, in_area: in_area? })
        }
        Kind::StepRollback => Some(Rule::StepRollback { step }),
        Kind::Evidence => Some(Rule::Evidence { step, required: read_required(fields) }),
        Kind::DecisionBasis => {
            let negative = ids(&fields.list("negative"));
            Some(Rule::DecisionBasis {
                step,
                negative,
                required_fields: ids(&fields.list("required_fields")),
            })
        }
        Kind::Discretion => Some(Rule::Discretion { step }),
        Kind::PenaltyExecution => {
            let require_voucher = fields.get("require_voucher").map_or(Some(true), |at| at.bool())?;
            Some(Rule::PenaltyExecution { step, require_voucher })
        }
        Kind::TimeLimit | Kind::DataQuality => None,
    };
    // Read with any step where the named one is unknown, so that the other problems of the point are told too.
    let read = rule(step.unwrap_or_default());
    step.and(read)
}

fn read_classes(point: &Fields<'_>) -> Vec<String> {
    let Some(at) = point.get("classes") else { return Vec::new() };
    let list = at.list();
    if at.is_list() && list.is_empty() {
        let message =
            both!("至少列出一个执法类别，或删去此键", "name at least one class, or leave the key out");
        at.note(ProblemCode::MissingKey, message);
    }
    list.iter().filter_map(At::text).map(|class| class.trim().to_owned()).collect()
}

fn read_required(point: &Fields<'_>) -> Vec<RequiredEvidence> {
    const KINDS: [(&str, &str); 4] =
        [("video", "video"), ("audio", "audio"), ("photo", "photo"), ("document", "document")];
    let Some(at) = point.need("required") else { return Vec::new() };
    let list = at.list();
    if at.is_list() && list.is_empty() {
        at.note(
            ProblemCode::MissingKey,
            both!("至少要求一种证据", "an evidence point requires at least one kind"),
        );
    }
    let mut required: Vec<RequiredEvidence> = Vec::new();
    for fields in list.iter().filter_map(|at| at.fields(&["kind", "min"])) {
        let kind_at = fields.need("kind");
        let kind = kind_at.as_ref().and_then(|at| at.word(&KINDS));
        let min = fields.get("min").map_or(Some(1), |at| at.int(1..=MAX_PIECES));
        if let (Some(kind), Some(at)) = (kind, kind_at)
            && required.iter().any(|r| r.kind == kind)
        {
            at.note(ProblemCode::DuplicateId, both!("“{kind}”重复列出", "\"{kind}\" is listed twice"));
        }
        if let (Some(kind), Some(min)) = (kind, min.and_then(|n| u32::try_from(n).ok())) {
            required.push(RequiredEvidence { kind: kind.to_owned(), min });
        }
    }
    required
}

fn note_reserved(fields: &Fields<'_>, id: &str) {
    if let Some(at) = fields.get("id").filter(|_| id == RESERVED) {
        let message = both!(
            "“{RESERVED}”保留给数据质量监察，请换一个标识",
            "\"{RESERVED}\" is the point of the data-quality findings; take another id"
        );
        at.note(ProblemCode::InvalidValue, message);
    }
}

fn note_duplicates(points: &[(Point, &Fields<'_>)]) {
    let mut seen: HashMap<(std::mem::Discriminant<Rule>, usize), &str> = HashMap::new();
    for (point, fields) in points {
        let target = (std::mem::discriminant(&point.rule), target(&point.rule));
        if let Some(first) = seen.get(&target) {
            let message = both!(
                "与监察点“{first}”种类和对象相同，会重复报警",
                "the same kind on the same step or limit as \"{first}\": every finding would come twice"
            );
            fields.at().note(ProblemCode::DuplicatePoint, message);
        } else {
            seen.insert(target, &point.id);
        }
    }
}

fn target(rule: &Rule) -> usize {
    match rule {
        Rule::TimeLimit { limit } => *limit,
        Rule::OfficerQualification { step, .. }
        | Rule::StepRollback { step }
        | Rule::Evidence { step, .. }
        | Rule::DecisionBasis { step, .. }
        | Rule::Discretion { step }
        | Rule::PenaltyExecution { step, .. } => *step,
    }
}

fn note_missing_standards(points: &[(Point, &Fields<'_>)], standards: &[Standard]) {
    let discretion = |rule: &Rule| matches!(rule, Rule::Discretion { .. });
    for (_, fields) in points.iter().filter(|(p, _)| discretion(&p.rule) && standards.is_empty()) {
        let message = both!(
            "事项没有裁量标准，每次罚款都会报 unknown_tier",
            "the item has no `discretion` standards, so every fine would be an unknown_tier"
        );
        fields.at().note(ProblemCode::NoStandards, message);
    }
}

fn note_unjudged_limits(item: &Fields<'_>, points: &[(Point, &Fields<'_>)], limits: &Index<'_>) {
    let judged =
        |limit| points.iter().any(|(p, _)| matches!(p.rule, Rule::TimeLimit { limit: l } if l == limit));
    for (i, at) in item.list("limits").iter().enumerate().filter(|(i, _)| !judged(*i)) {
        let id = limits.id(i);
        let message = both!(
            "没有 time_limit 监察点指向时限“{id}”，它不会被监察",
            "no time_limit point names the limit \"{id}\", so it is never judged"
        );
        at.note(ProblemCode::LimitWithoutPoint, message);
    }
}
