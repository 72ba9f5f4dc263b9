//! Who may do what. Facts in, a named decision out; the decision is carried out elsewhere.
//!
//! The engine has grants but only one user, and no grant covers everything, so the boundary has four layers:
//! the reading role and `readonly=1` on a reader's connection (engine), only statements the engine classes as reading,
//! no words that reach files past the grants, and settings only from a list.

use std::collections::HashSet;

use crate::exception::{Code, Exception};
use crate::ffi::{Analysis, Class, Params};
use crate::sql::{self, Hazards};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Write,
    Read,
}

#[derive(Clone)]
pub(crate) struct User {
    pub(crate) name: String,
    /// `None`: no password is asked for, and one that is sent is not looked at.
    pub(crate) password: Option<String>,
    pub(crate) access: Access,
}

#[derive(Clone)]
pub(crate) struct Users(Vec<User>);

impl Users {
    pub(crate) fn new(users: Vec<User>) -> Result<Self, String> {
        let mut names = HashSet::new();
        match users.iter().find(|user| user.name.is_empty() || !names.insert(user.name.clone())) {
            Some(user) => Err(format!("the user name `{}` is empty or used twice", user.name)),
            None => Ok(Users(users)),
        }
    }

    pub(crate) fn authenticate(&self, name: &str, password: &str) -> Result<&User, Exception> {
        let user = self.0.iter().find(|user| user.name == name);
        user.filter(|user| user.password.as_deref().is_none_or(|own| same(own, password))).ok_or_else(|| {
            let message = "Authentication failed: password is incorrect, or there is no user with such name";
            Exception::new(Code::AuthenticationFailed, format!("{name}: {message}"))
        })
    }

    pub(crate) fn without_password(&self) -> Option<&str> {
        self.0
            .iter()
            .find(|user| user.password.as_deref().is_none_or(str::is_empty))
            .map(|user| user.name.as_str())
    }
}

/// Takes the same time wherever the texts differ.
fn same(left: &str, right: &str) -> bool {
    let differences = left.bytes().zip(right.bytes()).fold(0, |seen, (l, r)| seen | (l ^ r));
    left.len() == right.len() && differences == 0
}

/// How much a request may do: its user's access, narrowed by GET or `readonly=…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rights {
    Write,
    /// A writing user who asked for a reading request.
    WriterReading,
    Reader,
}

impl Rights {
    pub(crate) fn of(access: Access, asks_to_read: bool) -> Self {
        match (access, asks_to_read) {
            (Access::Read, _) => Rights::Reader,
            (Access::Write, true) => Rights::WriterReading,
            (Access::Write, false) => Rights::Write,
        }
    }
}

/// What parsing decides about a statement without data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Run,
    /// Not SQL: let the engine say what is wrong, without running anything.
    ExplainSyntax,
}

/// Refuses what no user may do, and what readers may not name.
pub(crate) fn check_words(rights: Rights, hazards: Hazards, params: &Params) -> Result<(), Exception> {
    let refuse = |message: &str| Err(Exception::new(Code::AccessDenied, message));
    if hazards.writes_file {
        return refuse("INTO OUTFILE would write at the server and is not allowed");
    }
    if hazards.reads_infile {
        return refuse("FROM INFILE would read at the server and is not allowed");
    }
    if hazards.stops_engine {
        return refuse("SYSTEM SHUTDOWN and SYSTEM KILL are not allowed: stop the process instead");
    }
    let names_file = hazards.reaches_files || params.iter().any(|(_, value)| sql::is_file_name(value));
    if rights == Rights::Reader && names_file {
        return refuse("a name that can reach files is not allowed for this user");
    }
    Ok(())
}

/// An insert with data needs the right to write, nothing else.
pub(crate) fn check_insert(rights: Rights) -> Result<(), Exception> {
    if rights == Rights::Write { Ok(()) } else { Err(read_only(rights)) }
}

/// | statements | class    | writer | writer reading | reader |
/// |------------|----------|--------|----------------|--------|
/// | any        | unknown  | explain syntax in all three      |
/// | not one    | known    | refused in all three             |
/// | one        | reading  | run    | run            | run    |
/// | one        | any else | run    | refused        | refused |
pub(crate) fn check_statement(rights: Rights, analysis: &Analysis) -> Result<Verdict, Exception> {
    let class = analysis.class();
    if class == Class::Unknown {
        return Ok(Verdict::ExplainSyntax);
    }
    if analysis.statement_count != 1 {
        return Err(Exception::new(Code::SyntaxError, "Syntax error (Multi-statements are not allowed)"));
    }
    if class != Class::ReadOnly && rights != Rights::Write {
        return Err(read_only(rights));
    }
    Ok(Verdict::Run)
}

fn read_only(rights: Rights) -> Exception {
    let message = match rights {
        Rights::WriterReading => {
            "Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. \
             You should use method POST for modifying queries"
        }
        Rights::Write | Rights::Reader => "Cannot execute query in readonly mode: this user may only read",
    };
    Exception::new(Code::Readonly, message)
}

/// The longest a reader's statement may run.
const READ_SECONDS_MAX: f64 = 30.0;
/// Settings with a number that a reader may give.
const READER_NUMBERS: [&str; 10] = [
    "max_execution_time",
    "max_threads",
    "max_block_size",
    "max_result_rows",
    "max_rows_to_read",
    "max_bytes_to_read",
    "limit",
    "offset",
    "final",
    "join_use_nulls",
];
/// Settings with a word that a reader may give, besides all that begin with `output_format_`.
const READER_WORDS: [&str; 5] = [
    "session_timezone",
    "date_time_output_format",
    "date_time_input_format",
    "result_overflow_mode",
    "count_distinct_implementation",
];

/// A reader's settings as engine arguments: on a `readonly=1` connection nothing can be set afterwards, and arguments
/// pass the engine's own constraints, so every name and value is checked here.
pub(crate) fn reader_arguments(settings: &Params) -> Result<Vec<String>, Exception> {
    let mut arguments = Vec::new();
    let mut seconds = READ_SECONDS_MAX;
    for (name, value) in settings {
        let is_number = value.parse::<f64>().is_ok_and(|number| number.is_finite() && number >= 0.0);
        let is_word =
            value.len() <= 64 && value.bytes().all(|c| c.is_ascii_alphanumeric() || b"_/+-.:".contains(&c));
        if name == "max_execution_time" && is_number {
            let asked = value.parse().unwrap_or(0.0);
            seconds = if asked > 0.0 { seconds.min(asked) } else { seconds };
        } else if READER_NUMBERS.contains(&name.as_str()) && is_number
            || (READER_WORDS.contains(&name.as_str()) || is_output_setting(name)) && is_word
        {
            arguments.push(format!("--{name}={value}"));
        } else {
            let message = format!("Cannot modify '{name}' setting in readonly mode");
            return Err(Exception::new(Code::Readonly, message));
        }
    }
    arguments.push(format!("--max_execution_time={seconds}"));
    arguments.push("--readonly=1".to_owned());
    Ok(arguments)
}

fn is_output_setting(name: &str) -> bool {
    name.strip_prefix("output_format_")
        .is_some_and(|rest| rest.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Params {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn words(rights: Rights, text: &str) -> Result<(), u32> {
        check_words(rights, sql::parse(text.as_bytes()).hazards, &Params::new()).map_err(|error| error.code)
    }

    #[test]
    fn every_cell_of_the_table() {
        let classes = [(0, Class::ReadOnly), (1, Class::Mutating), (2, Class::Global), (3, Class::Control)];
        for rights in [Rights::Write, Rights::WriterReading, Rights::Reader] {
            assert_eq!(check_statement(rights, &Analysis::of(0, 4)), Ok(Verdict::ExplainSyntax));
            for (number, class) in classes {
                let one = check_statement(rights, &Analysis::of(1, number)).map_err(|error| error.code);
                let may = class == Class::ReadOnly || rights == Rights::Write;
                assert_eq!(one, if may { Ok(Verdict::Run) } else { Err(164) }, "{rights:?} {class:?}");
                let two = check_statement(rights, &Analysis::of(2, number)).map_err(|error| error.code);
                assert_eq!(two, Err(62), "{rights:?} {class:?}");
            }
        }
    }

    #[test]
    fn some_words_are_for_nobody_and_some_not_for_readers() {
        for text in
            ["select 1 into outfile 'x'", "system shutdown", "insert into t from infile 'x' format CSV"]
        {
            assert_eq!(words(Rights::Write, text), Err(497), "{text}");
        }
        assert_eq!(words(Rights::Write, "select file('x')"), Ok(()));
        assert_eq!(words(Rights::Reader, "select file('x')"), Err(497));
    }

    #[test]
    fn a_parameter_cannot_smuggle_the_name_in() {
        let hazards = sql::parse(b"select arrayMap({f:Identifier}, ['/etc/passwd'])").hazards;
        assert!(check_words(Rights::Reader, hazards, &params(&[("f", "`File`")])).is_err());
        assert!(check_words(Rights::Reader, hazards, &params(&[("f", "files")])).is_ok());
    }

    #[test]
    fn inserts_need_the_right_to_write() {
        assert!(check_insert(Rights::Write).is_ok());
        assert_eq!(check_insert(Rights::Reader).map_err(|error| error.code), Err(164));
        assert_eq!(check_insert(Rights::WriterReading).map_err(|error| error.code), Err(164));
    }

    #[test]
    fn a_reader_may_shorten_the_time_but_not_lengthen_it() {
        let seconds = |value: &str| reader_arguments(&params(&[("max_execution_time", value)]));
        assert_eq!(seconds("2"), Ok(vec!["--max_execution_time=2".into(), "--readonly=1".into()]));
        for value in ["0", "600"] {
            assert_eq!(seconds(value), Ok(vec!["--max_execution_time=30".into(), "--readonly=1".into()]));
        }
    }

    #[test]
    fn settings_off_the_list_or_with_odd_values_are_refused() {
        for (name, value) in [
            ("readonly", "0"),
            ("allow_experimental_eval_table_function", "1"),
            ("max_threads", "many"),
            ("session_timezone", "x --readonly=0"),
            ("output_format_a=1 --readonly", "0"),
        ] {
            assert_eq!(
                reader_arguments(&params(&[(name, value)])).map_err(|e| e.code),
                Err(164),
                "{name}={value}"
            );
        }
        assert!(reader_arguments(&params(&[("output_format_json_quote_64bit_integers", "0")])).is_ok());
    }

    #[test]
    fn names_are_unique_and_passwords_compared_whole() {
        let user = |name: &str| User {
            name: name.to_owned(),
            password: Some("pw".to_owned()),
            access: Access::Read,
        };
        assert!(Users::new(vec![user("a"), user("a")]).is_err());
        let users = Users::new(vec![user("a")]).expect("sound");
        assert!(users.authenticate("a", "pw").is_ok());
        for wrong in ["", "p", "pwx", "pW"] {
            assert_eq!(users.authenticate("a", wrong).map_err(|e| e.code).err(), Some(516), "{wrong}");
        }
        assert_eq!(users.authenticate("b", "pw").map_err(|e| e.code).err(), Some(516));
    }
}
