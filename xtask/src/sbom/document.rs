//! The document: components in CycloneDX's form, and what must hold of it.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ecosystem {
    Cargo,
    Npm,
    /// A file that is fetched and held to its hash.
    File,
}

impl Ecosystem {
    /// The package URL, which names a component here.
    pub(super) fn url(self, name: &str, version: &str) -> String {
        match self {
            Self::Cargo => format!("pkg:cargo/{name}@{version}"),
            Self::Npm => format!("pkg:npm/{}@{version}", name.replace('@', "%40")),
            Self::File => format!("pkg:generic/{name}@{version}"),
        }
    }
}

#[derive(Debug)]
pub(super) struct Component {
    pub(super) ecosystem: Ecosystem,
    pub(super) name: String,
    pub(super) version: String,
    /// Algorithm and hex.
    pub(super) hash: Option<(&'static str, String)>,
    /// SPDX.
    pub(super) license: Option<String>,
    /// A package of this repository.
    pub(super) is_ours: bool,
    /// Not linked in: loaded or started only where it is there.
    pub(super) is_optional: bool,
    /// Package URLs.
    pub(super) needs: Vec<String>,
}

impl Component {
    fn url(&self) -> String {
        self.ecosystem.url(&self.name, &self.version)
    }

    fn json(&self, programs: &[&str]) -> Value {
        let is_program = self.is_ours && programs.contains(&self.name.as_str());
        let mut component = json!({
            "type": if is_program { "application" } else { "library" },
            "bom-ref": self.url(),
            "name": self.name,
            "version": self.version,
            "purl": self.url(),
            "scope": if self.is_optional { "optional" } else { "required" },
        });
        if let Some((algorithm, content)) = &self.hash {
            component["hashes"] = json!([{"alg": algorithm, "content": content}]);
        }
        if let Some(license) = &self.license {
            component["licenses"] = json!([{"expression": license.replace('/', " OR ")}]);
        }
        if self.is_ours {
            component["properties"] = json!([{"name": "xiezhi:origin", "value": "this repository"}]);
        }
        component
    }
}

pub(super) fn bill(components: &[Component], programs: &[&str]) -> Value {
    let mut sorted: Vec<&Component> = components.iter().collect();
    sorted.sort_by_key(|component| component.url());
    sorted.dedup_by_key(|component| component.url());
    let needs = |component: &&Component| {
        let needs: BTreeSet<&String> = component.needs.iter().collect();
        json!({"ref": component.url(), "dependsOn": needs})
    };
    let program = sorted.iter().find(|c| c.is_ours && Some(&c.name.as_str()) == programs.first());
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": program.map(|c| json!({
            "type": "application", "bom-ref": "product", "name": c.name, "version": c.version}))},
        "components": sorted.iter().map(|c| c.json(programs)).collect::<Vec<_>>(),
        "dependencies": sorted.iter().filter(|c| c.ecosystem == Ecosystem::Cargo).map(needs).collect::<Vec<_>>(),
    })
}

/// What is missing in a document.
pub(super) fn complaints(bill: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let components = list(&bill["components"]);
    let known: BTreeSet<&str> = components.iter().filter_map(|c| c["bom-ref"].as_str()).collect();
    let mut wrong = Vec::new();
    for component in &components {
        let name = &component["bom-ref"];
        let is_ours = component.get("properties").is_some();
        if component.get("hashes").is_none() && !is_ours {
            wrong.push(format!("{name} has no hash"));
        }
        if component.get("licenses").is_none() && component["scope"] == "required" {
            wrong.push(format!("{name} has no licence"));
        }
    }
    for dependency in list(&bill["dependencies"]) {
        let needs = list(&dependency["dependsOn"]);
        let lost = needs.iter().filter_map(Value::as_str).filter(|url| !known.contains(url));
        wrong.extend(lost.map(|url| format!("{} needs {url}, which is not listed", dependency["ref"])));
    }
    wrong
}

/// npm writes its hashes so. `None` where it is no base64.
pub(super) fn hex_of_base64(text: &str) -> Option<String> {
    let bytes = STANDARD.decode(text).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(name: &str, needs: &[&str]) -> Component {
        Component {
            ecosystem: Ecosystem::Cargo,
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            hash: Some(("SHA-256", "ab".to_owned())),
            license: Some("MIT/Apache-2.0".to_owned()),
            is_ours: false,
            is_optional: false,
            needs: needs.iter().map(|name| Ecosystem::Cargo.url(name, "1.0.0")).collect(),
        }
    }

    #[test]
    fn a_whole_bill_has_no_complaints() {
        let ours = Component { hash: None, is_ours: true, ..component("xiezhi", &["a"]) };
        let bill = bill(&[component("a", &[]), ours], &["xiezhi"]);
        assert_eq!(complaints(&bill), [""; 0]);
        assert_eq!(bill["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(bill["metadata"]["component"]["name"], "xiezhi");
    }

    #[test]
    fn what_is_missing_is_told() {
        let bare = Component { hash: None, license: None, ..component("a", &["gone"]) };
        let wrong = complaints(&bill(&[bare], &[]));
        assert_eq!(wrong.len(), 3, "{wrong:?}");
        assert!(wrong.iter().any(|w| w.contains("pkg:cargo/gone@1.0.0")), "{wrong:?}");
    }

    #[test]
    fn hashes_of_npm_are_read() {
        assert_eq!(hex_of_base64("AAH/"), Some("0001ff".to_owned()));
        assert_eq!(hex_of_base64("/w=="), Some("ff".to_owned()));
        assert_eq!(hex_of_base64("-"), None);
    }
}
