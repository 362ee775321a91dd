//! How the world's host talks to the change system: a store, and GitHub where there is one.

use countersign::connectors::{Http, Method};
use countersign::contract::{self, Session};
use countersign::scalar::Digest;
use serde_json::{Value, json};

use super::{Fault, World, call, take};

impl World {
    /// Talks to the change system until it says what happened.
    pub(super) fn connect(&mut self, session: &mut Session, errand: &Value, fault: Option<Fault>) -> Value {
        let mut responses: Vec<Value> = Vec::new();
        let mut written = false;
        let system = match &self.github {
            None => json!({ "system": "ledger" }),
            Some(_) => {
                let approvals =
                    self.reviewed.map(|(run, environment)| json!({ "environment": environment, "run": run }));
                json!({ "system": "github", "repository": "shop/inventory", "records": "countersign", "run": self.run,
                        "approvals": approvals })
            }
        };
        for _ in 0..200 {
            let request = json!({
                "call": "connect",
                "contract": contract::CONTRACT,
                "system": system,
                "errand": errand,
                "responses": responses
            });
            let answer = call(session, &request);
            if answer["exchange"] == "done" {
                return answer["event"].clone();
            }
            let silent = match fault {
                Some(Fault::Unavailable) => true,
                Some(Fault::LostAnswer) => written,
                Some(Fault::Before | Fault::After) | None => false,
            };
            let before = written;
            let response = match answer["exchange"].as_str() {
                Some("wait") => json!({ "response": "waited" }),
                _ if silent => json!({ "response": "broken", "message": "no answer" }),
                _ => self.exchange(session, &answer, &mut written),
            };
            responses.push(match fault {
                Some(Fault::LostAnswer) if written && !before => {
                    json!({ "response": "broken", "message": "no answer" })
                }
                _ => response,
            });
        }
        panic!("the conversation does not end")
    }

    /// One exchange with the store, or with GitHub; and whether it wrote something.
    fn exchange(&mut self, session: &mut Session, answer: &Value, written: &mut bool) -> Value {
        let path = answer["path"].as_str().unwrap_or_default().to_owned();
        match answer["exchange"].as_str() {
            Some("get") => match self.store.get(&path) {
                Some(bytes) => json!({ "response": "found", "digest": session.put(bytes.clone()).to_string() }),
                None => json!({ "response": "absent" }),
            },
            Some("put") => {
                let there = self.store.get(&path).map(|bytes| Digest::of(bytes).to_string());
                if there.as_deref() != answer["expected"].as_str() {
                    return json!({ "response": "conflict" });
                }
                let bytes = take(session, answer["content"].as_str().unwrap_or_default());
                self.store.insert(path, bytes);
                *written = true;
                json!({ "response": "stored" })
            }
            Some("http") => {
                let mut request = answer.clone();
                for key in ["type", "exchange"] {
                    request.as_object_mut().map(|members| members.remove(key));
                }
                let request: Http = serde_json::from_value(request).unwrap_or_else(|error| panic!("{error}: {answer}"));
                let body = request.body.map(|digest| take(session, &digest.to_string()));
                let body = body.map(|bytes| serde_json::from_slice(&bytes).unwrap_or_default());
                let github = self.github.as_mut().unwrap_or_else(|| panic!("there is no GitHub: {answer}"));
                *written |= request.method != Method::Get;
                match github.http(&request, body) {
                    Ok((status, headers, body)) => {
                        let body = session.put(body).to_string();
                        json!({ "response": "answered", "status": status, "headers": headers, "body": body })
                    }
                    Err(message) => json!({ "response": "broken", "message": message }),
                }
            }
            _ => panic!("the engine says {answer}"),
        }
    }
}
