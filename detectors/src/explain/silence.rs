//! Words for a source that has gone silent.

use model::Instant;
use model::calendar::Calendar;
use model::catalogue::Bilingual;

/// What there is to say of a silence.
pub(crate) struct Silence<'s> {
    pub(crate) source: &'s str,
    pub(crate) org: &'s str,
    /// The last sign of life before it.
    pub(crate) since: Instant,
    pub(crate) ended: Option<Instant>,
    /// Cases of the partition with something to come, when it was told.
    pub(crate) waiting: u64,
}

pub(crate) fn explain(silence: &Silence<'_>, calendar: &Calendar) -> Bilingual {
    let Silence { source, org, since, ended, waiting } = silence;
    let since = calendar.format_short(*since);
    let mut zh = format!(
        "机构{org}的数据来源“{source}”自{since}起没有任何消息。在其恢复之前,其案件的期限暂缓判定,不报超期;本分区有{waiting}件案件等待。"
    );
    let mut en = format!(
        "Source \"{source}\" of org {org} has said nothing since {since}. Until it speaks again the deadlines of its cases are held: none is called overdue. {waiting} cases of this partition wait."
    );
    if let Some(ended) = ended {
        let ended = calendar.format_short(*ended);
        zh.push_str(&format!("{ended}已恢复。"));
        en.push_str(&format!(" It spoke again on {ended}."));
    }
    Bilingual { zh, en }
}
