//! Who may know whom inside the workspace, and what the pure packages may not know at all.

use super::complaint::Complaint;
use crate::metadata::{Kind, Package};

/// What a package may depend on inside the workspace.
enum May {
    Use(&'static [&'static str]),
    UseAll,
}

/// The house's floor plan. A new package or a new edge starts here and in docs/architecture.md.
const PLAN: &[(&str, May)] = &[
    ("model", May::Use(&[])),
    ("detectors", May::Use(&["model"])),
    ("workflow", May::Use(&["model"])),
    ("reach", May::Use(&[])),
    ("desk", May::Use(&["model", "workflow", "reach"])),
    ("ledger", May::Use(&["model", "detectors", "reach"])),
    ("ingest", May::Use(&["model", "reach"])),
    ("sink", May::Use(&["model", "ledger", "reach"])),
    ("identity", May::Use(&["model", "workflow"])),
    ("registers", May::Use(&["model"])),
    ("dashboard-api", May::Use(&["model", "workflow", "desk", "identity", "registers"])),
    ("embedded-clickhouse", May::Use(&[])),
    ("simulator", May::Use(&["model", "detectors", "ledger", "sink"])),
    ("xtask", May::Use(&[])),
    ("xiezhi", May::UseAll),
    ("system-tests", May::UseAll),
    ("benchmarks", May::UseAll),
];

const PURE: &[&str] = &["model", "detectors", "workflow", "registers"];

/// Names of crates, or of whole families (with a dash at the end), that bring a clock, a network, a logger or chance.
const IMPURE: &[&str] = &[
    "axum",
    "clickhouse",
    "log",
    "prometheus",
    "rand",
    "rdkafka",
    "reqwest",
    "tokio",
    "tokio-",
    "tracing",
    "ureq",
];

pub(crate) fn check(packages: &[Package]) -> Vec<Complaint> {
    let ours: Vec<&Package> = packages.iter().filter(|package| package.source.is_none()).collect();
    let names: Vec<&str> = ours.iter().map(|package| package.name.as_str()).collect();
    ours.iter().flat_map(|package| [directions(package, &names), purity(package)].concat()).collect()
}

fn manifest(package: &Package) -> String {
    match package.name.as_str() {
        "xiezhi" => "Cargo.toml".to_owned(),
        "system-tests" => "tests/Cargo.toml".to_owned(),
        "benchmarks" => "bench/Cargo.toml".to_owned(),
        name => format!("{name}/Cargo.toml"),
    }
}

fn directions(package: &Package, ours: &[&str]) -> Vec<Complaint> {
    let Some((_, may)) = PLAN.iter().find(|(name, _)| *name == package.name) else {
        let message = "this package has no place in the floor plan: add it in xtask/src/tidy/edges.rs";
        return vec![Complaint::error(&manifest(package), None, message)];
    };
    let May::Use(allowed) = may else { return Vec::new() };
    let targets = package.dependencies.iter().map(|dependency| dependency.name.as_str());
    let forbidden = targets.filter(|name| ours.contains(name) && !allowed.contains(name));
    let right = match allowed {
        [] => "none of the workspace".to_owned(),
        allowed => format!("only {}", allowed.join(", ")),
    };
    let message = |name: &str| format!("{} may not depend on {name}; it may know {right}", package.name);
    forbidden.map(|name| Complaint::error(&manifest(package), None, message(name))).collect()
}

/// Dev-dependencies are free: tests of a pure package may use what they like.
fn purity(package: &Package) -> Vec<Complaint> {
    if !PURE.contains(&package.name.as_str()) {
        return Vec::new();
    }
    let normal = package.dependencies.iter().filter(|dependency| dependency.kind == Kind::Normal);
    let impure = normal.filter(|dependency| is_impure(&dependency.name));
    let message =
        |name: &str| format!("{} is pure and may not use {name}: let the caller pass it in", package.name);
    impure.map(|dependency| Complaint::error(&manifest(package), None, message(&dependency.name))).collect()
}

fn is_impure(name: &str) -> bool {
    IMPURE.iter().any(|banned| name == *banned || (banned.ends_with('-') && name.starts_with(banned)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Dependency;

    fn package(name: &str, dependencies: &[(&str, Kind)]) -> Package {
        let dependency = |(name, kind): &(&str, Kind)| Dependency { name: (*name).to_owned(), kind: *kind };
        Package {
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            license: None,
            source: None,
            dependencies: dependencies.iter().map(dependency).collect(),
        }
    }

    fn messages(packages: &[Package]) -> Vec<String> {
        check(packages).into_iter().map(|complaint| complaint.message).collect()
    }

    #[test]
    fn an_edge_of_the_plan_is_allowed() {
        let packages = [package("model", &[]), package("detectors", &[("model", Kind::Normal)])];
        assert_eq!(messages(&packages), [""; 0]);
    }

    #[test]
    fn an_edge_against_the_plan_is_named_with_what_is_right() {
        let packages = [package("sink", &[]), package("ingest", &[("sink", Kind::Normal)])];
        assert_eq!(messages(&packages), ["ingest may not depend on sink; it may know only model, reach"]);
    }

    #[test]
    fn tests_do_not_bend_the_plan() {
        let packages = [package("sink", &[]), package("model", &[("sink", Kind::Dev)])];
        assert_eq!(messages(&packages), ["model may not depend on sink; it may know none of the workspace"]);
    }

    #[test]
    fn the_root_may_know_all() {
        let packages = [package("sink", &[]), package("xiezhi", &[("sink", Kind::Normal)])];
        assert_eq!(messages(&packages), [""; 0]);
    }

    #[test]
    fn a_package_without_a_place_is_an_error() {
        assert_eq!(check(&[package("utils", &[])])[0].file, "utils/Cargo.toml");
    }

    #[test]
    fn a_pure_package_takes_no_runtime_except_in_its_tests() {
        let normal = [package("model", &[("tokio-stream", Kind::Normal), ("serde", Kind::Normal)])];
        assert_eq!(
            messages(&normal),
            ["model is pure and may not use tokio-stream: let the caller pass it in"]
        );
        assert_eq!(messages(&[package("model", &[("tokio", Kind::Dev)])]), [""; 0]);
    }
}
