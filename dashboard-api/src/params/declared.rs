//! What each address takes, as its OpenAPI declaration. The types are never made: [`super::Params`] reads their names.
#![expect(dead_code, reason = "declarations, read through IntoParams alone")]

use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use crate::words::{
    AxisWord, CategoryWord, CodeWord, CountWord, GroupWord, KindWord, LanguageWord, LightWord,
    OrderStageWord, StageWord, StartWord, StateWord,
};

/// For addresses that take nothing.
pub(crate) struct NoParams;

impl IntoParams for NoParams {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Vec::new()
    }
}

/// Any of the values of a repeated parameter; all of the parameters.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FilterParams {
    /// Id of the responsible organisation. Repeat for any of several.
    org: Option<Vec<String>>,
    /// Region with its subdivisions: `370000` or `37` takes in every county of Shandong. Empty: alarms without a region.
    region: Option<Vec<String>>,
    /// That region alone, without subdivisions. Empty: alarms without a region.
    region_is: Option<Vec<String>>,
    /// Code of the power item.
    item: Option<Vec<String>>,
    /// Class of power. Empty: items that the catalogue does not know.
    #[param(inline)]
    category: Option<Vec<CategoryWord>>,
    /// Kind of supervision point.
    #[param(inline)]
    kind: Option<Vec<KindWord>>,
    /// What exactly was found.
    #[param(inline)]
    code: Option<Vec<CodeWord>>,
    /// Colour.
    #[param(inline)]
    light: Option<Vec<LightWord>>,
    /// How the alarm stands. Without it: raised and cleared; the retracted ones never held and must be asked for.
    #[param(inline)]
    state: Option<Vec<StateWord>>,
    /// Id of the case.
    case: Option<Vec<String>>,
    /// Id of the step. Empty: alarms that belong to no step.
    step: Option<Vec<String>>,
    /// Version of the rules that found it.
    rules_version: Option<Vec<String>>,
    /// `only`: the shadow alarms of rules on trial, which are left out otherwise.
    #[param(value_type = Option<String>, example = "only")]
    shadow: Option<String>,
    /// The time that `from` and `to` bound, that orders a list, and whose day statistics count by: acceptance of the
    /// case, the violation, the first raising of the alarm (unless another is named), or its last change.
    #[param(inline)]
    axis: Option<AxisWord>,
    /// Earliest instant, RFC 3339, itself included.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-03-01T00:00:00+08:00")]
    from: Option<String>,
    /// Latest instant, RFC 3339, itself left out.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-04-01T00:00:00+08:00")]
    to: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct PageParams {
    /// Rows a page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters and axis.
    cursor: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct CountParams {
    /// `exact` adds the number of all alarms that match; `none` does not, as without it.
    #[param(inline)]
    count: Option<CountWord>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct GroupParams {
    /// What to count by; repeat for combinations. Without it: the total alone.
    #[param(inline)]
    by: Option<Vec<GroupWord>>,
    /// IANA zone in which a day is a day.
    #[param(default = "Asia/Shanghai")]
    zone: Option<String>,
    /// Groups at most; `truncated` says when there are more.
    #[param(minimum = 1, maximum = 5000, default = 1000)]
    limit: Option<u32>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TimelineParams {
    /// How the alarms shown stand. Without it: raised and cleared.
    #[param(inline)]
    state: Option<Vec<StateWord>>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct RecordParams {
    /// Why the record was set aside: a reason of the contract (section 5, reading 2), or one of a later stage.
    #[param(example = "missing_member")]
    reason: Option<Vec<String>>,
    /// Topic it came from.
    topic: Option<Vec<String>>,
    /// Organisation it came from. Empty: records of which that is not known.
    org: Option<Vec<String>>,
    /// Partition it came from.
    partition: Option<Vec<i32>>,
    /// Earliest time of the record, RFC 3339, itself included.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<String>,
    /// Latest time of the record, RFC 3339, itself left out.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct LanguageParams {
    /// Language of the page.
    #[param(inline)]
    lang: Option<LanguageWord>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct RuleParams {
    /// Organisation whose rule it is. Repeat for any of several.
    org: Option<Vec<String>>,
    /// Where the newest version is on its way.
    #[param(inline)]
    state: Option<Vec<StageWord>>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DiffParams {
    /// Number of the version to compare with. Without it: the last one approved before, else the one before.
    against: Option<u32>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditParams {
    /// Id of the rule. Without it: all.
    rule: Option<String>,
    /// Number of the first entry to show.
    #[param(minimum = 0, default = 0)]
    from_seq: Option<u64>,
    /// Entries a page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct OfficerParams {
    /// Organisation that they belong to. Repeat for any of several.
    org: Option<Vec<String>>,
    /// Only officers whose last certificate ends within so many days, today included; what ends first comes first.
    #[param(minimum = 1, maximum = 3660)]
    expires_within: Option<u32>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct OrderParams {
    /// Organisation whose alarms they are on. Repeat for any of several.
    org: Option<Vec<String>>,
    /// Id of an alarm. Repeat for any of several.
    alarm: Option<Vec<String>>,
    /// Where the order is.
    #[param(inline)]
    stage: Option<Vec<OrderStageWord>>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
struct PlainPageParams {
    /// Rows a page.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UploadParams {
    /// `true`: only look, and report.
    dry_run: Option<bool>,
    /// `true`: what stands and is not in the table stays. Otherwise the table is the whole register, as far as the grants reach.
    merge: Option<bool>,
    /// `true`: take the good rows where others are refused.
    partial: Option<bool>,
    /// Editions that stood when the upload was made; others by now refuse it. Needed unless it is a dry run.
    expected: Option<u64>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TodoParams {
    /// Rows of each list at most; its count is of all of them.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamParams {
    /// Where to begin without a last id: `now`, as without it, or at the oldest event that is `kept`.
    #[param(inline)]
    from: Option<StartWord>,
}

macro_rules! together {
    ($($name:ident = $($part:ident)+;)*) => {
        $(
            pub(crate) struct $name;

            impl IntoParams for $name {
                fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
                    [$($part::into_params(&place),)+].concat()
                }
            }
        )*
    };
}

together! {
    AlarmListParams = FilterParams PageParams CountParams;
    StatsParams = FilterParams GroupParams;
    DeadLetterParams = RecordParams PageParams;
    RuleListParams = RuleParams PageParams;
    OfficerListParams = OfficerParams PlainPageParams;
    OrgListParams = PlainPageParams;
    OrderListParams = OrderParams PageParams;
    IndexParams = FilterParams PageParams LanguageParams;
}
