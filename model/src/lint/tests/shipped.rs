//! The catalogues that the project ships come out clean; the one that is misconfigured on purpose shows its codes.

use std::path::Path;

use crate::catalogue::{Catalogue, Problem, ProblemCode as P};
use crate::time::Day;

fn findings(dir: &str) -> Vec<Problem> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(dir);
    Catalogue::inspect(&dir).findings(Day::from_ymd(2026, 6, 30))
}

#[test]
fn what_is_shipped_is_clean() {
    let shipped = [
        "deploy/catalogues/demo",
        "deploy/catalogues/road-traffic-fine",
        "deploy/catalogues/wabo-receipt",
        "tests/scenarios/catalogue",
    ];
    let shown =
        |dir: &str| findings(dir).iter().map(|p| format!("{dir}: {} {p}", p.code)).collect::<Vec<_>>();
    let all: Vec<String> = shipped.iter().flat_map(|dir| shown(dir)).collect();
    assert!(all.is_empty(), "{all:#?}");
}

#[test]
fn the_decks_misconfigurations_are_told() {
    let found = findings("tests/scenarios/catalogue-misconfigured");
    let codes: Vec<P> = found.iter().map(|p| p.code).collect();
    let expected = [
        P::OfficersNotAuthorized,
        P::FieldNotOnForm,
        P::RollbackOnWayBack,
        P::OfficersNotAuthorized,
        P::FieldNotOnForm,
        P::OfficerWithoutCertificate,
    ];
    assert_eq!(codes, expected, "{found:#?}");
}
