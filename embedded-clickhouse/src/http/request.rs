//! What a request says, wherever it says it: address, headers or form.
//!
//! Later sources win: headers over Basic authorization, address and form over headers, as in a server.

use axum::http::{HeaderMap, Method};

use crate::exec;
use crate::ffi::Params;
use crate::http::auth;
use crate::policy::{Rights, User};
use crate::session::Wish;

/// Parameters that steer a server's own transport. They are taken and have no effect here, except that clients set
/// `log_comment` in vain: it carries the tag by which a statement can be killed.
const WITHOUT_EFFECT: [&str; 13] = [
    "buffer_size",
    "cancel_http_readonly_queries_on_client_close",
    "client_name",
    "enable_http_compression",
    "http_headers_progress_interval_ms",
    "http_native_compression_disable_checksumming_on_decompress",
    "http_response_buffer_size",
    "http_write_exception_in_output_format",
    "http_zlib_compression_level",
    "log_comment",
    "quota_key",
    "send_progress_in_http_headers",
    "stacktrace",
];

#[derive(Debug, Default)]
pub(super) struct Incoming {
    pub(super) user: String,
    pub(super) password: String,
    pub(super) query: String,
    pub(super) query_id: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) decompress: bool,
    asks_to_read: bool,
    database: Option<String>,
    default_format: Option<String>,
    session: Wish,
    roles: Vec<String>,
    settings: Params,
    params: Params,
    compress: bool,
    in_one_piece: bool,
    protocol_version: u64,
}

/// Names and values of an address or a form in its encoding.
pub(super) fn pairs(encoded: &str) -> Params {
    form_urlencoded::parse(encoded.as_bytes()).into_owned().collect()
}

impl Incoming {
    pub(super) fn read(method: &Method, headers: &HeaderMap, pairs: Params) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (user, password) = text("authorization").as_deref().and_then(auth::basic).unzip();
        let mut incoming = Incoming {
            user: text("x-clickhouse-user").or(user).unwrap_or_else(|| "default".to_owned()),
            password: text("x-clickhouse-key").or(password).unwrap_or_default(),
            database: text("x-clickhouse-database").filter(|name| !name.is_empty()),
            default_format: text("x-clickhouse-format"),
            content_encoding: text("content-encoding"),
            asks_to_read: method != Method::POST,
            ..Incoming::default()
        };
        for (name, value) in pairs {
            incoming.take(name, value);
        }
        incoming
    }

    fn take(&mut self, name: String, value: String) {
        let is_on = value == "1" || value == "true";
        match name.as_str() {
            "query" if self.query.is_empty() => self.query = value,
            "query" => self.query = format!("{}\n{value}", self.query),
            "user" => self.user = value,
            "password" => self.password = value,
            "query_id" => self.query_id = Some(value).filter(|id| is_header_text(id)),
            "database" => self.database = Some(value).filter(|name| !name.is_empty()),
            "default_format" => self.default_format = Some(value),
            "session_id" => self.session.id = value,
            "session_timeout" => self.session.timeout_seconds = value.parse().ok(),
            "session_check" => self.session.must_exist = is_on,
            "close_session" => self.session.close_after = is_on,
            "role" => self.roles.push(value),
            "compress" => self.compress = is_on,
            "decompress" => self.decompress = is_on,
            "wait_end_of_query" => self.in_one_piece = is_on,
            "client_protocol_version" => self.protocol_version = value.parse().unwrap_or(0),
            // Not handed to the engine, which could never leave it again in a session: the policy sees to it.
            "readonly" => self.asks_to_read |= value != "0",
            known if WITHOUT_EFFECT.contains(&known) => {}
            other => match other.strip_prefix("param_") {
                Some(parameter) => self.params.push((parameter.to_owned(), value)),
                None => self.settings.push((name, value)),
            },
        }
    }

    pub(super) fn for_user(self, user: &User) -> exec::Request {
        exec::Request {
            user: user.name.clone(),
            rights: Rights::of(user.access, self.asks_to_read),
            query: self.query,
            database: self.database,
            default_format: self.default_format,
            session: Some(self.session).filter(|wish| !wish.id.is_empty()),
            roles: self.roles,
            settings: self.settings,
            params: self.params,
            compress: self.compress,
            in_one_piece: self.in_one_piece,
            protocol_version: self.protocol_version,
        }
    }
}

/// The id is sent back in a header.
fn is_header_text(text: &str) -> bool {
    (1..=256).contains(&text.len()) && text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Access;

    fn read(method: Method, headers: &[(&'static str, &str)], address: &str) -> Incoming {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("a header"));
        }
        Incoming::read(&method, &map, pairs(address))
    }

    #[test]
    fn the_address_wins_over_headers_and_those_over_basic() {
        let basic = ("authorization", "Basic YTpi");
        let headers = [basic, ("x-clickhouse-user", "c"), ("x-clickhouse-key", "d")];
        let who = |incoming: Incoming| (incoming.user, incoming.password);
        assert_eq!(who(read(Method::POST, &[], "")), ("default".into(), String::new()));
        assert_eq!(who(read(Method::POST, &[basic], "")), ("a".into(), "b".into()));
        assert_eq!(who(read(Method::POST, &headers, "")), ("c".into(), "d".into()));
        assert_eq!(who(read(Method::POST, &headers, "user=e&password=f")), ("e".into(), "f".into()));
    }

    #[test]
    fn get_and_the_readonly_setting_ask_to_read() {
        assert!(read(Method::GET, &[], "query=select+1").asks_to_read);
        assert!(read(Method::POST, &[], "readonly=2").asks_to_read);
        assert!(!read(Method::POST, &[], "readonly=0").asks_to_read);
    }

    #[test]
    fn parameters_settings_and_transport_are_told_apart() {
        let incoming = read(Method::POST, &[], "param_x=1&max_threads=2&log_comment=hi&compress=1");
        assert_eq!(incoming.params, [("x".to_owned(), "1".to_owned())]);
        assert_eq!(incoming.settings, [("max_threads".to_owned(), "2".to_owned())]);
        assert!(incoming.compress);
    }

    #[test]
    fn a_query_id_that_cannot_be_a_header_is_replaced() {
        assert_eq!(read(Method::POST, &[], "query_id=a%0d%0ab").query_id, None);
        assert_eq!(read(Method::POST, &[], "query_id=a-1").query_id.as_deref(), Some("a-1"));
    }

    #[test]
    fn a_session_exists_only_with_an_id() {
        let user = User { name: "u".to_owned(), password: None, access: Access::Write };
        let session = |address| read(Method::POST, &[], address).for_user(&user).session;
        assert_eq!(session("session_timeout=5"), None);
        let wish = session("session_id=s&session_timeout=5&session_check=1").expect("a session");
        assert_eq!((wish.id.as_str(), wish.timeout_seconds, wish.must_exist), ("s", Some(5), true));
    }
}
