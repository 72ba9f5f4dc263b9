//! What a rule has found: where, what, and what would be right.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Worth a look; does not fail the gate.
    Warning,
    Error,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) weight: Weight,
    pub(crate) file: String,
    /// Counted from 1; nothing if the whole file is meant.
    pub(crate) line: Option<usize>,
    pub(crate) message: String,
}

impl Complaint {
    pub(crate) fn error(file: &str, line: Option<usize>, message: impl Into<String>) -> Self {
        Self { weight: Weight::Error, file: file.to_owned(), line, message: message.into() }
    }

    pub(crate) fn warning(file: &str, line: Option<usize>, message: impl Into<String>) -> Self {
        Self { weight: Weight::Warning, ..Self::error(file, line, message) }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weight = match self.weight {
            Weight::Warning => "warning",
            Weight::Error => "error",
        };
        match self.line {
            Some(line) => write!(out, "{weight}: {}:{line}: {}", self.file, self.message),
            None => write!(out, "{weight}: {}: {}", self.file, self.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_like_a_compilers_message() {
        let complaint = Complaint::warning("sink/src/lib.rs", Some(7), "too long");
        assert_eq!(complaint.to_string(), "warning: sink/src/lib.rs:7: too long");
        assert_eq!(Complaint::error("deny.toml", None, "empty").to_string(), "error: deny.toml: empty");
    }
}
