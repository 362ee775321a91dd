//! `case.json`: how the request and the documents of a case are made from a base.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use countersign::contract::{self, Session};
use countersign::scalar::Digest;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::edit::Edits;
use super::merge;
use super::tree::{JOURNAL, Tree};

/// The key in `edit` that stands for the bytes of the request.
const REQUEST: &str = "request";

/// A base: a request, and the tree of documents that it is about.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Base {
    tree: Option<String>,
    #[serde(default)]
    request: Value,
}

/// A case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Script {
    base: Option<String>,
    patch: Option<Value>,
    edit: BTreeMap<String, Edits>,
    drive: Option<Drive>,
    then: Then,
}

/// How the journal comes to be: the engine is driven until it names this effect.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Drive {
    /// A key, or its first part; `end` is the end of the run.
    until: String,
    /// Answers other than the usual ones, by key or its first part; a list is used up one by one.
    #[serde(default)]
    answers: BTreeMap<String, Value>,
}

/// What changes after the drive.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Then {
    /// The base of the request, if it is not that of the drive.
    base: Option<String>,
    patch: Option<Value>,
    edit: BTreeMap<String, Edits>,
}

/// A case's documents and request, and the files that they are made from.
pub(super) struct Built {
    pub(super) documents: Vec<Vec<u8>>,
    pub(super) request: Vec<u8>,
    pub(super) made: Made,
    pub(super) used: BTreeSet<PathBuf>,
}

/// Builds the case in a folder.
pub(super) fn build(root: &Path, folder: &Path) -> Result<Built, String> {
    let script: Script = read(&folder.join("case.json"))?;
    let mut used = BTreeSet::new();
    let base = base_named(root, script.base.as_deref(), &mut used)?.unwrap_or_default();
    let shared = base.tree.as_ref().map(|tree| root.join("trees").join(tree));
    let mut tree = Tree::of(shared.as_deref(), folder)?;
    let mut request = base.request;
    let mut edits = script.edit;
    let mut of_request: Vec<Edits> = edits.remove(REQUEST).into_iter().collect();
    tree.edit(&edits)?;
    merge(&mut request, &script.patch.unwrap_or_else(|| json!({})));
    let mut made = BTreeMap::new();
    if let Some(drive) = script.drive {
        let known = drive.run(&mut tree, &request, &mut made)?;
        if let Some(base) = base_named(root, script.then.base.as_deref(), &mut used)? {
            request = base.request;
        }
        let mut patch = script.then.patch.unwrap_or_else(|| json!({}));
        fill(&mut patch, &known);
        merge(&mut request, &patch);
    } else if let Some(patch) = script.then.patch {
        merge(&mut request, &patch);
    }
    let mut edits = script.then.edit;
    of_request.extend(edits.remove(REQUEST));
    tree.edit(&edits)?;
    tree.forget();
    let mut bytes = tree.resolve(&request)?.to_string().into_bytes();
    for edits in of_request {
        bytes = edits.apply(Some(bytes)).map_err(|why| format!("the request: {why}"))?.unwrap_or_default();
    }
    let documents = tree.given()?;
    used.extend(tree.used().iter().cloned());
    Ok(Built { documents, request: bytes, made, used })
}

fn base_named(root: &Path, name: Option<&str>, used: &mut BTreeSet<PathBuf>) -> Result<Option<Base>, String> {
    let Some(name) = name else { return Ok(None) };
    let file = root.join("bases").join(format!("{name}.json"));
    used.insert(file.clone());
    read(&file).map(Some)
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<T, String> {
    let bytes = fs::read(file).map_err(|error| format!("`{}`: {error}", file.display()))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("`{}`: {error}", file.display()))
}

/// What the engine made, by digest.
type Made = BTreeMap<Digest, Vec<u8>>;

/// What a drive found out, by the names under which answers and patches ask for it.
type Known = BTreeMap<&'static str, Value>;

impl Drive {
    /// Drives the engine, and leaves the journal in the tree, and beside it what the engine made to be attached.
    fn run(&self, tree: &mut Tree, request: &Value, made: &mut Made) -> Result<Known, String> {
        let mut known = Known::new();
        let mut answers = self.answers.clone();
        let mut request = request.clone();
        merge(&mut request, &json!({ "mode": "act", "journal": null }));
        let mut request = tree.resolve(&request)?;
        let mut session = Session::new();
        for document in tree.given()? {
            session.put(document);
        }
        let mut journal = Vec::new();
        for _ in 0..200 {
            let digest = session.put(journal).to_string();
            request["journal"] = json!({ "name": JOURNAL, "digest": digest });
            let response = contract::handle(&mut session, request.to_string().as_bytes());
            let response: Value = serde_json::from_slice(&response).map_err(|error| error.to_string())?;
            if response["type"] != "plan" {
                return Err(format!("the drive ends with {response}"));
            }
            let digest: Digest = match response["journal"]["digest"].as_str() {
                Some(digest) => digest.parse().map_err(|error| format!("{error}"))?,
                None => return Err(format!("the drive ends before anything happened: {}", response["end"])),
            };
            journal = session.take(&digest).unwrap_or_default().to_vec();
            known.insert("$id", response["id"].clone());
            let effect = &response["effect"];
            note(&mut known, effect);
            let attached = effect["action"]["digest"].as_str().and_then(|digest| digest.parse().ok());
            made.extend(attached.and_then(|digest| Some((digest, session.take(&digest)?.to_vec()))));
            match effect["key"].as_str() {
                Some(key) if !begins(key, &self.until) => {
                    let mut event = own(&mut answers, key).unwrap_or_else(|| usual(&request["now"], &known, effect));
                    fill(&mut event, &known);
                    request["answer"] = json!({ "key": key, "event": event });
                }
                None if self.until != "end" => {
                    return Err(format!("the drive ends before `{}`: {}", self.until, response["end"]));
                }
                Some(_) | None => {
                    tree.set(JOURNAL, journal);
                    return Ok(known);
                }
            }
        }
        Err("the drive does not end".to_owned())
    }
}

fn begins(key: &str, wanted: &str) -> bool {
    key.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The answer that the case gives itself.
fn own(answers: &mut BTreeMap<String, Value>, key: &str) -> Option<Value> {
    let name = answers.keys().find(|name| begins(key, name))?.clone();
    match answers.get_mut(&name)? {
        Value::Array(list) => {
            let first = (!list.is_empty()).then(|| list.remove(0));
            if list.is_empty() {
                answers.remove(&name);
            }
            first
        }
        value => Some(value.clone()),
    }
}

/// Keeps what answers refer to.
fn note(known: &mut Known, effect: &Value) {
    if effect.is_null() {
        return;
    }
    let action = &effect["action"];
    for (name, key) in [("$delta", "delta"), ("$policy", "policy")] {
        if !action[key].is_null() {
            known.insert(name, action[key].clone());
        }
    }
    known.insert("$effect", effect["key"].clone());
    if effect["change"].is_string() {
        known.insert("$change", effect["change"].clone());
    }
    match action["effect"].as_str() {
        Some("approve") => _ = known.insert("$status", json!("scheduled")),
        Some("request-approval") => _ = known.insert("$status", json!("authorize")),
        _ => {}
    }
}

/// The answer if all goes well, and nobody says anything.
fn usual(now: &Value, known: &Known, effect: &Value) -> Value {
    let action = &effect["action"];
    match action["effect"].as_str().unwrap_or_default() {
        "file" => json!({ "event": "filed", "id": action["suggested_id"] }),
        "attach" => json!({ "event": "attached", "name": action["name"], "digest": action["digest"] }),
        "approve" => json!({ "event": "approved", "basis": "readiness" }),
        "request-approval" => json!({ "event": "approval-requested" }),
        "read" => {
            let status = known.get("$status").cloned().unwrap_or_else(|| json!("new"));
            json!({ "event": "observed", "id": action["id"], "status": status, "decisions": [] })
        }
        "implement" => json!({ "event": "implementing" }),
        "run" => json!({ "event": "ran", "step": action["step"], "success": true, "exit_code": 0, "started": now,
                         "ended": now }),
        "close" => json!({ "event": "closed", "category": action["category"] }),
        "leave-open" => json!({ "event": "left-open", "category": action["category"] }),
        "conclude" => json!({ "event": "concluded", "pointer": action["pointer"] }),
        "wait" => json!({ "event": "waited", "until": action["until"] }),
        other => json!({ "event": other }),
    }
}

/// Fills in what a drive found out, wherever a whole string asks for it.
fn fill(value: &mut Value, known: &Known) {
    match value {
        Value::String(text) => {
            if let Some(found) = known.get(text.as_str()) {
                *value = found.clone();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, known)),
        Value::Object(members) => members.values_mut().for_each(|member| fill(member, known)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
