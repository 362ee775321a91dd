//! Faults on purpose: a test makes the process die at a named moment (`switches.rs`), so that it can enumerate them.
//!
//! The value of the switch is `<moment>:<effect>`, with an effect's key or the beginning of one up to a `/`.

use crate::switches;

/// A moment in the life of an effect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Moment {
    /// Its intent is durable, and it is not begun.
    Before,
    /// It has written to the ledger, and may not have ended.
    Mid,
    /// It is performed, and nobody has recorded that.
    Lost,
    /// Its outcome is durable.
    After,
}

/// The fault that is wanted, if any.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    wanted: Option<(Moment, String)>,
}

impl Faults {
    /// What the test wants.
    #[must_use]
    pub fn from_environment() -> Self {
        Self { wanted: switches::value(switches::CRASH).as_deref().and_then(parse) }
    }

    /// Dies if this is the moment: at once, as from `kill -9`.
    pub fn at(&self, moment: Moment, key: &str) {
        let here = self.wanted.as_ref().is_some_and(|(wanted, effect)| {
            let rest = key.strip_prefix(effect.as_str());
            *wanted == moment && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        if here {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
    }
}

fn parse(text: &str) -> Option<(Moment, String)> {
    let (moment, effect) = text.split_once(':')?;
    let moment = match moment {
        "before" => Moment::Before,
        "mid" => Moment::Mid,
        "lost" => Moment::Lost,
        "after" => Moment::After,
        _ => return None,
    };
    Some((moment, effect.to_owned()))
}
