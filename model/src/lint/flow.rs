//! The steps as a graph: what leads where, and steps that lead nowhere.

use super::Lint;
use crate::catalogue::{ProblemCode, Step, both};

/// The steps of an item and their `next`.
pub(super) struct Flow<'a> {
    steps: &'a [Step],
}

impl<'a> Flow<'a> {
    pub(super) const fn new(steps: &'a [Step]) -> Self {
        Self { steps }
    }

    /// Which steps can be reached from one, itself included.
    pub(super) fn reached_from(&self, start: usize) -> Vec<bool> {
        spread(vec![start], self.steps.len(), |step| self.steps[step].next.clone())
    }

    /// Steps after which a case may end.
    pub(super) fn ends(&self) -> impl Iterator<Item = usize> + '_ {
        self.steps.iter().enumerate().filter(|(_, step)| step.next.is_empty()).map(|(i, _)| i)
    }

    /// Which steps have a way to an end, the ends included.
    fn finishing(&self) -> Vec<bool> {
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); self.steps.len()];
        for (i, step) in self.steps.iter().enumerate() {
            for next in &step.next {
                before[*next].push(i);
            }
        }
        spread(self.ends().collect(), self.steps.len(), |step| std::mem::take(&mut before[step]))
    }
}

fn spread(mut open: Vec<usize>, len: usize, mut next: impl FnMut(usize) -> Vec<usize>) -> Vec<bool> {
    let mut reached = vec![false; len];
    while let Some(step) = open.pop() {
        if !std::mem::replace(&mut reached[step], true) {
            open.extend(next(step));
        }
    }
    reached
}

/// One note for an item, at the first of the steps that have no way out: they are in one circle, most often.
pub(super) fn check(lint: &mut Lint<'_>) {
    let finishing = lint.flow.finishing();
    let stuck: Vec<usize> = (0..finishing.len()).filter(|step| !finishing[*step]).collect();
    let Some(first) = stuck.first() else { return };
    let ids = lint.step_ids(stuck.iter().copied());
    let message = both!(
        "从环节 {ids} 无法到达任何终结环节：请让其中之一的 next 指向终结环节，或留空",
        "no way leads from {ids} to a last step, one with an empty `next`: let one of them lead to it, or end there"
    );
    lint.note(&format!("steps[{first}]"), ProblemCode::StepWithoutEnd, message);
}
