//! The corpus: cases as data, each answered by every host, byte for byte. `tests/README.md` explains the format.

mod edit;
mod normal;
mod script;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use countersign::contract::{self, Session};
use countersign::scalar::Digest;
use serde_json::Value;

pub use normal::{digests, normal};

/// The areas, and so the folders, of the corpus.
pub const AREAS: [&str; 16] = [
    "attachments",
    "contract",
    "cyclonedx",
    "evidence",
    "gate",
    "inventory",
    "journal",
    "json",
    "junit",
    "policy",
    "process",
    "promotion",
    "readiness",
    "risk",
    "rollback",
    "sarif",
];

/// A case, ready to be answered.
#[derive(Clone, Debug)]
pub struct Case {
    /// `<area>/<the case as a sentence>`.
    pub name: String,
    /// The documents, to be given to `put` before the call.
    pub documents: Vec<Vec<u8>>,
    /// The request.
    pub request: Vec<u8>,
    /// What the engine made before the request, and the journal names.
    pub made: BTreeMap<Digest, Vec<u8>>,
    /// Where the expected response is.
    pub expected: PathBuf,
}

impl Case {
    /// What the engine answers in a fresh session: the session, and the response.
    #[must_use]
    pub fn answer(&self) -> (Session, Vec<u8>) {
        let mut session = Session::new();
        for document in &self.documents {
            session.put(document.clone());
        }
        let response = contract::handle(&mut session, &self.request);
        (session, response)
    }
}

/// The whole corpus.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    /// The cases, by name.
    pub cases: Vec<Case>,
    /// Cases that cannot be built, and why.
    pub faults: Vec<String>,
    /// Files that no case uses.
    pub unused: Vec<String>,
}

/// The corpus, read once.
pub fn load() -> &'static Corpus {
    static CORPUS: OnceLock<Corpus> = OnceLock::new();
    CORPUS.get_or_init(read)
}

/// All cases; a corpus with a fault is a panic that tells all of them.
pub fn cases() -> &'static [Case] {
    let Corpus { cases, faults, .. } = load();
    assert!(faults.is_empty(), "{} cases cannot be built:\n{}", faults.len(), faults.join("\n"));
    cases
}

/// The first place where two responses differ.
#[must_use]
pub fn difference(expected: &[u8], got: &[u8]) -> String {
    let at = expected.iter().zip(got).take_while(|(one, other)| one == other).count();
    let around = |bytes: &[u8]| {
        let part = bytes.get(at.saturating_sub(60)..bytes.len().min(at.saturating_add(120))).unwrap_or_default();
        String::from_utf8_lossy(part).into_owned()
    };
    format!("at byte {at}\n  expected ..{}..\n       got ..{}..", around(expected), around(got))
}

fn read() -> Corpus {
    let root = root();
    let mut corpus = Corpus::default();
    let Corpus { cases, faults, unused } = &mut corpus;
    let mut used: BTreeSet<PathBuf> = BTreeSet::new();
    for area in AREAS {
        for folder in folders(&root.join(area)) {
            let name = format!("{area}/{}", file_name(&folder));
            if !is_sentence(&file_name(&folder)) {
                faults.push(format!("{name}: a case is named by a sentence of at least three lower-case words"));
            }
            match script::build(&root, &folder) {
                Ok(built) => {
                    used.extend(built.used);
                    let expected = folder.join("response.json");
                    used.extend([folder.join("case.json"), expected.clone()]);
                    cases.push(Case {
                        name,
                        documents: built.documents,
                        request: built.request,
                        made: built.made,
                        expected,
                    });
                }
                Err(why) => faults.push(format!("{name}: {why}")),
            }
        }
    }
    let all = files(&root).into_iter().filter(|file| !used.contains(file));
    unused.extend(all.map(|file| file.strip_prefix(&root).unwrap_or(&file).display().to_string()));
    corpus
}

/// Whether a response says no: a failure, something that is wrong with a document, or an end that does not proceed.
#[must_use]
pub fn is_refusal(response: &Value) -> bool {
    let verdict = |response: &Value| response["end"]["verdict"].as_str().is_some_and(|verdict| verdict != "proceed");
    match response["type"].as_str() {
        Some("failure") => true,
        Some("lint") => response["problems"].as_array().is_some_and(|problems| !problems.is_empty()),
        Some("ingested") => !response["problem"].is_null(),
        Some("exchange") => response["event"]["event"] == "failed",
        Some("plan") => {
            let appended = response["appended"].as_array().into_iter().flatten();
            let refuses = |entry: &Value| matches!(entry["event"]["event"].as_str(), Some("voided" | "rejected"));
            verdict(response)
                || response["judgement"]["ready"] == false
                || appended.into_iter().any(refuses)
                || response["effect"]["action"]["effect"] == "request-approval"
                || response["effect"]["action"]["category"] == "unsuccessful"
        }
        _ => false,
    }
}

/// The folder of the corpus.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// The folders in a folder, sorted.
fn folders(of: &Path) -> Vec<PathBuf> {
    entries(of).into_iter().filter(|path| path.is_dir()).collect()
}

/// All files below a folder, sorted.
fn files(of: &Path) -> Vec<PathBuf> {
    entries(of).into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn entries(of: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(of) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn is_sentence(name: &str) -> bool {
    let words = name.split('_');
    let sound = |word: &str| {
        let letters = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        !word.is_empty() && word.chars().all(letters)
    };
    words.clone().count() >= 3 && words.into_iter().all(sound)
}

/// RFC 7396: `patch` merged into `target`; null removes.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(members) = target else { return };
    for (key, change) in changes {
        if change.is_null() {
            members.remove(key);
        } else {
            merge(members.entry(key.clone()).or_insert(Value::Null), change);
        }
    }
}

/// Every string that stands under `key` anywhere in `value`, with how often it does.
#[must_use]
pub fn words(value: &Value, key: &str) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    collect(value, key, &mut found);
    found
}

fn collect(value: &Value, key: &str, found: &mut BTreeMap<String, usize>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(word) if name == key => *found.entry(word.clone()).or_default() += 1,
                    member => collect(member, key, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, key, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
