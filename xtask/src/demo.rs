//! Seeing it work, and measuring it.

use std::process::Command;

use crate::Outcome;
use crate::command::{run, step};
use crate::workspace::Workspace;

/// The feature that builds the command line of the tests (PO6).
pub(crate) const TEST_SWITCHES: &str = "countersign-cli/test-switches";

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
    build_test_runner(workspace)?;
    step("building what measures it", || {
        let mut cargo = workspace.cargo(["build", "--release", "--package", "countersign-tests", "--bins"]);
        run(cargo.args(["--features", TEST_SWITCHES]))
    })?;
    let bench = workspace.runner().with_file_name(format!("bench{}", std::env::consts::EXE_SUFFIX));
    run(Command::new(bench).args(arguments).env("COUNTERSIGN_BIN", workspace.scripted_runner()))
}

/// Builds the command line, as people build it.
fn build_runner(workspace: &Workspace) -> Outcome {
    build(workspace, &[])
}

/// Builds the command line, and the one whose clock tests set. Tests are built with the same feature, so that nothing is
/// built twice.
pub(crate) fn build_test_runner(workspace: &Workspace) -> Outcome {
    build(workspace, &["--features", TEST_SWITCHES])
}

fn build(workspace: &Workspace, more: &[&str]) -> Outcome {
    step("building the runner (minutes the first time, seconds after that)", || {
        run(workspace.cargo(["build", "--release", "--package", "countersign-cli"]).args(more))
    })
}
