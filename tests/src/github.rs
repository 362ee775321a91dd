//! A small GitHub that keeps state and can be made to fail: issues, labels, timelines, reviews of environments; enough for
//! change requests.

use std::collections::BTreeMap;

use countersign::io::exchange::{Method, Request};
use serde_json::{Value, json};

/// What happens to one request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// It is refused with this status, and not acted on.
    Status(u16),
    /// Too many requests, for so many seconds.
    LimitedFor(&'static str),
    /// The secondary limit of requests.
    SecondaryLimit,
    /// The connection is reset before it is acted on.
    LostBefore,
    /// It is acted on, and the answer is lost.
    LostAfter,
    /// It is acted on, and a page for people comes back.
    Html,
    /// It is acted on, and half of the answer comes back.
    Truncated,
    /// An empty list comes back.
    EmptyList,
    /// The answer names another page, which is empty.
    ExtraPage,
}

/// Every fault.
pub const FAULTS: [Fault; 11] = [
    Fault::Status(500),
    Fault::Status(502),
    Fault::Status(429),
    Fault::LimitedFor("7"),
    Fault::SecondaryLimit,
    Fault::LostBefore,
    Fault::LostAfter,
    Fault::Html,
    Fault::Truncated,
    Fault::EmptyList,
    Fault::ExtraPage,
];

/// What came back: status, headers, body; or why nothing did.
pub type Answer = Result<(u16, BTreeMap<String, String>, Vec<u8>), String>;

/// A GitHub.
#[derive(Clone, Debug, Default)]
pub struct GitHub {
    /// Its issues.
    pub issues: Vec<Value>,
    /// What happened to each.
    pub timelines: BTreeMap<u64, Vec<Value>>,
    /// The reviews of each workflow run, by its number.
    pub reviews: BTreeMap<u64, Vec<Value>>,
    /// When each workflow run began, in minutes after ten.
    pub runs: BTreeMap<u64, u32>,
    /// Its clock, in minutes after ten.
    pub minutes: u32,
    /// What else it answers, by path; with its query where that matters.
    pub answers: BTreeMap<String, Value>,
    /// The `Link` of an answer, by path with its query.
    pub links: BTreeMap<String, String>,
    /// What it does not permit, by path: the status.
    pub refuses: BTreeMap<String, u16>,
    /// How many items a page of a list has at most; 0: as many as are asked for.
    pub page_size: usize,
    /// How many requests there were.
    pub requests: usize,
    /// What goes wrong with the request of this number, counted from 0.
    pub fault: Option<(usize, Fault)>,
    /// How many seconds its clients waited.
    pub waited: u32,
}

impl GitHub {
    /// Answers a request.
    pub fn http(&mut self, request: &Request, body: Option<Value>) -> Answer {
        assert_eq!(request.headers["x-github-api-version"], "2022-11-28");
        let number = self.requests;
        self.requests += 1;
        let fault = self.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault);
        let limited = || json!({ "message": "You have exceeded a secondary rate limit" });
        let mut headers = BTreeMap::new();
        headers.extend(self.links.get(&request.path).map(|link| ("link".to_owned(), link.clone())));
        let (status, answer) = match fault {
            Some(Fault::Status(status)) => (status, json!({ "message": "no" })),
            Some(Fault::LimitedFor(seconds)) => {
                headers.insert("retry-after".to_owned(), seconds.to_owned());
                (429, json!({ "message": "slow down" }))
            }
            Some(Fault::SecondaryLimit) => (403, limited()),
            Some(Fault::LostBefore) => return Err("connection reset".to_owned()),
            Some(Fault::LostAfter) => {
                self.act(request.method, &request.path, body);
                return Err("timeout after 30 s".to_owned());
            }
            Some(Fault::EmptyList) => (200, json!([])),
            Some(Fault::ExtraPage) => {
                headers.insert("link".to_owned(), "<https://x/y?page=2>; rel=\"next\"".to_owned());
                self.act(request.method, &request.path, body)
            }
            Some(Fault::Html | Fault::Truncated) | None => self.act(request.method, &request.path, body),
        };
        let answer = match answer {
            Value::Array(all) if request.path.contains("page=") => self.page(&request.path, &all, &mut headers),
            Value::Object(mut comparison) if request.path.contains("/compare/") => {
                if let Some(Value::Array(all)) = comparison.get("commits") {
                    // Without a link: who asks for one page more gets an empty one.
                    let page = self.page(&request.path, all, &mut BTreeMap::new());
                    comparison.insert("commits".to_owned(), page);
                }
                Value::Object(comparison)
            }
            other => other,
        };
        let bytes = match fault {
            Some(Fault::Html) => b"<!DOCTYPE html><title>Unicorn!</title>".to_vec(),
            Some(Fault::Truncated) => {
                let mut bytes = answer.to_string().into_bytes();
                bytes.truncate(bytes.len() / 2);
                bytes
            }
            _ => answer.to_string().into_bytes(),
        };
        Ok((status, headers, bytes))
    }

    /// One page of a list, and in the headers whether there is another.
    fn page(&self, path: &str, all: &[Value], headers: &mut BTreeMap<String, String>) -> Value {
        let number: usize = path.rsplit_once("&page=").and_then(|(_, page)| page.parse().ok()).unwrap_or(1);
        let size = if self.page_size == 0 { 100 } else { self.page_size };
        if all.len() > number * size {
            headers.insert("link".to_owned(), format!("<https://x{path}>; rel=\"next\""));
        }
        all.iter().skip((number - 1) * size).take(size).cloned().collect()
    }

    fn act(&mut self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let path = path.strip_prefix("/repos/shop/inventory").unwrap_or(path);
        let whole = path;
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        let known = self.answers.get(whole).or_else(|| self.answers.get(path));
        if let Some(answer) = known.filter(|_| method == Method::Get) {
            return (200, answer.clone());
        }
        if let Some(status) = self.refuses.get(path) {
            return (*status, json!({ "message": "Resource not accessible by integration" }));
        }
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match (method, parts.as_slice()) {
            (Method::Get, ["issues"]) => (200, json!(self.issues)),
            (Method::Post, ["issues"]) => {
                let number = self.issues.len() as u64 + 1;
                let mut issue = body.unwrap();
                let labels: Vec<String> = serde_json::from_value(issue["labels"].take()).unwrap();
                issue["number"] = json!(number);
                issue["html_url"] = json!(format!("https://github.example/shop/inventory/issues/{number}"));
                issue["state"] = json!("open");
                issue["labels"] = json!([]);
                self.issues.push(issue);
                self.label(number, &labels, "Bot", 1);
                (201, self.issues[self.issues.len() - 1].clone())
            }
            (Method::Get, ["issues", number]) => match self.at(number) {
                Some(index) => (200, self.issues[index].clone()),
                None => (404, json!({ "message": "Not Found" })),
            },
            (Method::Patch, ["issues", number]) => {
                let index = self.at(number).unwrap();
                for (key, value) in body.unwrap().as_object().unwrap() {
                    self.issues[index][key] = value.clone();
                }
                self.issues[index]["updated_at"] = json!(at(self.minutes));
                (200, self.issues[index].clone())
            }
            (Method::Get, ["issues", number, "timeline"]) => {
                (200, json!(self.timelines.get(&number.parse().unwrap()).cloned().unwrap_or_default()))
            }
            (Method::Post, ["issues", number, "labels"]) => {
                let labels: Vec<String> = serde_json::from_value(body.unwrap()["labels"].take()).unwrap();
                self.label(number.parse().unwrap(), &labels, "Bot", 1);
                (200, json!([]))
            }
            (Method::Delete, ["issues", number, "labels", label]) => {
                match self.unlabel(number.parse().unwrap(), label) {
                    true => (200, json!([])),
                    false => (404, json!({ "message": "Label does not exist" })),
                }
            }
            (Method::Get, ["actions", "runs", run]) => match self.runs.get(&run.parse().unwrap()) {
                Some(minutes) => (200, json!({ "id": run.parse::<u64>().unwrap(), "created_at": at(*minutes) })),
                None => (404, json!({ "message": "Not Found" })),
            },
            (Method::Get, ["actions", "runs", run, "approvals"]) => match self.runs.get(&run.parse().unwrap()) {
                Some(_) => (200, json!(self.reviews.get(&run.parse().unwrap()).cloned().unwrap_or_default())),
                None => (404, json!({ "message": "Not Found" })),
            },
            (_, _) => (404, json!({ "message": "Not Found" })),
        }
    }

    /// Somebody reviews an environment of a run.
    pub fn review(&mut self, run: u64, environment: &str, state: &str, comment: &str, kind: &str, actor: u64) {
        self.reviews.entry(run).or_default().push(json!({
            "state": state,
            "comment": comment,
            "environments": [{ "id": 1, "name": environment }],
            "user": { "id": actor, "login": format!("user-{actor}"), "type": kind },
        }));
    }

    fn at(&self, number: &str) -> Option<usize> {
        self.issues.iter().position(|issue| issue["number"].as_u64() == number.parse().ok())
    }

    /// The labels of an issue.
    pub fn names(&self, number: u64) -> Vec<String> {
        let issue = &self.issues[number as usize - 1];
        issue["labels"].as_array().unwrap().iter().map(|label| label["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Somebody applies labels.
    pub fn label(&mut self, number: u64, labels: &[String], kind: &str, actor: u64) {
        for label in labels {
            if self.names(number).contains(label) {
                continue;
            }
            let list = self.issues[number as usize - 1]["labels"].as_array_mut().unwrap();
            list.push(json!({ "name": label }));
            self.issues[number as usize - 1]["updated_at"] = json!(at(self.minutes));
            self.happened(number, "labeled", label, kind, actor);
        }
    }

    /// A label is taken away; says whether it was there.
    pub fn unlabel(&mut self, number: u64, label: &str) -> bool {
        let there = self.names(number).iter().any(|name| name == label);
        let list = self.issues[number as usize - 1]["labels"].as_array_mut().unwrap();
        list.retain(|item| item["name"] != label);
        if there {
            self.happened(number, "unlabeled", label, "Bot", 1);
        }
        there
    }

    fn happened(&mut self, number: u64, event: &str, label: &str, kind: &str, actor: u64) {
        self.timelines.entry(number).or_default().push(json!({
            "event": event,
            "label": { "name": label, "color": "ededed" },
            "actor": { "id": actor, "login": format!("user-{actor}"), "type": kind },
            "created_at": at(self.minutes),
        }));
    }
}

fn at(minutes: u32) -> String {
    format!("2026-03-02T10:{minutes:02}:00Z")
}
