//! Time: limits that were missed, or nearly, in every unit and with every kind of light. Each length is days away from
//! where the answer would change.

use model::finding::{Code, Light, State};

use super::recipe::{PLAIN, Recipe, Says, When};
use super::schedule::Dur::{At, Calendar, Minutes, Open, Working};

const fn late(point: &'static str) -> Says {
    (point, Code::Overdue, Light::Red, State::Raised)
}

const fn late_yellow(point: &'static str) -> Says {
    (point, Code::Overdue, Light::Yellow, State::Raised)
}

/// A warning that stands.
const fn soon(point: &'static str) -> Says {
    (point, Code::DueSoon, Light::Yellow, State::Raised)
}

/// A warning that has ended, in time or by the limit's being missed.
const fn warned(point: &'static str) -> Says {
    (point, Code::DueSoon, Light::Yellow, State::Cleared)
}

const CF_0042: &[&str] = &["9901-CF-0042"];
const CF_0107: &[&str] = &["9901-CF-0107"];
const CF_0211: &[&str] = &["9901-CF-0211"];
const CF_0330: &[&str] = &["9901-CF-0330"];
const XK_0101: &[&str] = &["9901-XK-0101"];
const XK_0305: &[&str] = &["9901-XK-0305"];
const QZ_0003: &[&str] = &["9901-QZ-0003"];
const ZS_0005: &[&str] = &["9901-ZS-0005"];
const JF_0008: &[&str] = &["9901-JF-0008"];
const CJ_0002: &[&str] = &["9901-CJ-0002"];
const QR_0006: &[&str] = &["9901-QR-0006"];
const JL_0001: &[&str] = &["9901-JL-0001"];
const JC_0004: &[&str] = &["9901-JC-0004"];
const QT_0009: &[&str] = &["9901-QT-0009"];

type Legs = &'static [(&'static str, super::schedule::Dur)];

const fn done(items: &'static [&'static str], legs: Legs, says: &'static [Says]) -> Recipe {
    Recipe { items, legs, says, ..PLAIN }
}

const fn past(
    items: &'static [&'static str],
    legs: Legs,
    limit: &'static str,
    by: (i32, i32),
    says: &'static [Says],
) -> Recipe {
    Recipe { items, legs, says, when: When::Past(limit, by), ..PLAIN }
}

const fn standing(
    items: &'static [&'static str],
    legs: Legs,
    limit: &'static str,
    says: &'static [Says],
) -> Recipe {
    Recipe { items, legs, says, when: When::Warned(limit), ..PLAIN }
}

/// Completed, but late.
pub(super) const LATE: &[Recipe] = &[
    done(CF_0042, &[("filing", Working(10, 14))], &[late("t-filing"), warned("t-filing")]),
    done(CF_0042, &[("execution", Calendar(28, 34))], &[late("t-execution"), warned("t-execution")]),
    done(CF_0107, &[("delivery", Working(10, 14))], &[late("t-delivery"), warned("t-delivery")]),
    done(CF_0107, &[("legal_review", Working(13, 15))], &[late("t-legal-review"), warned("t-legal-review")]),
    // A window, not a duty: nothing warns of its end.
    done(CF_0107, &[("hearing_request", Working(8, 10))], &[late("t-hearing-request")]),
    done(CF_0107, &[("execution", Calendar(28, 34))], &[late("t-execution"), warned("t-execution")]),
    done(CF_0211, &[("filing", Working(10, 14))], &[late("t-filing"), warned("t-filing")]),
    done(CF_0330, &[("decision", Working(2, 3))], &[late("t-spot"), warned("t-spot")]),
    done(CF_0330, &[("report", Working(4, 6))], &[late("t-report"), warned("t-report")]),
    done(XK_0101, &[("delivery", Working(13, 18))], &[late("t-delivery"), warned("t-delivery")]),
    // A promise has lights in stages: yellow at first, red from two days on.
    done(
        XK_0101,
        &[
            ("acceptance", Minutes(20, 50)),
            ("review", Working(9, 9)),
            ("site_check", Working(2, 2)),
            ("decision", Minutes(20, 50)),
        ],
        &[late_yellow("t-promised"), warned("t-promised")],
    ),
    done(
        XK_0101,
        &[("review", Working(12, 13)), ("site_check", Working(2, 2)), ("decision", Minutes(20, 50))],
        &[late("t-promised"), warned("t-promised")],
    ),
    done(
        XK_0101,
        &[("site_check", Working(12, 12)), ("review", Working(2, 2))],
        &[late("t-site-check"), warned("t-site-check"), late("t-promised"), warned("t-promised")],
    ),
    done(
        XK_0101,
        &[("review", Working(22, 24))],
        &[late("t-statutory"), warned("t-statutory"), late("t-promised"), warned("t-promised")],
    ),
    done(XK_0305, &[("review", Working(9, 10))], &[late("t-review"), warned("t-review")]),
    done(XK_0305, &[("acceptance", At(1, 820, 890))], &[late_yellow("t-acceptance"), warned("t-acceptance")]),
    done(XK_0305, &[("acceptance", At(2, 820, 890))], &[late("t-acceptance"), warned("t-acceptance")]),
    done(XK_0305, &[("site_check", Working(23, 26))], &[late("t-total"), warned("t-total")]),
    done(QZ_0003, &[("approval", Working(2, 3))], &[late("t-approval"), warned("t-approval")]),
    done(QZ_0003, &[("custody", Calendar(34, 40))], &[late("t-holding"), warned("t-holding")]),
    done(ZS_0005, &[("notice", Working(8, 10))], &[late("t-notice"), warned("t-notice")]),
    done(ZS_0005, &[("assessment", Working(13, 15))], &[late("t-assessment"), warned("t-assessment")]),
    done(ZS_0005, &[("payment", Calendar(28, 34))], &[late("t-payment"), warned("t-payment")]),
    done(JF_0008, &[("disbursal", Working(5, 5))], &[late("t-disbursal"), warned("t-disbursal")]),
    done(JF_0008, &[("urgent", Working(2, 2))], &[late("t-urgent"), warned("t-urgent")]),
    done(JF_0008, &[("survey", Working(18, 21))], &[late("t-total"), warned("t-total")]),
    done(CJ_0002, &[("acceptance", Working(10, 12))], &[late("t-acceptance"), warned("t-acceptance")]),
    done(
        QR_0006,
        &[
            ("acceptance", Minutes(20, 50)),
            ("investigation", Calendar(42, 45)),
            ("decision", Minutes(20, 50)),
        ],
        &[late_yellow("t-promised")],
    ),
    done(
        QR_0006,
        &[("investigation", Calendar(76, 80))],
        &[late("t-statutory"), warned("t-statutory"), late_yellow("t-promised")],
    ),
    done(QR_0006, &[("delivery", Working(24, 28))], &[late("t-delivery"), warned("t-delivery")]),
    done(JL_0001, &[("decision", Working(18, 20))], &[late("t-decision"), warned("t-decision")]),
    done(JL_0001, &[("payout", Working(13, 15))], &[late("t-payout"), warned("t-payout")]),
    done(JC_0004, &[("publication", Working(24, 26))], &[late("t-publication"), warned("t-publication")]),
    done(JC_0004, &[("result", Working(48, 52))], &[late("t-total"), warned("t-total")]),
    done(QT_0009, &[("check", Minutes(260, 290))], &[late("t-check"), warned("t-check")]),
    done(QT_0009, &[("acceptance", Working(2, 3))], &[late("t-total"), warned("t-total")]),
];

/// Still open, and past its time.
pub(super) const OPEN: &[Recipe] = &[
    past(CF_0042, &[("filing", Open)], "filing", (3, 25), &[late("t-filing"), warned("t-filing")]),
    past(
        CF_0042,
        &[("execution", Open)],
        "execution",
        (3, 25),
        &[late("t-execution"), warned("t-execution")],
    ),
    past(CF_0107, &[("delivery", Open)], "delivery", (3, 25), &[late("t-delivery"), warned("t-delivery")]),
    past(
        CF_0211,
        &[("execution", Open)],
        "execution",
        (3, 25),
        &[late("t-execution"), warned("t-execution")],
    ),
    past(
        CF_0330,
        &[("execution", Open)],
        "execution",
        (3, 25),
        &[late("t-execution"), warned("t-execution")],
    ),
    past(XK_0101, &[("delivery", Open)], "delivery", (3, 25), &[late("t-delivery"), warned("t-delivery")]),
    past(ZS_0005, &[("payment", Open)], "payment", (3, 25), &[late("t-payment"), warned("t-payment")]),
    past(QZ_0003, &[("custody", Open)], "holding", (3, 25), &[late("t-holding"), warned("t-holding")]),
    past(JL_0001, &[("payout", Open)], "payout", (3, 25), &[late("t-payout"), warned("t-payout")]),
    past(JL_0001, &[("decision", Open)], "decision", (3, 25), &[late("t-decision"), warned("t-decision")]),
    past(QR_0006, &[("delivery", Open)], "delivery", (3, 25), &[late("t-delivery"), warned("t-delivery")]),
    past(
        JC_0004,
        &[("publication", Open)],
        "publication",
        (3, 9),
        &[late("t-publication"), warned("t-publication")],
    ),
    past(CJ_0002, &[("ruling", Open)], "total", (5, 15), &[late_yellow("t-total"), warned("t-total")]),
    past(CJ_0002, &[("ruling", Open)], "total", (36, 50), &[late("t-total"), warned("t-total")]),
];

/// A warning: it stands, or was answered in time.
pub(super) const SOON: &[Recipe] = &[
    standing(CF_0042, &[("investigation", Working(3, 8)), ("decision", Open)], "total", &[soon("t-total")]),
    standing(CF_0211, &[("decision", Open)], "total", &[soon("t-total")]),
    standing(QZ_0003, &[("custody", Open)], "holding", &[soon("t-holding")]),
    standing(
        QR_0006,
        &[("investigation", Open)],
        "statutory",
        &[soon("t-statutory"), late_yellow("t-promised")],
    ),
    standing(QR_0006, &[("delivery", Open)], "delivery", &[soon("t-delivery")]),
    standing(JC_0004, &[("publication", Open)], "publication", &[soon("t-publication")]),
    done(CF_0042, &[("filing", Working(7, 7))], &[warned("t-filing")]),
    done(CF_0107, &[("legal_review", Working(9, 10))], &[warned("t-legal-review")]),
    done(XK_0101, &[("delivery", Working(9, 10))], &[warned("t-delivery")]),
    done(QZ_0003, &[("custody", Calendar(26, 27)), ("disposition", Minutes(20, 50))], &[warned("t-holding")]),
    done(ZS_0005, &[("notice", Working(5, 5))], &[warned("t-notice")]),
    done(JL_0001, &[("decision", Working(13, 15))], &[warned("t-decision")]),
    done(QR_0006, &[("delivery", Working(16, 19))], &[warned("t-delivery")]),
    done(JC_0004, &[("publication", Working(16, 19))], &[warned("t-publication")]),
];
