//! `assess`, `open`, `close` and `run`: the same flow, driven four ways.

use std::path::PathBuf;

use super::{Common, targets};
use crate::clock::{self, Clock};
use crate::drive::Drive;
use crate::exit::Exit;
use crate::files;
use crate::refusal::Refusal;
use crate::settings::{self, Change, Commands, Patience, Promoted, Subject};
use crate::wire::{Driving, Ran, Step, Waiting};

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
    let drive =
        Drive::new(common.engine()?, &clock, &args.change, Subject::Promoted(&args.promoted), common.telling())?;
    let report = drive.look("assess", &Driving::default())?;
    common.tell(&report)?;
    Ok(report.exit())
}

/// Takes the change as far as its deployment, which the caller performs.
pub(super) fn open(args: &Open, common: &Common) -> Result<Exit, Refusal> {
    let driving = Driving { parked: Step::ALL.to_vec(), ..Driving::default() };
    let commands = Commands::default();
    let Open { change, promoted, patience, dry_run } = args;
    let subject = Subject::Promoted(promoted);
    go(&Going { change, subject, patience: Some(patience), commands: &commands, dry_run: *dry_run }, driving, common)
}

/// Takes the change as far as it can go, performing the policy's commands.
pub(super) fn run(args: &Run, common: &Common) -> Result<Exit, Refusal> {
    let Run { change, promoted, patience, commands, targets, dry_run } = args;
    if let Some(file) = targets {
        return targets::run(file, args, common);
    }
    let subject = Subject::Promoted(promoted);
    go(&Going { change, subject, patience: Some(patience), commands, dry_run: *dry_run }, Driving::default(), common)
}

struct Going<'a> {
    change: &'a Change,
    subject: Subject<'a>,
    patience: Option<&'a Patience>,
    commands: &'a Commands,
    dry_run: bool,
}

fn go(going: &Going<'_>, mut driving: Driving, common: &Common) -> Result<Exit, Refusal> {
    let clock = Clock::from_environment()?;
    driving.wait = going.patience.and_then(|patience| waiting(patience, &clock));
    let drive = Drive::new(common.engine()?, &clock, going.change, going.subject, common.telling())?;
    let report = if going.dry_run { drive.look("preview", &driving)? } else { drive.act(driving, going.commands)? };
    common.tell(&report)?;
    Ok(report.exit())
}

/// The wait for approval that is asked for.
pub(super) fn waiting(patience: &Patience, clock: &Clock) -> Option<Waiting> {
    let seconds = patience.wait?;
    let until = clock::format(clock.milliseconds().saturating_add(i64::from(seconds).saturating_mul(1000)));
    Some(Waiting { until, interval_seconds: patience.wait_interval })
}

/// Reports what the caller did after `open`, and finishes the change.
pub(super) fn close(args: &Close, common: &Common) -> Result<Exit, Refusal> {
    let clock = Clock::from_environment()?;
    let mut drive =
        Drive::new(common.engine()?, &clock, &args.change, Subject::Promoted(&args.promoted), common.telling())?;
    let secrets = settings::secrets(&args.secret_env, args.change.ledger.token());
    let mut driving = Driving { parked: Step::ALL.to_vec(), ..Driving::default() };
    let reports = [
        (Step::Deploy, Some(args.deploy), &args.deploy_log),
        (Step::Accept, args.acceptance, &args.acceptance_log),
        (Step::Verify, args.verification, &None),
        (Step::Rollback, args.rollback, &args.rollback_log),
    ];
    for (step, ended, log) in reports {
        let Some(ended) = ended else { continue };
        let log = match log {
            Some(path) => Some(drive.report_log(&files::read(path, "log")?, &secrets)?),
            None => None,
        };
        let success = ended == Ended::Success;
        driving.reports.push(Ran { step, success, exit_code: None, note: None, started: None, ended: None, log });
    }
    let report = drive.act(driving, &Commands::default())?;
    common.tell(&report)?;
    Ok(report.exit())
}
