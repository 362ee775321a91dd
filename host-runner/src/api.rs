//! A system's API: one request at a time, only to the configured base, with a token that stands in one header.

use std::collections::BTreeMap;
use std::time::Duration;

use ureq::http::Request;

use crate::exchanges::Http;
use crate::failure::Failure;
use crate::network::Client;
use crate::webhook::check;

/// How long one request may take, all in all.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of one answer at most.
const ANSWER_MAX: u64 = 32 << 20;
/// Headers that the engine is told of.
const HEADERS: [&str; 6] =
    ["content-type", "link", "location", "retry-after", "x-ratelimit-remaining", "x-ratelimit-reset"];

/// An API.
pub struct Api {
    base: String,
    token: String,
    client: Client,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("base", &self.base).finish_non_exhaustive()
    }
}

/// Status, headers and body.
pub type Answer = (u16, BTreeMap<String, String>, Vec<u8>);

impl Api {
    /// The API at `base`.
    pub fn new(base: &str, token: &str) -> Result<Self, Failure> {
        check(base).map_err(|why| {
            Failure::usage(format!("the API's URL is not used: {why}")).help("set `GITHUB_API_URL` to an https URL")
        })?;
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Failure::usage("there is no token for the API")
                .help("set `GITHUB_TOKEN`, or name another variable with `--token-env`"));
        }
        let client = Client::new(base, PATIENCE)?;
        Ok(Self { base: base.trim_end_matches('/').to_owned(), token: token.to_owned(), client })
    }

    /// Sends one request, once: the answer if all of it came, else why not.
    pub fn send(&self, request: &Http, body: Option<&[u8]>) -> Result<Answer, String> {
        if !request.path.starts_with('/') || request.path.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("the path of the request is none".to_owned());
        }
        let mut sent = Request::builder()
            .method(request.method.as_str())
            .uri(format!("{}{}", self.base, request.path))
            .header("authorization", format!("Bearer {}", self.token));
        for (name, value) in &request.headers {
            sent = sent.header(name, value);
        }
        let told = |error: ureq::Error| match error {
            ureq::Error::Timeout(_) => "no answer within 30 seconds".to_owned(),
            other => self.client.why(&other),
        };
        let answered = match body {
            Some(body) => {
                let sent = sent.header("content-type", "application/json").body(body).map_err(|e| e.to_string())?;
                self.client.agent.run(sent)
            }
            None => self.client.agent.run(sent.body(()).map_err(|e| e.to_string())?),
        };
        let mut answer = answered.map_err(told)?;
        let headers = HEADERS.iter().filter_map(|name| {
            let value = answer.headers().get(*name)?.to_str().ok()?;
            Some(((*name).to_owned(), value.to_owned()))
        });
        let headers = headers.collect();
        let body = answer.body_mut().with_config().limit(ANSWER_MAX).read_to_vec().map_err(told)?;
        Ok((answer.status().as_u16(), headers, body))
    }
}
