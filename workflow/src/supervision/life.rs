//! An alarm's human life: what people made of it, apart from what later facts make of it.

use model::Instant;
use model::calendar::Calendar;
use model::finding::Light;
use serde::{Deserialize, Serialize};

use super::deed::{AlarmFact, end};
use super::order::Stage;
use super::state::Supervision;

/// How an alarm stands with people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Life {
    /// Nobody has taken it up.
    Open,
    /// 督办中
    UnderSupervision,
    /// 已回复
    Replied,
    /// 退回
    Returned,
    /// 已撤销
    Revoked,
    /// 维持
    Upheld,
    /// A graver alarm has taken its place.
    Superseded,
    /// It ended as it should before anybody took it up.
    Cleared,
    /// It never held, by a later fact or rule.
    Retracted,
    /// Yellow, and nobody took it up for the configured time.
    AutoCleared,
}

impl Life {
    pub const ALL: [Self; 10] = [
        Self::Open,
        Self::UnderSupervision,
        Self::Replied,
        Self::Returned,
        Self::Revoked,
        Self::Upheld,
        Self::Superseded,
        Self::Cleared,
        Self::Retracted,
        Self::AutoCleared,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::UnderSupervision => "under_supervision",
            Self::Replied => "replied",
            Self::Returned => "returned",
            Self::Revoked => "revoked",
            Self::Upheld => "upheld",
            Self::Superseded => "superseded",
            Self::Cleared => "cleared",
            Self::Retracted => "retracted",
            Self::AutoCleared => "auto_cleared",
        }
    }

    const fn of(stage: Stage) -> Option<Self> {
        match stage {
            Stage::Open | Stage::Assigned | Stage::Answered => Some(Self::UnderSupervision),
            Stage::Replied => Some(Self::Replied),
            Stage::Returned => Some(Self::Returned),
            Stage::Revoked => Some(Self::Revoked),
            Stage::Upheld => Some(Self::Upheld),
            // As if there had been none.
            Stage::Withdrawn => None,
        }
    }
}

/// What clears an alarm by itself. A red one is never cleared by its age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clearing {
    /// Working days after which a yellow alarm that nobody took up counts as cleared; `None`: never.
    pub yellow_after: Option<u32>,
}

impl Default for Clearing {
    /// DOMAIN 2.4: 20 working days.
    fn default() -> Self {
        Self { yellow_after: Some(20) }
    }
}

impl Clearing {
    /// When an alarm is cleared by its age, if ever.
    pub fn at(&self, calendar: &Calendar, light: Light, raised: Instant) -> Option<Instant> {
        let days = self.yellow_after.filter(|_| light == Light::Yellow)?;
        Some(end(calendar, raised, days))
    }
}

impl Supervision {
    /// What people made of an alarm goes before what became of it by itself. `superseded` says that its last revision was
    /// caused by a graver one.
    pub fn life(
        &self,
        fact: &AlarmFact,
        superseded: bool,
        clearing: Clearing,
        calendar: &Calendar,
        now: Instant,
    ) -> Life {
        let of_order = self.order_on(&fact.id).and_then(|order| Life::of(order.stage));
        if let Some(life) = of_order {
            return life;
        }
        match fact.state.as_str() {
            "retracted" => Life::Retracted,
            "cleared" if superseded => Life::Superseded,
            "cleared" => Life::Cleared,
            _ => {
                let cleared = clearing.at(calendar, fact.light, fact.raised);
                if cleared.is_some_and(|at| at <= now) { Life::AutoCleared } else { Life::Open }
            }
        }
    }
}
