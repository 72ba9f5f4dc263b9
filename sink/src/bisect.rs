//! Finds the rows that a store refuses: tries the whole batch, then halves of what was refused, down to single rows.
//!
//! The plan alone; who tries and what counts as a refusal is the caller's business.

use std::ops::Range;

#[derive(Debug)]
pub(crate) struct Bisect {
    /// Still to try; the next one last.
    open: Vec<Range<usize>>,
}

impl Bisect {
    pub(crate) fn new(rows: usize) -> Self {
        let mut open = Vec::new();
        if rows > 0 {
            open.push(0..rows);
        }
        Self { open }
    }

    /// The range of rows to try now, never empty.
    pub(crate) fn current(&self) -> Option<Range<usize>> {
        self.open.last().cloned()
    }

    /// The current range is in the store.
    pub(crate) fn stored(&mut self) {
        self.open.pop();
    }

    /// The current range is refused. A single row is a culprit and is returned; a longer range is halved.
    pub(crate) fn refused(&mut self) -> Option<usize> {
        let range = self.open.pop()?;
        if range.len() == 1 {
            return Some(range.start);
        }
        let middle = range.start + range.len() / 2;
        self.open.push(middle..range.end);
        self.open.push(range.start..middle);
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_row_is_stored_once_or_named_once(rows in 0_usize..200, bad in prop::collection::btree_set(0_usize..200, 0..8)) {
            let mut plan = Bisect::new(rows);
            let (mut stored, mut named) = (Vec::new(), Vec::new());
            while let Some(range) = plan.current() {
                if range.clone().any(|row| bad.contains(&row)) {
                    named.extend(plan.refused());
                } else {
                    stored.extend(range);
                    plan.stored();
                }
            }
            let bad: BTreeSet<usize> = bad.into_iter().filter(|row| *row < rows).collect();
            prop_assert_eq!(&named, &bad.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(stored, (0..rows).filter(|row| !bad.contains(row)).collect::<Vec<_>>());
        }
    }
}
