//! How the work of each item usually goes: who does it, in which steps, and how long a clean case takes. All of it lies
//! well inside the limits of the example catalogue, so that a clean case has no finding.

use super::schedule::{Dur, Leg};

/// An office that works on cases, under one publishing system.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) org: &'static str,
    pub(super) system: &'static str,
    /// Officers are `<prefix>-001` to `<prefix>-<officers>`.
    pub(super) prefix: &'static str,
    pub(super) officers: u32,
}

impl Desk {
    const fn new(org: &'static str, system: &'static str, prefix: &'static str, officers: u32) -> Self {
        Self { org, system, prefix, officers }
    }

    pub(super) fn source(&self) -> String {
        format!("urn:cn-org:{}:{}", self.org, self.system)
    }

    pub(super) fn officer_ids(&self) -> impl Iterator<Item = String> + '_ {
        (1..=self.officers).map(|n| format!("{}-{n:03}", self.prefix))
    }
}

const SJ_LICENCE: Desk = Desk::new("11990100260000488D", "licence", "SJ", 12);
const SJ_ENFORCEMENT: Desk = Desk::new("11990100260000488D", "enforcement", "SJ", 12);
const CG: Desk = Desk::new("119901002600008594", "penalty", "CG", 11);
const WJ: Desk = Desk::new("119901002600012296", "supervision", "WJ", 7);
const HB_ENFORCEMENT: Desk = Desk::new("119901002600015952", "enforcement", "HB", 9);
const HB_INSPECTION: Desk = Desk::new("119901002600015952", "inspection", "HB", 9);
const RS: Desk = Desk::new("11990100260001966Q", "injury", "RS", 6);
const MZ: Desk = Desk::new("11990100260002336T", "relief", "MZ", 6);
const ZR: Desk = Desk::new("11990100260002707H", "dispute", "ZR", 5);
const SL: Desk = Desk::new("11990100260003072Q", "levy", "SL", 4);
const JT: Desk = Desk::new("11990100260003443F", "filing", "JT", 4);
const DH: Desk = Desk::new("1199010226000418X7", "penalty", "DH", 5);
const XS: Desk = Desk::new("119901032600049216", "penalty", "XS", 4);
const ZW: Desk = Desk::new("11990100260005035C", "hotline", "ZW", 4);

/// Every desk, for whoever looks for an officer of some standing.
pub(super) const DESKS: &[Desk] = &[SJ_LICENCE, CG, WJ, HB_ENFORCEMENT, RS, MZ, ZR, SL, JT, DH, XS];

#[derive(Debug)]
pub(super) struct Profile {
    pub(super) code: &'static str,
    pub(super) desks: &'static [Desk],
    /// Share of all cases.
    pub(super) weight: usize,
    /// The code of a decision that nobody minds.
    pub(super) decision: &'static str,
    /// Whether a business is concerned, not a person.
    pub(super) business: bool,
    pub(super) legs: &'static [Leg],
}

pub(super) const HOTLINE: &str = "9901-QT-0012";
/// Stands in the catalogue or not: an item without limits, which nobody supervises.
pub(super) const UNSUPERVISED: &str = "9901-QT-0015";

const fn leg(step: &'static str, dur: Dur) -> Leg {
    Leg::completed(step, dur)
}

const fn minutes(low: i64, high: i64) -> Dur {
    Dur::Minutes(low, high)
}

const fn working(low: i32, high: i32) -> Dur {
    Dur::Working(low, high)
}

const fn calendar(low: i32, high: i32) -> Dur {
    Dur::Calendar(low, high)
}

pub(super) const PROFILES: &[Profile] = &[
    Profile {
        code: "9901-CF-0042",
        desks: &[CG, DH, XS],
        weight: 24,
        decision: "fine",
        business: false,
        legs: &[
            leg("filing", working(1, 4)),
            leg("investigation", working(3, 12)),
            leg("review", working(1, 6)),
            leg("decision", working(0, 3)),
            leg("execution", calendar(1, 9)),
        ],
    },
    Profile {
        code: "9901-CF-0107",
        desks: &[SJ_ENFORCEMENT],
        weight: 8,
        decision: "fine",
        business: true,
        legs: &[
            leg("filing", working(1, 3)),
            leg("investigation", working(4, 10)),
            leg("legal_review", working(1, 5)),
            leg("notice", working(0, 2)),
            leg("hearing_request", working(1, 3)),
            leg("hearing", working(1, 4)).in_percent(30),
            leg("decision", working(0, 3)),
            leg("delivery", working(1, 4)),
            leg("execution", calendar(1, 9)),
        ],
    },
    Profile {
        code: "9901-CF-0211",
        desks: &[HB_ENFORCEMENT],
        weight: 6,
        decision: "fine",
        business: true,
        legs: &[
            leg("filing", working(1, 4)),
            leg("investigation", working(4, 14)),
            leg("review", working(1, 6)),
            leg("decision", working(0, 3)),
            leg("execution", calendar(1, 9)),
        ],
    },
    Profile {
        code: "9901-CF-0330",
        desks: &[WJ],
        weight: 10,
        decision: "fine",
        business: true,
        legs: &[
            leg("inspection", minutes(20, 60)),
            leg("decision", minutes(10, 30)),
            leg("report", minutes(30, 120)),
            leg("execution", calendar(1, 8)),
        ],
    },
    Profile {
        code: "9901-XK-0101",
        desks: &[SJ_LICENCE],
        weight: 26,
        decision: "granted",
        business: true,
        legs: &[
            leg("acceptance", working(0, 1)),
            leg("review", working(1, 2)),
            leg("site_check", working(1, 2)),
            leg("decision", working(0, 1)),
            leg("delivery", working(1, 5)),
        ],
    },
    Profile {
        code: "9901-XK-0305",
        desks: &[WJ],
        weight: 14,
        decision: "granted",
        business: true,
        legs: &[
            leg("acceptance", minutes(20, 90)),
            leg("review", working(1, 2)),
            leg("site_check", working(1, 3)),
            leg("decision", working(0, 2)),
        ],
    },
    Profile {
        code: "9901-QZ-0003",
        desks: &[SJ_ENFORCEMENT],
        weight: 6,
        decision: "confiscated",
        business: true,
        legs: &[
            leg("approval", minutes(30, 120)),
            leg("seizure", minutes(40, 90)),
            leg("custody", working(2, 6)),
            leg("disposition", working(0, 1)),
        ],
    },
    Profile {
        code: "9901-ZS-0005",
        desks: &[SL],
        weight: 8,
        decision: "assessed",
        business: true,
        legs: &[
            leg("declaration", working(1, 2)),
            leg("assessment", working(1, 3)),
            leg("notice", working(0, 2)),
            leg("payment", calendar(1, 9)),
            leg("refund", working(1, 3)).in_percent(15),
        ],
    },
    Profile {
        code: "9901-JF-0008",
        desks: &[MZ],
        weight: 12,
        decision: "granted",
        business: false,
        legs: &[
            leg("application", working(0, 1)),
            leg("urgent", minutes(40, 180)).in_percent(40),
            leg("survey", working(1, 3)),
            leg("approval", working(0, 2)),
            leg("disbursal", working(0, 1)),
        ],
    },
    Profile {
        code: "9901-CJ-0002",
        desks: &[ZR],
        weight: 5,
        decision: "ruled",
        business: false,
        legs: &[
            leg("acceptance", working(1, 3)),
            leg("inquiry", working(5, 14)),
            leg("mediation", working(2, 8)),
            leg("ruling", working(1, 4)),
        ],
    },
    Profile {
        code: "9901-QR-0006",
        desks: &[RS],
        weight: 10,
        decision: "recognised",
        business: false,
        legs: &[
            leg("acceptance", working(1, 3)),
            leg("investigation", working(2, 4)),
            leg("decision", working(0, 2)),
            leg("delivery", working(1, 6)),
        ],
    },
    Profile {
        code: "9901-JL-0001",
        desks: &[SJ_ENFORCEMENT],
        weight: 7,
        decision: "rewarded",
        business: false,
        legs: &[
            leg("registration", working(0, 1)),
            leg("verification", working(3, 10)),
            leg("decision", working(1, 6)),
            leg("payout", working(1, 5)),
        ],
    },
    Profile {
        code: "9901-JC-0004",
        desks: &[HB_INSPECTION],
        weight: 10,
        decision: "compliant",
        business: true,
        legs: &[
            leg("draw", minutes(10, 30)),
            leg("inspection", working(0, 2)),
            leg("result", working(1, 5)),
            leg("publication", working(1, 8)),
        ],
    },
    Profile {
        code: "9901-QT-0009",
        desks: &[JT],
        weight: 14,
        decision: "recorded",
        business: true,
        legs: &[
            leg("acceptance", minutes(10, 20)),
            leg("check", minutes(10, 25)),
            leg("record", minutes(5, 15)),
        ],
    },
    Profile {
        code: HOTLINE,
        desks: &[ZW],
        weight: 10,
        decision: "handled",
        business: false,
        legs: &[
            leg("registration", Dur::Seconds(20, 50)),
            leg("dispatch", Dur::Seconds(5, 20)),
            leg("handling", working(0, 2)),
            leg("reply", minutes(5, 20)),
        ],
    },
];

/// Only used where the catalogue has the item, and then only planted.
pub(super) const UNSUPERVISED_PROFILE: Profile = Profile {
    code: UNSUPERVISED,
    desks: &[ZW],
    weight: 0,
    decision: "settled",
    business: false,
    legs: &[leg("acceptance", working(0, 1)), leg("mediation", working(1, 10))],
};
