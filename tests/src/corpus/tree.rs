//! The documents of one case: a shared tree, the files in the case's own folder over it, then edits.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use countersign::scalar::Digest;
use serde_json::{Value, json};

use super::edit::Edits;
use super::files;

/// The journal, which no file holds: it is empty, or a drive makes it.
pub(super) const JOURNAL: &str = "journal.jsonl";

/// The prefix of a path to a file that the product ships.
const SHIPPED: &str = "shipped/";

/// How a digest of a document is written in a request or in another document.
const DIGEST_OF: &str = "sha256:@";

/// The documents by path.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    documents: BTreeMap<String, Vec<u8>>,
    /// The file that each document came from.
    origins: BTreeMap<String, PathBuf>,
    /// Paths of documents that something names.
    named: BTreeSet<String>,
    /// Files that something named, also before an edit removed the document.
    used: BTreeSet<PathBuf>,
}

impl Tree {
    /// The shared tree, and the case's own files.
    pub(super) fn of(shared: Option<&Path>, folder: &Path) -> Result<Self, String> {
        let mut tree = Self::default();
        tree.documents.insert(JOURNAL.to_owned(), Vec::new());
        if let Some(shared) = shared {
            if !shared.is_dir() {
                return Err(format!("there is no tree `{}`", shared.display()));
            }
            tree.add(shared)?;
        }
        tree.add(folder)?;
        for own in ["case.json", "response.json"] {
            tree.documents.remove(own);
        }
        Ok(tree)
    }

    fn add(&mut self, folder: &Path) -> Result<(), String> {
        for file in files(folder) {
            let path = file.strip_prefix(folder).map_err(|error| error.to_string())?;
            let path = path.to_string_lossy().replace('\\', "/");
            let bytes = fs::read(&file).map_err(|error| format!("`{path}`: {error}"))?;
            self.documents.insert(path.clone(), bytes);
            self.origins.insert(path, file);
        }
        Ok(())
    }

    pub(super) fn set(&mut self, path: &str, bytes: Vec<u8>) {
        self.documents.insert(path.to_owned(), bytes);
    }

    /// Applies edits by path.
    pub(super) fn edit(&mut self, edits: &BTreeMap<String, Edits>) -> Result<(), String> {
        for (path, edits) in edits {
            self.ship(path)?;
            self.used.extend(self.origins.get(path).cloned());
            let edited = edits.apply(self.documents.remove(path)).map_err(|why| format!("`{path}`: {why}"))?;
            self.documents.extend(edited.map(|bytes| (path.clone(), bytes)));
        }
        Ok(())
    }

    /// A request with `@path` as a named document, `@folder/` as a list of them, and digests filled in.
    pub(super) fn resolve(&mut self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => match text.strip_prefix('@') {
                Some(folder) if folder.ends_with('/') => Value::Array(self.list(folder)?),
                Some(path) => self.named(path, path)?,
                None => Value::String(self.filled(text)?),
            },
            Value::Array(items) => Value::Array(items.iter().map(|item| self.resolve(item)).collect::<Result<_, _>>()?),
            Value::Object(members) => {
                let members = members.iter().map(|(key, member)| Ok((key.clone(), self.resolve(member)?)));
                Value::Object(members.collect::<Result<_, String>>()?)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        })
    }

    fn list(&mut self, folder: &str) -> Result<Vec<Value>, String> {
        let inside = |path: &String| path.strip_prefix(folder).map(|name| (path.clone(), name.to_owned()));
        let paths: Vec<(String, String)> = self.documents.keys().filter_map(inside).collect();
        paths.into_iter().map(|(path, name)| self.named(&path, &name)).collect()
    }

    fn named(&mut self, path: &str, name: &str) -> Result<Value, String> {
        Ok(json!({ "name": name, "digest": self.digest(path)? }))
    }

    fn digest(&mut self, path: &str) -> Result<String, String> {
        let bytes = self.content(path)?;
        self.named.insert(path.to_owned());
        self.used.extend(self.origins.get(path).cloned());
        Ok(Digest::of(&bytes).to_string())
    }

    /// The bytes of a document, with the digests of others filled in.
    fn content(&mut self, path: &str) -> Result<Vec<u8>, String> {
        self.ship(path)?;
        let bytes = self.documents.get(path).cloned().ok_or_else(|| format!("there is no document `{path}`"))?;
        match std::str::from_utf8(&bytes) {
            Ok(text) if text.contains(DIGEST_OF) => Ok(self.filled(text)?.into_bytes()),
            Ok(_) | Err(_) => Ok(bytes),
        }
    }

    fn filled(&mut self, text: &str) -> Result<String, String> {
        let mut parts = text.split(DIGEST_OF);
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let is_path = |character: char| character.is_ascii_alphanumeric() || "._-/".contains(character);
            let end = part.find(|character| !is_path(character)).unwrap_or(part.len());
            let (path, rest) = part.split_at(end);
            filled.push_str(&self.digest(path)?);
            filled.push_str(rest);
        }
        Ok(filled)
    }

    /// Brings in a file that the product ships.
    fn ship(&mut self, path: &str) -> Result<(), String> {
        let Some(name) = path.strip_prefix(SHIPPED).filter(|_| !self.documents.contains_key(path)) else {
            return Ok(());
        };
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugin/templates").join(name);
        let bytes = fs::read(&file).map_err(|error| format!("`{path}`: {error}"))?;
        self.documents.insert(path.to_owned(), bytes);
        Ok(())
    }

    /// The bytes of everything that is named, in the order of the paths.
    pub(super) fn given(&mut self) -> Result<Vec<Vec<u8>>, String> {
        let named: Vec<String> = self.named.iter().cloned().collect();
        named.iter().map(|path| self.content(path)).collect()
    }

    /// Forgets what was named so far: the final request names what it needs.
    pub(super) fn forget(&mut self) {
        self.named.clear();
    }

    /// The files that were named.
    pub(super) fn used(&self) -> &BTreeSet<PathBuf> {
        &self.used
    }
}
