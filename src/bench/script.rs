//! How a case goes: a penalty for street trading under the demo's catalogue, in one of three lengths, twelve events on
//! average.

use std::io::Write;

use model::Instant;
use model::time::{Day, MS_PER_DAY, MS_PER_HOUR};

use super::load::Case;
use crate::random::Random;

const SOURCE: &str = "urn:cn-org:119901002600008594:penalty";
const ORG: &str = "119901002600008594";

/// One event of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact {
    Accepted,
    Started(&'static str),
    Completed(&'static str),
    Evidence,
    Decided { fines: bool },
    Returned,
    Paid,
    Closed,
    Withdrawn,
}

use Fact::{Accepted, Closed, Completed, Decided, Evidence, Paid, Returned, Started, Withdrawn};

const WITHDRAWN: &[Fact] = &[
    Accepted,
    Started("filing"),
    Completed("filing"),
    Started("investigation"),
    Evidence,
    Completed("investigation"),
    Started("review"),
    Completed("review"),
    Withdrawn,
];
const WARNED: &[Fact] = &[
    Accepted,
    Started("filing"),
    Completed("filing"),
    Started("investigation"),
    Evidence,
    Completed("investigation"),
    Started("review"),
    Completed("review"),
    Started("decision"),
    Decided { fines: false },
    Completed("decision"),
    Closed,
];
const FINED: &[Fact] = &[
    Accepted,
    Started("filing"),
    Completed("filing"),
    Started("investigation"),
    Evidence,
    Completed("investigation"),
    Started("review"),
    Completed("review"),
    Started("decision"),
    Decided { fines: true },
    Completed("decision"),
    Started("execution"),
    Paid,
    Completed("execution"),
    Closed,
];
/// The decision is sent back once.
const RETURNED: &[Fact] = &[
    Accepted,
    Started("filing"),
    Completed("filing"),
    Started("investigation"),
    Evidence,
    Completed("investigation"),
    Started("review"),
    Completed("review"),
    Started("decision"),
    Returned,
    Decided { fines: false },
    Closed,
];

/// Each as often as the others, and the way back once in a while.
pub(super) const SCRIPTS: &[&[Fact]] = &[
    WITHDRAWN, WARNED, FINED, WITHDRAWN, WARNED, FINED, WITHDRAWN, WARNED, FINED, WITHDRAWN, WARNED, FINED,
    WITHDRAWN, WARNED, FINED, WITHDRAWN, WARNED, FINED, WITHDRAWN, WARNED, FINED, RETURNED,
];

/// What is wrong with a case, beside the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    FiledLate,
    FiledAtTheLastMoment,
    OneOfficer,
    OfficerExpired,
    NoDocument,
    NoBasis,
    NoReason,
    FinedTooMuch,
    NoVoucher,
    PaidTooLittle,
}

impl Flaw {
    const ANY: &[Self] = &[
        Self::FiledLate,
        Self::FiledAtTheLastMoment,
        Self::OneOfficer,
        Self::OfficerExpired,
        Self::NoDocument,
    ];
    const FINED: &[Self] = &[
        Self::FiledLate,
        Self::OneOfficer,
        Self::NoBasis,
        Self::NoReason,
        Self::FinedTooMuch,
        Self::NoVoucher,
        Self::PaidTooLittle,
    ];

    /// Those for which a script has a place.
    pub(super) fn of(script: &[Fact]) -> &'static [Self] {
        if script.contains(&Paid) { Self::FINED } else { Self::ANY }
    }
}

impl Fact {
    /// How long after the event before, ms: whole seconds.
    pub(super) fn wait(self, case: &Case, random: &mut Random) -> i64 {
        let hours = match (self, case.flaw) {
            (Completed("filing"), Some(Flaw::FiledLate)) => (16 * 24, 20 * 24),
            (Completed("filing"), Some(Flaw::FiledAtTheLastMoment)) => (9 * 24 - 12, 9 * 24),
            (Completed("filing" | "review"), _) => (20, 80),
            (Evidence, _) => (24, 160),
            (Completed("investigation"), _) => (1, 48),
            (Completed("execution") | Paid, _) => (24, 96),
            (Closed | Withdrawn, _) => (1, 48),
            _ => (1, 24),
        };
        random.between(hours.0 * 3_600, hours.1 * 3_600) * (MS_PER_HOUR / 3_600)
    }

    const fn kind(self) -> &'static str {
        match self {
            Accepted => "case.accepted",
            Started(_) => "step.started",
            Completed(_) => "step.completed",
            Evidence => "evidence.uploaded",
            Decided { .. } => "decision.made",
            Returned => "step.returned",
            Paid => "penalty.executed",
            Closed => "case.closed",
            Withdrawn => "case.withdrawn",
        }
    }

    /// Appends the event as a line.
    pub(super) fn write(self, case: &Case, at: Instant, random: &mut Random, line: &mut Vec<u8>) {
        let (number, told, time) = (case.number, case.told, Local(at));
        let recorded = Local(at.plus_ms(random.between(1, 90) * 1_000));
        let kind = self.kind();
        let data = self.data(case, random);
        writeln!(
            line,
            r#"{{"specversion":"1.0","id":"CG-2024-{number:08}-{told:03}","source":"{SOURCE}","type":"{kind}","subject":"CG-2024-{number:08}","time":"{time}","recordedtime":"{recorded}","datacontenttype":"application/json","data":{data}}}"#
        )
        .expect("memory takes what is written");
    }

    fn data(self, case: &Case, random: &mut Random) -> String {
        let number = case.number;
        let officers = match case.flaw {
            Some(Flaw::OneOfficer) => r#"["CG-001"]"#,
            Some(Flaw::OfficerExpired) => r#"["CG-001","CG-003","CG-010"]"#,
            _ => random.pick(&[r#"["CG-001","CG-003"]"#, r#"["CG-003","CG-006"]"#]),
        };
        let system = r#""operator":{"name":"值班员","account":"zhibanyuan01"},"device":"执法终端-07""#;
        match self {
            Accepted => format!(
                r#"{{"item":"9901-CF-0042","org":"{ORG}","region":"990102","title":"占道经营案（第{number}号）","applicant":{{"name":"某个体工商户","kind":"business","id_no":"92990102MA{number:08}"}},"channel":"巡查发现"}}"#
            ),
            Started("investigation") => format!(
                r#"{{"step":"investigation","officers":{officers},"note":"依法开展调查取证","place":"解放路与人民路交叉口",{system}}}"#
            ),
            Started(step) => {
                format!(r#"{{"step":"{step}","note":"按程序进入下一环节，请在法定期限内办理",{system}}}"#)
            }
            Completed(step) => {
                format!(
                    r#"{{"step":"{step}","fields":{{"opinion":"情况属实，同意","signed":"是"}},"note":"本环节已按规定办结",{system}}}"#
                )
            }
            Evidence => evidence(case, random),
            Decided { fines } => decision(case, fines, random),
            Returned => format!(
                r#"{{"from":"decision","to":"investigation","reason":"主要事实不清，退回补充调查",{system}}}"#
            ),
            Paid => {
                let vouchers = if case.flaw == Some(Flaw::NoVoucher) {
                    "[]".to_owned()
                } else {
                    format!(r#"[{{"id":"PJ-{number:08}","sha256":"{}"}}]"#, random.digest())
                };
                let fen = if case.flaw == Some(Flaw::PaidTooLittle) { 5_000 } else { fine(case) };
                format!(r#"{{"fine_fen":{fen},"vouchers":{vouchers},"bank":"云泽农商银行",{system}}}"#)
            }
            Closed | Withdrawn => {
                format!(r#"{{"reason":"案件办理完毕，材料归档","archive":"DA-{number:08}",{system}}}"#)
            }
        }
    }
}

fn evidence(case: &Case, random: &mut Random) -> String {
    let number = case.number;
    let photo = format!(
        r#"{{"id":"ZP-{number:08}","kind":"photo","name":"现场照片.jpg","sha256":"{}"}}"#,
        random.digest()
    );
    let document = format!(
        r#"{{"id":"BL-{number:08}","kind":"document","name":"询问笔录.pdf","sha256":"{}"}}"#,
        random.digest()
    );
    let pieces = if case.flaw == Some(Flaw::NoDocument) { photo } else { format!("{photo},{document}") };
    format!(r#"{{"step":"investigation","evidence":[{pieces}]}}"#)
}

fn fine(case: &Case) -> i64 {
    if case.flaw == Some(Flaw::FinedTooMuch) { 80_000 } else { 10_000 + (case.number % 100) as i64 * 100 }
}

fn decision(case: &Case, fines: bool, random: &mut Random) -> String {
    let basis = if case.flaw == Some(Flaw::NoBasis) {
        ""
    } else {
        r#"{"law":"城市市容和环境卫生管理条例","article":"36"}"#
    };
    let reason = if case.flaw == Some(Flaw::NoReason) {
        "\u{3000}"
    } else {
        "事实清楚，证据确凿，情节轻微"
    };
    if !fines {
        return format!(
            r#"{{"step":"decision","decision":"warning","basis":[{basis}],"reason":"{reason}","paper":"{}"}}"#,
            &random.digest()[..20]
        );
    }
    let fen = fine(case);
    format!(
        r#"{{"step":"decision","decision":"fine","basis":[{basis}],"reason":"{reason}","fine_fen":{fen},"discretion":{{"standard":"street-trading","tier":"light","circumstances":["first_offence"]}}}}"#
    )
}

/// RFC 3339 in China, which has no summer time.
struct Local(Instant);

impl std::fmt::Display for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = self.0.0 + 8 * MS_PER_HOUR;
        let day = Day(ms.div_euclid(MS_PER_DAY) as i32);
        let second = ms.rem_euclid(MS_PER_DAY) / 1_000;
        write!(f, "{day}T{:02}:{:02}:{:02}+08:00", second / 3_600, second / 60 % 60, second % 60)
    }
}
