//! What may come in from outside: under which licence, from where, and how often.

use std::collections::BTreeMap;

use super::complaint::Complaint;
use super::license;
use crate::metadata::Package;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";
const LOCK: &str = "Cargo.lock";

fn foreign(packages: &[Package]) -> impl Iterator<Item = &Package> {
    packages.iter().filter(|package| package.source.is_some())
}

pub(crate) fn check_sources(packages: &[Package]) -> Vec<Complaint> {
    let strangers = foreign(packages).filter(|package| package.source.as_deref() != Some(CRATES_IO));
    let message = |package: &Package| {
        let source = package.source.as_deref().unwrap_or_default();
        format!("{} {} comes from {source}; dependencies come from crates.io", package.name, package.version)
    };
    strangers.map(|package| Complaint::error(LOCK, None, message(package))).collect()
}

pub(crate) fn check_licenses(packages: &[Package], allowed: &[String]) -> Vec<Complaint> {
    let met = |package: &&Package| {
        let expression = package.license.as_deref().unwrap_or_default();
        license::is_met(expression, allowed) == Some(true)
    };
    let message = |package: &Package| {
        let license = package.license.as_deref().unwrap_or("no licence that it states");
        format!("{} {} is under {license}; deny.toml lists what is allowed", package.name, package.version)
    };
    let refused = foreign(packages).filter(|package| !met(package));
    refused.map(|package| Complaint::error(LOCK, None, message(package))).collect()
}

/// Two incompatible versions of one crate: compile time and binary size for nothing, but often not ours to mend.
pub(crate) fn check_duplicates(packages: &[Package]) -> Vec<Complaint> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in foreign(packages) {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    let several = versions.into_iter().filter(|(_, versions)| versions.len() > 1);
    let message = |name: &str, versions: &[&str]| {
        format!(
            "{name} comes in several versions ({}); `cargo tree --invert {name}` shows why",
            versions.join(", ")
        )
    };
    several.map(|(name, versions)| Complaint::warning(LOCK, None, message(name, &versions))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, version: &str, license: Option<&str>, source: &str) -> Package {
        Package {
            name: name.to_owned(),
            version: version.to_owned(),
            license: license.map(str::to_owned),
            source: Some(source.to_owned()),
            dependencies: Vec::new(),
        }
    }

    #[test]
    fn a_crate_from_elsewhere_is_an_error() {
        let git = package("fork", "1.0.0", Some("MIT"), "git+https://example.org/fork");
        assert_eq!(check_sources(&[git, package("serde", "1.0.0", None, CRATES_IO)]).len(), 1);
    }

    #[test]
    fn a_licence_must_be_stated_and_allowed() {
        let allowed = ["MIT".to_owned()];
        let packages = [
            package("good", "1.0.0", Some("MIT OR GPL-3.0"), CRATES_IO),
            package("bad", "1.0.0", Some("GPL-3.0"), CRATES_IO),
            package("silent", "1.0.0", None, CRATES_IO),
        ];
        let complaints = check_licenses(&packages, &allowed);
        assert_eq!(complaints.len(), 2);
        assert!(complaints[0].message.starts_with("bad 1.0.0 is under GPL-3.0"));
    }

    #[test]
    fn two_versions_of_one_crate_are_reported() {
        let packages = [
            package("rand", "0.8.5", None, CRATES_IO),
            package("rand", "0.9.2", None, CRATES_IO),
            package("serde", "1.0.0", None, CRATES_IO),
        ];
        let complaints = check_duplicates(&packages);
        assert_eq!(complaints.len(), 1);
        assert!(complaints[0].message.contains("0.8.5, 0.9.2"));
    }
}
