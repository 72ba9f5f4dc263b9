//! Which role needs what for its work (docs/rights.md). What is not listed is not allowed.

use workflow::Role;

/// What a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Alarms and their explanations, singly and as numbers.
    Alarms,
    /// Cases and their events, without personal data.
    Cases,
    /// Applicants, titles, free text, whole records.
    PersonalData,
    /// Records that were set aside.
    DeadLetters,
    /// How far the pipeline is, and whether it is complete. It has no organisation.
    Pipeline,
    /// What an operator must hear of. It has no organisation.
    Incidents,
    /// Rules, their versions and their reviews.
    Rules,
    /// Who asked for what in reviews, refusals included.
    Audit,
    /// The registers: officers, organisations, calendars.
    Registers,
    /// To register officers.
    SetOfficers,
    /// To set the organisations and the calendars of the site.
    SetRegisters,
    /// Supervision orders, with what was answered in them.
    Orders,
    /// What waits, as far as the role sees rules or orders, and what one follows.
    Todo,
}

impl Need {
    pub const ALL: [Self; 13] = [
        Self::Alarms,
        Self::Cases,
        Self::PersonalData,
        Self::DeadLetters,
        Self::Pipeline,
        Self::Incidents,
        Self::Rules,
        Self::Audit,
        Self::Registers,
        Self::SetOfficers,
        Self::SetRegisters,
        Self::Orders,
        Self::Todo,
    ];

    /// In words, for a refusal and the access trail.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alarms => "alarms",
            Self::Cases => "cases",
            Self::PersonalData => "personal data",
            Self::DeadLetters => "dead letters",
            Self::Pipeline => "the pipeline",
            Self::Incidents => "incidents",
            Self::Rules => "rules",
            Self::Audit => "the audit trail",
            Self::Registers => "registers",
            Self::SetOfficers => "registering officers",
            Self::SetRegisters => "setting organisations and calendars",
            Self::Orders => "orders",
            Self::Todo => "to-do lists",
        }
    }
}

/// Whether a role has access to it, as far as the grant reaches.
pub const fn allows(role: Role, need: Need) -> bool {
    use Need::{
        Alarms, Audit, Cases, DeadLetters, Incidents, Orders, PersonalData, Pipeline, Registers, Rules,
        SetOfficers, SetRegisters, Todo,
    };
    match role {
        // Who works on the cases himself knows the people in them.
        Role::Handler => matches!(need, Alarms | Cases | PersonalData | Orders | Todo),
        Role::Registrar => {
            matches!(need, Alarms | Cases | PersonalData | DeadLetters | Registers | SetOfficers)
        }
        Role::Submitter | Role::LegalOffice => matches!(need, Alarms | Cases | Rules | Registers | Todo),
        Role::SupervisionOffice => {
            matches!(
                need,
                Alarms | Cases | PersonalData | DeadLetters | Rules | Audit | Registers | Orders | Todo
            )
        }
        Role::SupervisionBureau => true,
        // Figures must be known to be complete; whose they are need not.
        Role::Analyst => matches!(need, Alarms | Cases | Pipeline),
        // Runs the machinery, and has no business with cases.
        Role::Administrator => {
            matches!(need, DeadLetters | Pipeline | Incidents | Registers | SetOfficers | SetRegisters)
        }
    }
}
