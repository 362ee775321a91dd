//! What can be wrong with a module, before it runs and while it does.

use crate::module::CONTRACT;

/// Why there is no answer. Never a verdict.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Fault {
    /// The file cannot be read.
    #[error("the module `{path}` cannot be read: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        why: String,
    },
    /// The bytes are not a whole core module.
    #[error("this is not a whole WebAssembly module: {0}")]
    NotAModule(String),
    /// It does not declare this runner's contract.
    #[error("the module does not speak `{CONTRACT}`, which this runner speaks: {0}")]
    Contract(String),
    /// It is built for another kind of host.
    #[error("the module has the door `{0}`, and this runner opens only `raw`")]
    Door(String),
    /// It wants something from outside the sandbox.
    #[error("the module imports {}, and the sandbox grants nothing", .0.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))]
    Imports(Vec<String>),
    /// An export of the raw door is missing or of another type.
    #[error("the module's export {0}")]
    Export(String),
    /// It does not compile.
    #[error("the module does not compile: {0}")]
    Compile(String),
    /// It used more work than its input justifies.
    #[error("fuel ran out: used {used} of {limit}")]
    Fuel {
        /// What was used.
        used: u64,
        /// What there was.
        limit: u64,
    },
    /// It wanted more memory than its input justifies.
    #[error("memory limit of {limit} bytes exceeded")]
    Memory {
        /// What there was.
        limit: u64,
    },
    /// It trapped: its own last words, or the name of the trap.
    #[error("the engine stopped: {0}")]
    Stopped(String),
    /// It answered with something that is no answer.
    #[error("the engine's answer is unusable: {0}")]
    Answer(String),
    /// The input is larger than a module's memory.
    #[error("an input of {0} bytes is more than a module can be given")]
    Input(usize),
    /// It was asked again after a fault.
    #[error("this instance of the engine stopped earlier and is not asked again")]
    Poisoned,
}

impl Fault {
    /// How to mend it.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "check the path given to `--module`",
            Self::NotAModule(_) => "the file may be cut off or something else: get it again and compare its digest",
            Self::Contract(_) | Self::Export(_) => {
                "use a module and a runner of the same contract: upgrade the older one of the two"
            }
            Self::Door(_) | Self::Imports(_) => "use the raw module, `countersign.wasm`, which imports nothing",
            Self::Compile(_) => "use a module built by this project's `cargo xtask dist`",
            Self::Fuel { .. } | Self::Memory { .. } => {
                "the limits grow with the input, so this is a defect of the engine: report it with the input"
            }
            Self::Input(_) => "split the document",
            Self::Stopped(_) | Self::Answer(_) | Self::Poisoned => {
                "this is a defect of the engine, not a verdict: report it with the input"
            }
        }
    }
}
