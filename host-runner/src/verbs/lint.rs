//! `countersign lint`: what is wrong with the text of a promotion pull request, before anybody promotes.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use super::Common;
use crate::exit::Exit;
use crate::files;
use crate::refusal::Refusal;
use crate::text::guard;
use crate::wire::Problem;

/// Arguments of `lint`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The pull request as GitHub's API gives it, or its text alone; `-` for standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// An optional field that is required here. Can be given several times.
    #[arg(long = "require", value_name = "FIELD")]
    pub required: Vec<String>,
}

#[derive(Serialize)]
struct Found {
    outcome: &'static str,
    exit_code: u8,
    file: String,
    fields: Option<Value>,
    problems: Vec<Problem>,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.problems.is_empty() {
            return write!(f, "{}: nothing is wrong", guard(&self.file));
        }
        for (number, problem) in self.problems.iter().enumerate() {
            let line_end = if number == 0 { "" } else { "\n" };
            let place = problem.place.as_ref().map(|place| format!(", {place}")).unwrap_or_default();
            let (message, help) = (guard(&problem.message), guard(&problem.help));
            write!(f, "{line_end}{}{}: {message}\n  help: {help}", guard(&self.file), guard(&place))?;
        }
        Ok(())
    }
}

pub(super) fn run(args: &Args, common: &Common) -> Result<Exit, Refusal> {
    let mut engine = common.engine()?;
    let file = if args.file.as_os_str() == "-" { "-".to_owned() } else { args.file.display().to_string() };
    let document = engine.give(file.clone(), &files::read_or_stdin(&args.file, "promotion text")?)?;
    let (fields, problems) = engine.lint(&document, &args.required)?;
    let (outcome, exit) = if problems.is_empty() { ("sound", Exit::Done) } else { ("refused", Exit::Usage) };
    common.tell(&Found { outcome, exit_code: exit.code(), file, fields, problems })?;
    Ok(exit)
}
