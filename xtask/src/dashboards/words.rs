//! What the closed vocabularies of docs/schema.md are called by people.

pub(super) type Words = [(&'static str, &'static str)];

pub(super) const LIGHTS: &Words = &[("red", "[[红灯|Red]]"), ("yellow", "[[黄灯|Yellow]]")];

pub(super) const STATES: &Words =
    &[("raised", "[[成立|Stands]]"), ("cleared", "[[解除|Cleared]]"), ("retracted", "[[收回|Retracted]]")];

pub(super) const CHANGES: &Words = &[
    ("raised", "[[新报警|Raised]]"),
    ("updated", "[[变更|Updated]]"),
    ("cleared", "[[解除|Cleared]]"),
    ("retracted", "[[收回|Retracted]]"),
];

/// The training deck's words.
pub(super) const KINDS: &Words = &[
    ("time_limit", "[[办理时限|Time limit]]"),
    ("officer_qualification", "[[执法主体资格|Officer qualification]]"),
    ("step_rollback", "[[环节回退|Step rollback]]"),
    ("evidence", "[[证据固化|Evidence]]"),
    ("decision_basis", "[[决定依据|Decision basis]]"),
    ("discretion", "[[自由裁量|Discretion]]"),
    ("penalty_execution", "[[处罚执行|Penalty execution]]"),
    ("data_quality", "[[数据质量|Data quality]]"),
];

/// docs/contract.md, section 3.
pub(super) const CODES: &Words = &[
    ("overdue", "[[超期|Overdue]]"),
    ("due_soon", "[[即将到期|Due soon]]"),
    ("too_few_officers", "[[执法人员不足|Too few officers]]"),
    ("unqualified_officer", "[[人员无执法资格|Unqualified officer]]"),
    ("rollback", "[[环节回退|Rollback]]"),
    ("repeated_rollback", "[[重复回退|Repeated rollback]]"),
    ("implicit_rollback", "[[未登记的回退|Implicit rollback]]"),
    ("evidence_missing", "[[证据缺失|Evidence missing]]"),
    ("evidence_reduced", "[[证据减少|Evidence reduced]]"),
    ("no_basis", "[[无决定依据|No basis]]"),
    ("blank_field", "[[必填项空白|Blank field]]"),
    ("negative_decision", "[[否定性决定|Negative decision]]"),
    ("unknown_tier", "[[裁量档次不明|Unknown tier]]"),
    ("out_of_tier", "[[超出裁量幅度|Out of tier]]"),
    ("tier_mismatch", "[[裁量情节不符|Tier mismatch]]"),
    ("no_voucher", "[[无执行凭据|No voucher]]"),
    ("over_executed", "[[执行多于决定|Over-executed]]"),
    ("under_executed", "[[执行少于决定|Under-executed]]"),
    ("executed_undecided", "[[未决定先执行|Executed undecided]]"),
    ("unknown_item", "[[事项不明|Unknown item]]"),
    ("unknown_step", "[[环节不明|Unknown step]]"),
    ("unknown_evidence", "[[删除的证据不明|Unknown evidence]]"),
    ("after_close", "[[办结后仍有记录|After close]]"),
    ("late_extension", "[[延期过晚|Late extension]]"),
    ("missing_start", "[[缺少开始|Missing start]]"),
    ("entry_lag", "[[补录|Entered late]]"),
    ("not_supervised", "[[未设时限|Not supervised]]"),
    ("source_silent", "[[数据来源中断|Source silent]]"),
];

/// The classes of administrative power.
pub(super) const CATEGORIES: &Words = &[
    ("licence", "[[行政许可|Licence]]"),
    ("penalty", "[[行政处罚|Penalty]]"),
    ("coercion", "[[行政强制|Coercion]]"),
    ("levy", "[[行政征收|Levy]]"),
    ("payment", "[[行政给付|Payment]]"),
    ("ruling", "[[行政裁决|Ruling]]"),
    ("confirmation", "[[行政确认|Confirmation]]"),
    ("reward", "[[行政奖励|Reward]]"),
    ("inspection", "[[行政检查|Inspection]]"),
    ("other", "[[其他|Other]]"),
    ("", "[[不明|Unknown]]"),
];
