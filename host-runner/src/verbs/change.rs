//! `assess`, `open`, `close` and `run`: the same flow, driven four ways.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Common, targets};
use crate::clock::Clock;
use crate::exchanges::Host;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::refusal::Refusal;
use crate::settings::{self, Change, Commands, Patience, Promoted};

/// Arguments of `assess`.
#[derive(Debug, clap::Args)]
pub struct Assess {
    /// The change.
    #[command(flatten)]
    pub change: Change,
    /// What is promoted.
    #[command(flatten)]
    pub promoted: Promoted,
}

/// Arguments of `open`.
#[derive(Debug, clap::Args)]
pub struct Open {
    /// The change.
    #[command(flatten)]
    pub change: Change,
    /// What is promoted.
    #[command(flatten)]
    pub promoted: Promoted,
    /// How long to wait for approval.
    #[command(flatten)]
    pub patience: Patience,
    /// Say what would be done and how it would end, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub struct Run {
    /// The change.
    #[command(flatten)]
    pub change: Change,
    /// What is promoted.
    #[command(flatten)]
    pub promoted: Promoted,
    /// How long to wait for approval.
    #[command(flatten)]
    pub patience: Patience,
    /// How the policy's commands are run.
    #[command(flatten)]
    pub commands: Commands,
    /// A JSON list of targets, deployed to in parallel, each with a change request of its own; what one of them does
    /// not say is as given here.
    #[arg(long, value_name = "FILE")]
    pub targets: Option<PathBuf>,
    /// Say what would be done and how it would end, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Arguments of `close`.
#[derive(Debug, clap::Args)]
pub struct Close {
    /// The change.
    #[command(flatten)]
    pub change: Change,
    /// What is promoted.
    #[command(flatten)]
    pub promoted: Promoted,
    /// How the deployment ended.
    #[arg(long, value_enum)]
    pub deploy: Ended,
    /// How the acceptance tests ended.
    #[arg(long, value_enum)]
    pub acceptance: Option<Ended>,
    /// How the verification ended.
    #[arg(long, value_enum)]
    pub verification: Option<Ended>,
    /// How the rollback ended, if there was one.
    #[arg(long, value_enum)]
    pub rollback: Option<Ended>,
    /// The deployment's output.
    #[arg(long, value_name = "FILE")]
    pub deploy_log: Option<PathBuf>,
    /// The acceptance tests' output.
    #[arg(long, value_name = "FILE")]
    pub acceptance_log: Option<PathBuf>,
    /// The rollback's output.
    #[arg(long, value_name = "FILE")]
    pub rollback_log: Option<PathBuf>,
    /// A variable whose value is a secret: it is taken out of the logs. Can be given several times.
    #[arg(long = "secret-env", value_name = "NAME")]
    pub secret_env: Vec<String>,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Ended {
    /// It succeeded.
    Success,
    /// It failed.
    Failure,
}

/// Says whether the change is ready.
pub(super) fn assess(args: &Assess, common: &Common) -> Result<Exit, Refusal> {
    let clock = Clock::from_environment()?;
    let (mut host, settings) = args.change.host(&clock, &Commands::default(), args.promoted.branch.as_deref())?;
    let promoted = args.promoted.told(&mut host, args.change.attempt)?;
    let command = json!({ "command": "assess", "promoted": promoted });
    common.drive(&mut host, &clock, &command, Some(&settings))
}

/// Takes the change as far as its deployment, which the caller performs.
pub(super) fn open(args: &Open, common: &Common) -> Result<Exit, Refusal> {
    let Open { change, promoted, patience, dry_run } = args;
    let clock = Clock::from_environment()?;
    let (mut host, settings) = change.host(&clock, &Commands::default(), promoted.branch.as_deref())?;
    let promoted = promoted.told(&mut host, change.attempt)?;
    let command = json!({ "command": "open", "promoted": promoted, "wait": patience.told(), "dry_run": dry_run });
    common.drive(&mut host, &clock, &command, Some(&settings))
}

/// Takes the change as far as it can go, performing the policy's commands.
pub(super) fn run(args: &Run, common: &Common) -> Result<Exit, Refusal> {
    if let Some(file) = &args.targets {
        return targets::run(file, args, common);
    }
    let clock = Clock::from_environment()?;
    let (mut host, settings) = args.change.host(&clock, &args.commands, args.promoted.branch.as_deref())?;
    let command = going(args, &args.change, &args.promoted, &mut host)?;
    common.drive(&mut host, &clock, &command, Some(&settings))
}

/// What `run` asks for, of one target.
pub(super) fn going(args: &Run, change: &Change, promoted: &Promoted, host: &mut Host<'_>) -> Result<Value, Failure> {
    let promoted = promoted.told(host, change.attempt)?;
    Ok(json!({ "command": "run", "promoted": promoted, "wait": args.patience.told(), "dry_run": args.dry_run }))
}

/// Reports what the caller did after `open`, and finishes the change.
pub(super) fn close(args: &Close, common: &Common) -> Result<Exit, Refusal> {
    let clock = Clock::from_environment()?;
    let commands = Commands { secret_env: args.secret_env.clone(), ..Commands::default() };
    let (mut host, settings) = args.change.host(&clock, &commands, args.promoted.branch.as_deref())?;
    let promoted = args.promoted.told(&mut host, args.change.attempt)?;
    let mut reports = Vec::new();
    for (step, ended, log) in [
        ("deploy", Some(args.deploy), &args.deploy_log),
        ("accept", args.acceptance, &args.acceptance_log),
        ("verify", args.verification, &None),
        ("rollback", args.rollback, &args.rollback_log),
    ] {
        let Some(ended) = ended else { continue };
        let log = settings::located(&mut host, &format!("log/{step}"), log.as_deref())?;
        reports.push(json!({ "step": step, "success": ended == Ended::Success, "log": log }));
    }
    let command = json!({ "command": "close", "promoted": promoted, "reports": reports });
    common.drive(&mut host, &clock, &command, Some(&settings))
}
