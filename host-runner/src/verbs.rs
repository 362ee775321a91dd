//! The command line: one verb, one file. A verb reads, asks the engine, performs, and tells; it decides nothing.

mod add;
mod audit;
mod change;
mod decide;
mod demo;
mod evidence;
mod init;
mod inspect;
mod lint;
mod obligations;
mod prepare;
mod promote;
mod reconcile;
mod record;
mod rollback;
mod status;
mod sweep;
mod targets;

use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::Value;

use crate::clock::Clock;
use crate::engine::Engine;
use crate::exchanges::Host;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::refusal::Refusal;
use crate::sandbox::Sandbox;
use crate::session::{self, Telling};
use crate::settings::{self, LedgerAt};
use crate::switches;
use crate::text::apart;

/// Change management for CI/CD: a second signature for every deployment.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, max_term_width = 100)]
pub struct Cli {
    /// What every verb takes.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What every verb takes.
#[derive(Clone, Debug, clap::Args)]
pub struct Common {
    /// Run the engine in this file instead of the one that is built in.
    #[arg(long, global = true, value_name = "FILE")]
    pub module: Option<PathBuf>,
    /// How to tell what came of it.
    #[arg(long, global = true, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

/// For whom the output is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Output {
    /// For people.
    #[value(alias = "human")]
    Text,
    /// For machines: one JSON document on standard output.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Say whether a change is ready, and why not. Records nothing.
    Assess(Box<change::Assess>),
    /// File and approve a change, as far as its deployment, which you perform.
    Open(Box<change::Open>),
    /// Report what you did after `open`, and finish the change.
    Close(Box<change::Close>),
    /// Take a change all the way, performing the policy's commands.
    Run(Box<change::Run>),
    /// Restore what an earlier change deployed: a change of its own, without a build or a promotion.
    Rollback(Box<rollback::Args>),
    /// Make change requests by hand, ahead of time, one for each target of a file.
    Prepare(prepare::Args),
    /// Show what emergencies owe; ends with 41 when something is overdue.
    Obligations(obligations::Args),
    /// Write down that something that an emergency owes was done.
    Fulfil(obligations::Fulfil),
    /// Show changes that nobody finished.
    Sweep(sweep::Args),
    /// Prove that the records of the ledger hold together.
    Audit(audit::Args),
    /// Show the changes of the ledger, or one of them as its journal tells it.
    Status(status::Args),
    /// Write down that somebody approves a change request of the ledger.
    Approve(decide::Args),
    /// Write down that somebody rejects a change request of the ledger.
    Reject(decide::Args),
    /// Write down that somebody takes back what they said about a change request of the ledger.
    Withdraw(decide::Args),
    /// Make evidence of what tools wrote, bound to what it is about.
    Record(Box<record::Args>),
    /// Show what each document of a folder of evidence says.
    Evidence(evidence::Args),
    /// Write an entry of the inventory: one deployable artifact.
    Add(Box<add::Args>),
    /// Carry entries from one environment to the next.
    Promote(promote::Args),
    /// Show how two environments, or two commits, differ.
    Delta(promote::Sides),
    /// Show which entries are not the same in several environments.
    Reconcile(reconcile::Args),
    /// Show two whole changes of a small product.
    Demo(demo::Args),
    /// Check the text of a promotion pull request.
    Lint(lint::Args),
    /// Write the files that a repository begins with; what is there stays.
    Init(init::Args),
    /// Show the engine's module: version, imports, limits.
    Inspect(inspect::Args),
}

/// Runs the verb and says how the process ends.
#[must_use]
pub fn run(cli: &Cli) -> Exit {
    let common = &cli.common;
    switches::refuse().map_err(Refusal::from).and_then(|()| verb(cli)).unwrap_or_else(|refusal| common.refuse(&refusal))
}

fn verb(cli: &Cli) -> Result<Exit, Refusal> {
    let common = &cli.common;
    match &cli.verb {
        Verb::Assess(args) => change::assess(args, common),
        Verb::Open(args) => change::open(args, common),
        Verb::Close(args) => change::close(args, common),
        Verb::Run(args) => change::run(args, common),
        Verb::Rollback(args) => rollback::run(args, common),
        Verb::Prepare(args) => prepare::run(args, common),
        Verb::Obligations(args) => obligations::run(args, common),
        Verb::Fulfil(args) => obligations::fulfil(args, common),
        Verb::Sweep(args) => sweep::run(args, common),
        Verb::Audit(args) => audit::run(args, common),
        Verb::Status(args) => status::run(args, common),
        Verb::Approve(args) => decide::run(args, true, common),
        Verb::Reject(args) => decide::run(args, false, common),
        Verb::Withdraw(args) => decide::withdraw(args, common),
        Verb::Record(args) => record::run(args, common),
        Verb::Evidence(args) => evidence::run(args, common),
        Verb::Add(args) => add::run(args, common),
        Verb::Promote(args) => promote::run(args, common),
        Verb::Delta(args) => promote::delta(args, common),
        Verb::Reconcile(args) => reconcile::run(args, common),
        Verb::Demo(args) => demo::run(args, common),
        Verb::Lint(args) => lint::run(args, common),
        Verb::Init(args) => init::run(args, common),
        Verb::Inspect(args) => inspect::run(args, common).map_err(Refusal::from),
    }
}

impl Common {
    /// The engine: the one in `--module`, else the one that is built in.
    pub fn sandbox(&self) -> Result<Sandbox, Failure> {
        match &self.module {
            Some(path) => Ok(Sandbox::from_file(path)?),
            None => Ok(Sandbox::embedded()?),
        }
    }

    /// Tells `report`, as text or as JSON.
    pub fn tell<R: Display + Serialize>(&self, report: &R) -> Result<(), Failure> {
        let text = match self.output {
            Output::Text => for_people(&report.to_string()),
            Output::Json => for_machines(report)?,
        };
        // A reader that has seen enough, as `head` has, is no failure.
        match writeln!(io::stdout(), "{text}") {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::new(Exit::Internal, format!("standard output cannot be written: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// A fresh engine, ready to be asked.
    fn engine(&self) -> Result<Engine, Failure> {
        Ok(Engine::new(self.sandbox()?.instantiate()?))
    }

    /// Runs a command in an engine of its own, and tells what came of it.
    fn drive(
        &self,
        host: &mut Host<'_>,
        clock: &Clock,
        command: &Value,
        settings: Option<&Value>,
    ) -> Result<Exit, Refusal> {
        let end = session::run(&mut self.engine()?, host, clock, command, settings, &Telling::lines())?;
        self.tell(&end)?;
        Ok(end.exit)
    }

    /// Runs a command that needs the ledger alone.
    fn ask(&self, ledger: &LedgerAt, command: &Value) -> Result<Exit, Refusal> {
        let clock = Clock::from_environment()?;
        let mut host = Host::new(&clock, settings::secrets(&[], ledger.token()))?;
        host.ledger = Some(ledger.existing()?);
        self.drive(&mut host, &clock, command, None)
    }

    /// Tells the refusal: to people on standard error, to machines on standard output too.
    fn refuse(&self, refusal: &Refusal) -> Exit {
        let _ = writeln!(io::stderr(), "{}", for_people(&refusal.to_string()));
        if let (Output::Json, Ok(text)) = (self.output, for_machines(&refusal.json())) {
            let _ = writeln!(io::stdout(), "{text}");
        }
        refusal.exit()
    }
}

/// Text in which no line is a command to a CI system, whoever wrote parts of it (T62): those begin with `::`, blanks
/// aside, or have `##[` or `##word[` anywhere.
fn for_people(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let blanks = line.len() - line.trim_start().len();
        let (blanks, rest) = line.split_at(blanks);
        match rest.strip_prefix("::") {
            Some(rest) => format!("{blanks}: :{rest}"),
            None => line.to_owned(),
        }
    });
    apart(&lines.collect::<Vec<_>>().join("\n"))
}

/// JSON with the same care: the same document, in which no two `#` stand side by side.
fn for_machines(report: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(report)
        .map_err(|error| Failure::new(Exit::Internal, format!("the report cannot be written: {error}")))?;
    Ok(text.replace("##", "#\\u0023"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::{Cli, for_machines, for_people};

    #[test]
    fn t62_no_line_of_a_report_is_a_command() {
        assert_eq!(for_people("a\n  ::add-mask::x\n::x\nb ###[error]"), "a\n  : :add-mask::x\n: :x\nb # # #[error]");
        let value = serde_json::json!({ "name": "###[error]" });
        let text = for_machines(&value).unwrap();
        assert!(!text.contains("##"), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
