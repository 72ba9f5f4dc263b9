//! What recipients are told, in both languages. Pure.

use dashboard_api::AlarmRow;
use model::finding::{Change, Light};
use model::{Finding, Instant};
use serde_json::{Value, json};

/// The name of all alarms in an Alertmanager.
pub(super) const ALERT: &str = "XiezhiAlarm";
/// An alert that is not told again for so long is over for Alertmanager, ms.
const HOLDS_MS: i64 = 5 * 60_000;

/// One message to a web hook.
pub(super) struct Notice {
    /// The same however often it is told, and of no other one: finding and revision.
    pub(super) key: String,
    pub(super) body: String,
}

impl Notice {
    pub(super) fn new(finding: &Finding) -> Self {
        let key = format!("{}/{}", finding.finding_id, finding.revision);
        let text = json!({"zh": zh(finding), "en": en(finding)});
        let body = json!({"key": key, "kind": "alarm", "text": text, "alarm": finding}).to_string();
        Self { key, body }
    }
}

/// One line, as a short message takes it.
fn zh(finding: &Finding) -> String {
    let light = match finding.light {
        Light::Yellow => "黄灯",
        Light::Red => "红灯",
    };
    let change = match finding.change {
        Change::Raised => "报警",
        Change::Updated => "报警更新",
        Change::Cleared => "报警解除",
        Change::Retracted => "报警收回",
    };
    format!("【{light}{change}】{}：{}", finding.case, finding.explanation.zh)
}

fn en(finding: &Finding) -> String {
    let light = match finding.light {
        Light::Yellow => "Yellow",
        Light::Red => "Red",
    };
    let change = match finding.change {
        Change::Raised => "alarm",
        Change::Updated => "alarm updated",
        Change::Cleared => "alarm cleared",
        Change::Retracted => "alarm retracted",
    };
    format!("[{light} {change}] {}: {}", finding.case, finding.explanation.en)
}

/// As Alertmanager's API v2 takes it. The labels are the alarm's identity, so none of them changes from revision to revision.
pub(super) fn alert(alarm: &AlarmRow, now: Instant) -> Value {
    let ends = if alarm.state == "raised" { now.plus_ms(HOLDS_MS) } else { Instant(alarm.changed_ms) };
    json!({
        "labels": {
            "alertname": ALERT,
            "finding": alarm.finding_id,
            "case": alarm.case_id,
            "item": alarm.item,
            "point": alarm.point,
            "kind": alarm.kind,
            "code": alarm.code,
            "org": alarm.org,
            "light": alarm.light,
        },
        "annotations": {
            "summary": alarm.explanation_en,
            "summary_zh": alarm.explanation_zh,
            "alarm": format!("/api/v1/alarms/{}", alarm.finding_id),
        },
        "startsAt": Instant(alarm.raised_ms.min(ends.0)).to_string(),
        "endsAt": ends.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINDING: &str = r#"{"finding_id":"00112233445566778899aabbccddeeff","revision":3,"change":"cleared","cause":"fact",
        "state":"cleared","case":"C-1","item":"i","category":null,"org":"o","region":null,"accepted_at":0,"point":"p",
        "kind":"time_limit","code":"overdue","light":"red","step":null,"visit":null,"violated_at":0,"due":null,"late_by_ms":null,
        "provisional":false,"raised_at":0,"changed_at":0,"detail":null,"events":[],"explanation":{"zh":"逾期 3 天","en":"3 days late"},
        "rules_version":"v"}"#;

    #[test]
    fn a_notice_says_what_happened_in_both_languages_under_one_key() {
        let finding: Finding = serde_json::from_str(FINDING).unwrap();
        let notice = Notice::new(&finding);
        assert_eq!(notice.key, "00112233445566778899aabbccddeeff/3");
        let body: Value = serde_json::from_str(&notice.body).unwrap();
        assert_eq!(body["key"], notice.key);
        assert_eq!(body["text"]["zh"], "【红灯报警解除】C-1：逾期 3 天");
        assert_eq!(body["text"]["en"], "[Red alarm cleared] C-1: 3 days late");
        assert_eq!(
            body["alarm"],
            serde_json::from_str::<Value>(&serde_json::to_string(&finding).unwrap()).unwrap()
        );
    }

    #[test]
    fn an_alert_goes_on_for_a_while_or_is_over_when_its_alarm_is() {
        let alarm = AlarmRow {
            state: "raised".to_owned(),
            light: "red".to_owned(),
            raised_ms: 1_000,
            changed_ms: 2_000,
            ..AlarmRow::default()
        };
        let stands = alert(&alarm, Instant(10_000));
        assert_eq!(stands["startsAt"], "1970-01-01T00:00:01Z");
        assert_eq!(stands["endsAt"], "1970-01-01T00:05:10Z");
        for state in ["cleared", "retracted"] {
            let ended = alert(&AlarmRow { state: state.to_owned(), ..alarm.clone() }, Instant(10_000));
            assert_eq!(ended["endsAt"], "1970-01-01T00:00:02Z", "{state}");
            assert_eq!(ended["labels"], stands["labels"], "it is the same alert");
        }
    }
}
