//! How a verb fails: what is wrong first, then how to mend it.

use std::fmt;

use crate::exit::Exit;
use crate::sandbox::Fault;

/// Why a verb did not do what was asked, and how the process ends for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// The ending.
    pub exit: Exit,
    /// What is wrong: lower case, no full stop.
    pub problem: String,
    /// How to mend it.
    pub help: Option<String>,
}

impl Failure {
    /// A failure with this ending.
    pub fn new(exit: Exit, problem: impl Into<String>) -> Self {
        Self { exit, problem: problem.into(), help: None }
    }

    /// Bad usage, policy or input.
    pub fn usage(problem: impl Into<String>) -> Self {
        Self::new(Exit::Usage, problem)
    }

    /// The same, with how to mend it.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.problem)?;
        self.help.iter().try_for_each(|help| write!(f, "\nhelp: {help}"))
    }
}

impl From<Fault> for Failure {
    /// A module that cannot be used is bad input when a person named it; a fault of a running one is internal.
    fn from(fault: Fault) -> Self {
        let exit = match fault {
            Fault::Unreadable { .. }
            | Fault::NotAModule(_)
            | Fault::Contract(_)
            | Fault::Door(_)
            | Fault::Imports(_)
            | Fault::Export(_)
            | Fault::Compile(_)
            | Fault::Input(_) => Exit::Usage,
            Fault::Fuel { .. } | Fault::Memory { .. } | Fault::Stopped(_) | Fault::Answer(_) | Fault::Poisoned => {
                Exit::Internal
            }
        };
        Self::new(exit, fault.to_string()).help(fault.help())
    }
}
