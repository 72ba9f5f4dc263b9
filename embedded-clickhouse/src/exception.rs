//! Errors as ClickHouse clients know them: a number, a text that begins with it, and an HTTP status.

use axum::http::StatusCode;

/// A failed statement. `text` always has the form `Code: N. DB::Exception: …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exception {
    pub(crate) code: u32,
    pub(crate) text: String,
}

/// The errors this program raises itself; the engine's own carry their number in the text.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Code {
    CannotReadAllData,
    BadArguments,
    ChecksumDoesntMatch,
    NotImplemented,
    SyntaxError,
    Readonly,
    TimeoutExceeded,
    TooManyQueries,
    NetworkError,
    CannotDecompress,
    SessionNotFound,
    SessionIsLocked,
    TooLargeStringSize,
    UnknownCompressionMethod,
    AccessDenied,
    AuthenticationFailed,
    StdException,
}

impl Code {
    fn number_and_name(self) -> (u32, &'static str) {
        match self {
            Code::CannotReadAllData => (33, "CANNOT_READ_ALL_DATA"),
            Code::BadArguments => (36, "BAD_ARGUMENTS"),
            Code::ChecksumDoesntMatch => (40, "CHECKSUM_DOESNT_MATCH"),
            Code::NotImplemented => (48, "NOT_IMPLEMENTED"),
            Code::SyntaxError => (62, "SYNTAX_ERROR"),
            Code::TooLargeStringSize => (131, "TOO_LARGE_STRING_SIZE"),
            Code::TimeoutExceeded => (159, "TIMEOUT_EXCEEDED"),
            Code::Readonly => (164, "READONLY"),
            Code::TooManyQueries => (202, "TOO_MANY_SIMULTANEOUS_QUERIES"),
            Code::NetworkError => (210, "NETWORK_ERROR"),
            Code::CannotDecompress => (271, "CANNOT_DECOMPRESS"),
            Code::SessionNotFound => (372, "SESSION_NOT_FOUND"),
            Code::SessionIsLocked => (373, "SESSION_IS_LOCKED"),
            Code::UnknownCompressionMethod => (432, "UNKNOWN_COMPRESSION_METHOD"),
            Code::AccessDenied => (497, "ACCESS_DENIED"),
            Code::AuthenticationFailed => (516, "AUTHENTICATION_FAILED"),
            Code::StdException => (1001, "STD_EXCEPTION"),
        }
    }
}

impl Exception {
    pub(crate) fn new(code: Code, message: impl std::fmt::Display) -> Self {
        let (code, name) = code.number_and_name();
        Exception { code, text: format!("Code: {code}. DB::Exception: {message}. ({name})") }
    }

    /// Reads the number out of the engine's text; a text without one is given the "other" number.
    pub(crate) fn from_engine(text: &str) -> Self {
        let digits = text.split_once("Code: ").map_or("", |(_, rest)| rest);
        let digits = digits.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        match digits.parse() {
            Ok(code) => Exception { code, text: text.trim_end().to_owned() },
            Err(_) => Exception::new(Code::StdException, text.trim()),
        }
    }

    /// The text as it is sent. Clients look for the closing brackets, so the version comes last.
    pub(crate) fn body(&self, version: &str) -> String {
        format!("{} (version {version} (embedded))\n", self.text)
    }

    /// The status a server answers with, after its own table (HTTPHandler, `exceptionCodeToHTTPStatus`).
    pub(crate) fn status(&self) -> StatusCode {
        match self.code {
            193 | 194 | 516 => StatusCode::FORBIDDEN,
            6 | 26 | 27 | 36 | 38 | 41 | 47 | 53 | 62 | 69 | 70 | 72 | 117 | 130 | 131 | 456 | 457 => {
                StatusCode::BAD_REQUEST
            }
            46 | 60 | 63 | 73 | 81 | 115 | 161 => StatusCode::NOT_FOUND,
            48 => StatusCode::NOT_IMPLEMENTED,
            159 => StatusCode::REQUEST_TIMEOUT,
            202 | 241 => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_number_is_read_from_its_text() {
        let exception = Exception::from_engine("Code: 60. DB::Exception: Table x does not exist.\n");
        assert_eq!((exception.code, exception.status()), (60, StatusCode::NOT_FOUND));
        assert_eq!(exception.text, "Code: 60. DB::Exception: Table x does not exist.");
    }

    #[test]
    fn a_text_without_a_number_still_becomes_an_exception() {
        let exception = Exception::from_engine("the engine is gone");
        assert_eq!(exception.code, 1001);
        assert!(exception.text.starts_with("Code: 1001. DB::Exception: the engine is gone"));
    }
}
