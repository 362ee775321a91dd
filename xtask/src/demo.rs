//! Seeing it work, and measuring it.

use std::process::Command;

use crate::Outcome;
use crate::command::{run, step};
use crate::workspace::Workspace;

/// Builds the runner, and lets it show two changes in the folder named first, or in `target/demo`.
pub(crate) fn demo(workspace: &Workspace, arguments: &[&str]) -> Outcome {
    build_runner(workspace)?;
    let mut runner = Command::new(workspace.runner());
    match arguments {
        [folder, rest @ ..] if !folder.starts_with('-') => runner.args(["demo", folder]).args(rest),
        rest => runner.arg("demo").arg(workspace.target.join("demo")).args(rest),
    };
    run(&mut runner)
}

/// Builds what is measured, and measures it.
pub(crate) fn bench(workspace: &Workspace, arguments: &[&str]) -> Outcome {
    build_runner(workspace)?;
    step("building what measures it", || {
        run(&mut workspace.cargo(["build", "--release", "--package", "countersign-tests", "--bins"]))
    })?;
    let bench = workspace.runner().with_file_name(format!("bench{}", std::env::consts::EXE_SUFFIX));
    run(Command::new(bench).args(arguments).env("COUNTERSIGN_BIN", workspace.runner()))
}

/// Builds the command line.
pub(crate) fn build_runner(workspace: &Workspace) -> Outcome {
    step("building the runner (minutes the first time, seconds after that)", || {
        run(&mut workspace.cargo(["build", "--release", "--package", "countersign-cli"]))
    })
}
