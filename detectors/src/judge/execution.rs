//! 处罚执行: what was executed against what was decided, and the vouchers.

use model::event::Body;
use model::finding::{Code, Kind, Light};

use crate::history::History;
use crate::verdict::{Story, Verdict};

/// Owed and executed up to a place in the history, fen.
#[derive(Default)]
struct Account {
    fine: i64,
    charges: i64,
    executed: i64,
    /// A decision that fines has been made.
    decided: bool,
    over: bool,
}

impl Account {
    fn owed(&self) -> i64 {
        self.fine.saturating_add(self.charges)
    }

    fn story(&self) -> Story {
        Story::Money { executed: self.executed, owed: self.owed() }
    }
}

pub(super) fn judge(history: &History<'_>, require_voucher: bool, out: &mut Vec<Verdict>) {
    let mut account = Account::default();
    let mut facts = Vec::new();
    let mut closed = false;
    for (i, body) in history.iter() {
        let event = &history.events()[i];
        let verdict = |code| Verdict::new(Kind::PenaltyExecution, code, Light::Red, event.time);
        match body {
            Body::DecisionMade(decision) => {
                account.fine = decision.fine_fen.unwrap_or(0);
                account.decided |= account.fine > 0;
                facts.push(i);
            }
            Body::ChargeAdded { fen } => {
                account.charges = account.charges.saturating_add(*fen);
                facts.push(i);
            }
            Body::PenaltyExecuted { fen, has_voucher } => {
                account.executed = account.executed.saturating_add(*fen);
                facts.push(i);
                let one = |code| {
                    verdict(code).told_apart_by(format!("{}\n{}", event.source, event.id)).resting_on([i])
                };
                if require_voucher && !has_voucher {
                    out.push(one(Code::NoVoucher).telling(account.story()));
                }
                if !account.decided {
                    out.push(one(Code::ExecutedUndecided).telling(account.story()));
                }
                if account.executed > account.owed() && !account.over {
                    account.over = true;
                    out.push(
                        verdict(Code::OverExecuted)
                            .resting_on(facts.iter().copied())
                            .telling(account.story()),
                    );
                }
            }
            Body::CaseClosed if !closed => {
                closed = true;
                if account.executed < account.owed() {
                    let facts = facts.iter().copied().chain([i]);
                    out.push(verdict(Code::UnderExecuted).resting_on(facts).telling(account.story()));
                }
            }
            _ => {}
        }
    }
}
