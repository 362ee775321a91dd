//! The engine, spoken to in the contract's types.

use serde::Serialize;
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::module::CONTRACT;
use crate::refusal::Refusal;
use crate::sandbox::Instance;
use crate::text::excerpt;
pub use crate::wire::Turn;
use crate::wire::{Ingested, Named, Problem, Response};

/// A running engine.
#[derive(Debug)]
pub struct Engine {
    instance: Instance,
}

#[derive(Serialize)]
struct Call<'a, T> {
    contract: &'a str,
    call: &'a str,
    #[serde(flatten)]
    rest: &'a T,
}

impl Engine {
    /// The engine in this instance.
    #[must_use]
    pub const fn new(instance: Instance) -> Self {
        Self { instance }
    }

    /// Gives it a document under a name.
    pub fn give(&mut self, name: impl Into<String>, bytes: &[u8]) -> Result<Named, Refusal> {
        Ok(Named { name: name.into(), digest: self.instance.put(bytes)? })
    }

    /// Takes bytes that it was given or has made.
    pub fn take(&mut self, digest: &str) -> Result<Vec<u8>, Refusal> {
        let bytes = self.instance.take(digest)?;
        bytes.ok_or_else(|| unusable(&format!("it has no bytes for `{}`, which it named", excerpt(digest, 80))))
    }

    /// Begins a command.
    pub fn begin(&mut self, begin: &Value) -> Result<Turn, Refusal> {
        self.turn("begin", begin)
    }

    /// Goes on with the answer to the exchange of the last turn.
    pub fn answer(&mut self, answer: &Value) -> Result<Turn, Refusal> {
        self.turn("answer", answer)
    }

    fn turn(&mut self, call: &str, request: &Value) -> Result<Turn, Refusal> {
        match self.ask(call, request)? {
            Response::Turn(turn) => Ok(*turn),
            other => Err(unexpected(call, &other)),
        }
    }

    /// What a document says.
    pub fn ingest(&mut self, document: &Named) -> Result<Ingested, Refusal> {
        match self.ask("ingest", &json!({ "document": document }))? {
            Response::Ingested(ingested) => Ok(*ingested),
            other => Err(unexpected("ingest", &other)),
        }
    }

    /// What is wrong with a promotion text, or what it says.
    pub fn lint(&mut self, document: &Named, required: &[String]) -> Result<(Option<Value>, Vec<Problem>), Refusal> {
        match self.ask("lint", &json!({ "document": document, "required_fields": required }))? {
            Response::Lint { fields, problems } => Ok((fields, problems)),
            other => Err(unexpected("lint", &other)),
        }
    }

    fn ask(&mut self, call: &str, rest: &impl Serialize) -> Result<Response, Refusal> {
        let request = serde_json::to_vec(&Call { contract: CONTRACT, call, rest })
            .map_err(|error| Failure::new(Exit::Internal, format!("the request cannot be written: {error}")))?;
        let answer = self.instance.call(&request)?;
        match serde_json::from_slice(&answer) {
            Ok(Response::Failure(faults)) if faults.exit_code == 0 => Err(unusable("a failure with the exit code 0")),
            Ok(Response::Failure(faults)) => Err(faults.into()),
            Ok(response) => Ok(response),
            Err(error) => Err(unusable(&error.to_string())),
        }
    }
}

fn unexpected(call: &str, response: &Response) -> Refusal {
    let kind = match response {
        Response::Turn(_) => "turn",
        Response::Ingested(_) => "ingested",
        Response::Lint { .. } => "lint",
        Response::Failure(_) => "failure",
    };
    unusable(&format!("`{kind}` does not answer `{call}`"))
}

fn unusable(why: &str) -> Refusal {
    let failure = Failure::new(Exit::Internal, format!("the engine's answer is unusable: {why}"));
    failure.help("this is a defect of the engine, not a verdict: report it with the input").into()
}
