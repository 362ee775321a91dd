//! The loop: begin a command, perform what the engine asks for, answer, until it says how it ended.

use std::fmt;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::engine::{Engine, Turn};
use crate::exchanges::{Exchange, Host};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::refusal::Refusal;
use crate::table::Table;
use crate::text::{apart, guard, log_line};
use crate::wire::{Delta, Judgement};

/// Exchanges of one command at most; the engine's own limit is lower.
const EXCHANGES_MAX: u32 = 50_000;

/// How much is told while a command runs, and of which of several targets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Telling {
    quiet: bool,
    target: Option<String>,
}

impl Telling {
    /// Everything.
    #[must_use]
    pub const fn lines() -> Self {
        Self { quiet: false, target: None }
    }

    /// What is wrong, and nothing else.
    #[must_use]
    pub const fn warnings() -> Self {
        Self { quiet: true, target: None }
    }

    /// Everything that happens on one of several targets.
    #[must_use]
    pub const fn of_target(target: String) -> Self {
        Self { quiet: false, target: Some(target) }
    }

    fn line(&self, told: &Value) {
        let words = told["words"].as_str().unwrap_or_default();
        let target = self.target.as_ref().map(|target| format!("{target}: ")).unwrap_or_default();
        match told["level"].as_str() {
            Some("warning") => eprintln!("warning: {}", apart(&guard(&format!("{target}{words}")))),
            Some(_) | None if self.quiet => {}
            Some(_) | None => eprintln!("{}", log_line(&format!("{target}{words}"))),
        }
    }
}

/// Runs a command to its end.
pub fn run(
    engine: &mut Engine,
    host: &mut Host<'_>,
    clock: &Clock,
    command: &Value,
    settings: Option<&Value>,
    telling: &Telling,
) -> Result<End, Refusal> {
    let mut turn = engine.begin(&json!({ "now": clock.now(), "command": command, "settings": settings }))?;
    for _ in 0..EXCHANGES_MAX {
        turn.told.iter().for_each(|told| telling.line(told));
        let Turn { exchange, end, .. } = turn;
        if let Some(end) = end {
            return End::new(end);
        }
        let exchange = exchange.ok_or_else(|| defect("neither an exchange nor an end"))?;
        let exchange = Exchange::deserialize(exchange).map_err(|error| defect(&error.to_string()))?;
        let response = host.perform(engine, exchange)?;
        turn = engine.answer(&json!({ "now": clock.now(), "response": response }))?;
    }
    Err(defect("a command that does not end").into())
}

fn defect(what: &str) -> Failure {
    Failure::new(Exit::Internal, format!("the engine's answer is unusable: {what}"))
        .help("this is a defect of the engine, not a verdict: report it with the input")
}

/// What a command came to: the engine's words, and its report for machines.
#[derive(Debug)]
pub struct End {
    /// How the process ends.
    pub exit: Exit,
    /// The whole of it, as the engine says it.
    pub value: Value,
}

impl End {
    fn new(mut value: Value) -> Result<Self, Refusal> {
        let code = value["exit_code"].as_u64().and_then(|code| u8::try_from(code).ok());
        // A code that this host does not know is no success.
        let exit = code.and_then(Exit::from_code).unwrap_or(Exit::Internal);
        if value["outcome"] == "refused" {
            value["type"] = "failure".into();
            return match serde_json::from_value(value) {
                Ok(faults) => Err(Refusal::Engine(faults)),
                Err(error) => Err(defect(&error.to_string()).into()),
            };
        }
        Ok(Self { exit, value })
    }

    fn text(&self, key: &str) -> &str {
        self.value[key].as_str().unwrap_or_default()
    }
}

impl serde::Serialize for End {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.text("outcome").replace('-', " "), guard(self.text("message")))?;
        for detail in self.value["details"].as_array().into_iter().flatten() {
            write!(f, "\n  {}", guard(detail.as_str().unwrap_or_default()))?;
        }
        if let Some(help) = self.value["help"].as_str() {
            write!(f, "\nhelp: {}", guard(help))?;
        }
        if let Some(table) = table(&self.value["table"]) {
            write!(f, "\n\n{table}")?;
        }
        if let Some(judgement) = judgement(&self.value) {
            write!(f, "\n\n{judgement}")?;
        }
        let would: Vec<String> = self.value["would"].as_array().into_iter().flatten().map(would).collect();
        if !would.is_empty() {
            f.write_str("\n\na run would:")?;
            would.iter().try_for_each(|effect| write!(f, "\n  {}", guard(effect)))?;
        }
        match self.value["url"].as_str().or(self.value["folder"].as_str()) {
            Some(place) => write!(f, "\n\nlook at {}", guard(place)),
            None => Ok(()),
        }
    }
}

/// The table that the engine wants shown.
fn table(value: &Value) -> Option<Table> {
    let cells = |row: &Value| -> Vec<String> {
        row.as_array().into_iter().flatten().map(|cell| cell.as_str().unwrap_or_default().to_owned()).collect()
    };
    value["rows"].as_array().map(|rows| Table::of(cells(&value["columns"]), rows.iter().map(cells)))
}

/// What was judged now, or was recorded last, with what is deployed.
fn judgement(value: &Value) -> Option<Judgement> {
    if value["judgement"].is_object() {
        return Judgement::deserialize(&value["judgement"]).ok();
    }
    let mut assessed = Judgement::deserialize(&value["assessment"]).ok()?;
    assessed.delta = Delta::deserialize(&value["delta"]).ok();
    Some(assessed)
}

/// An effect in a few words: its key without the digests in it.
fn would(effect: &Value) -> String {
    let key = effect["key"].as_str().unwrap_or_default();
    let mut words: Vec<&str> = key.split('/').collect();
    if words.first() == Some(&"attach") {
        words.truncate(2);
    }
    words.join(" ")
}
