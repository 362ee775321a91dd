//! The engine, spoken to in the contract's types.

use serde::Serialize;
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::module::CONTRACT;
use crate::refusal::Refusal;
use crate::sandbox::Instance;
use crate::text::excerpt;
use crate::wire::{
    Exchange, Exchanged, Head, Ingested, Named, Plan, PlanRequest, Problem, Reconciliation, Response, Standing, Survey,
    Tree,
};

/// What a plan request is answered with.
#[derive(Debug)]
pub enum Planned {
    /// What must happen next.
    Plan(Box<Plan>),
    /// The journal that is needed first: the change request, and the journal's name beside it.
    Recall {
        /// The id of the change request.
        id: String,
        /// The name of the journal.
        journal: String,
    },
}

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

    /// What must happen next, or which journal is needed to say so.
    pub fn plan(&mut self, request: &PlanRequest<'_>) -> Result<Planned, Refusal> {
        match self.ask("plan", request)? {
            Response::Plan(plan) => Ok(Planned::Plan(plan)),
            Response::Recall { id, journal } => Ok(Planned::Recall { id, journal }),
            other => Err(unexpected("plan", &other)),
        }
    }

    /// The next exchange with the change system on this errand.
    pub fn connect(&mut self, system: &Value, errand: &Value, responses: &[Exchanged]) -> Result<Exchange, Refusal> {
        let request = json!({ "system": system, "errand": errand, "responses": responses });
        match self.ask("connect", &request)? {
            Response::Exchange(exchange) => Ok(exchange),
            other => Err(unexpected("connect", &other)),
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

    /// Where a change stands.
    pub fn status(&mut self, journal: &Named) -> Result<Standing, Refusal> {
        match self.ask("status", &json!({ "journal": journal }))? {
            Response::Status(standing) => Ok(*standing),
            other => Err(unexpected("status", &other)),
        }
    }

    /// Where all changes stand.
    pub fn survey(&mut self, now: &str, journals: &[Named]) -> Result<Survey, Refusal> {
        match self.ask("survey", &json!({ "now": now, "journals": journals }))? {
            Response::Survey(survey) => Ok(survey),
            other => Err(unexpected("survey", &other)),
        }
    }

    /// Writes down that something that was owed was done: the journal with it.
    pub fn fulfil(&mut self, claim: &Value) -> Result<Head, Refusal> {
        match self.ask("fulfil", claim)? {
            Response::Fulfilled { journal } => Ok(journal),
            other => Err(unexpected("fulfil", &other)),
        }
    }

    /// Which change requests a file asks to be made by hand.
    pub fn prepare(&mut self, document: &Named) -> Result<Vec<Value>, Refusal> {
        match self.ask("prepare", &json!({ "document": document }))? {
            Response::Prepared { requests } => Ok(requests),
            other => Err(unexpected("prepare", &other)),
        }
    }

    /// How the inventories of several environments differ.
    pub fn reconcile(&mut self, environments: &[(String, Tree)]) -> Result<Reconciliation, Refusal> {
        let tier =
            |(environment, inventory): &(String, Tree)| json!({ "environment": environment, "inventory": inventory });
        let environments: Vec<Value> = environments.iter().map(tier).collect();
        match self.ask("reconcile", &json!({ "environments": environments }))? {
            Response::Reconciliation(reconciliation) => Ok(reconciliation),
            other => Err(unexpected("reconcile", &other)),
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
        Response::Ingested(_) => "ingested",
        Response::Lint { .. } => "lint",
        Response::Recall { .. } => "recall",
        Response::Plan(_) => "plan",
        Response::Exchange(_) => "exchange",
        Response::Status(_) => "status",
        Response::Survey(_) => "survey",
        Response::Fulfilled { .. } => "fulfilled",
        Response::Prepared { .. } => "prepared",
        Response::Reconciliation(_) => "reconciliation",
        Response::Failure(_) => "failure",
    };
    unusable(&format!("`{kind}` does not answer `{call}`"))
}

fn unusable(why: &str) -> Refusal {
    let failure = Failure::new(Exit::Internal, format!("the engine's answer is unusable: {why}"));
    failure.help("this is a defect of the engine, not a verdict: report it with the input").into()
}
