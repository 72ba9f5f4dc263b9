//! `xiezhi catalogue check` as people and programs call it: the same findings as text and as JSON, in both languages, and a
//! status that tells whether the catalogue may be used.

use serde_json::Value;
use system_tests::programs;

const MISCONFIGURED: &str = "tests/scenarios/catalogue-misconfigured";
const DEMO: &str = "deploy/catalogues/demo";
const MEMBERS: [&str; 8] = ["file", "line", "column", "path", "about", "code", "severity", "message"];

#[test]
fn lint() {
    let (status, text) = checked(&[MISCONFIGURED]);
    assert_eq!(status, 1, "{text}");
    let (status, json) = checked(&[MISCONFIGURED, "--format", "json"]);
    assert_eq!(status, 1, "{json}");
    let findings: Vec<Value> = serde_json::from_str(&json).unwrap();
    assert!(!findings.is_empty());
    for finding in &findings {
        let mut members: Vec<&str> = finding.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        let mut all = MEMBERS;
        all.sort_unstable();
        assert_eq!(members, all, "{finding}");
        let word = |name: &str| finding[name].as_str().unwrap();
        assert!(["error", "warning"].contains(&word("severity")), "{finding}");
        let place = finding["line"]
            .as_u64()
            .map_or(word("file").to_owned(), |line| format!("{}:{line}", word("file")));
        let shown = [
            place.as_str(),
            word("code"),
            finding["message"]["zh"].as_str().unwrap(),
            finding["message"]["en"].as_str().unwrap(),
        ];
        assert!(shown.iter().all(|part| !part.is_empty() && text.contains(part)), "{finding}\n{text}");
    }

    let (status, json) = checked(&[DEMO, "--format", "json", "--today", "2026-06-30"]);
    assert_eq!((status, serde_json::from_str::<Value>(&json).unwrap()), (0, Value::Array(Vec::new())));
    assert_eq!(checked(&["no-such-directory"]).0, 2);
    assert_eq!(checked(&[DEMO, "--today", "30.6.2026"]).0, 2);
}

/// Status, and what was printed.
fn checked(arguments: &[&str]) -> (i32, String) {
    let output = programs::xiezhi(["catalogue", "check"].iter().chain(arguments)).output().unwrap();
    (output.status.code().unwrap(), programs::text(&output.stdout))
}
