//! Small readings of texts that several files of a catalogue share.

use std::collections::HashMap;

use unicode_normalization::is_nfc;

use super::cursor::{At, Fields, both};
use crate::catalogue::{Bilingual, ProblemCode};

const MAX_ID_BYTES: usize = 128;
/// Longest list of candidates in a message.
const MAX_LISTED: usize = 16;

/// 1 to 128 bytes, NFC, no control characters (contract, section 1).
pub fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_ID_BYTES && !text.chars().any(char::is_control) && is_nfc(text)
}

/// `a, b, c`, cut after [`MAX_LISTED`].
pub(super) fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut words: Vec<&str> = words.collect();
    if words.is_empty() {
        return "(none)".to_owned();
    }
    if words.len() > MAX_LISTED {
        words.truncate(MAX_LISTED);
        words.push("…");
    }
    words.join(", ")
}

/// `{zh: …, en: …}`, one of the two, or a plain text: where one is missing, both are the other.
pub(super) fn bilingual(at: &At<'_>) -> Option<Bilingual> {
    if !at.is_map() {
        let text = at.text()?.to_owned();
        return Some(Bilingual { zh: text.clone(), en: text });
    }
    let fields = at.fields(&["zh", "en"])?;
    let (zh, en) = (fields.get("zh"), fields.get("en"));
    if zh.is_none() && en.is_none() {
        at.note(ProblemCode::MissingKey, both!("应给出 zh 或 en", "give zh, en or both"));
        return None;
    }
    let read = |at: Option<At<'_>>| at.map(|at| at.text().map(str::to_owned));
    match (read(zh), read(en)) {
        (Some(zh), Some(en)) => Some(Bilingual { zh: zh?, en: en? }),
        (one, None) | (None, one) => {
            let text = one.flatten()?;
            Some(Bilingual { zh: text.clone(), en: text })
        }
    }
}

/// Ids, none of them twice.
pub(super) fn ids(list: &[At<'_>]) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for at in list {
        let Some(id) = at.id() else { continue };
        if ids.iter().any(|known| known == id) {
            at.note(ProblemCode::DuplicateId, both!("“{id}”重复列出", "\"{id}\" is listed twice"));
        } else {
            ids.push(id.to_owned());
        }
    }
    ids
}

/// Ids of one kind in the order of their list, to find what a reference means. An element without a usable id keeps its
/// place with an empty one.
pub(super) struct Index<'t> {
    code: ProblemCode,
    /// What they are, in both languages.
    nouns: (&'static str, &'static str),
    ids: Vec<&'t str>,
    places: HashMap<&'t str, usize>,
}

impl<'t> Index<'t> {
    /// Reads the required `id` of each element and notes those that stand twice.
    pub(super) fn read(
        code: ProblemCode,
        nouns: (&'static str, &'static str),
        list: &[Option<Fields<'t>>],
    ) -> Self {
        let mut index = Self { code, nouns, ids: Vec::new(), places: HashMap::new() };
        let mut lines: HashMap<&str, u32> = HashMap::new();
        for (i, fields) in list.iter().enumerate() {
            let at = fields.as_ref().and_then(|f| f.need("id"));
            let id = at.as_ref().and_then(At::id).unwrap_or_default();
            index.ids.push(id);
            let Some(at) = at.filter(|_| !id.is_empty()) else { continue };
            if let Some(line) = lines.insert(id, at.line()) {
                let message = both!(
                    "标识“{id}”重复：第 {line} 行已有",
                    "the id \"{id}\" stands already on line {line}"
                );
                at.note(ProblemCode::DuplicateId, message);
            } else {
                index.places.insert(id, i);
            }
        }
        index
    }

    pub(super) fn id(&self, place: usize) -> String {
        self.ids.get(place).copied().unwrap_or_default().to_owned()
    }

    /// What a reference means; a dangling one is noted with the ids there are.
    pub(super) fn find(&self, at: &At<'_>) -> Option<usize> {
        let id = at.text()?;
        let found = self.places.get(id).copied();
        if found.is_none() {
            let (zh, en) = self.nouns;
            let known = listed(self.ids.iter().copied().filter(|id| !id.is_empty()));
            at.note(self.code, both!("没有{zh}“{id}”：现有 {known}", "no {en} \"{id}\"; {en}s are: {known}"));
        }
        found
    }
}
