//! The two languages of the page, and its few words.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Zh,
    En,
}

impl Language {
    pub(crate) fn of_name(name: &str) -> Self {
        if name == "en" { Self::En } else { Self::Zh }
    }

    /// Chinese, unless `Accept-Language` names English and not Chinese before it.
    pub(crate) fn of_header(accepted: &str) -> Self {
        let known = accepted
            .split(',')
            .map(str::trim)
            .find_map(|tag| crate::words::LANGUAGES.into_iter().find(|n| tag.starts_with(n)));
        known.map_or(Self::Zh, Self::of_name)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    pub(super) const fn own_name(self) -> &'static str {
        match self {
            Self::Zh => "中文",
            Self::En => "English",
        }
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Zh => Self::En,
            Self::En => Self::Zh,
        }
    }

    pub(super) const fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }

    pub(super) fn light(self, light: &str) -> &str {
        match light {
            "yellow" => self.pick("黄灯", "Yellow"),
            "red" => self.pick("红灯", "Red"),
            light => light,
        }
    }

    /// The deck's words for the supervision points.
    pub(super) fn kind(self, kind: &str) -> &str {
        match kind {
            "time_limit" => self.pick("办理时限", "Time limit"),
            "officer_qualification" => self.pick("执法主体资格", "Officer qualification"),
            "step_rollback" => self.pick("环节回退", "Step rollback"),
            "evidence" => self.pick("证据固化", "Evidence"),
            "decision_basis" => self.pick("决定依据", "Decision basis"),
            "discretion" => self.pick("自由裁量", "Discretion"),
            "penalty_execution" => self.pick("处罚执行", "Penalty execution"),
            "data_quality" => self.pick("数据质量", "Data quality"),
            kind => kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browsers_first_known_language_counts() {
        assert_eq!(Language::of_header("en-GB,en;q=0.9"), Language::En);
        assert_eq!(Language::of_header("fr, zh-CN;q=0.8, en;q=0.5"), Language::Zh);
        assert_eq!(Language::of_header(""), Language::Zh);
    }

    #[test]
    fn every_kind_has_a_name() {
        for kind in crate::words::kinds() {
            assert_ne!(Language::Zh.kind(kind), kind);
        }
    }
}
