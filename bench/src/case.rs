//! A penalty of twelve events under the demo's catalogue, in the size of real records.

use model::Instant;
use model::time::MS_PER_HOUR;

/// Monday 2026-03-02, 09:00 in China.
pub const START: Instant = Instant(1_772_413_200_000);
pub const EVENTS: u32 = 12;

/// Type and `data` of each event.
const SCRIPT: [(&str, &str); EVENTS as usize] = [
    (
        "case.accepted",
        r#"{"item":"9901-CF-0042","org":"119901002600008594","region":"990102","title":"占道经营案","applicant":{"name":"某个体工商户","kind":"business"},"channel":"巡查发现"}"#,
    ),
    (
        "step.started",
        r#"{"step":"filing","note":"按程序进入下一环节，请在法定期限内办理","device":"执法终端-07"}"#,
    ),
    (
        "step.completed",
        r#"{"step":"filing","fields":{"opinion":"情况属实，同意","signed":"是"},"note":"已按规定办结"}"#,
    ),
    (
        "step.started",
        r#"{"step":"investigation","officers":["CG-001","CG-003"],"place":"解放路与人民路交叉口"}"#,
    ),
    (
        "evidence.uploaded",
        r#"{"step":"investigation","evidence":[{"id":"ZP-1","kind":"photo","name":"现场照片.jpg","sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},{"id":"BL-1","kind":"document","name":"询问笔录.pdf"}]}"#,
    ),
    ("step.completed", r#"{"step":"investigation","fields":{"opinion":"事实清楚"},"note":"已按规定办结"}"#),
    ("step.started", r#"{"step":"review","note":"按程序进入下一环节","device":"执法终端-07"}"#),
    ("step.completed", r#"{"step":"review","fields":{"opinion":"同意"},"note":"已按规定办结"}"#),
    ("step.started", r#"{"step":"decision","note":"按程序进入下一环节","device":"执法终端-07"}"#),
    (
        "decision.made",
        r#"{"step":"decision","decision":"fine","basis":[{"law":"城市市容和环境卫生管理条例","article":"36"}],"reason":"事实清楚，证据确凿","fine_fen":10000,"discretion":{"standard":"street-trading","tier":"light","circumstances":["first_offence"]}}"#,
    ),
    ("step.completed", r#"{"step":"decision","fields":{"opinion":"同意"},"note":"已按规定办结"}"#),
    (
        "penalty.executed",
        r#"{"fine_fen":10000,"vouchers":[{"id":"PJ-1","sha256":"9f86d081884c7d659a2feaa0c55ad015"}]}"#,
    ),
];

/// An event of a case, counted from 0, half a day after the one before.
pub fn line(case: u32, event: u32) -> String {
    let (kind, data) = SCRIPT[event as usize % SCRIPT.len()];
    let time = START.plus_ms(i64::from(event) * 12 * MS_PER_HOUR + i64::from(case % 3_600) * 1_000);
    format!(
        r#"{{"specversion":"1.0","id":"CG-2026-{case:08}-{event:03}","source":"urn:cn-org:119901002600008594:penalty","type":"{kind}","subject":"CG-2026-{case:08}","time":"{time}","recordedtime":"{time}","datacontenttype":"application/json","data":{data}}}"#
    )
}
