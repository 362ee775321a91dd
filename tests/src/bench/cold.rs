//! The cold start of the whole command, beside a process that does nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::bench::clock::{self, Took};
use crate::bench::load::{Role, documents};

/// A change of ten components as files, and the command that assesses it.
#[derive(Debug)]
pub struct Cold {
    runner: PathBuf,
    nothing: PathBuf,
    folder: PathBuf,
}

impl Cold {
    /// Writes the change into `folder`. `nothing` is a program that does nothing.
    pub fn prepare(runner: PathBuf, nothing: PathBuf, folder: PathBuf) -> io::Result<Self> {
        for document in documents(10) {
            let place = match document.role {
                Role::Policy | Role::Promotion => folder.clone(),
                Role::Entry => folder.join("inventory"),
                Role::Evidence => folder.join("evidence"),
                Role::Journal => continue,
            };
            fs::create_dir_all(&place)?;
            fs::write(place.join(document.name), document.bytes)?;
        }
        Ok(Self { runner, nothing, folder })
    }

    /// Assesses the change. The inventory is a plain folder, so that no other program is started.
    pub fn assess(&self) -> io::Result<Took> {
        let mut command = Command::new(&self.runner);
        command.arg("assess").args(["--environment", "prod", "--purpose", "production", "--detail", "the shop"]);
        let files = [("policy", "countersign.yaml"), ("promotion", "promotion.json")];
        let folders = [("inventory", "inventory"), ("evidence", "evidence"), ("ledger", "ledger")];
        for (flag, name) in files.into_iter().chain(folders) {
            command.arg(format!("--{flag}")).arg(self.folder.join(name));
        }
        command.args(["--run-id", "cd-1", "--output", "json"]);
        command.env("COUNTERSIGN_NOW", "2026-03-02T12:00:00Z");
        quiet(&mut command)
    }

    /// Starts the runner and lets it say its version: what it costs to be a larger program.
    pub fn version(&self) -> io::Result<Took> {
        quiet(Command::new(&self.runner).arg("--version"))
    }

    /// Does nothing.
    pub fn nothing(&self) -> io::Result<Took> {
        quiet(&mut Command::new(&self.nothing))
    }

    /// Where the change is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

fn quiet(command: &mut Command) -> io::Result<Took> {
    clock::run(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()))
}
