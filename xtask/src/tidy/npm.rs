//! What the console's packages are: under an allowed licence, whole by their hash, and from wherever the machine's own
//! registry is, whose address is nobody else's business.

use serde_json::{Map, Value};

use super::complaint::Complaint;
use super::license;

pub(super) const LOCK: &str = "console/package-lock.json";

/// Beside what deny.toml allows: licences of tools that build and test, and are no part of what is shipped.
const ALSO: [&str; 2] = ["MPL-2.0", "Python-2.0"];

pub(super) fn check(lock: &str, allowed: &[String]) -> Vec<Complaint> {
    let packages = serde_json::from_str::<Value>(lock).ok();
    let packages = packages.and_then(|lock| lock["packages"].as_object().cloned());
    let Some(packages) = packages else {
        return vec![Complaint::error(LOCK, None, "it cannot be read; run npm install in console")];
    };
    let allowed: Vec<String> = allowed.iter().cloned().chain(ALSO.map(str::to_owned)).collect();
    // The empty name is the console itself.
    let foreign = packages.iter().filter(|(name, _)| !name.is_empty());
    foreign
        .filter_map(|(name, package)| Some((name, package.as_object()?)))
        .flat_map(|(name, package)| about(name, package, &allowed))
        .collect()
}

fn about(name: &str, package: &Map<String, Value>, allowed: &[String]) -> Vec<Complaint> {
    let text = |key: &str| package.get(key).and_then(Value::as_str);
    let mut messages = Vec::new();
    if package.contains_key("resolved") {
        messages
            .push(format!("{name} names an address; console/.npmrc keeps them out: run npm install there"));
    }
    if text("integrity").is_none() {
        messages.push(format!("{name} has no hash; remove it from the lock file and run npm install"));
    }
    let license = text("license").unwrap_or_default().trim_matches(['(', ')']);
    if license::is_met(license, allowed) != Some(true) {
        messages.push(format!("{name} is under {license:?}; deny.toml and tidy/npm.rs list what is allowed"));
    }
    messages.into_iter().map(|message| Complaint::error(LOCK, None, message)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_a_missing_hash_and_a_strange_licence_are_errors() {
        let lock = r#"{"packages": {"": {}, "node_modules/a": {"integrity": "sha512-x", "license": "MIT"},
            "node_modules/b": {"resolved": "https://x/b.tgz", "license": "SSPL-1.0"}}}"#;
        let complaints = check(lock, &["MIT".to_owned()]);
        assert_eq!(complaints.len(), 3, "{}", complaints.iter().map(ToString::to_string).collect::<String>());
        assert_eq!(check("{", &[]).len(), 1);
    }
}
