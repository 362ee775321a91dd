//! Performing effects: what the engine asks for, done once, and answered with one event.

use std::io;
use std::time::Duration;

use serde::Deserialize as _;
use serde_json::{Value, json};

use super::faults::Moment;
use super::{Drive, defect};
use crate::clock;
use crate::command::{self, Command, Ended, Secrets};
use crate::records::log_path;
use crate::refusal::Refusal;
use crate::settings::Commands;
use crate::wire::{self, Action, Answer, Effect, Ran, Step, Variable};

/// Bytes of output that are kept of one command.
const KEPT: usize = 10 << 20;

/// What came of an effect.
pub(super) enum Performed {
    /// It ended, well or not.
    Answered(Answer),
    /// Nobody knows how it ended.
    Unknown,
}

impl Drive<'_> {
    /// Performs `effect`, whose intent is durable.
    pub(super) fn perform(
        &mut self,
        id: &str,
        effect: &Value,
        commands: &Commands,
        secrets: &Secrets,
    ) -> Result<Performed, Refusal> {
        let Effect { key, action } =
            Effect::deserialize(effect).map_err(|error| defect(&format!("an effect that is none: {error}")))?;
        self.faults.at(Moment::Before, &key);
        self.telling.begin(&key, &action);
        let event = match action {
            Action::Run { step, command: Some(command), environment } => {
                let ran = self.run_command(id, step, &command, &environment, commands, secrets)?;
                ran.map(|ran| with_event("ran", &ran))
            }
            Action::Run { command: None, .. } => return Err(defect("a command without arguments")),
            Action::Conclude { pointer, commit } => Some(self.conclude(&key, &pointer, commit.as_deref())?),
            Action::Notify { channel, moment, body } => {
                let body = self.engine.take(&body)?;
                Some(match self.webhooks.post(&channel, &body) {
                    Ok(()) => json!({ "event": "notified", "channel": channel, "moment": moment }),
                    Err(why) => {
                        let trouble = json!({ "code": why.code, "message": why.message });
                        json!({ "event": "failed", "effect": key, "trouble": trouble })
                    }
                })
            }
            Action::Wait { until, .. } => {
                let time = clock::parse(&until).ok_or_else(|| defect("a time that is none"))?;
                self.asks.clock.wait_until(time);
                Some(json!({ "event": "waited", "until": until }))
            }
            Action::Connect => Some(self.connect(&key, &json!({ "errand": "perform", "effect": effect }))?),
        };
        self.faults.at(Moment::Lost, &key);
        Ok(match event {
            Some(event) => {
                self.telling.ended(id, &event);
                Performed::Answered(Answer { key, event })
            }
            None => Performed::Unknown,
        })
    }

    /// Talks to the change system as the engine says, until it has the event.
    fn connect(&mut self, key: &str, errand: &Value) -> Result<Value, Refusal> {
        let faults = self.faults.clone();
        self.system.perform(&mut self.engine, self.asks.clock, errand, |stored| {
            if stored {
                faults.at(Moment::Mid, key);
            }
        })
    }

    fn conclude(&mut self, key: &str, pointer: &str, commit: Option<&str>) -> Result<Value, Refusal> {
        let tree = &self.asks.gathered.documents.inventory;
        if pointer != self.asks.gathered.pointer.name || commit != tree.commit.as_deref() {
            return Err(defect(&format!("`{pointer}` is not the pointer of this target")));
        }
        let moved = self.asks.gathered.inventory.conclude(
            &mut self.engine,
            &self.system.ledger,
            &self.asks.gathered.pointer,
            tree,
        )?;
        Ok(match moved {
            Ok(()) => json!({ "event": "concluded", "pointer": pointer }),
            Err(why) => {
                json!({ "event": "failed", "effect": key, "trouble": { "code": why.code, "message": why.message } })
            }
        })
    }

    /// Runs a command of the user; none when nobody knows how it ended.
    fn run_command(
        &mut self,
        id: &str,
        step: Step,
        command: &wire::Command,
        environment: &[Variable],
        commands: &Commands,
        secrets: &Secrets,
    ) -> Result<Option<Ran>, Refusal> {
        let started = self.asks.clock.now();
        let env: Vec<(String, String)> =
            environment.iter().map(|variable| (variable.name.clone(), variable.value.clone())).collect();
        let own = [clock::VARIABLE, super::faults::VARIABLE].map(str::to_owned);
        let without: Vec<String> = own.into_iter().chain(self.webhooks.variables()).collect();
        let limits = Command::new(&command.run, secrets);
        let ran = command::run(
            &Command {
                env: &env,
                without: &without,
                directory: commands.directory.as_deref(),
                deadline: Duration::from_secs(command.timeout_seconds.into()),
                kept: KEPT,
                ..limits
            },
            &mut io::stderr(),
        );
        let (success, exit_code, note) = match ran.ended {
            Ended::Exited(code) => (code == 0, Some(code), None),
            Ended::Signalled(signal) => (false, None, Some(format!("ended by signal {signal}"))),
            Ended::TimedOut => {
                (false, None, Some(format!("ended after {} seconds, its deadline", command.timeout_seconds)))
            }
            Ended::Interrupted => (false, None, Some("ended because this run was interrupted".to_owned())),
            Ended::NotStarted(why) => (false, None, Some(format!("could not be started: {why}"))),
            Ended::Unknown(why) => {
                self.telling.warn(&format!("how `{}` ended is unknown: {why}", command.run.join(" ")));
                return Ok(None);
            }
        };
        let log = self.keep_log(id, &ran.log.kept)?;
        let ended = Some(self.asks.clock.now());
        Ok(Some(Ran { step, success, exit_code, note, started: Some(started), ended, log: Some(log) }))
    }

    /// Gives a log to the engine and keeps it beside the journal. A ledger that cannot keep it does not undo a deployment.
    pub(super) fn keep_log(&mut self, id: &str, bytes: &[u8]) -> Result<String, Refusal> {
        let named = self.engine.give("log", bytes)?;
        if let Err(error) = self.system.ledger.put_if_unchanged(&log_path(id, &named.digest), bytes, None) {
            self.telling.warn(&format!("the output is not kept: {error}"));
        }
        Ok(named.digest)
    }
}

/// `value` as an event.
fn with_event(name: &str, value: &impl serde::Serialize) -> Value {
    let mut event = json!(value);
    event["event"] = name.into();
    event
}
