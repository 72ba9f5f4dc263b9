//! `when`: which rows a rule is for.

use super::cells::Cells;

/// A condition on the cells of a row.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Present(usize),
    /// The cell is one of these texts.
    In(usize, Vec<String>),
    /// The cell fits the pattern from end to end: `*` is any text, `?` one character.
    Matches(usize, Vec<char>),
}

impl Condition {
    pub(super) fn holds(&self, cells: &Cells) -> bool {
        match self {
            Self::All(all) => all.iter().all(|one| one.holds(cells)),
            Self::Any(any) => any.iter().any(|one| one.holds(cells)),
            Self::Not(one) => !one.holds(cells),
            Self::Present(slot) => cells.get(*slot).is_some(),
            Self::In(slot, texts) => {
                cells.get(*slot).is_some_and(|cell| texts.iter().any(|text| text == cell))
            }
            Self::Matches(slot, pattern) => cells.get(*slot).is_some_and(|cell| fits(pattern, cell)),
        }
    }
}

/// Matches without going back further than to the last `*`, so in time pattern x text at worst.
fn fits(pattern: &[char], text: &str) -> bool {
    let mut text = text.chars();
    let mut at = 0;
    let mut star = None;
    loop {
        if pattern.get(at) == Some(&'*') {
            at += 1;
            star = Some((at, text.clone()));
            continue;
        }
        let mut ahead = text.clone();
        match (pattern.get(at), ahead.next()) {
            (None, None) => return true,
            (Some(want), Some(have)) if *want == '?' || *want == have => {
                at += 1;
                text = ahead;
            }
            _ => {
                let Some((after, mut from)) = star.take() else { return false };
                if from.next().is_none() {
                    return false;
                }
                at = after;
                text = from.clone();
                star = Some((after, from));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_pattern_fits_from_end_to_end() {
        let table = [
            ("T0*", "T02 Check", true),
            ("T0*", "XT02", false),
            ("*告知*", "行政处罚告知书", true),
            ("?告知", "不告知", true),
            ("?告知", "告知", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("", "", true),
            ("*", "", true),
            ("**", "x", true),
        ];
        for (pattern, text, want) in table {
            let pattern: Vec<char> = pattern.chars().collect();
            assert_eq!(fits(&pattern, text), want, "{pattern:?} {text:?}");
        }
    }
}
