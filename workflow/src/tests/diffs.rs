//! Differences of two contents.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn shown(old: &Value, new: &Value) -> Vec<String> {
    diff(old, new).into_iter().map(|c| c.message.en).collect()
}

#[test]
fn elements_are_told_apart_by_their_ids() {
    let old = json!({
        "name": "占道经营处罚",
        "steps": [{"id": "filing"}, {"id": "review"}, {"id": "decision"}],
        "points": [{"id": "p1", "min_officers": 2}, {"id": "p2", "negative": ["a", "b"]}],
    });
    let new = json!({
        "in_flight": "migrate",
        "name": "占道经营处罚",
        "steps": [{"id": "review"}, {"id": "filing"}, {"id": "decision"}],
        "points": [{"id": "p3"}, {"id": "p1", "min_officers": 3}, {"id": "p2", "negative": ["a"]}],
    });
    let expected = [
        r#"points[p3]: {"id":"p3"} is added"#,
        "points[p1].min_officers: 2 becomes 3",
        r#"points[p2].negative[1]: "b" is removed"#,
        r#"steps: ["filing","review","decision"] becomes ["review","filing","decision"]"#,
        r#"in_flight: "migrate" is added"#,
    ];
    assert_eq!(shown(&old, &new), expected);
    let zh = diff(&old, &new).into_iter().map(|c| c.message.zh).collect::<Vec<_>>();
    assert_eq!(zh[1], "points[p1].min_officers：由 2 改为 3");
}

fn value() -> impl Strategy<Value = Value> {
    let leaf =
        prop_oneof![Just(json!(null)), any::<u8>().prop_map(Value::from), "[a-c]{0,2}".prop_map(Value::from)];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let entries = proptest::collection::btree_map("(id|[a-c])", inner.clone(), 0..4);
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Value::from),
            entries.prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn there_is_a_difference_if_and_only_if_they_differ(old in value(), new in value()) {
        prop_assert!(diff(&old, &old).is_empty());
        prop_assert_eq!(diff(&old, &new).is_empty(), old == new);
    }
}
