//! A host with folders and an inventory, and nothing else: what commands about files are tried on.

use std::collections::BTreeMap;

use countersign::contract::{self, Session};
use countersign::scalar::Digest;
use serde_json::{Value, json};

use crate::world::{call, take};

/// Files by path.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The folders and the inventory.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// Folders, by the names that the engine knows them by.
    pub folders: BTreeMap<String, Files>,
    /// The branches of the inventory.
    pub branches: BTreeMap<String, Files>,
    /// The paths that were written, in order.
    pub written: Vec<String>,
    /// The messages of the commits to the inventory.
    pub commits: Vec<String>,
    /// Whether somebody else writes the same files just before every commit.
    pub contended: bool,
    /// Whether nothing can be written.
    pub read_only: bool,
}

impl Places {
    /// Puts a file into a folder.
    #[must_use]
    pub fn with(mut self, place: &str, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.put(place, path, bytes);
        self
    }

    /// Puts a file into a folder.
    pub fn put(&mut self, place: &str, path: &str, bytes: impl AsRef<[u8]>) {
        self.folders.entry(place.to_owned()).or_default().insert(path.to_owned(), bytes.as_ref().to_vec());
    }

    /// Puts an entry onto a branch of the inventory.
    #[must_use]
    pub fn on(mut self, branch: &str, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.branches.entry(branch.to_owned()).or_default().insert(path.to_owned(), bytes.as_ref().to_vec());
        self
    }

    /// A file of a folder, as JSON.
    #[must_use]
    pub fn json(&self, place: &str, path: &str) -> Value {
        let bytes = self.folders.get(place).and_then(|files| files.get(path));
        bytes.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default()
    }

    /// Runs a command: its end, and with `told` what people were told.
    pub fn run(&mut self, command: &Value) -> Value {
        let mut session = Session::new();
        let now = "2026-03-02T12:00:00Z";
        let begin = json!({ "call": "begin", "contract": contract::CONTRACT, "now": now, "command": command });
        let mut turn = call(&mut session, &begin);
        let mut told = Vec::new();
        for _ in 0..1_000 {
            told.extend(turn["told"].as_array().cloned().unwrap_or_default());
            if turn["exchange"].is_null() {
                let mut end = if turn["end"].is_null() { turn } else { turn["end"].clone() };
                end["told"] = json!(told);
                return end;
            }
            let response = self.answer(&mut session, &turn["exchange"].clone());
            let answer = json!({ "call": "answer", "contract": contract::CONTRACT, "now": now, "response": response });
            turn = call(&mut session, &answer);
        }
        panic!("the command does not end: {command}")
    }

    fn answer(&mut self, session: &mut Session, exchange: &Value) -> Value {
        let text = |key: &str| exchange[key].as_str().unwrap_or_default().to_owned();
        let place = self.folders.get(&text("place"));
        match text("exchange").as_str() {
            "list" => {
                let files = place.into_iter().flatten();
                let listed: Vec<Value> =
                    files.map(|(path, bytes)| json!({ "path": path, "size": bytes.len() })).collect();
                json!({ "response": "listed", "files": listed })
            }
            "read" => {
                let wanted = exchange["paths"].as_array().into_iter().flatten().filter_map(Value::as_str);
                let found = wanted.filter_map(|path| Some((path, place?.get(path)?)));
                let files: Vec<Value> = found
                    .map(|(path, bytes)| json!({ "path": path, "digest": session.put(bytes.clone()).to_string() }))
                    .collect();
                json!({ "response": "files", "files": files })
            }
            "write" if self.read_only => json!({ "response": "broken", "message": "the disk is read-only" }),
            "write" => {
                let bytes = take(session, &text("content"));
                self.written.push(text("path"));
                self.put(&text("place"), &text("path"), bytes);
                json!({ "response": "written" })
            }
            "ref" => {
                match text("name").strip_prefix("refs/heads/").filter(|branch| self.branches.contains_key(*branch)) {
                    Some(branch) => {
                        let commit: String = Digest::of(branch.as_bytes()).hex().chars().take(40).collect();
                        json!({ "response": "ref", "object": commit, "commit": commit })
                    }
                    None => json!({ "response": "ref" }),
                }
            }
            "tree" => {
                let is = |branch: &&String| Digest::of(branch.as_bytes()).hex().starts_with(&text("commit"));
                let branch = self.branches.keys().find(is).cloned().unwrap_or_default();
                let files: Vec<Value> = self.branches[&branch]
                    .iter()
                    .map(|(path, bytes)| json!({ "path": path, "id": Digest::of(bytes).hex(), "regular": true }))
                    .collect();
                json!({ "response": "tree", "files": files })
            }
            "blobs" => {
                let all = self.branches.values().flat_map(BTreeMap::values);
                let known: BTreeMap<String, &Vec<u8>> = all.map(|bytes| (Digest::of(bytes).hex(), bytes)).collect();
                let ids = exchange["ids"].as_array().into_iter().flatten().filter_map(Value::as_str);
                let blobs: Vec<Value> =
                    ids.map(|id| json!({ "id": id, "digest": session.put(known[id].clone()).to_string() })).collect();
                json!({ "response": "blobs", "blobs": blobs })
            }
            "commit" => self.commit(session, exchange),
            _ => panic!("the engine asks for {exchange}"),
        }
    }

    /// Commits to a branch of the inventory, or writes a folder: all puts if each file is as expected.
    fn commit(&mut self, session: &mut Session, exchange: &Value) -> Value {
        let store = exchange["store"].as_str().unwrap_or_default().to_owned();
        let files = match store.strip_prefix("inventory/") {
            Some(branch) => self.branches.entry(branch.to_owned()).or_default(),
            None => self.folders.entry(store).or_default(),
        };
        let puts = exchange["puts"].as_array().cloned().unwrap_or_default();
        let conflicts: Vec<&str> = puts
            .iter()
            .filter_map(|put| {
                let path = put["path"].as_str()?;
                let there = files.get(path).map(|bytes| Digest::of(bytes).to_string());
                (there.as_deref() != put["expected"].as_str()).then_some(path)
            })
            .collect();
        if self.contended || !conflicts.is_empty() {
            let conflicts: Vec<&Value> = puts.iter().map(|put| &put["path"]).collect();
            return json!({ "response": "conflict", "paths": conflicts });
        }
        for put in &puts {
            let path = put["path"].as_str().unwrap_or_default().to_owned();
            match put["content"].as_str() {
                Some(content) => _ = files.insert(path, take(session, content)),
                None => _ = files.remove(&path),
            }
        }
        self.commits.push(exchange["message"].as_str().unwrap_or_default().to_owned());
        json!({ "response": "committed" })
    }
}
