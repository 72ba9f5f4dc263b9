//! The bill of materials (CycloneDX 1.5, JSON): what goes into the programs that are shipped, with hash and licence. What
//! only builds or tests them is left out; what the programs load or start beside them is named as optional.
//!
//! It is made of the lock files and of nothing else, so the same commit gives the same text.

mod document;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::repository;
use document::{Component, Ecosystem, bill, complaints};

/// What is shipped.
const PROGRAMS: [&str; 2] = ["xiezhi", "embedded-clickhouse"];
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// Prints the document, or writes it into a file.
pub(crate) fn write(out: Option<&str>) -> Result<bool> {
    let text = format!("{:#}\n", make(&repository::root()?)?);
    match out {
        None => print!("{text}"),
        Some(path) => std::fs::write(path, text).with_context(|| format!("cannot write {path}"))?,
    }
    Ok(true)
}

/// Whether everything in it has a hash and a licence, and every reference leads somewhere.
pub(crate) fn check() -> Result<bool> {
    let bill = make(&repository::root()?)?;
    let wrong = complaints(&bill);
    wrong.iter().for_each(|complaint| println!("error: {complaint}"));
    println!("   {} components", bill["components"].as_array().map_or(0, Vec::len));
    Ok(wrong.is_empty())
}

fn make(root: &Path) -> Result<Value> {
    let mut components = crates(root)?;
    let read =
        |path: &str| std::fs::read_to_string(root.join(path)).with_context(|| format!("reading {path}"));
    components.extend(packages(&serde_json::from_str(&read("console/package-lock.json")?)?)?);
    components.extend(jars(&read("deploy/kafka/jars.sha256")?));
    components.extend(engine(&read("deploy/clickhouse/fetch-libchdb.sh")?));
    Ok(bill(&components, &PROGRAMS))
}

/// The crates of the programs: normal and build dependencies, from the programs downwards.
fn crates(root: &Path) -> Result<Vec<Component>> {
    let mut command = repository::cargo(root);
    command.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", PLATFORM]);
    let output = command.output().context("running cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).context("reading Cargo.lock")?;
    reached(&metadata, &hashes(&lock))
}

fn reached(metadata: &Value, hashes: &BTreeMap<(String, String), String>) -> Result<Vec<Component>> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages: BTreeMap<String, Value> =
        list(&metadata["packages"]).into_iter().map(|package| (text(&package["id"]), package)).collect();
    let is_shipped = |dep: &Value| list(&dep["dep_kinds"]).iter().any(|kind| kind["kind"] != "dev");
    let below: BTreeMap<String, Vec<String>> = list(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| {
            let deps = list(&node["deps"]);
            (text(&node["id"]), deps.iter().filter(|d| is_shipped(d)).map(|d| text(&d["pkg"])).collect())
        })
        .collect();
    let is_program = |package: &Value| PROGRAMS.contains(&text(&package["name"]).as_str());
    let mut open: Vec<&String> = packages.iter().filter(|(_, p)| is_program(p)).map(|(id, _)| id).collect();
    ensure!(open.len() == PROGRAMS.len(), "the programs {PROGRAMS:?} are not all in the workspace");
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        if found.insert(id) {
            open.extend(&below[id]);
        }
    }
    let name = |id: &String| {
        let package = &packages[id];
        Ecosystem::Cargo.url(&text(&package["name"]), &text(&package["version"]))
    };
    let component = |id: &&String| {
        let package = &packages[*id];
        let key = (text(&package["name"]), text(&package["version"]));
        Component {
            hash: hashes.get(&key).map(|hash| ("SHA-256", hash.clone())),
            license: package["license"].as_str().map(str::to_owned),
            is_ours: package["source"].is_null(),
            is_optional: false,
            needs: below[*id].iter().map(name).collect(),
            name: key.0,
            version: key.1,
            ecosystem: Ecosystem::Cargo,
        }
    };
    Ok(found.iter().map(component).collect())
}

/// Hashes of Cargo.lock by name and version.
fn hashes(lock: &str) -> BTreeMap<(String, String), String> {
    let value = |block: &str, key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""));
        line.map(|text| text.trim_end_matches('"').to_owned())
    };
    let of =
        |block: &str| Some(((value(block, "name")?, value(block, "version")?), value(block, "checksum")?));
    lock.split("[[package]]").filter_map(of).collect()
}

/// What of the console's packages is in the page: no development dependencies.
fn packages(lock: &Value) -> Result<Vec<Component>> {
    let packages = lock["packages"].as_object().context("package-lock.json has no packages")?;
    let shipped = packages.iter().filter(|(path, package)| !path.is_empty() && package["dev"] != true);
    let component = |(path, package): (&String, &Value)| {
        let name = path.rsplit_once("node_modules/").map_or(path.as_str(), |(_, name)| name);
        let integrity = package["integrity"].as_str().and_then(|text| text.strip_prefix("sha512-"));
        Component {
            name: name.to_owned(),
            version: package["version"].as_str().unwrap_or_default().to_owned(),
            hash: integrity.and_then(document::hex_of_base64).map(|hash| ("SHA-512", hash)),
            license: package["license"].as_str().map(|text| text.trim_matches(['(', ')']).to_owned()),
            is_ours: false,
            is_optional: false,
            needs: Vec::new(),
            ecosystem: Ecosystem::Npm,
        }
    };
    Ok(shipped.map(component).collect())
}

/// Of the local broker that trials and the demonstration start: `HASH  NAME-VERSION.jar` a line.
fn jars(list: &str) -> Vec<Component> {
    let component = |line: &str| {
        let (hash, file) = line.split_once("  ")?;
        let stem = file.strip_suffix(".jar")?;
        let at = stem
            .match_indices('-')
            .find(|(at, _)| stem[at + 1..].starts_with(|c: char| c.is_ascii_digit()))?
            .0;
        Some(Component {
            name: stem[..at].to_owned(),
            version: stem[at + 1..].to_owned(),
            hash: Some(("SHA-256", hash.to_owned())),
            license: None,
            is_ours: false,
            is_optional: true,
            needs: Vec::new(),
            ecosystem: Ecosystem::File,
        })
    };
    list.lines().filter_map(component).collect()
}

/// The ClickHouse library that the embedded one loads, as its script pins it.
fn engine(script: &str) -> Option<Component> {
    let value = |key: &str| {
        let line = script.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))?;
        Some(line.trim_matches('"').to_owned())
    };
    Some(Component {
        name: "libchdb".to_owned(),
        version: value("version")?,
        hash: Some(("SHA-256", value("sha256")?)),
        license: Some("Apache-2.0".to_owned()),
        is_ours: false,
        is_optional: true,
        needs: Vec::new(),
        ecosystem: Ecosystem::File,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_only_tests_is_left_out_and_what_is_below_is_found() {
        let package = |name: &str| json!({"id": name, "name": name, "version": "1.0.0", "license": "MIT", "source": "registry"});
        let dep = |name: &str, kind: Value| json!({"pkg": name, "dep_kinds": [{"kind": kind}]});
        let node = |name: &str, deps: Vec<Value>| json!({"id": name, "deps": deps});
        let packages = ["xiezhi", "embedded-clickhouse", "a", "b", "t"].map(package);
        let metadata = json!({
            "packages": packages,
            "resolve": {"nodes": [
                node("xiezhi", vec![dep("a", Value::Null), dep("t", json!("dev"))]),
                node("a", vec![dep("b", json!("build"))]),
                node("embedded-clickhouse", vec![]), node("b", vec![]), node("t", vec![]),
            ]},
        });
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"s\"\nchecksum = \"ab\"\n";
        let found = reached(&metadata, &hashes(lock)).unwrap();
        let names: Vec<&str> = found.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "embedded-clickhouse", "xiezhi"]);
        assert_eq!(found[0].hash, Some(("SHA-256", "ab".to_owned())));
        assert_eq!(found[0].needs, ["pkg:cargo/b@1.0.0"]);
    }

    #[test]
    fn a_jar_is_told_from_its_version() {
        let found = jars("ab  kafka_2.13-4.3.1.jar\ncd  kafka-clients-4.3.1.jar\n");
        let names: Vec<(&str, &str)> = found.iter().map(|c| (c.name.as_str(), c.version.as_str())).collect();
        assert_eq!(names, [("kafka_2.13", "4.3.1"), ("kafka-clients", "4.3.1")]);
    }

    #[test]
    fn the_engine_is_found_in_its_script() {
        let found = engine("version=\"26.1.0\"\n    sha256=ab\n").expect("both are there");
        assert_eq!((found.version.as_str(), found.hash), ("26.1.0", Some(("SHA-256", "ab".to_owned()))));
        assert!(engine("sha256=ab").is_none());
    }

    #[test]
    fn development_packages_of_the_console_are_left_out() {
        let lock = json!({"packages": {
            "": {"name": "console"},
            "node_modules/react": {"version": "19.0.0", "license": "MIT", "integrity": "sha512-AAE="},
            "node_modules/vite": {"version": "8.0.0", "license": "MIT", "dev": true, "integrity": "sha512-AAE="},
        }});
        let found = packages(&lock).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].name.as_str(), found[0].hash.clone()),
            ("react", Some(("SHA-512", "0001".to_owned())))
        );
    }
}
