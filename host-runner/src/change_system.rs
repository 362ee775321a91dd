//! The change system: its ledger, and for GitHub its API. Errands are the engine's; this performs their exchanges.

use serde_json::{Value, json};

use crate::api::Api;
use crate::clock::Clock;
use crate::engine::Engine;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::ledger::{Ledger, Put};
use crate::refusal::Refusal;
use crate::wire::{Exchange, Exchanged, Named};

/// Exchanges of one errand at most; the engine's own limit is lower.
const EXCHANGES_MAX: usize = 1_000;

/// A change system.
#[derive(Debug)]
pub struct ChangeSystem {
    /// Where records are.
    pub ledger: Ledger,
    /// Which system, as the engine names it.
    system: Value,
    api: Option<Api>,
}

/// Where in GitHub.
#[derive(Clone, Debug)]
pub struct GitHub<'a> {
    /// The repository: `owner/name`.
    pub repository: &'a str,
    /// The branch that holds the ledger.
    pub records: &'a str,
    /// The run that asks.
    pub run: &'a str,
    /// Where repositories are seen.
    pub server: &'a str,
    /// Whose reviews of which environment are decisions as well, as the engine is told of it.
    pub approvals: Option<Value>,
}

/// What an errand ends with.
enum End {
    Event(Value),
    Document(Named),
}

impl ChangeSystem {
    /// The ledger alone.
    #[must_use]
    pub fn ledger(ledger: Ledger) -> Self {
        Self { ledger, system: json!({ "system": "ledger" }), api: None }
    }

    /// GitHub, with the ledger on the branch `records` of the repository.
    #[must_use]
    pub fn github(ledger: Ledger, place: &GitHub<'_>, api: Api) -> Self {
        let GitHub { repository, records, run, server, approvals } = place;
        let system = json!({ "system": "github", "repository": repository, "records": records, "run": run,
                             "server": server, "approvals": approvals });
        Self { ledger, system, api: Some(api) }
    }

    /// Whether it can be asked for promotion pull requests.
    #[must_use]
    pub const fn has_promotions(&self) -> bool {
        self.api.is_some()
    }

    /// Performs the exchanges of an errand until its event is there; `after` is told of each, and whether it stored
    /// something.
    pub fn perform(
        &self,
        engine: &mut Engine,
        clock: &Clock,
        errand: &Value,
        after: impl Fn(bool),
    ) -> Result<Value, Refusal> {
        match self.exchange(engine, clock, errand, after)? {
            End::Event(event) => Ok(event),
            End::Document(_) => Err(defect("a document where an event is due")),
        }
    }

    /// Reads the promotion pull request that was merged into `branch` as `commit`.
    pub fn promotion(
        &self,
        engine: &mut Engine,
        clock: &Clock,
        commit: &str,
        branch: &str,
        policy: Option<&Named>,
    ) -> Result<Named, Refusal> {
        let errand = json!({ "errand": "promotion", "commit": commit, "branch": branch, "policy": policy });
        let trouble = match self.document(engine, clock, &errand)? {
            Ok(document) => return Ok(document),
            Err(trouble) => trouble,
        };
        let exit = match trouble["code"].as_str() {
            Some("not-found") => Exit::Usage,
            Some(_) | None => Exit::Unavailable,
        };
        let message = trouble["message"].as_str().unwrap_or("the promotion pull request cannot be read");
        let help =
            trouble["help"].as_str().unwrap_or("promote by merging a pull request, or give it with `--promotion`");
        Err(Failure::new(exit, message).help(help).into())
    }

    /// Reads evidence that the system itself has; why there is none, if so.
    pub fn read(&self, engine: &mut Engine, clock: &Clock, errand: &Value) -> Result<Result<Named, String>, Refusal> {
        let read = self.document(engine, clock, errand)?;
        Ok(read.map_err(|trouble| trouble["message"].as_str().unwrap_or("nobody knows why").to_owned()))
    }

    /// What a reading errand ends with: the document, or the trouble.
    fn document(&self, engine: &mut Engine, clock: &Clock, errand: &Value) -> Result<Result<Named, Value>, Refusal> {
        match self.exchange(engine, clock, errand, |_| ())? {
            End::Document(document) => Ok(Ok(document)),
            End::Event(event) => Ok(Err(event["trouble"].clone())),
        }
    }

    fn exchange(
        &self,
        engine: &mut Engine,
        clock: &Clock,
        errand: &Value,
        after: impl Fn(bool),
    ) -> Result<End, Refusal> {
        let mut responses = Vec::new();
        for _ in 0..EXCHANGES_MAX {
            let response = match engine.connect(&self.system, errand, &responses)? {
                Exchange::Done { event } => return Ok(End::Event(event)),
                Exchange::Gathered { name, digest } => return Ok(End::Document(Named { name, digest })),
                Exchange::Get { path } => match self.ledger.get(&path) {
                    Ok(Some((bytes, _))) => Exchanged::Found { digest: engine.give(path, &bytes)?.digest },
                    Ok(None) => Exchanged::Absent {},
                    Err(error) => Exchanged::Broken { message: error.to_string() },
                },
                Exchange::Put { path, content, expected } => {
                    let bytes = engine.take(&content)?;
                    match self.ledger.put_if_unchanged(&path, &bytes, expected.as_deref()) {
                        Ok(Put::Done(_)) => Exchanged::Stored {},
                        Ok(Put::Conflict(_)) => Exchanged::Conflict {},
                        Err(error) => Exchanged::Broken { message: error.to_string() },
                    }
                }
                Exchange::Http(request) => {
                    let api = self.api.as_ref().ok_or_else(|| defect("a request to a system without an API"))?;
                    let body = request.body.as_ref().map(|digest| engine.take(digest)).transpose()?;
                    match api.send(&request, body.as_deref()) {
                        Ok((status, headers, body)) => {
                            Exchanged::Answered { status, headers, body: engine.give("answer", &body)?.digest }
                        }
                        Err(message) => Exchanged::Broken { message },
                    }
                }
                Exchange::Wait { seconds } => {
                    clock.wait_until(clock.milliseconds().saturating_add(i64::from(seconds) * 1000));
                    Exchanged::Waited {}
                }
            };
            after(matches!(response, Exchanged::Stored {}));
            responses.push(response);
        }
        Err(defect("an errand that does not end"))
    }
}

fn defect(what: &str) -> Refusal {
    Failure::new(Exit::Internal, format!("the engine's errand is unusable: {what}"))
        .help("this is a defect of the engine, not a verdict: report it with the input")
        .into()
}
