//! The command line: one verb, one file. A verb reads, asks the engine, performs, and tells; it decides nothing.

mod inspect;

use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::sandbox::Sandbox;

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
    Text,
    /// For machines: one JSON document on standard output.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show the engine's module: version, imports, limits.
    Inspect(inspect::Args),
}

/// Runs the verb and says how the process ends.
#[must_use]
pub fn run(cli: &Cli) -> Exit {
    let result = match &cli.verb {
        Verb::Inspect(args) => inspect::run(args, &cli.common),
    };
    result.unwrap_or_else(|failure| cli.common.fail(&failure))
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
            Output::Text => report.to_string(),
            Output::Json => serde_json::to_string_pretty(report)
                .map_err(|error| Failure::new(Exit::Internal, format!("the report cannot be written: {error}")))?,
        };
        // A reader that has seen enough, as `head` has, is no failure.
        match writeln!(io::stdout(), "{text}") {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::new(Exit::Internal, format!("standard output cannot be written: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Tells the failure: to people on standard error, to machines on standard output too.
    fn fail(&self, failure: &Failure) -> Exit {
        let _ = writeln!(io::stderr(), "{failure}");
        if self.output == Output::Json {
            let Failure { exit, problem, help } = failure;
            let error = serde_json::json!({ "error": { "exit": exit.code(), "problem": problem, "help": help } });
            let _ = writeln!(io::stdout(), "{error:#}");
        }
        failure.exit
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
