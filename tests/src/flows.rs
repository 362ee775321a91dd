//! Named flows: what happens to a change, as a world that is made first and a list of acts.

mod acts;
mod recorded;
mod table;
mod worlds;

use serde_json::json;

use crate::world::{Ended, Fault, World};

pub use recorded::record;
pub use table::{FLOWS, SURVIVING};

/// Where the change requests of a flow are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// In the ledger alone.
    Ledger,
    /// Issues at GitHub, which people label.
    GitHub,
    /// Issues at GitHub; people review the environment of the workflow run.
    Environment,
}

/// One thing that happens in a flow.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// Another run of the pipeline.
    Drive,
    /// Another run of the pipeline, in which something goes wrong at the effect with this key.
    Fault(&'static str, Fault),
    /// This person approves the change request.
    Approve(u64),
    /// This person rejects it.
    Reject(u64),
    /// The promotion gets the emergency label.
    Label,
    /// From now on the runs are given the change request's id.
    GiveId,
    /// So many minutes pass.
    Later(i64),
    /// This person says that something that the change owes was done.
    Fulfil(&'static str, u64),
    /// Something else happens, described in words.
    Change(&'static str, fn(&mut World)),
}

/// A flow.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    /// What happens, in words.
    pub name: &'static str,
    /// The places in which it can be played.
    pub places: &'static [Place],
    /// The world before the flow: earlier deployments, requests made by hand.
    pub world: fn(Place) -> World,
    /// The user's commands that fail.
    pub failing: &'static [&'static str],
    /// What happens, in order.
    pub acts: &'static [Act],
}

impl Flow {
    /// Whether people are asked in it.
    #[must_use]
    pub fn is_decided(&self) -> bool {
        self.acts.iter().any(|act| matches!(act, Act::Approve(_) | Act::Reject(_)))
    }

    /// Its name in file names.
    #[must_use]
    pub fn slug(&self) -> String {
        let words = self.name.split(|character: char| !character.is_ascii_alphanumeric());
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
    }
}

/// A flow that is being played.
#[derive(Clone, Debug)]
pub struct Play {
    /// The world now.
    pub world: World,
    /// How the last run ended.
    pub end: Ended,
    /// How many runs there were.
    pub drives: usize,
    /// The change requests that were there before.
    before: Vec<String>,
    /// The change request that the flow is about, once there is one.
    request: Option<String>,
}

impl Play {
    /// A flow that begins in this world.
    #[must_use]
    pub fn of(flow: &Flow, before: &World) -> Self {
        let mut world = before.clone();
        world.failing = flow.failing.to_vec();
        Self {
            world,
            end: Ended::Died,
            drives: 0,
            before: before.requests(),
            request: before.more["change_request_id"].as_str().map(str::to_owned),
        }
    }

    /// The change request of the flow: the first new one, or the one that was made by hand.
    #[must_use]
    pub fn request(&self) -> Option<&str> {
        self.request.as_deref()
    }

    /// Another run of the pipeline, at least a second later.
    pub fn drive(&mut self) {
        if self.drives > 0 {
            self.world.clock += 1000;
        }
        self.world.run = format!("cd-{}", self.drives + 1);
        self.end = self.world.drive();
        self.drives += 1;
        if self.request.is_none() {
            self.request = self.world.requests().into_iter().find(|id| !self.before.contains(id));
        }
    }

    /// Lets one thing happen.
    pub fn act(&mut self, act: &Act) {
        match act {
            Act::Drive => self.drive(),
            Act::Fault(key, fault) => {
                let mut healthy = self.clone();
                healthy.drive();
                let asked: Vec<_> = healthy.world.asked.iter().skip(self.world.asked.len()).collect();
                let begun = |effects: &[String]| effects.iter().any(|effect| effect == key);
                // Where it is done in the world; else, in the commit that tells of it.
                let done =
                    asked.iter().position(|asked| asked.acts() && asked.kind != "commit" && begun(&asked.effects));
                let told = || asked.iter().position(|asked| asked.kind == "commit" && begun(&asked.effects));
                let at = done.or_else(told).unwrap_or_else(|| panic!("no effect `{key}`: {asked:?}"));
                self.world.fault = Some((at, *fault));
                self.drive();
                self.world.fault = None;
            }
            Act::Approve(person) | Act::Reject(person) => {
                if let Some(id) = &self.request {
                    self.world.decide(id, *person, matches!(act, Act::Approve(_)));
                }
            }
            Act::Label => acts::label(&mut self.world),
            Act::GiveId => self.world.more = json!({ "change_request_id": self.request }),
            Act::Later(minutes) => self.world.clock += minutes * 60_000,
            Act::Fulfil(obligation, person) => {
                let id = self.request.as_deref().unwrap_or_default();
                self.world.fulfil(id, obligation, *person);
            }
            Act::Change(_, change) => change(&mut self.world),
        }
    }
}
