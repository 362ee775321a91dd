//! What a host can ask for: each command is straight-line async code over `Io`, in a file of its own.

mod add;
mod audit;
mod change;
mod decide;
mod delta;
mod entries;
mod obligations;
mod prepare;
mod promote;
mod reading;
mod reconcile;
mod record;
mod registers;
mod status;
mod sweep;
mod telling;
mod withdraw;

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use serde::{Deserialize, Serialize};

use crate::change::event::Step;
use crate::connectors::{System, github};
use crate::documents::Documents;
use crate::facts::Run;
use crate::failure::{Code, Failure};
use crate::io::exchange::{Exchange, Response};
use crate::io::{Io, Told};
use crate::obligations::Claim;
use crate::policy::Purpose;
use crate::promotion::Person;
use crate::report::Ended;
use crate::scalar::{Commit, Name, Timestamp};

/// What a host asks for.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Command {
    /// Say whether the change is ready. Nothing is recorded.
    Assess {
        /// What is promoted.
        promoted: Promoted,
    },
    /// Take the change as far as its deployment, which the caller performs.
    Open {
        /// What is promoted.
        promoted: Promoted,
        /// How long to wait for approval.
        #[serde(default)]
        wait: Option<Patience>,
        /// Say what would be done, and do nothing.
        #[serde(default)]
        dry_run: bool,
    },
    /// Take the change as far as it can go, with the policy's commands.
    Run {
        /// What is promoted.
        promoted: Promoted,
        /// How steps ended that an earlier run began, where nobody recorded it.
        #[serde(default)]
        reports: Vec<StepReport>,
        /// How long to wait for approval.
        #[serde(default)]
        wait: Option<Patience>,
        /// Say what would be done, and do nothing.
        #[serde(default)]
        dry_run: bool,
    },
    /// Report what the caller did after `open`, and finish the change.
    Close {
        /// What is promoted.
        promoted: Promoted,
        /// How the caller's steps ended.
        reports: Vec<StepReport>,
    },
    /// Restore what an earlier change deployed (FR1).
    Rollback {
        /// The change request whose deployment is restored.
        change_request_id: Name,
        /// How the caller's steps ended, where the caller performs them; absent: the policy's commands are run.
        #[serde(default)]
        reports: Option<Vec<StepReport>>,
        /// Whether the actor of the run declares an emergency.
        #[serde(default)]
        emergency: bool,
        /// Which attempt at the same change, counted from 1.
        #[serde(default = "first")]
        attempt: u32,
        /// How long to wait for approval.
        #[serde(default)]
        wait: Option<Patience>,
        /// Say what would be done, and do nothing.
        #[serde(default)]
        dry_run: bool,
    },
    /// Write down what a person decided on a change request of the ledger; other systems ask people themselves.
    Decide {
        /// The change request.
        id: Name,
        /// Who decides.
        by: Person,
        /// Whether they approve; if not, they reject.
        approves: bool,
        /// Why.
        why: String,
    },
    /// Take back what a person said about a change request of the ledger (GA6).
    Withdraw {
        /// The change request.
        id: Name,
        /// Who takes it back: who said it.
        by: Person,
        /// Why.
        why: String,
    },
    /// Make the change requests of a file by hand, those that are not there yet (CR5, EX5).
    Prepare {
        /// The file.
        document: Located,
        /// The change system.
        system: System,
    },
    /// Show all changes, or one as its journal tells it.
    Status {
        /// The change request; absent: all of them.
        #[serde(default)]
        id: Option<Name>,
    },
    /// Show what emergencies owe (EM4).
    Obligations {
        /// Of this environment only.
        #[serde(default)]
        environment: Option<Name>,
        /// Of this region only.
        #[serde(default)]
        region: Option<Name>,
        /// Show what was fulfilled as well.
        #[serde(default)]
        all: bool,
    },
    /// Write down that something that is owed was done (EM4).
    Fulfil {
        /// The change request.
        id: Name,
        /// Which obligation.
        obligation: Name,
        /// Who did it.
        by: Person,
        /// Where to look at what was done.
        reference: String,
        /// What else is to say.
        #[serde(default)]
        note: Option<String>,
    },
    /// Prove that the records of the ledger hold together (AU7).
    Audit {
        /// Make registers again that are not what their chains come to.
        #[serde(default)]
        rebuild: bool,
        /// Who takes over the records of version 1; absent: nobody does.
        #[serde(default)]
        adopt: Option<Person>,
    },
    /// Show the changes that are not finished.
    Sweep {
        /// End with 24 if one of them is older than this.
        #[serde(default)]
        older_than_hours: Option<u32>,
    },
    /// Make evidence of what tools wrote (EV1).
    Record(Box<record::Recording>),
    /// Write an entry of the inventory: one deployable artifact (IN1).
    Add(Box<add::Adding>),
    /// Carry entries from one environment to the next.
    Promote(Box<promote::Promoting>),
    /// Show how two environments, two commits or two folders differ.
    Delta {
        /// What the inventory is: a repository, or the folders at the places `from` and `to`.
        inventory: InventoryKind,
        /// A branch, a tag or a commit; of a folder, its name for people.
        from: String,
        /// A branch, a tag or a commit; of a folder, its name for people.
        to: String,
    },
    /// Show which entries are not the same in several environments (IN6).
    Reconcile {
        /// What the inventory is.
        inventory: InventoryKind,
        /// The environments' branches, lowest first.
        environments: Vec<Name>,
    },
}

/// What is promoted, and the change request that exists already, if one does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Promoted {
    /// The inventory commit to deploy. Absent: the tip of the environment's branch.
    #[serde(default)]
    pub commit: Option<Commit>,
    /// The promotion pull request, as GitHub's API gives it. Absent: it is read from the change system.
    #[serde(default)]
    pub promotion: Option<Located>,
    /// The number of a promotion that is not merged yet, to assess it (`assess`).
    #[serde(default)]
    pub number: Option<u64>,
    /// A change request that was made by hand; `notAvailable` says that there is none (EX1).
    #[serde(default)]
    pub change_request_id: Option<String>,
    /// The file of prepared change requests, from which the one of this target is taken.
    #[serde(default)]
    pub prepared: Option<Located>,
    /// Whether entries that did not change are deployed again (IN2).
    #[serde(default)]
    pub force_redeploy: bool,
    /// Which attempt at the same change, counted from 1.
    #[serde(default = "first")]
    pub attempt: u32,
}

fn first() -> u32 {
    1
}

/// A file of a place.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Located {
    /// The place.
    pub place: String,
    /// The path below it.
    pub path: String,
}

/// A bounded wait for approval (GA1).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Patience {
    /// Seconds to wait at most.
    pub seconds: u32,
    /// Seconds between two looks.
    pub interval_seconds: u32,
}

/// How a step of the caller ended.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StepReport {
    /// Which.
    pub step: Step,
    /// Whether it succeeded.
    pub success: bool,
    /// What else is to say, such as that it was cancelled.
    #[serde(default)]
    pub note: Option<String>,
    /// Its output; the host takes secrets out before it gives the file.
    #[serde(default)]
    pub log: Option<Located>,
}

/// What the host is configured for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Settings {
    /// The environment.
    pub environment: Name,
    /// The region, where the environment has several.
    #[serde(default)]
    pub region: Option<Name>,
    /// What the environment is for, where the policy does not say it (PO6).
    #[serde(default)]
    pub purpose: Option<Purpose>,
    /// The environment in words, where the policy does not say it.
    #[serde(default)]
    pub detail: Option<Name>,
    /// The inventory's branch. Default: the policy's, else the environment's name.
    #[serde(default)]
    pub branch: Option<Name>,
    /// The pre-production environment that proves the staging (PC4). Default: the policy's.
    #[serde(default)]
    pub staging: Option<Name>,
    /// The policy. Default: `.countersign.yaml` in the inventory's root.
    #[serde(default)]
    pub policy: Option<Located>,
    /// An evidence-checks config in IBM's format.
    #[serde(default)]
    pub evidence_checks: Option<Located>,
    /// The ignore file, a path in the inventory. Default: the policy's.
    #[serde(default)]
    pub ignore_file: Option<String>,
    /// The places that hold evidence, with their names for people.
    pub evidence: Vec<Folder>,
    /// What the inventory is.
    pub inventory: InventoryKind,
    /// The change system.
    pub system: System,
    /// Where promotions, reviews and attestations are read. Default: where the change requests are.
    #[serde(default)]
    pub promotions: Option<github::Place>,
    /// The run that asks.
    pub run: Run,
    /// Whether reviews of the entries' commits are read from the change system (RD2).
    #[serde(default)]
    pub peer_review: bool,
    /// Whether attestations of the entries' artifacts are read from the change system (RD2).
    #[serde(default)]
    pub attestations: bool,
}

/// A place that holds evidence.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Folder {
    /// The place.
    pub place: String,
    /// What people call it.
    pub name: String,
}

/// What the inventory is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum InventoryKind {
    /// The repository `inventory`, whose tags are in the repository `pointers`.
    Git,
    /// The place `inventory`.
    Folder,
}

/// Everything that a command begins with.
#[derive(Clone, Debug)]
pub struct Begin {
    /// What is asked for.
    pub command: Command,
    /// What the host is configured for; needed by commands about a change.
    pub settings: Option<Settings>,
    /// The host's clock.
    pub now: Timestamp,
}

/// Where a command stands: its host, and what it read.
#[derive(Clone, Debug)]
struct At {
    io: Io,
    documents: Rc<RefCell<Documents>>,
}

/// Runs a command to its end.
async fn run(at: At, begin: Begin) -> Ended {
    let Begin { command, settings, now } = begin;
    let ended = match command {
        Command::Decide { id, by, approves, why } => decide::run(&at, &id, by, approves, why).await,
        Command::Withdraw { id, by, why } => withdraw::run(&at, &id, by, why).await,
        Command::Prepare { document, system } => prepare::run(&at, &document, &system).await,
        Command::Status { id } => status::run(&at, id.as_ref()).await,
        Command::Obligations { environment, region, all } => obligations::run(&at, environment, region, all).await,
        Command::Fulfil { id, obligation, by, reference, note } => {
            obligations::fulfil(&at, &id, Claim { obligation, by, reference, note }).await
        }
        Command::Audit { rebuild, adopt } => {
            let mend = match (adopt, rebuild) {
                (Some(by), _) => audit::Mend::Adopt(by),
                (None, true) => audit::Mend::Rebuild,
                (None, false) => audit::Mend::Nothing,
            };
            audit::run(&at, mend).await
        }
        Command::Sweep { older_than_hours } => sweep::run(&at, older_than_hours).await,
        Command::Record(recording) => record::run(&at, &recording).await,
        Command::Add(adding) => add::run(&at, &adding).await,
        Command::Promote(promoting) => promote::run(&at, &promoting).await,
        Command::Delta { inventory, from, to } => delta::run(&at, inventory, &from, &to).await,
        Command::Reconcile { inventory, environments } => reconcile::run(&at, inventory, &environments).await,
        command @ (Command::Assess { .. }
        | Command::Open { .. }
        | Command::Run { .. }
        | Command::Close { .. }
        | Command::Rollback { .. }) => match settings {
            Some(settings) => Ok(Box::pin(change::command(&at, &settings, command, now)).await),
            None => Err(Failure::one(Code::BadRequest, "the settings are missing", "give `settings` with the command")),
        },
    };
    ended.unwrap_or_else(Ended::refused)
}

/// A command that runs.
pub struct Running {
    io: Io,
    asked: bool,
    future: Pin<Box<dyn Future<Output = Ended>>>,
}

/// What a command does next.
#[derive(Debug)]
pub enum Turn {
    /// It asks the host.
    Asks(Exchange),
    /// It has ended.
    Ended(Ended),
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("io", &self.io).field("asked", &self.asked).finish_non_exhaustive()
    }
}

impl Running {
    /// Begins a command, as far as its first exchange.
    pub fn begin(documents: Rc<RefCell<Documents>>, begin: Begin) -> (Self, Vec<Told>, Turn) {
        let io = documents.borrow().io(begin.now);
        let at = At { io: io.clone(), documents };
        let mut running = Self { io, asked: false, future: Box::pin(run(at, begin)) };
        let (told, turn) = running.poll();
        (running, told, turn)
    }

    /// Goes on with the answer to the last exchange.
    pub fn answer(&mut self, now: Timestamp, response: Response) -> Result<(Vec<Told>, Turn), Failure> {
        if !self.asked {
            return Err(Failure::one(Code::BadAnswer, "nothing was asked", "begin a command first"));
        }
        self.io.deliver(now, response);
        Ok(self.poll())
    }

    fn poll(&mut self) -> (Vec<Told>, Turn) {
        self.asked = false;
        let polled = self.future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let turn = match (polled, self.io.asked()) {
            (Poll::Ready(ended), _) => Turn::Ended(ended),
            (Poll::Pending, Some(exchange)) => {
                self.asked = true;
                Turn::Asks(exchange)
            }
            (Poll::Pending, None) => {
                let failure = Failure::one(
                    Code::Internal,
                    "a command waits for nothing",
                    "report this as a defect of the engine",
                );
                Turn::Ended(Ended::refused(failure))
            }
        };
        (self.io.told(), turn)
    }
}
