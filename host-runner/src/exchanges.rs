//! What the engine can ask this host for, and how it is done. Nothing is decided here, and nothing is put into words.

mod entries;
mod refs;
mod wire;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::api::Api;
use crate::clock::{self, Clock};
use crate::command::{self, Command, Ended, Redaction, Secrets};
use crate::engine::Engine;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::faults;
use crate::files;
use crate::inventory::git::{Commit, Repository};
use crate::ledger::{Committed, Ledger, LedgerError, Write};
use crate::place;
use crate::refusal::Refusal;
use crate::remote::Remote;
use crate::webhook::Webhooks;
pub use wire::{Exchange, Http, Put};

/// Bytes of output that are kept of one command.
const KEPT: usize = 10 << 20;
/// The places whose files are output, from which secrets are taken before the engine sees them.
const LOGS: &str = "log/";
/// Variables that every command of the user gets, if this process has them.
const COMMON: [&str; 8] = ["HOME", "LANG", "LC_ALL", "PATH", "SHELL", "TERM", "TMPDIR", "USER"];

/// A value of a variable that is passed to a command is a secret from this many bytes: `1` and `eu` would be found everywhere.
const SECRET_MIN: usize = 4;

/// What this host can do, as it was configured.
#[derive(Debug)]
pub struct Host<'a> {
    /// The clock.
    pub clock: &'a Clock,
    /// Folders by the names that the engine knows them by.
    pub places: BTreeMap<String, PathBuf>,
    /// The inventory, where it is a repository.
    pub inventory: Option<Repository>,
    /// The repository that has the inventory's tags, where it is another one.
    pub pointers: Option<Remote>,
    /// The ledger.
    pub ledger: Option<Ledger>,
    /// The API of the change system, where it has one.
    pub api: Option<Api>,
    /// Where notifications go.
    pub webhooks: Webhooks,
    /// Where commands of the user run.
    pub directory: Option<PathBuf>,
    /// What is taken out of all output.
    pub secrets: Secrets,
    /// Messages of tags that were fetched, by the tag's object.
    messages: RefCell<BTreeMap<String, String>>,
}

impl<'a> Host<'a> {
    /// A host that can tell the time, and nothing else yet.
    pub fn new(clock: &'a Clock, secrets: Secrets) -> Result<Self, Failure> {
        Ok(Self {
            clock,
            places: BTreeMap::new(),
            inventory: None,
            pointers: None,
            ledger: None,
            api: None,
            webhooks: Webhooks::new(&[])?,
            directory: None,
            secrets,
            messages: RefCell::default(),
        })
    }

    /// Performs one exchange, once: its response.
    pub fn perform(&mut self, engine: &mut Engine, exchange: Exchange) -> Result<Value, Refusal> {
        faults::begins();
        let response = self.respond(engine, exchange);
        faults::ends();
        response
    }

    fn respond(&mut self, engine: &mut Engine, exchange: Exchange) -> Result<Value, Refusal> {
        match exchange {
            Exchange::List { place } => reading(self.list(&place)),
            Exchange::Read { place, paths } => self.read(engine, &place, &paths),
            Exchange::Write { place, path, content } => {
                let bytes = engine.take(&content)?;
                answered(self.place(&place).and_then(|root| place::write(root, &path, &bytes)).map(|()| "written"))
            }
            Exchange::Ref { repository, name } => reading(self.reference(&repository, &name)),
            Exchange::Move { repository, name, from, to, message } => {
                Ok(self.move_tag(&repository, &name, from.as_deref(), &to, &message))
            }
            Exchange::Tree { commit, .. } => reading(self.tree(&commit)),
            Exchange::Blobs { ids, .. } => self.blobs(engine, &ids),
            Exchange::Log { from, to, .. } => reading(self.log(from.as_deref(), &to)),
            Exchange::Ledger { paths, prefix, .. } => self.look(engine, &paths, prefix.as_deref()),
            Exchange::Commit { store, puts, message } => match store.as_str() {
                "ledger" => self.commit(engine, &puts, &message),
                _ => self.write_entries(engine, &store, &puts, &message),
            },
            Exchange::Http { system, requests } => self.http(engine, &system, &requests),
            Exchange::Run { argv, set, pass, timeout_seconds, .. } => {
                self.run(engine, &argv, set, &pass, timeout_seconds)
            }
            Exchange::Wait { until, .. } => {
                let time = clock::parse(&until).ok_or_else(|| odd(&format!("the time `{until}`")))?;
                self.clock.wait_until(time);
                Ok(json!({ "response": "waited" }))
            }
            Exchange::Unknown => Ok(json!({ "response": "unsupported" })),
        }
    }

    fn place(&self, name: &str) -> Result<&Path, Failure> {
        self.places.get(name).map(PathBuf::as_path).ok_or_else(|| odd(&format!("the place `{name}`")))
    }

    fn list(&self, place: &str) -> Result<Value, Failure> {
        let what = if place.starts_with("evidence") { "evidence folder" } else { "inventory" };
        let found = files::below(self.place(place)?, what)?;
        let size = |path: &Path| path.metadata().map(|metadata| metadata.len()).unwrap_or_default();
        let files: Vec<Value> =
            found.files.iter().map(|(path, at)| json!({ "path": path, "size": size(at) })).collect();
        Ok(json!({ "response": "listed", "files": files, "links": found.links }))
    }

    fn read(&self, engine: &mut Engine, place: &str, paths: &[String]) -> Result<Value, Refusal> {
        let root = self.place(place)?;
        let mut found = Vec::new();
        for path in paths {
            let Some(mut bytes) = place::read(root, path)? else { continue };
            if place.starts_with(LOGS) {
                let mut redaction = Redaction::new(&self.secrets);
                let mut clean = redaction.feed(&bytes);
                clean.extend(redaction.finish());
                bytes = clean;
            }
            found.push(json!({ "path": path, "digest": engine.give(path, &bytes)?.digest }));
        }
        Ok(json!({ "response": "files", "files": found }))
    }

    fn repository(&self) -> Result<&Repository, Failure> {
        self.inventory.as_ref().ok_or_else(|| odd("an inventory in git"))
    }

    fn tree(&self, commit: &str) -> Result<Value, Failure> {
        let listing = self.repository()?.listing(&Commit::parse(commit)?)?;
        let file = |(path, id, regular): (String, String, bool)| json!({ "path": path, "id": id, "regular": regular });
        Ok(json!({ "response": "tree", "files": listing.into_iter().map(file).collect::<Vec<_>>() }))
    }

    fn blobs(&self, engine: &mut Engine, ids: &[String]) -> Result<Value, Refusal> {
        let mut blobs = Vec::new();
        for id in ids {
            let bytes = self.repository()?.blob(id, id)?;
            blobs.push(json!({ "id": id, "digest": engine.give(id, &bytes)?.digest }));
        }
        Ok(json!({ "response": "blobs", "blobs": blobs }))
    }

    fn log(&self, from: Option<&str>, to: &str) -> Result<Value, Failure> {
        let from = from.map(Commit::parse).transpose()?;
        let logged = self.repository()?.log(from.as_ref(), &Commit::parse(to)?)?;
        let commit = |[commit, parents, author, committer, at, subject]: [String; 6]| {
            let parents: Vec<&str> = parents.split_whitespace().collect();
            json!({ "commit": commit, "parents": parents, "author": author, "committer": committer, "at": at,
                    "subject": subject })
        };
        Ok(json!({ "response": "log", "commits": logged.into_iter().map(commit).collect::<Vec<_>>() }))
    }

    fn store(&self) -> Result<&Ledger, Failure> {
        self.ledger.as_ref().ok_or_else(|| odd("a ledger"))
    }

    fn look(&self, engine: &mut Engine, paths: &[String], prefix: Option<&str>) -> Result<Value, Refusal> {
        let ledger = self.store()?;
        let broken = |error: LedgerError| Ok(json!({ "response": "broken", "message": error.to_string() }));
        if let Err(error) = ledger.refresh() {
            return broken(error);
        }
        if let Some(prefix) = prefix {
            return match ledger.list(prefix) {
                Ok(paths) => Ok(json!({ "response": "ledger", "paths": paths })),
                Err(error) => broken(error),
            };
        }
        let mut files = Vec::new();
        for path in paths {
            match ledger.get(path) {
                Ok(Some((bytes, _))) => {
                    files.push(json!({ "path": path, "digest": engine.give(path, &bytes)?.digest }));
                }
                Ok(None) => {}
                Err(error) => return broken(error),
            }
        }
        Ok(json!({ "response": "ledger", "files": files }))
    }

    fn commit(&self, engine: &mut Engine, puts: &[Put], message: &str) -> Result<Value, Refusal> {
        let mut writes = Vec::new();
        for Put { path, content, expected } in puts {
            let bytes = content.as_ref().map(|digest| engine.take(digest)).transpose()?;
            writes.push(Write { path: path.clone(), bytes, expected: expected.clone() });
        }
        let committed = self.store()?.commit(&writes, message);
        Ok(match committed {
            Ok(Committed::Done) => json!({ "response": "committed" }),
            Ok(Committed::Conflict(paths)) => json!({ "response": "conflict", "paths": paths }),
            Ok(Committed::Behind) => json!({ "response": "behind" }),
            Err(error @ (LedgerError::Path(_) | LedgerError::Locked { .. })) => {
                json!({ "response": "broken", "message": error.to_string() })
            }
            Err(error) => json!({ "response": "unknown", "message": error.to_string() }),
        })
    }

    fn http(&self, engine: &mut Engine, system: &str, requests: &[Http]) -> Result<Value, Refusal> {
        let mut answers = Vec::new();
        for request in requests {
            let body = request.body.as_ref().map(|digest| engine.take(digest)).transpose()?;
            let sent = match system.strip_prefix("webhook/") {
                Some(channel) => match self.webhooks.post(channel, body.as_deref().unwrap_or_default()) {
                    Ok(()) => Ok((204, BTreeMap::new(), Vec::new())),
                    Err(why) if why.code == "not-configured" => {
                        return Ok(json!({ "response": "broken", "message": why.message }));
                    }
                    Err(why) => Err(why.message),
                },
                None => match &self.api {
                    Some(api) => api.send(request, body.as_deref()),
                    None => return Ok(json!({ "response": "unsupported" })),
                },
            };
            answers.push(match sent {
                Ok((status, headers, body)) => {
                    let body = engine.give("answer", &body)?.digest;
                    json!({ "answer": "answered", "status": status, "headers": headers, "body": body })
                }
                Err(message) => json!({ "answer": "broken", "message": message }),
            });
        }
        Ok(json!({ "response": "answered", "answers": answers }))
    }

    /// Runs a command of the user with an environment of its own: nothing of this process but what is named.
    fn run(
        &self,
        engine: &mut Engine,
        argv: &[String],
        set: BTreeMap<String, String>,
        pass: &[String],
        timeout_seconds: u32,
    ) -> Result<Value, Refusal> {
        let own = COMMON.iter().copied().chain(pass.iter().map(String::as_str));
        let value = |name: &str| std::env::var(name).ok();
        let passed = own.filter_map(|name| Some((name.to_owned(), value(name)?)));
        let env: Vec<(String, String)> = passed.chain(set).collect();
        // What somebody names to be passed is most often a token.
        let named = pass.iter().filter(|name| !COMMON.contains(&name.as_str())).filter_map(|name| value(name));
        let secrets = self.secrets.and(named.filter(|value| value.len() >= SECRET_MIN));
        let started = self.clock.now();
        let command = Command {
            env: &env,
            directory: self.directory.as_deref(),
            deadline: Duration::from_secs(timeout_seconds.into()),
            kept: KEPT,
            ..Command::new(argv, &secrets)
        };
        let ran = command::run(&command, &mut io::stderr());
        let log = engine.give("log", &ran.log.kept)?.digest;
        let finished = self.clock.now();
        let ended = match ran.ended {
            Ended::Exited(code) => json!({ "ended": "exited", "code": code }),
            Ended::Signalled(signal) => json!({ "ended": "signalled", "signal": signal }),
            Ended::TimedOut => json!({ "ended": "timed-out" }),
            Ended::NotStarted(message) => json!({ "ended": "not-started", "message": message }),
            Ended::Unknown(message) => json!({ "ended": "unknown", "message": message }),
            Ended::Interrupted => {
                command::acknowledge();
                return Ok(json!({ "response": "interrupted", "started": started, "finished": finished, "log": log }));
            }
        };
        Ok(json!({ "response": "ran", "ended": ended, "started": started, "finished": finished, "log": log }))
    }
}

/// What was read. Where the caller named what is not there, the caller is told; what cannot be reached, the engine.
fn reading(read: Result<Value, Failure>) -> Result<Value, Refusal> {
    match read {
        Err(failure) if failure.exit == Exit::Unavailable => {
            Ok(json!({ "response": "broken", "message": failure.problem }))
        }
        read => Ok(read?),
    }
}

fn answered(done: Result<&str, Failure>) -> Result<Value, Refusal> {
    Ok(match done {
        Ok(response) => json!({ "response": response }),
        Err(failure) => json!({ "response": "broken", "message": failure.problem }),
    })
}

/// The engine asked for something that this host was not configured for.
fn odd(what: &str) -> Failure {
    Failure::new(Exit::Internal, format!("the engine asks for {what}, which this command has not"))
        .help("this is a defect, not a verdict: report it with the command")
}

#[cfg(test)]
mod tests {
    use super::Exchange;

    #[test]
    fn an_engine_may_say_more_than_this_host_knows() {
        let read = |text: &str| serde_json::from_str::<Exchange>(text);
        assert!(matches!(read(r#"{"exchange":"dance","steps":3}"#), Ok(Exchange::Unknown)));
        let more = r#"{"exchange":"list","place":"inventory","globs":["**"]}"#;
        assert!(matches!(read(more), Ok(Exchange::List { place }) if place == "inventory"));
        assert!(read(r#"{"exchange":"list"}"#).is_err(), "what is needed is not left out");
    }
}
