//! Texts in two languages: `[[中文|English]]` stands for both, wherever a text stands.

use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Zh,
    En,
}

impl Language {
    pub(super) const ALL: [Self; 2] = [Self::Zh, Self::En];

    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Zh => Self::En,
            Self::En => Self::Zh,
        }
    }

    pub(super) const fn own_name(self) -> &'static str {
        match self {
            Self::Zh => "中文",
            Self::En => "English",
        }
    }

    /// The text with every choice made.
    pub(super) fn pick(self, text: &str) -> String {
        let mut picked = String::new();
        let mut rest = text;
        while let Some((before, choice)) = rest.split_once("[[") {
            picked.push_str(before);
            let Some((choice, after)) = choice.split_once("]]") else { break };
            let (zh, en) = choice.split_once('|').unwrap_or((choice, choice));
            picked.push_str(match self {
                Self::Zh => zh,
                Self::En => en,
            });
            rest = after;
        }
        picked.push_str(rest);
        picked
    }

    /// The same in every text of a document.
    pub(super) fn apply(self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.pick(&text)),
            Value::Array(values) => Value::Array(values.into_iter().map(|v| self.apply(v)).collect()),
            Value::Object(members) => {
                Value::Object(members.into_iter().map(|(k, v)| (self.pick(&k), self.apply(v))).collect())
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_choice_is_made_wherever_it_stands() {
        let text = json!({"[[名|name]]": ["[[红|red]] / [[黄|yellow]]", 1, null]});
        assert_eq!(Language::Zh.apply(text.clone()), json!({"名": ["红 / 黄", 1, null]}));
        assert_eq!(Language::En.apply(text), json!({"name": ["red / yellow", 1, null]}));
    }
}
