//! Where things are.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folders that the tasks work in.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The project's root.
    pub(crate) root: PathBuf,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// The workspace that this program was built in.
    pub(crate) fn find() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned();
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(elsewhere) => std::path::absolute(&elsewhere).unwrap_or_else(|_| elsewhere.into()),
            None => root.join("target"),
        };
        Self { root, target }
    }

    /// The engine's folder.
    pub(crate) fn engine(&self) -> PathBuf {
        self.root.join("plugin")
    }

    /// The modules that are committed.
    pub(crate) fn dist(&self) -> PathBuf {
        self.engine().join("dist")
    }

    /// The modules that were just built.
    pub(crate) fn modules(&self) -> PathBuf {
        self.target.join("modules")
    }

    /// The command line, once it is built.
    pub(crate) fn runner(&self) -> PathBuf {
        self.target.join("release").join(format!("countersign{}", std::env::consts::EXE_SUFFIX))
    }

    /// The command line whose clock tests set, once it is built.
    pub(crate) fn scripted_runner(&self) -> PathBuf {
        self.runner().with_file_name(format!("countersign-scripted{}", std::env::consts::EXE_SUFFIX))
    }

    /// A cargo command in the root that reads nothing from standard input.
    pub(crate) fn cargo<I: IntoIterator<Item: AsRef<std::ffi::OsStr>>>(&self, arguments: I) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(arguments).current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target).stdin(Stdio::null());
        command
    }
}
