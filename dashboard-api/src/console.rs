//! The console's files, out of the binary itself: what `cargo xtask console` had built when the binary was compiled.
//! Without them `/` leads to the plain page.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::error::{Problem, ProblemKind};

include!(concat!(env!("OUT_DIR"), "/console.rs"));

/// One file as it was built, and packed where that is shorter.
pub(crate) struct File {
    path: &'static str,
    plain: &'static [u8],
    br: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

/// The document that every address of the console answers with.
const SHELL: &str = "index.html";
/// What the build puts where an answer's own nonce goes.
const NONCE: &str = "__nonce__";
/// Names below it change with the content.
const HASHED: &str = "assets/";
const PLAIN_PAGE: &str = "/plain";
/// Addresses of programs: one that does not exist is told as a problem, never as a page.
const NOT_PAGES: [&str; 5] = ["/api/", "/session/", "/idp/", "/assets/", "/plain/"];

pub(crate) fn is_built() -> bool {
    find(SHELL).is_some()
}

/// A file of the console, or its document for whatever else a browser asks for.
pub(crate) async fn serve(request: Request) -> Response {
    let reads = *request.method() == Method::GET || *request.method() == Method::HEAD;
    let path = request.uri().path();
    if !reads {
        return Problem::of_status(StatusCode::NOT_FOUND).into_response();
    }
    if let Some(file) = find(path.trim_start_matches('/')).filter(|file| file.path != SHELL) {
        return file.answer(request.headers());
    }
    if path == "/" && !is_built() {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        let to = format!("{PLAIN_PAGE}{query}");
        return (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response();
    }
    match find(SHELL) {
        Some(shell) if path == "/" || is_page(path, request.headers()) => document(shell.plain),
        _ => Problem::of_status(StatusCode::NOT_FOUND).into_response(),
    }
}

fn find(path: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.path == path)
}

fn is_page(path: &str, headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.contains("text/html") && !NOT_PAGES.iter().any(|start| path.starts_with(start))
}

/// The document with a nonce of its own. The component library makes style elements while it runs, and signs them with the
/// nonce that it finds there; scripts come from files alone.
fn document(shell: &[u8]) -> Response {
    let Some(nonce) = identity::secret() else {
        return Problem::new(ProblemKind::Internal, "the system has no chance to give").into_response();
    };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let Ok(policy) = HeaderValue::from_str(&policy) else {
        return Problem::new(ProblemKind::Internal, "the nonce is no text").into_response();
    };
    let html = String::from_utf8_lossy(shell).replace(NONCE, &nonce);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (headers, html).into_response()
}

impl File {
    fn answer(&self, headers: &HeaderMap) -> Response {
        let (encoding, bytes) = self.packed(headers);
        let cache = if self.path.starts_with(HASHED) {
            "public, max-age=31536000, immutable"
        } else {
            "public, max-age=3600"
        };
        let known = [
            (header::CONTENT_TYPE, media_type(self.path)),
            (header::CACHE_CONTROL, cache),
            (header::VARY, "accept-encoding"),
        ];
        let mut response = (known, bytes).into_response();
        if let Some(encoding) = encoding {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    }

    fn packed(&self, headers: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
        match (self.br, self.gzip) {
            (Some(br), _) if takes(headers, "br") => (Some("br"), br),
            (_, Some(gzip)) if takes(headers, "gzip") => (Some("gzip"), gzip),
            _ => (None, self.plain),
        }
    }
}

/// Whether `Accept-Encoding` names it, and not with `q=0`.
fn takes(headers: &HeaderMap, encoding: &str) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted.unwrap_or_default().split(',').any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case(encoding) && weight != Some(0.0)
    })
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: File = File { path: "assets/a.js", plain: b"plain", br: Some(b"br"), gzip: Some(b"gz") };

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn what_a_browser_takes_is_sent_packed() {
        let packed = |accepted| FILE.packed(&headers(header::ACCEPT_ENCODING, accepted));
        assert_eq!(packed("gzip, deflate, br, zstd"), (Some("br"), &b"br"[..]));
        assert_eq!(packed("gzip;q=0.5, br;q=0"), (Some("gzip"), &b"gz"[..]));
        assert_eq!(packed("identity"), (None, &b"plain"[..]));
        assert_eq!(File { br: None, ..FILE }.packed(&HeaderMap::new()), (None, &b"plain"[..]));
    }

    #[test]
    fn a_hashed_file_is_kept_for_good() {
        let answer = FILE.answer(&headers(header::ACCEPT_ENCODING, "br"));
        assert_eq!(answer.headers()["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(answer.headers()["content-encoding"], "br");
        assert_eq!(answer.headers()["content-type"], "text/javascript; charset=utf-8");
    }

    #[test]
    fn every_document_has_a_nonce_of_its_own() {
        let nonce = || {
            let policy = document(b"<meta nonce=\"__nonce__\">").headers()["content-security-policy"].clone();
            let policy = policy.to_str().unwrap().to_owned();
            assert!(!policy.contains("unsafe"), "{policy}");
            policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned()
        };
        let (one, other) = (nonce(), nonce());
        assert!(one.len() >= 22 && one != other);
    }

    #[test]
    fn an_address_of_programs_is_no_page() {
        let browser = headers(header::ACCEPT, "text/html,application/xhtml+xml");
        assert!(is_page("/alarms/5f1c", &browser) && is_page("/rules", &browser));
        assert!(!is_page("/api/v1/nothing", &browser) && !is_page("/alarms", &HeaderMap::new()));
    }
}
