//! Everything that must hold, in one table.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::command::{self, not_started, succeeded};
use crate::toolchain::{self, Toolchain};
use crate::workspace::Workspace;
use crate::{Outcome, actions, demo, dist, modules};

/// The steps in their order; all of them run, so that one failure hides no other.
const STEPS: [(&str, Step); 10] = [
    ("setup", Step::Setup),
    ("format", Step::Free(format)),
    ("dist stamp", Step::Free(dist::check_stamp)),
    ("lints", Step::Free(lints)),
    ("docs", Step::Free(docs)),
    ("modules", Step::Modules),
    ("dist bytes", Step::Built(dist::check_bytes)),
    ("runner", Step::Free(demo::build_runner)),
    ("tests", Step::Tests),
    ("actions", Step::Free(actions::check)),
];

/// What a step needs.
enum Step {
    /// Finds the compiler.
    Setup,
    /// Needs the workspace alone.
    Free(fn(&Workspace) -> Outcome),
    /// Builds the modules, with the compiler found.
    Modules,
    /// Needs the modules.
    Built(fn(&Workspace, &Toolchain) -> Outcome),
    /// Runs every test on the modules.
    Tests,
}

/// What the steps find out.
#[derive(Default)]
struct Found {
    toolchain: Option<Toolchain>,
    modules_built: bool,
    tests: Tests,
}

/// How many tests there were.
#[derive(Default)]
struct Tests {
    passed: u64,
    failed: u64,
    ignored: u64,
    programs: u64,
}

/// Runs every step, and ends with a table of them.
pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let start = Instant::now();
    let mut found = Found::default();
    let mut table = String::new();
    let mut failures = Vec::new();
    for (name, step) in STEPS {
        eprintln!("\n==> [{:6.1} s] {name}", start.elapsed().as_secs_f64());
        let begun = Instant::now();
        let outcome = perform(&step, workspace, &mut found);
        table += &row(name, begun.elapsed(), if outcome.is_ok() { "ok" } else { "FAILED" });
        if let Err(why) = outcome {
            eprintln!("{why}");
            failures.push(format!("{name}: {why}"));
        }
    }
    let Tests { passed, failed, ignored, programs } = found.tests;
    let tests = format!("{passed} tests passed, {failed} failed, {ignored} ignored, in {programs} programs");
    table += &row("all", start.elapsed(), &tests);
    println!("\n{table}");
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

fn row(name: &str, took: Duration, end: &str) -> String {
    format!("{name:<12} {:8.1} s  {end}\n", took.as_secs_f64())
}

fn perform(step: &Step, workspace: &Workspace, found: &mut Found) -> Outcome {
    let without = |what: &str| format!("not run: it needs {what}");
    match step {
        Step::Setup => {
            found.toolchain = Some(toolchain::setup(workspace)?);
            toolchain::setup_lints(workspace)
        }
        Step::Free(act) => act(workspace),
        Step::Modules => {
            modules::build(workspace, found.toolchain.as_ref().ok_or_else(|| without("the compiler"))?)?;
            found.modules_built = true;
            Ok(())
        }
        Step::Built(act) => match &found.toolchain {
            Some(toolchain) if found.modules_built => act(workspace, toolchain),
            _ => Err(without("the modules")),
        },
        Step::Tests if found.modules_built => tests(workspace, &mut found.tests),
        Step::Tests => Err(without("the modules")),
    }
}

fn format(workspace: &Workspace) -> Outcome {
    command::run(&mut workspace.cargo(["fmt", "--all", "--", "--check"]))?;
    command::run(&mut workspace.cargo(["fmt", "--manifest-path", "xtask/bindgen/Cargo.toml", "--", "--check"]))
}

fn lints(workspace: &Workspace) -> Outcome {
    let mut cargo = workspace.cargo(["clippy", "--workspace", "--all-targets", "--release"]);
    command::run(cargo.args(["--", "--deny", "warnings"]))
}

/// The runner's program is documented by itself: it has the engine's name, and cargo warns of that.
fn docs(workspace: &Workspace) -> Outcome {
    let everything_else: &[&str] = &["--workspace", "--exclude", "countersign-cli"];
    for what in [&["--package", "countersign-cli", "--bin", "countersign"], everything_else] {
        let mut cargo = workspace.cargo(["doc", "--no-deps", "--release"]);
        command::run(cargo.args(what).env("RUSTDOCFLAGS", "--deny warnings"))?;
    }
    Ok(())
}

/// Runs every test, passing on what they print, and counts them.
fn tests(workspace: &Workspace, tests: &mut Tests) -> Outcome {
    let mut cargo = workspace.cargo(["test", "--workspace", "--release", "--no-fail-fast", "--", "--show-output"]);
    cargo.env("COUNTERSIGN_MODULES", workspace.modules()).env("COUNTERSIGN_BIN", workspace.runner());
    pass_on(&mut cargo, |line| tests.count(line))
}

/// Runs a command, shows each line that it prints, and hands it to `see`.
fn pass_on(cargo: &mut Command, mut see: impl FnMut(&str)) -> Outcome {
    let mut child = cargo.stdout(Stdio::piped()).spawn().map_err(|error| not_started(cargo, &error))?;
    let mut shown = std::io::stdout().lock();
    for line in BufReader::new(child.stdout.take().ok_or("no standard output")?).split(b'\n') {
        let line = line.map_err(|error| error.to_string())?;
        let line = String::from_utf8_lossy(&line);
        let _ = writeln!(shown, "{line}");
        see(&line);
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    succeeded(cargo, status)
}

impl Tests {
    /// Counts the closing line of a test program: `test result: ok. 3 passed; 0 failed; 1 ignored; ...`.
    fn count(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ") else { return };
        self.programs += 1;
        for (number, what) in counts.split(['.', ';']).filter_map(|count| count.trim().split_once(' ')) {
            let number: u64 = number.parse().unwrap_or(0);
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tests;

    #[test]
    fn the_closing_lines_of_test_programs_are_added_up() {
        let mut tests = Tests::default();
        tests.count("running 4 tests");
        tests.count("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s");
        tests.count(
            "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 12.50s",
        );
        let Tests { passed, failed, ignored, programs } = tests;
        assert_eq!((passed, failed, ignored, programs), (5, 1, 1, 2));
    }
}
