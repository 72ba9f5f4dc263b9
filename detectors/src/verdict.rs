//! What a supervision point says of a case, before it has an id, words or a history of its own.

use model::Instant;
use model::finding::{Code, Kind, Light};

/// The point name of data-quality verdicts.
pub const DATA_QUALITY: &str = "data_quality";

/// One violation as the facts now show it. Facts are places in the [`crate::history::History`].
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Place among the item's points; `None` for data quality.
    pub point: Option<usize>,
    pub kind: Kind,
    pub code: Code,
    pub light: Light,
    pub step: Option<String>,
    pub visit: Option<u32>,
    /// What tells apart several findings of one code about one visit.
    pub discriminator: String,
    pub violated_at: Instant,
    pub due: Option<Instant>,
    pub late_by_ms: Option<i64>,
    pub provisional: bool,
    pub standing: Standing,
    pub detail: Option<String>,
    pub events: Vec<usize>,
    pub story: Story,
}

/// How it stands, as far as facts and clock say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    Raised,
    /// A `due_soon` whose duty was done in time.
    Cleared,
    /// A `due_soon` whose duty became overdue.
    Superseded,
}

/// The numbers and names that an explanation needs beyond the verdict itself.
#[derive(Debug, Clone, PartialEq, Default, Hash)]
pub enum Story {
    #[default]
    Plain,
    /// Time limit: which limit, from when, ended when, days added, suspended intervals that counted.
    Limit {
        limit: usize,
        start: Instant,
        end: Option<Instant>,
        extended_days: u32,
        suspensions: u32,
        carried: bool,
    },
    Officers {
        qualified: u32,
        needed: u32,
        named: Vec<String>,
    },
    Officer {
        officer: String,
    },
    Return {
        to: String,
        times: u32,
    },
    Restart {
        step: String,
    },
    Evidence {
        kind: String,
        found: u32,
        needed: u32,
        later_upload: Option<Instant>,
    },
    Field {
        name: String,
    },
    Decision {
        decision: String,
    },
    Discretion {
        standard: String,
        tier: String,
        fine: Option<i64>,
        range: (Option<i64>, Option<i64>),
        circumstances: Vec<String>,
    },
    Money {
        executed: i64,
        owed: i64,
    },
    Lag {
        hours: i64,
        allowed: u32,
    },
    Extension {
        limit: String,
        due: Instant,
    },
}

impl Verdict {
    pub fn new(kind: Kind, code: Code, light: Light, violated_at: Instant) -> Self {
        Self {
            point: None,
            kind,
            code,
            light,
            step: None,
            visit: None,
            discriminator: String::new(),
            violated_at,
            due: None,
            late_by_ms: None,
            provisional: false,
            standing: Standing::Raised,
            detail: None,
            events: Vec::new(),
            story: Story::Plain,
        }
    }

    #[must_use]
    pub fn at_step(mut self, step: &str, visit: Option<u32>) -> Self {
        self.step = Some(step.to_owned());
        self.visit = visit;
        self
    }

    #[must_use]
    pub fn told_apart_by(mut self, discriminator: impl Into<String>) -> Self {
        self.discriminator = discriminator.into();
        self
    }

    /// What a reader needs to tell apart findings of one code: a kind, a field, a name.
    #[must_use]
    pub fn detailed(mut self, detail: &str) -> Self {
        self.detail = Some(detail.to_owned());
        self
    }

    #[must_use]
    pub fn resting_on(mut self, events: impl IntoIterator<Item = usize>) -> Self {
        self.events = events.into_iter().collect();
        self.events.sort_unstable();
        self.events.dedup();
        self
    }

    #[must_use]
    pub fn telling(mut self, story: Story) -> Self {
        self.story = story;
        self
    }

    /// The step as part of the identity: a missing start is one finding a case, whichever step shows it first.
    pub fn identity_step(&self) -> Option<&str> {
        match self.code {
            Code::MissingStart => None,
            _ => self.step.as_deref(),
        }
    }
}
