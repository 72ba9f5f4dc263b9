//! Words for verdicts, in Chinese and English: the facts, the rule with its legal basis, and the computed dates.

mod limit;
pub(crate) mod silence;

use model::calendar::Calendar;
use model::catalogue::{Bilingual, Item, LegalBasis, Rule};
use model::finding::Code;
use model::time::Instant;

use crate::verdict::{Story, Verdict};

/// Explains one verdict to a supervisor.
pub fn explain(verdict: &Verdict, item: Option<&Item>, calendar: &Calendar) -> Bilingual {
    let words = Words { verdict, item, calendar };
    let Bilingual { mut zh, mut en } = words.finding();
    if verdict.provisional {
        zh.push_str("期限跨入尚无日历的年份,暂按周一至周五为工作日推算。");
        en.push_str(" The due date runs into a year without a calendar and is provisional: Monday to Friday was assumed.");
    }
    if let Some(basis) = item.map(|i| i.legal_basis.as_slice()).filter(|b| !b.is_empty()) {
        zh.push_str(&format!("依据:{}。", basis.iter().map(basis_zh).collect::<Vec<_>>().join("、")));
        en.push_str(&format!(" Legal basis: {}.", basis.iter().map(basis_en).collect::<Vec<_>>().join("; ")));
    }
    Bilingual { zh, en }
}

fn basis_zh(basis: &LegalBasis) -> String {
    if basis.article.is_empty() {
        format!("《{}》", basis.law)
    } else {
        format!("《{}》第{}条", basis.law, basis.article)
    }
}

fn basis_en(basis: &LegalBasis) -> String {
    if basis.article.is_empty() {
        basis.law.clone()
    } else {
        format!("{}, art. {}", basis.law, basis.article)
    }
}

struct Words<'v> {
    verdict: &'v Verdict,
    item: Option<&'v Item>,
    calendar: &'v Calendar,
}

fn both(zh: String, en: String) -> Bilingual {
    Bilingual { zh, en }
}

impl Words<'_> {
    fn finding(&self) -> Bilingual {
        match &self.verdict.story {
            Story::Plain => self.plain(),
            Story::Limit { .. } => self.limit(),
            Story::Officers { qualified, needed, named } => self.officers(*qualified, *needed, named),
            Story::Officer { officer } => self.officer(officer),
            Story::Return { to, times } => self.returned(to, *times),
            Story::Restart { step } => self.restarted(step),
            Story::Evidence { kind, found, needed, later_upload } => {
                self.evidence(kind, *found, *needed, *later_upload)
            }
            Story::Field { name } => {
                let (step, at) = (self.step(), self.at());
                both(
                    format!("环节“{}”{at}作出决定,必填项“{name}”未填写。", step.zh),
                    format!(
                        "The decision at step \"{}\" on {at} leaves the required field \"{name}\" blank.",
                        step.en
                    ),
                )
            }
            Story::Decision { decision } => self.decision(decision),
            Story::Discretion { standard, tier, fine, range, circumstances } => {
                self.discretion(standard, tier, *fine, *range, circumstances)
            }
            Story::Money { executed, owed } => self.money(*executed, *owed),
            Story::Lag { hours, allowed } => both(
                format!("{}发生的事项在{hours}小时后才录入,超过允许的{allowed}小时。", self.at()),
                format!(
                    "What happened on {} was recorded {hours} hours later; {allowed} are allowed.",
                    self.at()
                ),
            ),
            Story::Extension { limit, due } => {
                let due = self.calendar.format_short(*due);
                both(
                    format!("时限“{limit}”已于{due}届满,{}的延期不予计算。", self.at()),
                    format!(
                        "Limit \"{limit}\" had run out on {due}; its extension of {} does not count.",
                        self.at()
                    ),
                )
            }
        }
    }

    fn at(&self) -> String {
        self.calendar.format_short(self.verdict.violated_at)
    }

    fn step(&self) -> Bilingual {
        let id = self.verdict.step.clone().unwrap_or_default();
        self.step_named(&id)
    }

    fn step_named(&self, id: &str) -> Bilingual {
        let known = self.item.and_then(|i| i.steps.iter().find(|s| s.id == id));
        known.map_or_else(|| Bilingual { zh: id.to_owned(), en: id.to_owned() }, |s| s.name.clone())
    }

    fn plain(&self) -> Bilingual {
        let name = self.verdict.detail.as_deref().unwrap_or_default();
        let (step, at) = (self.step(), self.at());
        let (zh, en) = match self.verdict.code {
            Code::UnknownItem => (
                format!("案件{at}受理时使用的事项“{name}”不在职权目录中,无法监察。"),
                format!(
                    "The case was accepted on {at} under item \"{name}\", which the catalogue does not have; it cannot be supervised."
                ),
            ),
            Code::UnknownStep => (
                format!("{at}的事件提到环节“{name}”,该事项没有此环节。"),
                format!("An event of {at} names step \"{name}\", which the item does not have."),
            ),
            Code::UnknownEvidence => (
                format!("{at}移除的证据“{name}”此前并未上传。"),
                format!("Evidence \"{name}\" was removed on {at} but had not been uploaded."),
            ),
            Code::AfterClose => (
                format!("案件办结之后,{at}仍有事件。"),
                format!("An event of {at} came after the case was closed."),
            ),
            Code::MissingStart => (
                format!("环节“{}”{at}办结,但没有对应的环节开始。", step.zh),
                format!("Step \"{}\" was completed on {at} without having been started.", step.en),
            ),
            Code::NotSupervised => (
                "案件已受理,但该事项未设置任何时限,未受监察。".to_owned(),
                "The case was accepted under an item without any limit: it is not supervised.".to_owned(),
            ),
            code => (format!("{code}({at})。"), format!("{code} on {at}.")),
        };
        both(zh, en)
    }

    fn officers(&self, qualified: u32, needed: u32, named: &[String]) -> Bilingual {
        let (step, at) = (self.step(), self.at());
        let names = if named.is_empty() {
            ("无".to_owned(), "nobody".to_owned())
        } else {
            (named.join("、"), named.join(", "))
        };
        let held = if self.asks_for_class_or_area() {
            ("有效且适用的执法证", "a valid certificate that fits")
        } else {
            ("有效执法证", "a certificate valid that day")
        };
        both(
            format!(
                "环节“{}”{at}办结,授权或署名的人员({})中当日持有{}的有{qualified}人,应不少于{needed}人。",
                step.zh, names.0, held.0
            ),
            format!(
                "Step \"{}\" was completed on {at}; of those authorised or named ({}) {qualified} held {}, at least {needed} must.",
                step.en, names.1, held.1
            ),
        )
    }

    fn asks_for_class_or_area(&self) -> bool {
        let point = self.item.zip(self.verdict.point).and_then(|(item, point)| item.points.get(point));
        matches!(point.map(|p| &p.rule), Some(Rule::OfficerQualification { classes, in_area, .. }) if *in_area || !classes.is_empty())
    }

    fn officer(&self, officer: &str) -> Bilingual {
        let (step, at) = (self.step(), self.at());
        let why = match self.verdict.detail.as_deref() {
            Some("not_registered") => ("执法资格未录入", "is not in the register with a certificate"),
            Some("other_class") => (
                "执法证的执法类别与监察点要求不符",
                "holds no valid certificate of the class that the point asks for",
            ),
            Some("other_area") => (
                "执法证的执法区域不含案件所在区划",
                "holds no valid certificate for the area where the case is",
            ),
            Some("not_yet_valid") => ("执法证尚未生效", "holds a certificate that is not valid yet"),
            _ => ("执法证已过期", "holds no certificate that is still valid"),
        };
        both(
            format!("环节“{}”{at}办结时,执法人员{officer}{}。", step.zh, why.0),
            format!("At the completion of step \"{}\" on {at}, officer {officer} {}.", step.en, why.1),
        )
    }

    fn returned(&self, to: &str, times: u32) -> Bilingual {
        let (from, to, at) = (self.step(), self.step_named(to), self.at());
        both(
            format!("{at}由环节“{}”回退至“{}”,流程未设置此回退;本案该环节第{times}次回退。", from.zh, to.zh),
            format!(
                "On {at} the case was returned from \"{}\" to \"{}\", which the flow does not foresee; return number {times} from this step.",
                from.en, to.en
            ),
        )
    }

    fn restarted(&self, started: &str) -> Bilingual {
        let (step, started, at) = (self.step(), self.step_named(started), self.at());
        both(
            format!("环节“{}”已办结,{at}又开始其之前的环节“{}”,没有回退记录。", step.zh, started.zh),
            format!(
                "Step \"{}\" had been completed; on {at} the earlier step \"{}\" was started again without a return.",
                step.en, started.en
            ),
        )
    }

    fn evidence(&self, kind: &str, found: u32, needed: u32, later: Option<Instant>) -> Bilingual {
        let (step, at) = (self.step(), self.at());
        let kind_zh = match kind {
            "video" => "视频",
            "audio" => "音频",
            "photo" => "照片",
            "document" => "文档",
            other => other,
        };
        let (mut zh, mut en) = if self.verdict.code == Code::EvidenceReduced {
            (
                format!("环节“{}”办结后,{at}移除证据,{kind_zh}剩{found}件,应不少于{needed}件。", step.zh),
                format!(
                    "After step \"{}\" was completed, evidence was removed on {at}: {found} {kind} left, at least {needed} required.",
                    step.en
                ),
            )
        } else {
            (
                format!("环节“{}”{at}办结时{kind_zh}证据{found}件,应不少于{needed}件。", step.zh),
                format!(
                    "At the completion of step \"{}\" on {at} there were {found} pieces of {kind}, at least {needed} are required.",
                    step.en
                ),
            )
        };
        if let Some(later) = later {
            let later = self.calendar.format_short(later);
            zh.push_str(&format!("{later}补传。"));
            en.push_str(&format!(" More was uploaded on {later}."));
        }
        both(zh, en)
    }

    fn decision(&self, decision: &str) -> Bilingual {
        let (step, at) = (self.step(), self.at());
        if self.verdict.code == Code::NoBasis {
            return both(
                format!("环节“{}”{at}作出的决定“{decision}”未填写依据。", step.zh),
                format!("Decision \"{decision}\" at step \"{}\" on {at} cites no basis.", step.en),
            );
        }
        both(
            format!("环节“{}”{at}作出否定性决定“{decision}”。", step.zh),
            format!("A negative decision, \"{decision}\", was made at step \"{}\" on {at}.", step.en),
        )
    }

    fn discretion(
        &self,
        standard: &str,
        tier: &str,
        fine: Option<i64>,
        (min, max): (Option<i64>, Option<i64>),
        circumstances: &[String],
    ) -> Bilingual {
        let at = self.at();
        let fine = fine.map_or_else(|| "-".to_owned(), yuan);
        let bound = |b: Option<i64>| b.map_or_else(|| "-".to_owned(), yuan);
        match self.verdict.code {
            Code::UnknownTier => both(
                format!("{at}罚款{fine}元,裁量标准“{standard}”、档次“{tier}”未填写或不在职权目录中。"),
                format!(
                    "A fine of {fine} yuan on {at}: standard \"{standard}\", tier \"{tier}\" is missing or not in the catalogue."
                ),
            ),
            Code::OutOfTier => both(
                format!(
                    "{at}罚款{fine}元,不在裁量标准“{standard}”档次“{tier}”的幅度{}至{}元之内。",
                    bound(min),
                    bound(max)
                ),
                format!(
                    "The fine of {fine} yuan on {at} is outside tier \"{tier}\" of standard \"{standard}\": {} to {} yuan.",
                    bound(min),
                    bound(max)
                ),
            ),
            _ => both(
                format!("{at}适用裁量档次“{tier}”,但未具备其任一情节({})。", circumstances.join("、")),
                format!(
                    "Tier \"{tier}\" was applied on {at} without any of its circumstances ({}).",
                    circumstances.join(", ")
                ),
            ),
        }
    }

    fn money(&self, executed: i64, owed: i64) -> Bilingual {
        let (at, executed, owed) = (self.at(), yuan(executed), yuan(owed));
        match self.verdict.code {
            Code::NoVoucher => both(
                format!("{at}的处罚执行没有上传凭据。"),
                format!("The execution of {at} has no voucher."),
            ),
            Code::ExecutedUndecided => both(
                format!("{at}执行处罚,此前没有罚款决定。"),
                format!("A penalty was executed on {at} before any decision that fines."),
            ),
            Code::OverExecuted => both(
                format!("至{at}累计执行{executed}元,超过应缴{owed}元。"),
                format!("By {at} {executed} yuan had been executed, more than the {owed} yuan owed."),
            ),
            _ => both(
                format!("案件{at}办结,累计执行{executed}元,少于应缴{owed}元。"),
                format!("The case was closed on {at} with {executed} yuan executed of {owed} yuan owed."),
            ),
        }
    }
}

fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}
