//! `countersign demo`: whole changes, from evidence to a closed change request, with the verbs that everybody uses.
//!
//! Every step is a command line that is shown and then run in this process. The evidence is what real tools wrote about
//! this project; `host-runner/demo/README.md` says how.

mod flows;
mod product;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{CommandFactory as _, FromArgMatches as _};

use super::{Cli, Common, Output};
use serde_json::Value;

use crate::clock::Clock;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::files;
use crate::inventory::git::Repository;
use crate::ledger::Ledger;
use crate::refusal::Refusal;
use product::{ENGINE, Entry, Promoted, RUNNER, RUNNER_2};

/// Marks a folder that a demo made, so that the next demo may replace it.
const MARK: &str = ".countersign-demo";
/// Characters of a command line that are shown in one line.
const WIDTH: usize = 110;

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where everything is put. A folder of an earlier demo is replaced.
    #[arg(value_name = "DIR", default_value = "countersign-demo")]
    pub folder: PathBuf,
    /// Which flow is shown.
    #[arg(long, value_enum, default_value_t = Flow::Standard)]
    pub flow: Flow,
}

/// A flow of the process.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Flow {
    /// One change that is ready, and one that is not.
    Standard,
    /// A change that is not ready, deployed at once because it is an emergency, and what that owes.
    Emergency,
    /// A failed deployment that is rolled back, and a full rollback to what was deployed before.
    Rollback,
    /// Planned downtime: a change request made and approved by hand.
    Downtime,
    /// Three regions in one run; one of them fails.
    Regions,
    /// A change that was held, continued by the id of its change request.
    Existing,
}

pub(super) fn run(args: &Args, common: &Common) -> Result<Exit, Refusal> {
    if common.output == Output::Json {
        return Err(Failure::usage("the demo is for people").help("leave `--output json` out").into());
    }
    let module = common.module.as_deref().map(std::path::absolute).transpose();
    let module = module.map_err(|error| Failure::usage(format!("`--module` names no file: {error}")))?;
    let show = Show { common: Common { module, ..common.clone() }, clock: Clock::from_environment()? };
    prepare(&args.folder)?;
    show.say("a product of two parts, an inventory of what is deployed, and evidence about both");
    show.build(&[&ENGINE, &RUNNER])?;
    show.evidence("ready", &[&ENGINE, &RUNNER], None, false)?;
    match args.flow {
        Flow::Standard => {
            show.ready()?;
            show.not_ready()?;
        }
        Flow::Emergency => flows::emergency(&show)?,
        Flow::Rollback => flows::rollback(&show)?,
        Flow::Downtime => flows::downtime(&show)?,
        Flow::Regions => flows::regions(&show)?,
        Flow::Existing => flows::existing(&show)?,
    }
    show.end()?;
    Ok(Exit::Done)
}

/// Makes the folder and goes there: all command lines that are shown are relative to it.
fn prepare(folder: &Path) -> Result<(), Failure> {
    let unusable = |error: std::io::Error| Failure::usage(format!("`{}` cannot be used: {error}", folder.display()));
    let empty = fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
    if !empty && !folder.join(MARK).is_file() {
        return Err(Failure::usage(format!("`{}` has files that no demo made", folder.display()))
            .help("name a folder that is empty or does not exist"));
    }
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(unusable)?;
    }
    fs::create_dir_all(folder).map_err(unusable)?;
    env::set_current_dir(folder).map_err(unusable)?;
    files::write(Path::new(MARK), b"made by `countersign demo`\n")?;
    for (name, text) in product::FILES {
        files::write(Path::new(name), text.as_bytes())?;
    }
    product::fixtures().try_for_each(|(name, bytes)| files::write(&Path::new("raw").join(name), bytes))
}

struct Show {
    common: Common,
    clock: Clock,
}

impl Show {
    /// A chapter begins.
    fn say(&self, what: &str) {
        println!("\n── {what}");
    }

    /// Shows a command line, runs it here, and insists on how it ends.
    fn countersign(&self, line: &[&str], expected: Exit) -> Result<(), Refusal> {
        println!("\n$ {}", shown(line));
        self.quietly(line, expected)
    }

    fn quietly(&self, line: &[&str], expected: Exit) -> Result<(), Refusal> {
        let words = std::iter::once("countersign").chain(line.iter().copied());
        let unreadable = |error: clap::Error| Failure::new(Exit::Internal, error.to_string());
        let matches = without_environment(Cli::command()).try_get_matches_from(words).map_err(unreadable)?;
        let mut cli = Cli::from_arg_matches(&matches).map_err(unreadable)?;
        cli.common = self.common.clone();
        let exit = super::run(&cli);
        if exit == expected {
            return Ok(());
        }
        let verb = line.first().copied().unwrap_or_default();
        let (code, wanted) = (exit.code(), expected.code());
        Err(Failure::new(
            Exit::Internal,
            format!("the demo expected `{verb}` to end with {wanted}, and it ended with {code}"),
        )
        .help("report this with what is printed above")
        .into())
    }

    /// What CI does after a build: an entry for each artifact; then people promote them.
    fn build(&self, entries: &[&Entry]) -> Result<(), Refusal> {
        if !Path::new("inventory").exists() {
            Repository::create(Path::new("inventory"), "prod")?;
        }
        for entry in entries {
            let Entry { name, version, build, run, .. } = *entry;
            let (artifact, commit) = (entry.artifact(), entry.commit());
            self.quietly(
                &[
                    "add",
                    "--inventory",
                    "inventory",
                    "--branch",
                    "dev",
                    "--name",
                    name,
                    "--artifact",
                    &artifact,
                    "--entry-version",
                    version,
                    "--signature",
                    "checked by the step artifact-signature",
                    "--repository-url",
                    product::REPOSITORY,
                    "--commit-sha",
                    &commit,
                    "--build-number",
                    build,
                    "--pipeline-run-id",
                    run,
                ],
                Exit::Done,
            )?;
        }
        self.countersign(&["promote", "--inventory", "inventory", "--from", "dev", "--to", "prod"], Exit::Done)
    }

    /// What CI does after its checks: reports are imported, and steps without a report say how they ended.
    fn evidence(
        &self,
        change: &str,
        entries: &[&Entry],
        missing: Option<&str>,
        emergency: bool,
    ) -> Result<(), Refusal> {
        let folder = format!("{change}/evidence");
        for entry in entries {
            let about = ["--entry", entry.name, "--inventory", "inventory", "--into", &folder];
            for (check, file) in entry.reports().into_iter().filter(|(check, _)| Some(*check) != missing) {
                let report = format!("raw/{file}");
                self.quietly(&[&["record", &report, "--check", check][..], &about].concat(), Exit::Done)?;
            }
            for check in product::STEPS {
                let said = ["record", "--check", check, "--outcome", "success"];
                self.quietly(&[&said[..], &about].concat(), Exit::Done)?;
            }
        }
        let commit = Repository::at(Path::new("inventory"))
            .ok_or_else(|| Failure::new(Exit::Internal, "the demo's inventory is gone"))?
            .branch("prod")?;
        let now = self.clock.now();
        let number = 17 + count_of_changes();
        let promoted = Promoted { number, entries, merged_as: commit.as_str(), now: &now, emergency };
        let promotion = product::promotion(&promoted);
        files::write(&Path::new(change).join("promotion.json"), promotion.as_bytes())?;
        let assess = Self::change(change, "assess", "demo-assess");
        let assess: Vec<&str> = assess.iter().map(String::as_str).chain(["--commit", commit.as_str()]).collect();
        let assess: Vec<&str> = assess.into_iter().chain(["--force-redeploy"]).collect();
        let program = env::current_exe().map(|path| path.display().to_string()).unwrap_or_default();
        Ok(files::write(&Path::new(change).join("assess.sh"), product::script(&program, &shown(&assess)).as_bytes())?)
    }

    /// The command line of a verb about one of the changes.
    fn change(change: &str, verb: &str, run: &str) -> Vec<String> {
        let mut line = vec![verb.to_owned()];
        let promotion = format!("{change}/promotion.json");
        for (flag, value) in [
            ("--policy", "countersign.yaml"),
            ("--inventory", "inventory"),
            ("--environment", "prod"),
            ("--purpose", "production"),
            ("--detail", "Countersign, for everybody"),
            ("--promotion", promotion.as_str()),
            ("--evidence", "ready/evidence"),
            ("--ledger", "ledger"),
            ("--run-id", run),
            ("--actor", "500:pipeline"),
        ] {
            line.extend([flag.to_owned(), value.to_owned()]);
        }
        if change != "ready" {
            line.extend(["--evidence".to_owned(), format!("{change}/evidence")]);
        }
        line
    }

    fn go(&self, change: &str, verb: &str, run: &str, expected: Exit) -> Result<(), Refusal> {
        self.go_with(change, verb, run, &[], expected)
    }

    fn go_with(&self, change: &str, verb: &str, run: &str, more: &[&str], expected: Exit) -> Result<(), Refusal> {
        let line = Self::change(change, verb, run);
        let line: Vec<&str> = line.iter().map(String::as_str).chain(more.iter().copied()).collect();
        self.countersign(&line, expected)
    }

    /// The first change: everything is there, so nobody is asked.
    fn ready(&self) -> Result<(), Refusal> {
        self.say("the first change: all evidence is there, so it is approved, deployed, tested and closed");
        self.go("ready", "assess", "cd-1", Exit::Done)?;
        self.go("ready", "run", "cd-1", Exit::Done)?;
        self.closed_as("ready", 1, "successful").map(drop)
    }

    /// The second change: something is missing, so it waits for a person.
    fn not_ready(&self) -> Result<(), Refusal> {
        self.say("the second change: the integration tests of the new runner are missing, so it is held");
        self.build(&[&RUNNER_2])?;
        self.evidence("not-ready", &[&RUNNER_2], Some("integration-tests"), false)?;
        self.go("not-ready", "run", "cd-2", Exit::AwaitingApproval)?;
        let id = self.closed_as("not-ready", 2, "")?;
        self.say("a person who had no part in it looks at the reasons, and approves");
        let why = "the integration tests ran by hand, TEST-17";
        self.countersign(&["approve", &id, "--as", "700:robin", "--why", why, "--ledger", "ledger"], Exit::Done)?;
        self.say("the same command again: it continues where it was held");
        self.go("not-ready", "run", "cd-3", Exit::Done)?;
        self.closed_as("not-ready", 2, "successful_issues").map(drop)
    }

    /// The id of the newest of `count` changes, after insisting on its category; empty: it has none yet.
    fn closed_as(&self, change: &str, count: usize, category: &str) -> Result<String, Refusal> {
        let ledger = Ledger::open(Path::new("ledger"))?;
        let mut found = Vec::new();
        for path in ledger.list("changes/")?.iter().filter(|path| path.ends_with("/record.json")) {
            let id = path.split('/').nth(1).unwrap_or_default().to_owned();
            let record = ledger.get(path)?.and_then(|(bytes, _)| serde_json::from_slice::<Value>(&bytes).ok());
            let category = record.and_then(|record| record["close_category"].as_str().map(str::to_owned));
            found.push((id, category.unwrap_or_default()));
        }
        let fits = found.iter().find(|(_, is)| is == category).filter(|_| found.len() == count);
        fits.map(|(id, _)| id.clone()).ok_or_else(|| {
            let message =
                format!("the change `{change}` should be closed as `{category}`, and the ledger has {found:?}");
            Failure::new(Exit::Internal, message).help("report this with what is printed above").into()
        })
    }

    fn end(&self) -> Result<(), Refusal> {
        self.say("what happened");
        self.countersign(&["status", "--ledger", "ledger"], Exit::Done)?;
        let here = env::current_dir().map(|path| path.display().to_string()).unwrap_or_default();
        println!("\n── where to look, in {here}");
        for (place, what) in [
            ("ledger/changes/<id>/attachments/", "what an approver and an auditor read"),
            ("ledger/changes/<id>/journal.jsonl", "everything that happened, hash-chained: countersign status <id>"),
            ("inventory/", "git: branches dev and prod, and the tag prod_latest"),
            ("ready/assess.sh", "says whether the first change is ready: delete or damage a file of ready/evidence"),
            ("countersign.yaml", "the policy"),
        ] {
            println!("  {place:<36} {what}");
        }
        Ok(())
    }
}

/// How many changes were promoted so far.
fn count_of_changes() -> u32 {
    let folders = fs::read_dir(".").into_iter().flatten().flatten();
    let promoted = folders.filter(|folder| folder.path().join("promotion.json").is_file());
    u32::try_from(promoted.count()).unwrap_or_default()
}

/// The command line as a shell reads it; a long one in several lines.
fn shown(line: &[&str]) -> String {
    let quoted = |word: &&str| match word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=@".contains(c)) {
        true => (*word).to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    };
    let mut text = "countersign".to_owned();
    let mut width = text.len();
    for word in line.iter().map(quoted) {
        if word.starts_with("--") && width + word.len() > WIDTH - 30 {
            text.push_str(" \\\n   ");
            width = 4;
        }
        width += word.len() + 1;
        text.push(' ');
        text.push_str(&word);
    }
    text
}

/// The demo is the same whatever variables the user has set.
fn without_environment(command: clap::Command) -> clap::Command {
    command.mut_args(|argument| argument.env(clap::builder::Resettable::Reset)).mut_subcommands(without_environment)
}
