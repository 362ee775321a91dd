//! Performing what the change needs next: in the change system, on the target, and where the pointer is.

use std::collections::BTreeMap;

use super::{Drivable, Kept, Refused, bad_answer};
use crate::change::event::{Basis, Event, Ran, Step, Trouble};
use crate::change::journal::Journal;
use crate::change::state::Change;
use crate::commands::reading::{self, POINTERS};
use crate::commands::{InventoryKind, registers, telling};
use crate::connectors::{Method, Pause};
use crate::effect::{Action, Effect, Variable};
use crate::failure::Failure;
use crate::io::exchange::{Ended, Exchange, Put, Request, Response};
use crate::io::{Fault, LEDGER, Moved};
use crate::plan::Answer;
use crate::policy::Command;
use crate::scalar::{Commit, Digest, Name};

/// How often a pointer is tried to be moved.
const MOVES: u32 = 3;

impl Drivable<'_> {
    /// Performs `effect`, whose intent is stored: the answer, or nothing where nobody knows how it ended.
    pub(super) async fn perform(
        &mut self,
        kept: &mut Kept,
        journal: &Journal,
        effect: &Effect,
    ) -> Result<Option<Answer>, Refused> {
        telling::begins(&self.at.io, &effect.action);
        let key = effect.key.clone();
        let event = match &effect.action {
            Action::Run { step, command: Some(command), environment } => {
                match self.run(&kept.id, *step, command, environment).await? {
                    Some(ran) => Ok(Event::Ran(ran)),
                    None => return Ok(None),
                }
            }
            Action::Run { command: None, .. } => return Ok(None),
            Action::Conclude { pointer, commit } => self.conclude(pointer, commit.as_ref()).await?,
            Action::Notify { channel, moment, body } => {
                let told = self.notify(channel, *body).await?;
                told.map(|()| Event::Notified { channel: channel.clone(), moment: *moment })
            }
            Action::Wait { until, why } => {
                self.at.io.wait(*until, why).await.map_err(|fault| reading::unavailable("the clock", fault))?;
                self.look_at_the_past().await?;
                Ok(Event::Waited { until: *until })
            }
            Action::File(_)
            | Action::Attach { .. }
            | Action::Approve { .. }
            | Action::RequestApproval { .. }
            | Action::Read { .. }
            | Action::Implement { .. }
            | Action::Close { .. }
            | Action::LeaveOpen { .. } => self.in_the_system(kept, journal, effect).await?,
        };
        let event = event.unwrap_or_else(|trouble| Event::Failed { effect: key.clone(), trouble });
        Ok(Some(Answer { key, event }))
    }

    /// Performs what the change system performs.
    async fn in_the_system(
        &self,
        kept: &mut Kept,
        journal: &Journal,
        effect: &Effect,
    ) -> Result<Result<Event, Trouble>, Failure> {
        let (talk, life, Kept { folder, seen, .. }) = (self.talk(), &journal.life, kept);
        if !folder.is_there() {
            match folder.refresh(&talk).await {
                Ok(()) => {}
                Err(Pause::Trouble(trouble)) => return Ok(Err(*trouble)),
                Err(Pause::Nonsense(problem)) => return Err(bad_answer(*problem)),
            }
        }
        match self.settings.system.perform(&talk, effect, life, folder, seen).await {
            Ok(event) => Ok(Ok(event)),
            Err(Pause::Trouble(trouble)) => Ok(Err(*trouble)),
            Err(Pause::Nonsense(problem)) => Err(bad_answer(*problem)),
        }
    }

    /// Shows an approval by readiness where the run stops right after it. What cannot be shown is told: the record has it.
    pub(super) async fn catch_up(&self, kept: &Kept, journal: &Journal) {
        let stands = matches!(&journal.life.change, Change::Scheduled(_, Basis::Readiness {}));
        if !stands || !kept.folder.is_there() {
            return;
        }
        let shown = self.settings.system.catch_up(&self.talk(), &journal.life, &kept.folder).await;
        if let Err(Pause::Trouble(trouble)) = shown {
            self.at.io.warn(format!("the change request does not show its approval: {}", trouble.message));
        }
    }

    /// Runs a command of the user, once; nothing when nobody knows how it ended.
    async fn run(
        &self,
        id: &Name,
        step: Step,
        command: &Command,
        environment: &[Variable],
    ) -> Result<Option<Ran>, Failure> {
        let set = environment.iter().map(|variable| (variable.name.clone(), variable.value.clone())).collect();
        let asked = Exchange::Run {
            step,
            argv: command.run.clone(),
            set,
            pass: command.pass.clone(),
            timeout_seconds: command.timeout_seconds,
        };
        let response = self.at.io.run(asked).await;
        let response = response.map_err(|fault| reading::unavailable(&format!("what `{}` did", step.word()), fault))?;
        let (ended, started, finished, log) = match response {
            Response::Ran { ended, started, finished, log } => (Some(ended), started, finished, log),
            Response::Interrupted { started, finished, log } => (None, started, finished, log),
            _ => return Ok(None),
        };
        let seconds = command.timeout_seconds;
        let (success, exit_code, note) = match ended {
            Some(Ended::Exited { code }) => (code == 0, Some(code), None),
            Some(Ended::Signalled { signal }) => (false, None, Some(format!("ended by signal {signal}"))),
            Some(Ended::TimedOut {}) => (false, None, Some(format!("ended after {seconds} seconds, its deadline"))),
            Some(Ended::NotStarted { message }) => (false, None, Some(format!("could not be started: {message}"))),
            None => (false, None, Some("ended because this run was interrupted".to_owned())),
            Some(Ended::Unknown { message }) => {
                self.at.io.warn(format!("how `{}` ended is unknown: {message}", command.run.join(" ")));
                return Ok(None);
            }
        };
        self.keep_log(id, log).await?;
        let (started, ended) = (Some(started), Some(finished));
        Ok(Some(Ran { step, success, exit_code, note, started, ended, log: Some(log) }))
    }

    /// Keeps output beside the journal, with the line that says how its command ended.
    pub(super) async fn keep_log(&self, id: &Name, log: Digest) -> Result<(), Failure> {
        let path = format!("changes/{id}/logs/{}.log", log.hex());
        let refuse = |fault| reading::unavailable("the ledger", fault);
        if self.at.io.stored(LEDGER, vec![path.clone()]).await.map_err(refuse)?.is_empty() {
            self.at.io.stage(Put { path, content: Some(log), expected: None });
        }
        Ok(())
    }

    /// Reads the logs of earlier runs, which attachments may rest on.
    pub(super) async fn give_logs(&self, id: &Name) -> Result<(), Failure> {
        let refuse = |fault| reading::unavailable("the ledger", fault);
        let paths = self.at.io.paths(LEDGER, &format!("changes/{id}/logs/")).await.map_err(refuse)?;
        if !paths.is_empty() {
            self.at.io.stored(LEDGER, paths).await.map_err(refuse)?;
        }
        Ok(())
    }

    /// Tells somebody through a channel. It is tried once.
    async fn notify(&self, channel: &Name, body: Digest) -> Result<Result<(), Trouble>, Failure> {
        let trouble = |code: &str, message: String| Trouble { code: code.to_owned(), message, help: None };
        let headers = BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]);
        let request = Request { method: Method::Post, path: String::new(), headers, body: Some(body) };
        Ok(match self.at.io.http(&format!("webhook/{channel}"), request).await {
            Ok(Ok(answer)) if (200..=299).contains(&answer.status) => Ok(()),
            Ok(Ok(answer)) => Err(trouble("unavailable", format!("the webhook answered {}", answer.status))),
            Ok(Err(message)) => Err(trouble("unavailable", message)),
            Err(Fault::Broken(message)) => Err(trouble("not-configured", message)),
            Err(fault @ (Fault::Unsupported(_) | Fault::Overtaken(_) | Fault::NotTaken(_))) => Err(fault.trouble()),
            Err(fault @ Fault::Nonsense(_)) => return Err(reading::unavailable("the webhook's answer", fault)),
        })
    }

    /// Lists what is deployed from now on, and moves the pointer to it (CL5, CR8).
    async fn conclude(&self, pointer: &str, commit: Option<&Commit>) -> Result<Result<Event, Trouble>, Failure> {
        let moved = match (self.settings.inventory, commit) {
            (InventoryKind::Git, Some(commit)) => self.move_tag(pointer, commit).await,
            (InventoryKind::Git | InventoryKind::Folder, _) => Ok(()),
        };
        match moved {
            Ok(()) => {}
            Err(Pause::Trouble(trouble)) => return Ok(Err(*trouble)),
            Err(Pause::Nonsense(problem)) => return Err(bad_answer(*problem)),
        }
        let list = registers::conclude(self.at, self.settings, &self.register.register, &self.facts).await?;
        Ok(Ok(Event::Concluded { pointer: pointer.to_owned(), deployed: Some(list) }))
    }

    async fn move_tag(&self, pointer: &str, commit: &Commit) -> Result<(), Pause> {
        let io = &self.at.io;
        let name = reading::tag(pointer);
        let mut last = None;
        for _ in 0..MOVES {
            let now = io.reference(POINTERS, &name).await?;
            if now.as_ref().is_some_and(|held| held.commit == *commit) {
                return Ok(());
            }
            let message = format!("{} is what was deployed last\n", self.facts.target.label());
            match io.move_ref(POINTERS, &name, now.map(|held| held.object), commit.clone(), message).await {
                // Whatever it says, the next look tells whether it took.
                Ok(Moved::Done | Moved::Conflict) => {}
                Ok(Moved::Unknown(message)) | Err(Fault::Broken(message)) => last = Some(message),
                Err(fault) => return Err(fault.into()),
            }
        }
        match (io.reference(POINTERS, &name).await?, last) {
            (Some(held), _) if held.commit == *commit => Ok(()),
            (_, Some(message)) => Err(trouble("unavailable", message)),
            (_, None) => Err(trouble("write-not-taken", format!("the tag `{pointer}` was moved, and reads otherwise"))),
        }
    }
}

fn trouble(code: &str, message: String) -> Pause {
    Pause::Trouble(Box::new(Trouble { code: code.to_owned(), message, help: None }))
}
