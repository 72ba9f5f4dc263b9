//! A small HTTP client: one request, one whole answer, whatever its status.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use serde_json::Value;

const TIMEOUT: Duration = Duration::from_secs(180);

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("no JSON ({e}): {}", self.text()))
    }
}

pub fn get(url: &str) -> Result<Answer, ureq::Error> {
    answer(agent().get(url).call()?)
}

/// A request as a client of the API sends it: its token, and further headers.
pub fn send(
    url: &str,
    token: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Result<Answer, ureq::Error> {
    let bearer = format!("Bearer {token}");
    let all = || headers.iter().copied().chain([("authorization", bearer.as_str())]);
    let agent = agent();
    answer(match body {
        None => all().fold(agent.get(url), |request, (name, value)| request.header(name, value)).call()?,
        Some(body) => {
            let request = all().fold(agent.post(url), |request, (name, value)| request.header(name, value));
            request.send(body.to_string())?
        }
    })
}

/// Puts a table, as `curl -T` does.
pub fn put(url: &str, token: &str, headers: &[(&str, &str)], table: &str) -> Result<Answer, ureq::Error> {
    let bearer = format!("Bearer {token}");
    let all = headers.iter().copied().chain([("authorization", bearer.as_str())]);
    answer(all.fold(agent().put(url), |request, (name, value)| request.header(name, value)).send(table)?)
}

pub fn post(url: &str, body: &str) -> Result<Answer, ureq::Error> {
    answer(agent().post(url).send(body)?)
}

/// For those who ask many times a second: an answer within two seconds, or none.
pub struct Poller(ureq::Agent);

impl Default for Poller {
    fn default() -> Self {
        let within = Some(Duration::from_secs(2));
        Self(ureq::Agent::config_builder().http_status_as_error(true).timeout_global(within).build().into())
    }
}

impl Poller {
    pub fn ask(&self, url: &str, body: &str) -> Option<String> {
        self.0.post(url).send(body).ok()?.into_body().read_to_string().ok()
    }
}

/// The answer line by line, for those that are too long to be held.
pub fn post_lines(url: &str, body: &str, mut line: impl FnMut(&str)) {
    let response = agent().post(url).send(body).unwrap_or_else(|e| panic!("{body}: {e}"));
    let well = response.status().is_success();
    for said in BufReader::new(response.into_body().into_reader()).lines() {
        let said = said.unwrap_or_else(|e| panic!("{body}: {e}"));
        assert!(well, "{body}: {said}");
        line(&said);
    }
}

/// An answer without an end, line by line; dropped, the connection is cut.
pub fn listen(url: &str, headers: &[(&str, &str)]) -> Result<impl BufRead + use<>, ureq::Error> {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(true).build().into();
    let request = headers.iter().fold(agent.get(url), |request, (name, value)| request.header(*name, *value));
    Ok(BufReader::new(request.call()?.into_body().into_reader()))
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT)).build().into()
}

fn answer(response: ureq::http::Response<ureq::Body>) -> Result<Answer, ureq::Error> {
    let status = response.status().as_u16();
    let content_type = response.headers().get("content-type").and_then(|v| v.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    let body = response.into_body().into_with_config().limit(u64::MAX).read_to_vec()?;
    Ok(Answer { status, content_type, body })
}
