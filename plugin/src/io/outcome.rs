//! What exchanges come to, for the commands that asked for them.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::change::event::Trouble;
use crate::problem::Problem;
use crate::scalar::{Commit, shorten};

/// Why an exchange came to nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The world did not do it: nothing was done.
    Broken(String),
    /// This host cannot do it.
    Unsupported(&'static str),
    /// The host answered with something else than it was asked for.
    Nonsense(String),
    /// These files of the ledger are no longer as they were read; nothing was written.
    Overtaken(Vec<String>),
    /// The ledger did not take a write, however often: what it says.
    NotTaken(String),
}

impl Fault {
    /// The fault as trouble with a system.
    #[must_use]
    pub fn trouble(self) -> Trouble {
        let (code, message, help) = match self {
            Self::Broken(message) => ("unavailable", message, None),
            Self::Unsupported(what) => ("unsupported", format!("this host cannot {what}"), None),
            Self::Nonsense(message) => ("malformed-answer", message, Some("report this as a defect of the host")),
            Self::Overtaken(paths) => {
                let path = paths.first().map(|path| shorten(path)).unwrap_or_default();
                ("conflict", format!("`{path}` in the ledger was written by another run in between"), None)
            }
            Self::NotTaken(message) => {
                ("write-not-taken", format!("the ledger was written, and reads otherwise: {message}"), None)
            }
        };
        Trouble { code: code.to_owned(), message, help: help.map(str::to_owned) }
    }

    /// The fault as a problem of reading `what`.
    #[must_use]
    pub fn problem(self, what: &str) -> Problem {
        let wrote = matches!(self, Self::Overtaken(_) | Self::NotTaken(_));
        let trouble = self.trouble();
        let help = trouble.help.unwrap_or_else(|| "run it again when it can be reached".to_owned());
        match wrote {
            true => Problem::new(trouble.message, help),
            false => Problem::new(format!("{what} cannot be read: {}", trouble.message), help),
        }
    }
}

/// What a store says of a commit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Committed {
    /// All of it is there.
    Done,
    /// Other files kept moving, so nothing was written.
    Behind,
    /// These files are not as expected; nothing was written.
    Conflict(Vec<String>),
    /// Nobody knows how much of it is there.
    Unknown(String),
}

/// What a ref holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Held {
    /// The object itself, which may be a tag.
    pub object: String,
    /// The commit that it comes to.
    pub commit: Commit,
    /// The message of an annotated tag.
    pub message: Option<String>,
}

/// What came of moving a ref.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Moved {
    /// It was moved.
    Done,
    /// It does not hold what was expected.
    Conflict,
    /// Nobody knows.
    Unknown(String),
}

/// What an API answered.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// Headers by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Rc<Vec<u8>>,
}
