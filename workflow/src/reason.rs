//! Why a command is refused: a closed list of codes, each with a sentence in both languages.

use model::Instant;
use model::catalogue::Bilingual;
use serde::{Deserialize, Serialize};

use crate::people::Role;

/// Why, with what the sentence needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case", deny_unknown_fields)]
pub enum Reason {
    /// The key was used for another command.
    KeyReused,
    /// An id is empty, too long, or has control characters.
    BadId {
        member: String,
    },
    NoSuchObject,
    NoSuchVersion {
        last: u32,
    },
    /// Somebody else was first.
    Stale {
        revision: u64,
    },
    WrongRole {
        needed: Role,
    },
    WrongOrg {
        org: String,
    },
    WrongState {
        state: String,
    },
    /// Another version is on its way.
    UnderReview {
        version: u32,
    },
    /// He took part in it before.
    OwnWork {
        took_part: String,
    },
    /// A return without reason, or with one that is too long.
    ReturnReason,
    LintErrors {
        errors: u32,
    },
    NoDryRun,
    /// The dry run was made with another content.
    OtherContent,
    /// The content is the one that was returned, or is in force.
    Unchanged {
        version: u32,
    },
    /// No object, or too large.
    BadContent,
    /// In force before the decision, or before the version that it supersedes.
    TooEarly {
        earliest: Instant,
    },
    /// A trial that is too long, or of a version that takes over cases already accepted.
    BadShadow,
    /// A bound of the log is reached.
    TooMany,
    NoSuchOrder,
    /// A text says nothing, or too much.
    BadText {
        member: String,
    },
    BadEvidence {
        most: u32,
    },
    BadDays {
        most: u32,
    },
    /// None, too many, or one of them twice.
    BadAlarms {
        most: u32,
    },
    SeveralOrgs,
    /// A retracted alarm never held.
    NotStanding {
        alarm: String,
    },
    UnderOrder {
        alarm: String,
        order: String,
    },
    AlreadyRevoked {
        alarm: String,
        order: String,
    },
    OrderState {
        stage: String,
    },
    /// The order (2) that has no answer yet.
    Unanswered {
        order: String,
    },
    NotAssigned,
    /// The order (2) is another handler's.
    NotAddressed,
    /// He answered in it before.
    OwnAnswer,
    FollowedAlready,
    NotFollowed,
    /// It is known already.
    NoChange,
    /// What the command rests on does not stand in it.
    NoFacts,
}

/// A reason as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    pub code: &'static str,
    pub message: Bilingual,
}

impl Reason {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::KeyReused => "key_reused",
            Self::BadId { .. } => "bad_id",
            Self::NoSuchObject => "no_such_object",
            Self::NoSuchVersion { .. } => "no_such_version",
            Self::Stale { .. } => "stale",
            Self::WrongRole { .. } => "wrong_role",
            Self::WrongOrg { .. } => "wrong_org",
            Self::WrongState { .. } => "wrong_state",
            Self::UnderReview { .. } => "under_review",
            Self::OwnWork { .. } => "own_work",
            Self::ReturnReason => "return_reason",
            Self::LintErrors { .. } => "lint_errors",
            Self::NoDryRun => "no_dry_run",
            Self::OtherContent => "other_content",
            Self::Unchanged { .. } => "unchanged",
            Self::BadContent => "bad_content",
            Self::TooEarly { .. } => "too_early",
            Self::BadShadow => "bad_shadow",
            Self::TooMany => "too_many",
            Self::NoSuchOrder => "no_such_order",
            Self::BadText { .. } => "bad_text",
            Self::BadEvidence { .. } => "bad_evidence",
            Self::BadDays { .. } => "bad_days",
            Self::BadAlarms { .. } => "bad_alarms",
            Self::SeveralOrgs => "several_orgs",
            Self::NotStanding { .. } => "not_standing",
            Self::UnderOrder { .. } => "under_order",
            Self::AlreadyRevoked { .. } => "already_revoked",
            Self::OrderState { .. } => "order_state",
            Self::Unanswered { .. } => "unanswered",
            Self::NotAssigned => "not_assigned",
            Self::NotAddressed => "not_addressed",
            Self::OwnAnswer => "own_answer",
            Self::FollowedAlready => "followed_already",
            Self::NotFollowed => "not_followed",
            Self::NoChange => "no_change",
            Self::NoFacts => "no_facts",
        }
    }

    pub fn refusal(&self) -> Refusal {
        Refusal { code: self.code(), message: self.sentence() }
    }

    fn sentence(&self) -> Bilingual {
        let (zh, en) = match self {
            Self::KeyReused => fixed(
                "幂等键已用于另一命令：请换一个",
                "the key was used for another command: take a new one",
            ),
            Self::BadId { member } => (
                format!("{member} 不是合法标识：1 至 128 字节，无控制字符"),
                format!("{member} is no id: ids are 1 to 128 bytes without control characters"),
            ),
            Self::NoSuchObject => fixed("没有此对象：请先起草", "there is no such object: draft it first"),
            Self::NoSuchVersion { last } => (
                format!("没有此版本：最新为 {last}"),
                format!("there is no such version: the last is {last}"),
            ),
            Self::Stale { revision } => (
                format!("他人已先行处理（现为第 {revision} 次修改）：请刷新后再试"),
                format!(
                    "somebody else was first (the object is at revision {revision}): look again, then decide"
                ),
            ),
            Self::WrongRole { needed } => {
                let Bilingual { zh, en } = needed.name();
                (format!("此操作须由{zh}进行"), format!("this is for the {en} to do"))
            }
            Self::WrongOrg { org } => (
                format!("您的权限不含机构 {org}"),
                format!("your rights do not cover the organisation {org}"),
            ),
            Self::WrongState { state } => (
                format!("该版本现为 {state} 状态，不能进行此操作"),
                format!("the version is {state}; this cannot be done to it now"),
            ),
            Self::UnderReview { version } => (
                format!("第 {version} 版正在审核：请等待结果，或先撤回"),
                format!("version {version} is under review: wait for the result, or withdraw it first"),
            ),
            Self::OwnWork { took_part } => (
                format!("不能审核自己参与的版本（已参与：{took_part}）：请由他人审核"),
                format!(
                    "nobody passes his own work (you took part: {took_part}): let somebody else review it"
                ),
            ),
            Self::ReturnReason => {
                fixed("退回必须说明原因，不超过 4000 字节", "a return needs a reason, of at most 4000 bytes")
            }
            Self::LintErrors { errors } => (
                format!("检查发现 {errors} 处错误：更正后再送审"),
                format!("lint finds {errors} errors: mend them before submitting"),
            ),
            Self::NoDryRun => {
                fixed("初审前须附试运行结果", "the first review needs a dry run's result: attach one")
            }
            Self::OtherContent => fixed(
                "试运行所用内容不是该版本",
                "the dry run was made with another content than this version's",
            ),
            Self::Unchanged { version } => (
                format!("内容与第 {version} 版相同：请修改后再提交"),
                format!("the content is that of version {version}: change it before drafting again"),
            ),
            Self::BadContent => fixed(
                "内容须为 JSON 对象，不超过 256 KiB",
                "the content is to be a JSON object of at most 256 KiB",
            ),
            Self::TooEarly { earliest } => {
                (format!("生效时刻不得早于 {earliest}"), format!("it cannot be in force before {earliest}"))
            }
            Self::BadShadow => fixed(
                "试运行期最长 366 日，且该版本须为 pin：在办事项不得转入试运行",
                "a trial lasts 366 days at most, and is for a version that pins: no case goes over to a trial",
            ),
            Self::TooMany => {
                fixed("已达数量上限", "a bound of the log is reached: there are too many objects or versions")
            }
            _ => return self.order_sentence(),
        };
        Bilingual { zh, en }
    }

    /// Of the reasons that orders have.
    fn order_sentence(&self) -> Bilingual {
        let (zh, en) = match self {
            Self::BadText { member } => (
                format!("{member} 须填写，不超过 4000 字节"),
                format!("{member} must say something, in at most 4000 bytes"),
            ),
            Self::BadEvidence { most } => (
                format!("证据至多 {most} 项，每项 1 至 512 字节"),
                format!("there may be {most} references to evidence, each of 1 to 512 bytes"),
            ),
            Self::BadDays { most } => (
                format!("回复期限须为 1 至 {most} 个工作日"),
                format!("days must be 1 to {most} working days"),
            ),
            Self::BadAlarms { most } => (
                format!("须选 1 至 {most} 条报警，不得重复"),
                format!("an order is on 1 to {most} alarms, each named once"),
            ),
            Self::SeveralOrgs => fixed(
                "所选报警不属于同一机构：请分别发起督办",
                "the alarms are of several organisations: open an order for each",
            ),
            Self::NotStanding { alarm } => (
                format!("报警 {alarm} 已被收回，无须督办"),
                format!("the alarm {alarm} was retracted: it never held"),
            ),
            Self::UnderOrder { alarm, order } => (
                format!("报警 {alarm} 已在督办 {order} 之下"),
                format!("the alarm {alarm} is under the order {order} already"),
            ),
            Self::AlreadyRevoked { alarm, order } => (
                format!("报警 {alarm} 已由督办 {order} 撤销"),
                format!("the alarm {alarm} was revoked by the order {order}"),
            ),
            Self::OrderState { stage } => (
                format!("该督办现为 {stage} 状态，不能进行此操作"),
                format!("the order is {stage}; this cannot be done to it now"),
            ),
            Self::Unanswered { order } => (
                format!("督办 {order} 尚未回复：办件人员回复后方可回复上级"),
                format!("the order {order} has no answer yet: reply after the handler has answered"),
            ),
            _ => return self.short_sentence(),
        };
        Bilingual { zh, en }
    }

    /// Those that need nothing said.
    fn short_sentence(&self) -> Bilingual {
        let (zh, en) = match self {
            Self::NotAssigned => fixed(
                "尚未向办件人员发起督办：请先发起，待其回复",
                "no handler was asked in this round: open an order (2) first",
            ),
            Self::NotAddressed => {
                fixed("此督办由其他办件人员回复", "this order is for another handler to answer")
            }
            Self::OwnAnswer => fixed(
                "不能处理自己的回复：请由他人办理",
                "nobody decides on his own answer: let somebody else do it",
            ),
            Self::FollowedAlready => fixed("已在重点关注之中", "you follow it already"),
            Self::NotFollowed => fixed("不在重点关注之中", "you do not follow it"),
            Self::NoChange => fixed("没有变化", "this is known already"),
            Self::NoFacts => fixed("命令缺少所依据的事实", "the command does not say what it rests on"),
            _ => fixed("没有此督办", "there is no such order"),
        };
        Bilingual { zh, en }
    }
}

fn fixed(zh: &str, en: &str) -> (String, String) {
    (zh.to_owned(), en.to_owned())
}
