//! SPDX licence expressions, as far as crates use them: `OR`, `AND`, `WITH`, parentheses, and the old slash for `OR`.

use anyhow::{Context, Result, ensure};

/// The licences that deny.toml allows. The list is read from there, so that this check and cargo-deny cannot differ.
pub(crate) fn allowed_by(deny: &str) -> Result<Vec<String>> {
    let section = deny.split("[licenses]").nth(1).context("deny.toml has no [licenses]")?;
    let list = section.split("allow = [").nth(1).context("deny.toml: [licenses] has no allow list")?;
    let list = list.split(']').next().unwrap_or_default();
    let allowed: Vec<String> = list.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    ensure!(!allowed.is_empty(), "deny.toml: [licenses] allows nothing");
    Ok(allowed)
}

/// Whether the licence can be met by allowed ones alone. Nothing if the expression cannot be read.
pub(crate) fn is_met(expression: &str, allowed: &[String]) -> Option<bool> {
    let mut parser = Parser { tokens: tokens(expression), allowed };
    let met = parser.either()?;
    parser.tokens.is_empty().then_some(met)
}

/// The tokens in reverse, so that the next one is popped from the end.
fn tokens(expression: &str) -> Vec<String> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    spaced.split_whitespace().rev().map(str::to_owned).collect()
}

struct Parser<'a> {
    tokens: Vec<String>,
    allowed: &'a [String],
}

impl Parser<'_> {
    fn take(&mut self, word: &str) -> bool {
        let found = self.tokens.last().is_some_and(|token| token == word);
        if found {
            self.tokens.pop();
        }
        found
    }

    fn either(&mut self) -> Option<bool> {
        let mut met = self.both()?;
        while self.take("OR") {
            met |= self.both()?;
        }
        Some(met)
    }

    fn both(&mut self) -> Option<bool> {
        let mut met = self.one()?;
        while self.take("AND") {
            met &= self.one()?;
        }
        Some(met)
    }

    fn one(&mut self) -> Option<bool> {
        if self.take("(") {
            let met = self.either()?;
            return self.take(")").then_some(met);
        }
        let mut name = self.tokens.pop()?;
        if self.take("WITH") {
            name = format!("{name} WITH {}", self.tokens.pop()?);
        }
        Some(self.allowed.contains(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(expression: &str) -> Option<bool> {
        let allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
        is_met(expression, &allowed)
    }

    #[test]
    fn one_of_several_is_enough() {
        assert_eq!(met("GPL-3.0 OR MIT"), Some(true));
        assert_eq!(met("MIT/GPL-2.0"), Some(true));
        assert_eq!(met("GPL-3.0"), Some(false));
    }

    #[test]
    fn all_of_several_are_needed() {
        assert_eq!(met("MIT AND GPL-3.0"), Some(false));
        assert_eq!(met("(GPL-3.0 OR Apache-2.0) AND MIT"), Some(true));
        assert_eq!(met("GPL-3.0 OR Apache-2.0 AND MIT"), Some(true));
    }

    #[test]
    fn an_exception_is_part_of_the_name() {
        assert_eq!(met("Apache-2.0 WITH LLVM-exception"), Some(true));
        assert_eq!(met("MIT WITH something"), Some(false));
    }

    #[test]
    fn what_cannot_be_read_is_not_met() {
        for broken in ["", "(MIT", "MIT Apache-2.0", "MIT OR"] {
            assert_eq!(met(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn the_list_comes_from_deny_toml() {
        let deny =
            "[bans]\nallow = []\n[licenses]\nversion = 2\nallow = [\n  \"MIT\", # common\n  \"ISC\",\n]\n";
        assert_eq!(allowed_by(deny).unwrap(), ["MIT", "ISC"]);
        assert!(allowed_by("[licenses]\nallow = []\n").is_err());
    }
}
