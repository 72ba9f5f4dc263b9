//! Who acts, in which role, and for which organisations.

use std::collections::BTreeSet;

use model::catalogue::Bilingual;
use serde::{Deserialize, Serialize};

/// What somebody may do is a matter of the role he acts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 办件人员
    Handler,
    /// 送审人员
    Submitter,
    /// 填报人员
    Registrar,
    /// 法制办
    LegalOffice,
    /// 监察室
    SupervisionOffice,
    /// 监察局
    SupervisionBureau,
    Analyst,
    Administrator,
}

impl Role {
    pub const ALL: [Self; 8] = [
        Self::Handler,
        Self::Submitter,
        Self::Registrar,
        Self::LegalOffice,
        Self::SupervisionOffice,
        Self::SupervisionBureau,
        Self::Analyst,
        Self::Administrator,
    ];

    /// The word that it has in records and tokens.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Handler => "handler",
            Self::Submitter => "submitter",
            Self::Registrar => "registrar",
            Self::LegalOffice => "legal_office",
            Self::SupervisionOffice => "supervision_office",
            Self::SupervisionBureau => "supervision_bureau",
            Self::Analyst => "analyst",
            Self::Administrator => "administrator",
        }
    }

    pub fn name(self) -> Bilingual {
        let (zh, en) = match self {
            Self::Handler => ("办件人员", "case handler"),
            Self::Submitter => ("送审人员", "submitter"),
            Self::Registrar => ("填报人员", "registrar"),
            Self::LegalOffice => ("法制办", "legal office"),
            Self::SupervisionOffice => ("监察室", "supervision office"),
            Self::SupervisionBureau => ("监察局", "supervision bureau"),
            Self::Analyst => ("分析人员", "analyst"),
            Self::Administrator => ("管理员", "administrator"),
        };
        Bilingual { zh: zh.to_owned(), en: en.to_owned() }
    }
}

/// Somebody acting. Whoever writes the command has checked that it is really him.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// The person, whatever the role: nobody passes his own work under another hat.
    pub person: String,
    pub role: Role,
    /// Ids of the organisations that he may act for.
    pub orgs: BTreeSet<String>,
}
