//! A world in which whole changes happen: a store, a clock, the user's commands, and a host that can die anywhere.

mod session;

use std::collections::BTreeMap;

use countersign::contract::{self, Session};
use countersign::scalar::{Digest, Timestamp};
use serde_json::{Value, json};

use crate::documents::{COMMIT, Documents};
use crate::github::GitHub;

/// Where a host dies, or what goes wrong, at an exchange.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The host dies before it performs the exchange.
    Before,
    /// The host dies after it performed the exchange, before it answers.
    After,
    /// The host dies in a commit, of which so many files are stored.
    Torn(usize),
    /// Nobody answers; nothing happened. A change system and a repository are silent from then on.
    Unavailable,
    /// It happened, and its answer got lost. A change system and a repository are silent from then on.
    LostAnswer,
    /// Others write to the ledger all the time.
    Behind,
}

/// An exchange that was asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Asked {
    /// Its kind; `look` is a request that only reads.
    pub kind: String,
    /// The effects that a commit announces; of others, those that are under way.
    pub effects: Vec<String>,
    /// How many files a commit has.
    pub files: usize,
}

/// How one run of a host ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ended {
    /// As the engine says.
    As {
        /// The outcome's name.
        outcome: String,
        /// The exit code.
        exit_code: u64,
        /// What the engine says.
        message: String,
    },
    /// The host died.
    Died,
    /// The engine refused: the failure.
    Refused(Value),
}

impl Ended {
    /// Whether somebody could not be reached, or the host died: another run goes on from there.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        match self {
            Self::As { exit_code, .. } => *exit_code == 30,
            Self::Died => true,
            Self::Refused(failure) => failure["exit_code"] == 30,
        }
    }

    /// The outcome's name, or what happened instead.
    #[must_use]
    pub fn outcome(&self) -> &str {
        match self {
            Self::As { outcome, .. } => outcome,
            Self::Died => "died",
            Self::Refused(_) => "refused",
        }
    }
}

/// The world.
#[derive(Clone, Debug)]
pub struct World {
    /// What the changes are about.
    pub documents: Documents,
    /// The store of the ledger.
    pub store: BTreeMap<String, Vec<u8>>,
    /// The clock, in milliseconds; it moves with every look at it.
    pub clock: i64,
    /// The run of the pipeline.
    pub run: String,
    /// Who triggers it.
    pub actor: u64,
    /// Which of the user's commands fail.
    pub failing: Vec<&'static str>,
    /// The user's commands that ran, in order.
    pub ran: Vec<String>,
    /// What the user's commands printed, which the host keeps.
    pub logs: Vec<Vec<u8>>,
    /// Where things are deployed.
    pub target: Value,
    /// The inventory commit to deploy.
    pub commit: String,
    /// The inventories that were deployed, by commit.
    pub trees: BTreeMap<String, BTreeMap<String, String>>,
    /// Pointers that were moved, and the commits that they point to.
    pub pointers: BTreeMap<String, String>,
    /// Where a pre-production environment's pointer is, if it proves anything.
    pub staging: Option<String>,
    /// Whether webhooks fail.
    pub deaf: bool,
    /// The bodies that were posted to webhooks, by the effect's key.
    pub posted: Vec<(String, Value)>,
    /// The exchanges that were asked for, in order.
    pub asked: Vec<Asked>,
    /// How many of them each run of the host came to.
    pub exchanges: Vec<usize>,
    /// How many exchanges changed something.
    pub acts: usize,
    /// How many bytes of the ledger were read, names included.
    pub read: usize,
    /// A fault at the exchange of this number, counted from 0 over one run.
    pub fault: Option<(usize, Fault)>,
    /// What somebody does while the host waits for the first time.
    pub meanwhile: Option<fn(&mut Self)>,
    /// What somebody does right before the next commit to the ledger.
    pub before_commit: Option<fn(&mut Self)>,
    /// Further keys of the plan request.
    pub more: Value,
    /// GitHub, where change requests are issues; none: they are in the ledger alone.
    pub github: Option<GitHub>,
    /// The run and the environment whose reviews decide there as well; none: people use labels.
    pub reviewed: Option<(u64, &'static str)>,
    /// The roots of the instances of Sigstore that are trusted; none: those that the engine knows.
    pub roots: Vec<String>,
}

impl World {
    /// A world with these documents, at noon.
    #[must_use]
    pub fn new(documents: Documents) -> Self {
        Self {
            documents,
            store: BTreeMap::new(),
            clock: 1_772_452_800_000,
            run: "cd-1".to_owned(),
            actor: 104,
            failing: Vec::new(),
            ran: Vec::new(),
            logs: Vec::new(),
            target: json!({ "environment": "prod", "purpose": "production", "detail": "the shop" }),
            commit: COMMIT.to_owned(),
            trees: BTreeMap::new(),
            pointers: BTreeMap::new(),
            staging: None,
            deaf: false,
            posted: Vec::new(),
            asked: Vec::new(),
            exchanges: Vec::new(),
            acts: 0,
            read: 0,
            fault: None,
            meanwhile: None,
            before_commit: None,
            more: json!({}),
            github: None,
            reviewed: None,
            roots: Vec::new(),
        }
    }

    fn session(&self) -> Session {
        let roots: Vec<&str> = self.roots.iter().map(String::as_str).collect();
        match roots.is_empty() {
            true => Session::new(),
            false => Session::trusting(&roots).unwrap_or_else(|problem| panic!("{problem:?}")),
        }
    }

    /// The time, one millisecond later than at the last look.
    pub fn now(&mut self) -> String {
        self.clock += 1;
        Timestamp::from_millisecond(self.clock).map(|now| now.to_string()).unwrap_or_default()
    }

    /// A run of the host, from a fresh session, until the engine says how it ended, or the host dies.
    pub fn drive(&mut self) -> Ended {
        let before = self.asked.len();
        let ended = self.run_session();
        self.exchanges.push(self.asked.len() - before);
        ended
    }

    /// Gives the journal at `path`.
    fn recall(&self, session: &mut Session, request: &mut Value, path: &str) {
        let journal = self.store.get(path).cloned().unwrap_or_default();
        request["journal"] = json!({ "name": path, "digest": session.put(journal).to_string() });
    }

    /// All journals.
    pub fn journals(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let journals = self.store.iter().filter(|(path, _)| path.ends_with(".jsonl"));
        journals.map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// What all changes owe, and whether something is overdue: the end of `obligations`.
    pub fn owed(&mut self) -> Value {
        self.ask_for(&json!({ "command": "obligations", "all": true }), "")
    }

    /// Where all changes stand: the end of `status`.
    pub fn changes(&mut self) -> Value {
        self.ask_for(&json!({ "command": "status" }), "")
    }

    /// The end of a command that is not about one run of one change.
    pub fn command(&mut self, command: &Value) -> Value {
        self.ask_for(command, "")
    }

    /// Somebody says that something that a change owes was done; the end of `fulfil`.
    pub fn fulfil(&mut self, id: &str, obligation: &str, person: u64) -> Value {
        self.ask_for(
            &json!({
                "command": "fulfil",
                "id": id,
                "obligation": obligation,
                "by": { "id": person.to_string(), "login": format!("person-{person}") },
                "reference": "https://example.com/tickets/1",
            }),
            "",
        )
    }

    /// Somebody makes the change requests of a file by hand; gives their ids.
    pub fn prepare(&mut self, file: &str) -> Vec<String> {
        let document = json!({ "place": "prepared", "path": "prepared.yaml" });
        let command = json!({ "command": "prepare", "document": document, "system": self.system() });
        let end = self.ask_for(&command, file);
        let requests = end["requests"].as_array().unwrap_or_else(|| panic!("{end}"));
        requests.iter().map(|request| request["id"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// What the engine says of the change without doing anything.
    pub fn ask(&mut self, mode: &str) -> Value {
        let mut session = self.session();
        let started = self.now();
        let mut request = self.plan_request(&mut session, &started);
        request["mode"] = json!(mode);
        self.recall(&mut session, &mut request, "journal");
        call(&mut session, &request)
    }

    /// Somebody says something about a change request.
    pub fn decide(&mut self, id: &str, person: u64, approves: bool) -> Value {
        if let (Some(github), Some((run, environment))) = (&mut self.github, self.reviewed) {
            github.review(run, environment, if approves { "approved" } else { "rejected" }, "", "User", person);
            return json!({ "outcome": "done" });
        }
        if self.github.is_some() {
            return self.label(id, person, approves);
        }
        self.ask_for(
            &json!({
                "command": "decide",
                "id": id,
                "by": { "id": person.to_string(), "login": format!("person-{person}") },
                "approves": approves,
                "why": "looked at it"
            }),
            "",
        )
    }

    /// Somebody takes back what they said about a change request; the end of `withdraw`.
    pub fn withdraw(&mut self, id: &str, person: u64) -> Value {
        let by = json!({ "id": person.to_string(), "login": format!("person-{person}") });
        self.ask_for(&json!({ "command": "withdraw", "id": id, "by": by, "why": "looked again" }), "")
    }

    /// Somebody labels the issue of a change request.
    fn label(&mut self, id: &str, person: u64, approves: bool) -> Value {
        let label = if approves { "status_approved" } else { "status_rejected" };
        let github = self.github.as_mut().unwrap_or_else(|| panic!("there is no GitHub"));
        let shows = |issue: &&Value| issue["body"].as_str().is_some_and(|body| body.contains(&format!("begin {id} ")));
        let issue = github.issues.iter().find(shows).and_then(|issue| issue["number"].as_u64());
        let issue = issue.unwrap_or_else(|| panic!("`{id}` has no issue"));
        github.label(issue, &[label.to_owned()], "User", person);
        json!({ "outcome": "done" })
    }

    /// The one change request that there is.
    #[must_use]
    pub fn only_request(&self) -> Option<String> {
        let mut ids = self.requests().into_iter();
        match (ids.next(), ids.next()) {
            (Some(id), None) => Some(id),
            _ => None,
        }
    }

    /// The ids of all change requests.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        let records = self.store.keys().filter_map(|path| path.strip_suffix("/request.json"));
        records.filter_map(|path| path.strip_prefix("changes/")).map(str::to_owned).collect()
    }

    /// The record of a change request.
    #[must_use]
    pub fn record(&self, id: &str) -> Value {
        let bytes = self.store.get(&format!("changes/{id}/record.json"));
        bytes.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default()
    }

    /// The events of a change, in order.
    #[must_use]
    pub fn events(&self, id: &str) -> Vec<Value> {
        self.events_of(id, "journal.jsonl")
    }

    /// The events of one of the changes that a request served, in order.
    #[must_use]
    pub fn events_of(&self, id: &str, journal: &str) -> Vec<Value> {
        let bytes = self.store.get(&format!("changes/{id}/{journal}")).cloned().unwrap_or_default();
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines
            .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
            .map(|entry| entry["event"].clone())
            .collect()
    }

    /// The plan request, without a journal. Its documents are put into the session.
    #[must_use]
    pub fn plan_request(&self, session: &mut Session, started: &str) -> Value {
        let documents = &self.documents;
        let mut named = |name: &str, bytes: &str| json!({ "name": name, "digest": session.put(bytes.as_bytes().to_vec()).to_string() });
        let files = |files: &BTreeMap<String, String>, named: &mut dyn FnMut(&str, &str) -> Value| {
            files.iter().map(|(path, bytes)| named(path, bytes)).collect::<Vec<_>>()
        };
        let mut request = json!({
            "call": "plan",
            "contract": contract::CONTRACT,
            "now": started,
            "started": started,
            "target": self.target,
            "run": { "id": self.run, "actor": { "id": self.actor.to_string(), "login": "trigger" } },
            "documents": {
                "promotion": named("promotion.json", &documents.promotion.to_string()),
                "inventory": { "commit": self.commit, "files": files(&documents.inventory, &mut named) },
                "evidence": files(&documents.evidence, &mut named),
            }
        });
        if let Some(policy) = &documents.policy {
            request["documents"]["policy"] = named("countersign.yaml", policy);
        }
        let pointed =
            |pointer: &str| self.pointers.get(pointer).and_then(|commit| Some((commit, self.trees.get(commit)?)));
        let concluded = documents.concluded.as_ref().map(|tree| (&self.commit, tree));
        if let Some((commit, tree)) = pointed(&self.pointer()).or(concluded) {
            request["documents"]["concluded"] = json!({ "commit": commit, "files": files(tree, &mut named) });
        }
        if let Some((commit, tree)) = self.staging.as_deref().and_then(pointed) {
            request["documents"]["staging"] = json!({ "commit": commit, "files": files(tree, &mut named) });
        }
        if !self.more["rollback"].is_null() {
            request["documents"]["promotion"] = Value::Null;
        }
        request["history"] = self
            .store
            .iter()
            .filter(|(path, _)| path.ends_with(".jsonl"))
            .map(|(name, bytes)| json!({ "name": name, "digest": session.put(bytes.clone()).to_string() }))
            .collect();
        for (key, value) in self.more.as_object().into_iter().flatten() {
            request[key] = value.clone();
        }
        request
    }

    /// The name of the target's pointer.
    fn pointer(&self) -> String {
        let word = |key: &str| self.target[key].as_str();
        let environment = word("environment").unwrap_or_default();
        word("region")
            .map_or_else(|| format!("{environment}_latest"), |region| format!("{region}_{environment}_latest"))
    }
}

/// One call of the engine.
pub fn call(session: &mut Session, request: &Value) -> Value {
    let bytes = contract::handle(session, request.to_string().as_bytes());
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("the answer is not JSON: {error}"))
}

pub(crate) fn take(session: &Session, digest: &str) -> Vec<u8> {
    let digest: Digest = digest.parse().unwrap_or_else(|error| panic!("{error}"));
    session.take(&digest).unwrap_or_else(|| panic!("{digest} is not there")).to_vec()
}
