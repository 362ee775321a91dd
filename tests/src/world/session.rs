//! A run of the host over the one loop: begin, perform what is asked, answer, until the end.

use std::collections::BTreeMap;

use countersign::contract::{self, Session};
use countersign::io::exchange::Request;
use countersign::scalar::Digest;
use serde_json::{Value, json};

use super::{Asked, Ended, Fault, World, call, take};

/// The commit that stands for what the documents say was concluded.
const CONCLUDED: &str = "cccccccccccccccccccccccccccccccccccccccc";

/// How far one run of the host is.
#[derive(Debug, Default)]
struct Run {
    /// How many exchanges were performed.
    exchanges: usize,
    /// Whether change system and repository are silent.
    silent: bool,
}

impl World {
    /// Runs a command to its end, or to the host's death.
    pub(super) fn run_session(&mut self) -> Ended {
        let mut session = self.session();
        let request = self.begin();
        let mut turn = call(&mut session, &request);
        let mut run = Run::default();
        for _ in 0..5_000 {
            if turn["type"] != "turn" {
                return Ended::Refused(turn);
            }
            let end = &turn["end"];
            if !end.is_null() {
                return ended(end);
            }
            let exchange = turn["exchange"].clone();
            let Some(response) = self.respond(&mut session, &mut run, &exchange) else { return Ended::Died };
            let answer = json!({
                "call": "answer",
                "contract": contract::CONTRACT,
                "now": self.now(),
                "response": response
            });
            turn = call(&mut session, &answer);
        }
        panic!("the command does not end: {:?}", self.asked.iter().rev().take(6).collect::<Vec<_>>())
    }

    /// What this run asks for.
    fn begin(&mut self) -> Value {
        let now = self.now();
        let more = self.more.clone();
        let drive = &more["drive"];
        let wait = match drive["wait"]["until"].as_str() {
            None => Value::Null,
            Some(until) => {
                let until: countersign::scalar::Timestamp = until.parse().unwrap_or_else(|error| panic!("{error}"));
                let began: countersign::scalar::Timestamp = now.parse().unwrap_or_else(|error| panic!("{error}"));
                let milliseconds = until.as_millisecond() - began.as_millisecond();
                json!({ "seconds": (milliseconds + 999) / 1000, "interval_seconds": drive["wait"]["interval_seconds"] })
            }
        };
        let promoted = json!({
            "commit": self.commit,
            "promotion": { "place": "promotion", "path": "promotion.json" },
            "change_request_id": more["change_request_id"],
            "force_redeploy": more["force_redeploy"] == true,
            "attempt": more["attempt"].as_u64().unwrap_or(1)
        });
        let reports: Vec<Value> = drive["reports"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|report| json!({ "step": report["step"], "success": report["success"] }))
            .collect();
        let parked = drive["parked"].as_array().is_some_and(|parked| !parked.is_empty());
        let command = match (more["rollback"].is_null(), parked, reports.is_empty()) {
            (false, ..) => json!({ "command": "rollback", "change_request_id": more["rollback"]["change_request_id"],
                "emergency": more["rollback"]["emergency"] == true, "attempt": promoted["attempt"], "wait": wait }),
            (true, true, true) => json!({ "command": "open", "promoted": promoted, "wait": wait }),
            (true, true, false) => json!({ "command": "close", "promoted": promoted, "reports": reports }),
            (true, false, _) => json!({ "command": "run", "promoted": promoted, "wait": wait, "reports": reports }),
        };
        let system = self.system();
        let policy = self.documents.policy.as_ref().map(|_| json!({ "place": "policy", "path": "countersign.yaml" }));
        json!({
            "call": "begin",
            "contract": contract::CONTRACT,
            "now": now,
            "command": command,
            "settings": {
                "environment": self.target["environment"],
                "region": self.target["region"],
                "purpose": self.target["purpose"],
                "detail": self.target["detail"],
                "staging": self.staging.as_deref().and_then(|pointer| pointer.strip_suffix("_latest")),
                "policy": policy,
                "evidence": [{ "place": "evidence", "name": "evidence" }],
                "inventory": "git",
                "system": system,
                "run": { "id": self.run, "actor": { "id": self.actor.to_string(), "login": "trigger" } }
            }
        })
    }

    /// The change system, as the host is configured.
    pub(super) fn system(&self) -> Value {
        match &self.github {
            None => json!({ "system": "ledger" }),
            Some(_) => {
                let approvals =
                    self.reviewed.map(|(run, environment)| json!({ "environment": environment, "run": run }));
                json!({ "system": "github", "repository": "shop/inventory", "records": "countersign", "run": self.run,
                        "approvals": approvals })
            }
        }
    }

    /// Runs a command that is not about one run of one change; gives its end. `prepared` is the file that it may read.
    pub(super) fn ask_for(&mut self, command: &Value, prepared: &str) -> Value {
        let mut session = self.session();
        let begin = json!({ "call": "begin", "contract": contract::CONTRACT, "now": self.now(), "command": command });
        let mut turn = call(&mut session, &begin);
        for _ in 0..1_000 {
            if turn["exchange"].is_null() {
                return turn["end"].clone();
            }
            let exchange = turn["exchange"].clone();
            let response = match exchange["place"].as_str() {
                Some("prepared") => {
                    let digest = session.put(prepared.as_bytes().to_vec()).to_string();
                    json!({ "response": "files", "files": [{ "path": "prepared.yaml", "digest": digest }] })
                }
                _ => self.answer(&mut session, &exchange),
            };
            let (now, contract) = (self.now(), contract::CONTRACT);
            turn = call(
                &mut session,
                &json!({ "call": "answer", "contract": contract, "now": now, "response": response }),
            );
        }
        panic!("the command does not end: {command}")
    }

    /// Performs an exchange; nothing: the host died.
    fn respond(&mut self, session: &mut Session, run: &mut Run, exchange: &Value) -> Option<Value> {
        let number = run.exchanges;
        run.exchanges += 1;
        self.asked.push(Asked::of(exchange, session, &self.store));
        let acts = self.asked.last().is_some_and(Asked::acts);
        self.acts += usize::from(acts);
        if acts {
            self.announced(exchange);
        }
        let fault = self.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault);
        let kind = exchange["exchange"].as_str().unwrap_or_default();
        // Nobody stops a command or the time: there only the host can die.
        let fault = match (fault, kind) {
            (Some(Fault::Unavailable | Fault::LostAnswer | Fault::Behind), "run" | "wait") => None,
            (Some(Fault::Behind | Fault::Torn(_)), kind) if kind != "commit" => None,
            (fault, _) => fault,
        };
        let outside = matches!(kind, "http" | "move");
        if run.silent && outside {
            return Some(unanswered(kind));
        }
        run.silent |= outside && matches!(fault, Some(Fault::Unavailable | Fault::LostAnswer));
        match fault {
            None => Some(self.answer(session, exchange)),
            Some(Fault::Before) => None,
            Some(Fault::After) => {
                self.answer(session, exchange);
                None
            }
            Some(Fault::Torn(files)) => {
                self.torn(session, exchange, files);
                None
            }
            Some(Fault::Behind) => Some(json!({ "response": "behind" })),
            Some(Fault::Unavailable) => Some(unanswered(kind)),
            Some(Fault::LostAnswer) => {
                self.answer(session, exchange);
                Some(match kind {
                    "commit" | "move" => json!({ "response": "unknown", "message": "no answer" }),
                    kind => unanswered(kind),
                })
            }
        }
    }

    /// Nothing is done in the world before the line that announces it is stored.
    fn announced(&self, exchange: &Value) {
        let key = match exchange["exchange"].as_str() {
            Some("run") => format!("run/{}", exchange["step"].as_str().unwrap_or_default()),
            Some("move") => "conclude".to_owned(),
            Some("http") => String::new(),
            _ => return,
        };
        let pending: Vec<String> = self.journals().filter_map(|(_, bytes)| pending(bytes)).collect();
        let turns = |entry: &Value| matches!(entry["event"]["event"].as_str(), Some("approved" | "voided" | "cleared"));
        let approved =
            |bytes: &[u8]| lines(bytes).rfind(turns).is_some_and(|entry| entry["event"]["event"] == "approved");
        if key.is_empty() && pending.is_empty() && self.journals().any(|(_, bytes)| approved(bytes)) {
            // A run that stops right after an approval by readiness shows it.
            return;
        }
        assert!(pending.iter().any(|pending| pending.starts_with(&key)), "{exchange} is not announced: {pending:?}");
    }

    fn answer(&mut self, session: &mut Session, exchange: &Value) -> Value {
        match exchange["exchange"].as_str().unwrap_or_default() {
            "list" | "read" => self.place(session, exchange),
            "ref" | "tree" | "blobs" => self.repository(session, exchange),
            "move" => {
                let commit = exchange["to"].as_str().unwrap_or_default().to_owned();
                let name = exchange["name"].as_str().unwrap_or_default();
                self.trees.insert(commit.clone(), self.documents.inventory.clone());
                self.pointers.insert(name.trim_start_matches("refs/tags/").to_owned(), commit);
                json!({ "response": "moved" })
            }
            "ledger" => self.ledger(session, exchange),
            "commit" => {
                if let Some(act) = self.before_commit.take() {
                    act(self);
                }
                self.commit(session, exchange)
            }
            "http" => self.http(session, exchange),
            "run" => self.run_command(session, exchange),
            "wait" => {
                if let Some(act) = self.meanwhile.take() {
                    act(self);
                }
                let until: Option<countersign::scalar::Timestamp> =
                    exchange["until"].as_str().and_then(|until| until.parse().ok());
                self.clock = self.clock.max(until.map(|until| until.as_millisecond()).unwrap_or_default());
                json!({ "response": "waited" })
            }
            _ => panic!("the engine asks for {exchange}"),
        }
    }

    fn place(&self, session: &mut Session, exchange: &Value) -> Value {
        let documents = &self.documents;
        let files: BTreeMap<String, String> = match exchange["place"].as_str() {
            Some("policy") => {
                documents.policy.iter().map(|text| ("countersign.yaml".to_owned(), text.clone())).collect()
            }
            Some("promotion") => BTreeMap::from([("promotion.json".to_owned(), documents.promotion.to_string())]),
            Some("evidence") => documents.evidence.clone(),
            _ => panic!("the engine asks for {exchange}"),
        };
        if exchange["exchange"] == "list" {
            let listed: Vec<Value> =
                files.iter().map(|(path, bytes)| json!({ "path": path, "size": bytes.len() })).collect();
            return json!({ "response": "listed", "files": listed });
        }
        let wanted = exchange["paths"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let found: Vec<Value> = wanted
            .filter_map(|path| Some((path, files.get(path)?)))
            .map(|(path, text)| json!({ "path": path, "digest": session.put(text.clone().into_bytes()).to_string() }))
            .collect();
        json!({ "response": "files", "files": found })
    }

    /// The files of a commit of the inventory.
    fn files(&self, commit: &str) -> Option<&BTreeMap<String, String>> {
        match commit {
            CONCLUDED => self.documents.concluded.as_ref(),
            commit if commit == self.commit => Some(&self.documents.inventory),
            commit => self.trees.get(commit),
        }
    }

    fn repository(&self, session: &mut Session, exchange: &Value) -> Value {
        match exchange["exchange"].as_str() {
            Some("ref") => {
                let name = exchange["name"].as_str().unwrap_or_default();
                let commit = match (name.strip_prefix("refs/heads/"), name.strip_prefix("refs/tags/")) {
                    (Some(_), _) => Some(self.commit.clone()),
                    (None, Some(tag)) => {
                        let concluded =
                            || (tag == self.pointer() && self.documents.concluded.is_some()).then_some(CONCLUDED);
                        self.pointers.get(tag).cloned().or_else(|| concluded().map(str::to_owned))
                    }
                    (None, None) => self.files(name).map(|_| name.to_owned()),
                };
                match commit {
                    Some(commit) => json!({ "response": "ref", "object": commit, "commit": commit }),
                    None => json!({ "response": "ref" }),
                }
            }
            Some("tree") => {
                let commit = exchange["commit"].as_str().unwrap_or_default();
                let files = self.files(commit).unwrap_or_else(|| panic!("there is no commit {commit}"));
                let files: Vec<Value> = files
                    .iter()
                    .map(|(path, text)| json!({ "path": path, "id": Digest::of(text.as_bytes()).hex(), "regular": true }))
                    .collect();
                json!({ "response": "tree", "files": files })
            }
            _ => {
                let trees = [Some(&self.documents.inventory), self.documents.concluded.as_ref()];
                let all = trees.into_iter().flatten().chain(self.trees.values()).flat_map(BTreeMap::values);
                let known: BTreeMap<String, &String> =
                    all.map(|text| (Digest::of(text.as_bytes()).hex(), text)).collect();
                let ids = exchange["ids"].as_array().into_iter().flatten().filter_map(Value::as_str);
                let blobs: Vec<Value> = ids
                    .map(|id| json!({ "id": id, "digest": session.put(known[id].clone().into_bytes()).to_string() }))
                    .collect();
                json!({ "response": "blobs", "blobs": blobs })
            }
        }
    }

    fn ledger(&mut self, session: &mut Session, exchange: &Value) -> Value {
        if let Some(prefix) = exchange["prefix"].as_str() {
            let paths: Vec<&String> = self.store.keys().filter(|path| path.starts_with(prefix)).collect();
            self.read += paths.iter().map(|path| path.len()).sum::<usize>();
            return json!({ "response": "ledger", "paths": paths });
        }
        let wanted = exchange["paths"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let found: Vec<(&str, &Vec<u8>)> = wanted.filter_map(|path| Some((path, self.store.get(path)?))).collect();
        self.read += found.iter().map(|(path, bytes)| path.len() + bytes.len()).sum::<usize>();
        let files = found.into_iter();
        let files: Vec<Value> = files
            .map(|(path, bytes)| json!({ "path": path, "digest": session.put(bytes.clone()).to_string() }))
            .collect();
        json!({ "response": "ledger", "files": files })
    }

    fn commit(&mut self, session: &mut Session, exchange: &Value) -> Value {
        let puts = exchange["puts"].as_array().cloned().unwrap_or_default();
        let conflicts: Vec<String> = puts
            .iter()
            .filter(|put| {
                let there = self.store.get(&text(put, "path")).map(|bytes| Digest::of(bytes).to_string());
                there.as_deref() != put["expected"].as_str()
            })
            .map(|put| text(put, "path"))
            .collect();
        if !conflicts.is_empty() {
            return json!({ "response": "conflict", "paths": conflicts });
        }
        self.torn(session, exchange, puts.len());
        json!({ "response": "committed" })
    }

    /// Writes the first files of a commit, in their order.
    fn torn(&mut self, session: &mut Session, exchange: &Value, files: usize) {
        for put in exchange["puts"].as_array().into_iter().flatten().take(files) {
            match put["content"].as_str() {
                Some(content) => _ = self.store.insert(text(put, "path"), take(session, content)),
                None => _ = self.store.remove(&text(put, "path")),
            }
        }
    }

    fn http(&mut self, session: &mut Session, exchange: &Value) -> Value {
        let requests = exchange["requests"].as_array().cloned().unwrap_or_default();
        if let Some(channel) = exchange["system"].as_str().and_then(|system| system.strip_prefix("webhook/")) {
            if self.deaf {
                return json!({ "response": "answered", "answers": [{ "answer": "broken", "message": "no answer" }] });
            }
            let body = take(session, requests[0]["body"].as_str().unwrap_or_default());
            let key = self.journals().find_map(|(_, bytes)| pending(bytes)).unwrap_or_else(|| channel.to_owned());
            self.posted.push((key, serde_json::from_slice(&body).unwrap_or_default()));
            let body = session.put(Vec::new()).to_string();
            return json!({ "response": "answered", "answers": [{ "answer": "answered", "status": 200, "body": body }] });
        }
        let mut answers = Vec::new();
        for request in requests {
            let request: Request =
                serde_json::from_value(request).unwrap_or_else(|error| panic!("{error}: {exchange}"));
            let body = request.body.map(|digest| take(session, &digest.to_string()));
            let body = body.map(|bytes| serde_json::from_slice(&bytes).unwrap_or_default());
            let github = self.github.as_mut().unwrap_or_else(|| panic!("there is no GitHub: {exchange}"));
            answers.push(match github.http(&request, body) {
                Ok((status, headers, body)) => {
                    let body = session.put(body).to_string();
                    json!({ "answer": "answered", "status": status, "headers": headers, "body": body })
                }
                Err(message) => json!({ "answer": "broken", "message": message }),
            });
        }
        json!({ "response": "answered", "answers": answers })
    }

    fn run_command(&mut self, session: &mut Session, exchange: &Value) -> Value {
        let step = exchange["step"].as_str().unwrap_or_default().to_owned();
        let success = !self.failing.contains(&step.as_str());
        self.ran.push(step.clone());
        let log = session.put(format!("{step} ran\n").into_bytes()).to_string();
        let (started, finished) = (self.now(), self.now());
        let ended = json!({ "ended": "exited", "code": if success { 0 } else { 1 } });
        json!({ "response": "ran", "ended": ended, "started": started, "finished": finished, "log": log })
    }
}

fn text(put: &Value, key: &str) -> String {
    put[key].as_str().unwrap_or_default().to_owned()
}

/// A system that does not answer.
fn unanswered(kind: &str) -> Value {
    match kind {
        "http" => json!({ "response": "answered", "answers": [{ "answer": "broken", "message": "no answer" }] }),
        _ => json!({ "response": "broken", "message": "no answer" }),
    }
}

impl Asked {
    /// What an exchange is about: the effects that a commit announces, or the one that is under way.
    fn of(exchange: &Value, session: &Session, store: &BTreeMap<String, Vec<u8>>) -> Self {
        let kind = match exchange["requests"][0]["method"].as_str() {
            Some("GET") => "look".to_owned(),
            _ => exchange["exchange"].as_str().unwrap_or_default().to_owned(),
        };
        let journal = |path: &&Value| path["path"].as_str().is_some_and(|path| path.ends_with(".jsonl"));
        let effects = match exchange["puts"].as_array().and_then(|puts| puts.iter().find(journal)) {
            Some(put) => {
                let before = store.get(&text(put, "path")).map_or(0, Vec::len);
                let bytes = take(session, &text(put, "content"));
                lines(bytes.get(before..).unwrap_or_default()).filter_map(|entry| intended(&entry)).collect()
            }
            None => store
                .iter()
                .filter(|(path, _)| path.ends_with(".jsonl"))
                .filter_map(|(_, bytes)| pending(bytes))
                .collect(),
        };
        let files = exchange["puts"].as_array().map_or(0, Vec::len);
        Self { kind, effects, files }
    }

    /// Whether it changes something.
    pub fn acts(&self) -> bool {
        matches!(self.kind.as_str(), "commit" | "http" | "move" | "run" | "write")
    }
}

fn lines(journal: &[u8]) -> impl DoubleEndedIterator<Item = Value> {
    let lines = journal.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.filter_map(|line| serde_json::from_slice(line).ok())
}

fn intended(entry: &Value) -> Option<String> {
    (entry["event"]["event"] == "intended").then(|| entry["event"]["effect"].as_str().unwrap_or_default().to_owned())
}

/// The effect that a journal announces and whose outcome it does not tell.
fn pending(journal: &[u8]) -> Option<String> {
    let last = lines(journal).rfind(|entry| entry["event"]["event"] != "continued");
    intended(&last?)
}

fn ended(end: &Value) -> Ended {
    if end["outcome"] == "refused" {
        return Ended::Refused(json!({ "type": "failure", "exit_code": end["exit_code"], "errors": end["errors"] }));
    }
    Ended::As {
        outcome: end["outcome"].as_str().unwrap_or_default().to_owned(),
        exit_code: end["exit_code"].as_u64().unwrap_or(99),
        message: end["message"].as_str().unwrap_or_default().to_owned(),
    }
}
