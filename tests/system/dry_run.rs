//! A dry run by the command, over files: what it says of history is the difference between two runs of `xiezhi detect`, one by
//! the rules as they are and one by the draft, whichever way the draft is given; and what cannot be tried is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use system_tests::events::{self, ITEM, UNTIL};
use system_tests::programs;
use system_tests::site::Scratch;

use crate::rules::stricter;

const CASES: u32 = 420;
const DIRECTIONS: [&str; 3] = ["added", "removed", "changed"];

#[test]
fn dry_run() {
    let scratch = Scratch::new("dry-run");
    let current = programs::root().join("deploy/catalogues/demo");
    let item = stricter(&current);
    let draft = with_item(&current, PathBuf::from(scratch.path("draft")), &item);
    let item = scratch.lines("item.json", [item.to_string()]);
    let stream = scratch.lines("events.jsonl", events::stream(CASES));
    let (before, after) = (detected(&current, &stream), detected(&draft, &stream));

    let by_directory = tried(&current, &["--draft", &draft.display().to_string()], &stream);
    let by_item = tried(&current, &["--item", &item], &stream);
    // All but `renamed`: an item that is tried has a version's name.
    for member in ["alarms_before", "alarms_after", "counts", "groups", "samples"] {
        assert_eq!(by_directory["history"][member], by_item["history"][member], "{member}");
    }
    let history = &by_item["history"];
    assert_eq!(by_item["cases"], CASES);
    assert_eq!(by_item["switch"], Value::Null, "the item pins");
    assert_eq!(history["alarms_before"], before.len());
    assert_eq!(history["alarms_after"], after.len());
    let expected = differences(&before, &after);
    assert_eq!(groups(history), expected);
    assert!(["added", "changed"].iter().all(|direction| sum(&expected, direction) > 0), "{expected:?}");
    let samples = history["samples"].as_array().unwrap();
    let known = |sample: &Value| {
        let id = sample["finding_id"].as_str().unwrap();
        (before.contains_key(id), after.contains_key(id))
    };
    for sample in samples {
        let meant = match sample["direction"].as_str().unwrap() {
            "added" => (false, true),
            "removed" => (true, false),
            _ => (true, true),
        };
        assert_eq!(known(sample), meant, "{sample}");
    }

    // The way back takes away what the way there adds.
    let back = tried(&draft, &["--draft", &current.display().to_string()], &stream);
    assert_eq!(groups(&back["history"]), differences(&after, &before));
    assert!(back["history"]["counts"]["removed"].as_u64() > Some(0), "{back}");

    refused(&scratch, &current, &stream);
}

/// A copy of a catalogue with another item in the place of the old one.
fn with_item(catalogue: &Path, to: PathBuf, item: &Value) -> PathBuf {
    programs::well(Command::new("cp").arg("-r").arg(catalogue).arg(&to));
    let mut files = std::fs::read_dir(to.join("items")).unwrap().map(|file| file.unwrap().path());
    let of_item = |file: &PathBuf| std::fs::read_to_string(file).unwrap().contains(ITEM);
    std::fs::write(files.find(of_item).unwrap(), item.to_string()).unwrap();
    to
}

/// Findings by their ids, without what only tells when and by which version they were found.
fn detected(catalogue: &Path, stream: &str) -> BTreeMap<String, Value> {
    let catalogue = catalogue.display().to_string();
    let output = programs::well(&mut programs::xiezhi([
        "detect",
        "--catalogue",
        &catalogue,
        "--until",
        UNTIL,
        stream,
    ]));
    let finding = |line: &str| {
        let mut finding: Value = serde_json::from_str(line).unwrap();
        let members = finding.as_object_mut().unwrap();
        members.retain(|name, _| name != "rules_version" && name != "revision");
        (finding["finding_id"].as_str().unwrap().to_owned(), finding)
    };
    programs::text(&output.stdout).lines().map(finding).collect()
}

fn tried(catalogue: &Path, draft: &[&str], stream: &str) -> Value {
    let catalogue = catalogue.display().to_string();
    let fixed = ["dry-run", "--catalogue", &catalogue, "--until", UNTIL, "--format", "json"];
    let output = programs::well(&mut programs::xiezhi(fixed.iter().chain(draft).chain([&stream])));
    let run: Value = serde_json::from_slice(&output.stdout).unwrap();
    let counts = &run["detail"]["history"]["counts"];
    assert!(DIRECTIONS.iter().all(|direction| run[direction] == counts[direction]), "{run}");
    run["detail"].clone()
}

/// Counts by direction, kind, organisation and month.
type Groups = BTreeMap<[String; 4], u64>;

fn differences(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> Groups {
    let mut groups = Groups::new();
    let mut count = |direction: &str, finding: &Value| {
        let [kind, org, at] = ["kind", "org", "violated_at"].map(|name| finding[name].as_str().unwrap());
        *groups.entry([direction, kind, org, &at[..7]].map(str::to_owned)).or_default() += 1;
    };
    for (id, finding) in after {
        match before.get(id) {
            None => count("added", finding),
            Some(was) if was != finding => count("changed", finding),
            Some(_) => {}
        }
    }
    before.iter().filter(|(id, _)| !after.contains_key(*id)).for_each(|(_, was)| count("removed", was));
    groups
}

fn groups(history: &Value) -> Groups {
    let mut groups = Groups::new();
    for group in history["groups"].as_array().unwrap() {
        let [kind, org, month] = ["kind", "org", "month"].map(|name| group[name].as_str().unwrap());
        for direction in DIRECTIONS {
            let count = group["counts"][direction].as_u64().unwrap();
            if count > 0 {
                groups.insert([direction, kind, org, month].map(str::to_owned), count);
            }
        }
    }
    assert!(DIRECTIONS.iter().all(|direction| history["counts"][direction] == sum(&groups, direction)));
    groups
}

fn sum(groups: &Groups, direction: &str) -> u64 {
    groups.iter().filter(|(key, _)| key[0] == direction).map(|(_, count)| count).sum()
}

/// What cannot be tried is told in words, with the status of unusable arguments.
fn refused(scratch: &Scratch, catalogue: &Path, stream: &str) {
    let mut bad = stricter(catalogue);
    bad["points"][0]["limit"] = json!("no-such-limit");
    let bad = scratch.lines("bad.json", [bad.to_string()]);
    let nameless = scratch.lines("nameless.json", ["{}"]);
    let catalogue = catalogue.display().to_string();
    let fixed = ["dry-run", "--catalogue", &catalogue];
    let cases: [(&[&str], &str); 6] = [
        (&["--item", &bad, stream], "no-such-limit"),
        (&["--item", &nameless, stream], "names no code"),
        (&["--draft", "no-such-directory", stream], "no-such-directory"),
        (&["--rule", ITEM, stream], "--version"),
        (&[stream], "--draft"),
        (&["--item", &bad], "--clickhouse"),
    ];
    for (rest, words) in cases {
        let output = programs::xiezhi(fixed.iter().chain(rest)).output().unwrap();
        let said = programs::text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{rest:?}: {said}");
        assert!(said.contains(words), "{rest:?}: {said}");
    }
}
