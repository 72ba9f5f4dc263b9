//! Case events for the catalogue deploy/catalogues/demo.

use serde_json::{Value, json};

pub const ORG: &str = "119901002600008594";
pub const SOURCE: &str = "urn:cn-org:119901002600008594:penalty";
pub const ITEM: &str = "9901-CF-0042";
/// When everything in [`stream`] is over.
pub const UNTIL: &str = "2025-12-31T00:00:00+08:00";

/// One case event of [`SOURCE`].
pub fn event(id: &str, case: &str, time: &str, kind: &str, data: Value) -> Value {
    json!({"specversion": "1.0", "id": id, "source": SOURCE, "type": kind, "subject": case, "time": time, "data": data})
}

/// A case under construction: gives its events ids in order.
struct Case {
    name: String,
    month: u32,
    events: Vec<Value>,
}

impl Case {
    fn add(&mut self, day: u32, hour: u32, kind: &str, data: Value) {
        let id = format!("{}-{:02}", self.name, self.events.len());
        let time = format!("2025-{:02}-{day:02}T{hour:02}:00:00+08:00", self.month);
        self.events.push(event(&id, &self.name, &time, kind, data));
    }

    fn step(&mut self, step: &str, officers: &[&str], from: (u32, u32), to: (u32, u32)) {
        self.add(from.0, from.1, "step.started", json!({"step": step, "officers": officers}));
        self.add(to.0, to.1, "step.completed", json!({"step": step, "fields": {"opinion": "同意"}}));
    }
}

/// Events of `cases` penalty cases, interleaved; what is wrong with a case depends on its number alone. One case in
/// seven is in order.
pub fn stream(cases: u32) -> Vec<String> {
    let mut events: Vec<(String, u32, String)> = Vec::new();
    for n in 0..cases {
        let case = penalty(n);
        let timed =
            case.events.iter().map(|e| (e["time"].as_str().unwrap_or_default().to_owned(), n, e.to_string()));
        events.extend(timed);
    }
    // By time, as they would come in; within a case the order stays.
    events.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    events.into_iter().map(|(_, _, line)| line).collect()
}

fn penalty(n: u32) -> Case {
    let fault = n % 7;
    let mut case = Case { name: format!("s-{n:05}"), month: 3 + n % 3, events: Vec::new() };
    let officers: &[&str] = if fault == 1 { &["CG-003"] } else { &["CG-003", "CG-004"] };
    case.add(
        3,
        9,
        "case.accepted",
        json!({"item": ITEM, "org": ORG, "region": "990100", "title": "占道经营"}),
    );
    let filed = if fault == 2 { 24 } else { 5 };
    case.step("filing", officers, (3, 9), (filed, 16));
    case.add(25, 8, "evidence.uploaded", json!({"step": "investigation", "evidence": [
        {"id": "photo-1", "kind": "photo"}, {"id": "record-1", "kind": if fault == 3 { "audio" } else { "document" }}]}));
    case.step("investigation", officers, (25, 8), (25, 10));
    case.step("review", officers, (25, 11), (25, 12));
    if fault == 4 {
        case.add(25, 13, "step.returned", json!({"from": "review", "to": "filing", "reason": "材料不全"}));
    }
    case.add(26, 9, "step.started", json!({"step": "decision", "officers": officers}));
    case.add(26, 10, "decision.made", decision(fault));
    case.add(26, 11, "step.completed", json!({"step": "decision"}));
    let vouchers = if fault == 6 { json!([]) } else { json!([{"id": "v-1"}]) };
    case.add(27, 9, "step.started", json!({"step": "execution", "officers": officers}));
    case.add(27, 10, "penalty.executed", json!({"fine_fen": 10_000, "vouchers": vouchers}));
    case.add(27, 11, "step.completed", json!({"step": "execution"}));
    if !n.is_multiple_of(11) {
        case.add(28, 9, "case.closed", json!({"outcome": "已执行"}));
    }
    case
}

fn decision(fault: u32) -> Value {
    let basis = if fault == 5 {
        json!([])
    } else {
        json!([{"law": "城市市容和环境卫生管理条例", "article": "36"}])
    };
    json!({"step": "decision", "decision": "fine", "basis": basis, "reason": "当场改正", "fine_fen": 10_000,
        "discretion": {"standard": "street-trading", "tier": "light", "circumstances": ["first_offence"]}})
}
