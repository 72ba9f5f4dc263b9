//! The few pages of signing in, and the answers around them. No script, everything from outside escaped.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

/// Frame of a page; `body` is markup of our own with its texts escaped.
pub(crate) fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let title = escape(title);
    let html = format!(
        "<!doctype html>\n<html lang=\"zh\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n<header><h1>{title}</h1></header>\n\
         <main>\n{body}\n</main>\n</body>\n</html>\n"
    );
    (status, Html(html)).into_response()
}

/// A page that says why signing in did not work, and leads back to its beginning.
pub(crate) fn refusal(status: StatusCode, zh: &str, en: &str) -> Response {
    let body = format!(
        "<section class=\"problem\"><h2>{}</h2><p>{}</p><p><a href=\"/session/login\">重新登录 · Sign in again</a></p></section>",
        escape(zh),
        escape(en)
    );
    page(status, "獬豸 · Xiezhi", &body)
}

/// Leads a browser on with GET.
pub(crate) fn redirect(to: &str) -> Response {
    match HeaderValue::from_str(to) {
        Ok(to) => (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

pub(crate) fn escape(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, c| {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
        escaped
    })
}

/// `address` with these parameters behind what it has already.
pub(crate) fn with_query(address: &str, pairs: &[(&str, &str)]) -> String {
    let joint = if address.contains('?') { '&' } else { '?' };
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{address}{joint}{query}")
}

/// The only value of a parameter; one that is given twice is none.
pub(crate) fn parameter(query: &str, name: &str) -> Option<String> {
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(given, _)| given == name);
    let value = values.next()?.1.into_owned();
    values.next().is_none().then_some(value)
}
