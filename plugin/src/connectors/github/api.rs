//! GitHub's REST API: one call is retried, paged and read strictly. What is not understood is never a success (T21).

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::connectors::talk::{mendable, trouble};
use crate::connectors::{Method, Pause, Talk};
use crate::formats::json;
use crate::io::Answered as Answer;
use crate::io::exchange::Request;
use crate::scalar::shorten;

/// The version of the API that is asked for. Nothing rests on fields that later versions drop.
const VERSION: &str = "2022-11-28";
/// How often a request is sent at most.
const TRIES: u32 = 6;
/// Seconds to wait where GitHub limits requests and does not say for how long.
const LIMITED: u32 = 60;
/// Longer than so many seconds nobody waits.
const MAX_WAIT: u32 = 300;
/// Pages of one list at most.
const MAX_PAGES: u32 = 200;

/// A conversation about one repository.
#[derive(Debug)]
pub(super) struct Api<'t> {
    pub(super) talk: &'t Talk,
    repository: &'t str,
}

/// What came of a write.
pub(super) enum Written {
    /// It was accepted: what GitHub says that is there now.
    Accepted(Answer),
    /// There is nothing at this path.
    Missing,
    /// GitHub does not accept it: 409 or 422, with its reason.
    Refused(String),
    /// Nobody knows whether it was done.
    Unknown(String),
}

/// What to do when the answer to a write is lost.
#[derive(Clone, Copy)]
enum Lost {
    Again,
    Tell,
}

/// How one request ended, as far as retrying goes.
enum Ended {
    Answered(Answer),
    /// It was not acted on: the same request can be sent again.
    Again(u32, String),
    /// Nobody knows whether it was acted on.
    Unknown(String),
}

impl<'t> Api<'t> {
    pub(super) fn new(talk: &'t Talk, repository: &'t str) -> Self {
        Self { talk, repository }
    }

    /// Reads one object; none: there is no such thing.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Pause> {
        Ok(self.read(path).await?.map(|(value, _)| value))
    }

    /// Reads a list to its last page; none: there is no such thing.
    pub(super) async fn list<T: DeserializeOwned>(&self, path: &str) -> Result<Option<Vec<T>>, Pause> {
        let mut all = Vec::new();
        let joint = if path.contains('?') { '&' } else { '?' };
        for page in 1..=MAX_PAGES {
            let Some((items, answer)) = self.read::<Vec<T>>(&format!("{path}{joint}per_page=100&page={page}")).await?
            else {
                return Ok(None);
            };
            all.extend(items);
            if !answer.headers.get("link").is_some_and(|link| link.contains("rel=\"next\"")) {
                return Ok(Some(all));
            }
        }
        Err(trouble("unavailable", format!("`{}` has more than {MAX_PAGES} pages", shorten(path))))
    }

    /// Reads the pages of a list that a cursor leads through, to the last one; none: there is no such thing.
    pub(super) async fn cursor<T: DeserializeOwned>(&self, path: &str) -> Result<Option<Vec<T>>, Pause> {
        let mut all = Vec::new();
        let mut after = String::new();
        for _ in 1..=MAX_PAGES {
            let Some((page, answer)) = self.read(&format!("{path}&per_page=100{after}")).await? else {
                return Ok(None);
            };
            all.push(page);
            let Some(next) = answer.headers.get("link").and_then(|link| next(link)) else { return Ok(Some(all)) };
            let cursor = cursor(next).ok_or_else(|| {
                trouble("malformed-answer", format!("GitHub does not say where `{}` goes on", shorten(path)))
            })?;
            after = format!("&after={cursor}");
        }
        Err(trouble("unavailable", format!("`{}` has more than {MAX_PAGES} pages", shorten(path))))
    }

    /// Sends a change that makes nothing new: it is sent again when its answer is lost.
    pub(super) async fn change(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Written, Pause> {
        self.write(method, path, body, Lost::Again).await
    }

    /// Sends something new, once: whether it was made is looked up when its answer is lost.
    pub(super) async fn make(&self, path: &str, body: &Value) -> Result<Written, Pause> {
        self.write(Method::Post, path, Some(body), Lost::Tell).await
    }

    async fn write(&self, method: Method, path: &str, body: Option<&Value>, lost: Lost) -> Result<Written, Pause> {
        let body = body.map(|body| self.talk.keep(body.to_string().into_bytes()));
        let mut last = String::new();
        for attempt in 0..TRIES {
            match self.send(method, path, body).await? {
                Ended::Answered(answer) => return self.written(path, &answer),
                Ended::Again(seconds, why) => {
                    last = why;
                    self.pause(attempt, Some(seconds)).await?;
                }
                Ended::Unknown(why) => match lost {
                    Lost::Tell => return Ok(Written::Unknown(why)),
                    Lost::Again => {
                        last = why;
                        self.pause(attempt, None).await?;
                    }
                },
            }
        }
        Err(trouble("unavailable", format!("GitHub does not answer `{}`: {last}", shorten(path))))
    }

    fn written(&self, path: &str, answer: &Answer) -> Result<Written, Pause> {
        match answer.status {
            200..=299 => Ok(Written::Accepted(answer.clone())),
            404 | 410 => Ok(Written::Missing),
            409 | 422 => Ok(Written::Refused(said(answer))),
            _ => Err(self.refusal(path, answer)),
        }
    }

    /// Reads, as often as it takes, until GitHub answers with what is expected.
    async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<Option<(T, Answer)>, Pause> {
        let (mut code, mut last) = ("unavailable", String::new());
        for attempt in 0..TRIES {
            let seconds = match self.send(Method::Get, path, None).await? {
                Ended::Answered(answer) => match answer.status {
                    200..=299 => match json::parse(&answer.body) {
                        Ok(value) => return Ok(Some((value, answer))),
                        Err(problem) => {
                            (code, last) = ("malformed-answer", format!("its answer is unusable: {}", problem.message));
                            None
                        }
                    },
                    404 | 410 => return Ok(None),
                    _ => return Err(self.refusal(path, &answer)),
                },
                Ended::Again(seconds, why) => {
                    (code, last) = ("unavailable", why);
                    Some(seconds)
                }
                Ended::Unknown(why) => {
                    (code, last) = ("unavailable", why);
                    None
                }
            };
            self.pause(attempt, seconds).await?;
        }
        Err(trouble(code, format!("GitHub does not answer `{}`: {last}", shorten(path))))
    }

    /// What is there after a write, if the answer says it.
    pub(super) fn now<T: DeserializeOwned>(answer: &Answer) -> Option<T> {
        json::parse(&answer.body).ok()
    }

    /// Sends one request, once.
    async fn send(&self, method: Method, path: &str, body: Option<crate::scalar::Digest>) -> Result<Ended, Pause> {
        let headers = BTreeMap::from([
            ("accept".to_owned(), "application/vnd.github+json".to_owned()),
            ("x-github-api-version".to_owned(), VERSION.to_owned()),
        ]);
        let path = match path.strip_prefix('~') {
            Some(path) => path.to_owned(),
            None => format!("/repos/{}{path}", self.repository),
        };
        let answer = match self.talk.http(Request { method, path: path.clone(), headers, body }).await? {
            Ok(answer) => answer,
            Err(why) => return Ok(Ended::Unknown(why)),
        };
        let header = |name: &str| answer.headers.get(name).map(String::as_str);
        let limited = header("retry-after").is_some()
            || header("x-ratelimit-remaining") == Some("0")
            || said(&answer).to_ascii_lowercase().contains("rate limit");
        match answer.status {
            429 => {}
            403 if limited => {}
            500..=599 => return Ok(Ended::Unknown(format!("status {}", answer.status))),
            _ => return Ok(Ended::Answered(answer)),
        }
        let seconds = header("retry-after").and_then(|text| text.parse().ok()).unwrap_or(LIMITED);
        if seconds > MAX_WAIT {
            return Err(trouble("unavailable", format!("GitHub limits requests for another {seconds} seconds")));
        }
        Ok(Ended::Again(seconds, format!("requests are limited (status {})", answer.status)))
    }

    /// Waits before the next try: as long as GitHub says, else twice as long as before. There is none after the last.
    pub(super) async fn pause(&self, attempt: u32, seconds: Option<u32>) -> Result<(), Pause> {
        if attempt.saturating_add(1) >= TRIES {
            return Ok(());
        }
        self.talk.wait(seconds.unwrap_or_else(|| 1_u32.checked_shl(attempt).unwrap_or(LIMITED)).max(1)).await
    }

    /// Why GitHub does not do it, in words that say how to mend it.
    fn refusal(&self, path: &str, answer: &Answer) -> Pause {
        let said = said(answer);
        let (code, message, help) = match answer.status {
            401 => (
                "forbidden",
                "GitHub does not accept the token".to_owned(),
                "give a token that is valid: a job's own token ends with the job",
            ),
            403 => (
                "forbidden",
                format!("GitHub does not permit `{}`: {said}", shorten(path)),
                match path.starts_with("/actions/") {
                    true => super::environment::PERMISSION,
                    false => {
                        "grant the job `contents: write`, `issues: write` and `pull-requests: read`, and \
                         `attestations: read` where attestations are read"
                    }
                },
            ),
            status => (
                "malformed-answer",
                format!("GitHub answers `{}` with status {status}: {said}", shorten(path)),
                "look at GitHub's status, and run it again; it continues here",
            ),
        };
        mendable(code, message, help)
    }
}

/// The part of a `Link` header that leads to the next page.
fn next(link: &str) -> Option<&str> {
    link.split(',').find(|part| part.contains("rel=\"next\""))
}

/// The cursor in the address of the next page: whatever else the address says, only this is followed.
fn cursor(next: &str) -> Option<&str> {
    let (address, _) = next.split_once('<')?.1.split_once('>')?;
    let (_, query) = address.split_once('?')?;
    let cursor = query.split('&').find_map(|part| part.strip_prefix("after="))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"%-._~=".contains(&byte);
    (!cursor.is_empty() && cursor.len() <= 1000 && cursor.bytes().all(plain)).then_some(cursor)
}

/// What GitHub says about it.
fn said(answer: &Answer) -> String {
    #[derive(serde::Deserialize)]
    struct Said {
        message: String,
    }
    match json::parse::<Said>(&answer.body) {
        Ok(said) => shorten(&said.message),
        Err(_) => "no reason is given".to_owned(),
    }
}
