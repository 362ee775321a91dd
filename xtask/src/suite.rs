//! Everything that must hold: steps that run side by side, one table of them, and how many tests there were.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::command::{not_started, run as run_command};
use crate::demo::TEST_SWITCHES;
use crate::workspace::Workspace;
use crate::{Outcome, actions, demo, dist, modules, toolchain};

mod tally;

use tally::Tally;

/// So many steps run at the same time: most of them keep more than one processor busy for most of their time.
const SIDE_BY_SIDE: usize = 2;

/// One thing that must hold.
struct Step {
    name: &'static str,
    /// The steps that must have succeeded before.
    needs: &'static [&'static str],
    /// What it locks, so that two steps that would wait for each other do not begin together.
    lane: Lane,
    act: fn(&Workspace) -> Outcome,
}

/// What a step locks while it runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Lane {
    /// What cargo builds for this machine.
    Machine,
    /// What cargo builds for the modules.
    Modules,
    /// What npm installs for the actions.
    Actions,
    /// Nothing.
    Free,
}

/// The steps, those that others wait for first.
const STEPS: [Step; 11] = [
    Step { name: "format", needs: &[], lane: Lane::Free, act: format },
    Step { name: "stamp", needs: &[], lane: Lane::Free, act: dist::check_stamp },
    Step { name: "modules", needs: &[], lane: Lane::Modules, act: build_modules },
    Step { name: "runner", needs: &[], lane: Lane::Machine, act: demo::build_test_runner },
    Step { name: "programs", needs: &["runner"], lane: Lane::Machine, act: programs },
    Step { name: "action-flows", needs: &["runner", "programs"], lane: Lane::Actions, act: actions::flows },
    Step { name: "lints", needs: &[], lane: Lane::Machine, act: lints },
    Step { name: "docs", needs: &[], lane: Lane::Machine, act: docs },
    Step { name: "actions", needs: &[], lane: Lane::Actions, act: actions::sources },
    Step { name: "bytes", needs: &["modules"], lane: Lane::Modules, act: bytes },
    Step { name: "tests", needs: &["programs", "modules"], lane: Lane::Machine, act: tests },
];

/// What becomes of a step.
enum State {
    Waiting,
    Running(Child, Instant),
    Ended {
        took: Duration,
        ok: bool,
    },
    /// It needed another step, which failed.
    Left,
}

/// Runs the named steps, or all of them, and says whether everything held.
///
/// One step alone runs in this process, and its output is the user's to see. Several run as processes of their own, each
/// with a log that is shown whole when it ends.
pub(crate) fn run(workspace: &Workspace, words: &[&str]) -> ExitCode {
    let (flags, names): (Vec<&str>, Vec<&str>) = words.iter().partition(|word| word.starts_with('-'));
    let unknown = flags.iter().find(|flag| **flag != "--thorough");
    let unknown = unknown.or_else(|| names.iter().find(|name| STEPS.iter().all(|step| step.name != **name)));
    if let Some(unknown) = unknown {
        let known: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        eprintln!("xtask: `{unknown}` is not a step of the tests: {}, or --thorough", known.join(", "));
        return ExitCode::FAILURE;
    }
    let outcome = match names.as_slice() {
        [name] if flags.is_empty() => {
            STEPS.iter().filter(|step| step.name == *name).try_for_each(|step| (step.act)(workspace))
        }
        _ => Suite::new(workspace, &names, !flags.is_empty()).run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{}", why.trim_end());
            ExitCode::FAILURE
        }
    }
}

/// The steps under way.
struct Suite<'a> {
    workspace: &'a Workspace,
    thorough: bool,
    start: Instant,
    steps: Vec<(&'static Step, State)>,
    tally: Tally,
}

impl<'a> Suite<'a> {
    fn new(workspace: &'a Workspace, names: &[&str], thorough: bool) -> Self {
        let chosen = STEPS.iter().filter(|step| names.is_empty() || names.contains(&step.name));
        Self {
            workspace,
            thorough,
            start: Instant::now(),
            steps: chosen.map(|step| (step, State::Waiting)).collect(),
            tally: Tally::default(),
        }
    }

    /// Runs all steps, so that one failure hides no other, and ends with the number of tests on a line of its own.
    fn run(mut self) -> Outcome {
        while self.steps.iter().any(|(_, state)| matches!(state, State::Waiting | State::Running(..))) {
            self.begin()?;
            sleep(Duration::from_millis(50));
            self.end();
        }
        println!("\n{}", self.table());
        self.tally.left.iter().for_each(|left| println!("{left}"));
        self.tally.not_run.iter().for_each(|not_run| println!("{not_run}"));
        let bad = self.steps.iter().filter(|(_, state)| !matches!(state, State::Ended { ok: true, .. }));
        let bad: Vec<&str> = bad.map(|(step, _)| step.name).collect();
        if !bad.is_empty() {
            println!("\nthese steps did not hold: {}", bad.join(", "));
        }
        println!("\n{}", self.tally.total());
        if bad.is_empty() { Ok(()) } else { Err(String::new()) }
    }

    /// Begins every step that can begin.
    fn begin(&mut self) -> Outcome {
        for at in 0..self.steps.len() {
            let (step, state) = &self.steps[at];
            if !matches!(state, State::Waiting) {
                continue;
            }
            let needed = |(other, _): &&(&Step, State)| step.needs.contains(&other.name);
            let before: Vec<&State> = self.steps.iter().filter(needed).map(|(_, state)| state).collect();
            if before.iter().any(|state| matches!(state, State::Left | State::Ended { ok: false, .. })) {
                self.steps[at].1 = State::Left;
                continue;
            }
            let mut running = self.steps.iter().filter(|(_, state)| matches!(state, State::Running(..)));
            let full = running.clone().count() >= SIDE_BY_SIDE;
            let blocked = step.lane != Lane::Free && running.any(|(other, _)| other.lane == step.lane);
            if full || blocked || !before.iter().all(|state| matches!(state, State::Ended { ok: true, .. })) {
                continue;
            }
            eprintln!("==> [{:6.1} s] {} begins", self.start.elapsed().as_secs_f64(), step.name);
            self.steps[at].1 = State::Running(self.spawn(step)?, Instant::now());
        }
        Ok(())
    }

    fn log(&self, step: &Step) -> PathBuf {
        self.workspace.target.join("suite").join(format!("{}.log", step.name))
    }

    fn spawn(&self, step: &Step) -> Outcome<Child> {
        let path = self.log(step);
        let unwritable = |error: std::io::Error| format!("{}: {error}", path.display());
        fs::create_dir_all(self.workspace.target.join("suite")).map_err(unwritable)?;
        let log = File::create(&path).map_err(unwritable)?;
        let both = log.try_clone().map_err(unwritable)?;
        let program = std::env::current_exe().map_err(|error| format!("this program is not found: {error}"))?;
        let mut command = Command::new(program);
        command.args(["test", step.name]).stdin(Stdio::null()).stdout(log).stderr(both);
        // Rewriting what is expected is no test.
        command.env_remove("UPDATE_EXPECT");
        if self.thorough {
            command.env("COUNTERSIGN_THOROUGH", "1");
        }
        command.spawn().map_err(|error| not_started(&command, &error))
    }

    /// Shows the output of every step that has ended, and counts its tests.
    fn end(&mut self) {
        for at in 0..self.steps.len() {
            let (step, State::Running(child, begun)) = &mut self.steps[at] else { continue };
            let (step, took) = (*step, begun.elapsed());
            let ok = match child.try_wait() {
                Ok(None) => continue,
                Ok(Some(status)) => status.success(),
                Err(_) => false,
            };
            let log = fs::read(self.log(step)).unwrap_or_default();
            let log = String::from_utf8_lossy(&log);
            log.lines().for_each(|line| self.tally.count(line));
            let end = if ok { "held" } else { "DID NOT HOLD" };
            println!("\n==> [{:6.1} s] {} {end}:\n{log}", self.start.elapsed().as_secs_f64(), step.name);
            self.steps[at].1 = State::Ended { took, ok };
        }
    }

    fn table(&self) -> String {
        let mut table = String::new();
        for (step, state) in &self.steps {
            let (took, end) = match state {
                State::Ended { took, ok } => (took.as_secs_f64(), if *ok { "held" } else { "DID NOT HOLD" }),
                State::Left | State::Waiting | State::Running(..) => (0.0, "not run: another step failed"),
            };
            table += &format!("{:<14} {took:8.1} s  {end}\n", step.name);
        }
        table + &format!("{:<14} {:8.1} s\n", "all", self.start.elapsed().as_secs_f64())
    }
}

fn format(workspace: &Workspace) -> Outcome {
    run_command(&mut workspace.cargo(["fmt", "--all", "--", "--check"]))?;
    run_command(&mut workspace.cargo(["fmt", "--manifest-path", "xtask/bindgen/Cargo.toml", "--", "--check"]))
}

fn lints(workspace: &Workspace) -> Outcome {
    toolchain::setup_lints(workspace)?;
    let mut cargo = workspace.cargo(["clippy", "--workspace", "--all-targets", "--release", "--features"]);
    run_command(cargo.args([TEST_SWITCHES, "--", "--deny", "warnings"]))
}

/// The runner's program is documented by itself: it has the engine's name, and cargo warns of that.
fn docs(workspace: &Workspace) -> Outcome {
    let everything_else: &[&str] = &["--workspace", "--exclude", "countersign-cli"];
    for what in [&["--package", "countersign-cli", "--bin", "countersign"], everything_else] {
        let mut cargo = workspace.cargo(["doc", "--no-deps", "--release"]);
        run_command(cargo.args(what).env("RUSTDOCFLAGS", "--deny warnings"))?;
    }
    Ok(())
}

fn build_modules(workspace: &Workspace) -> Outcome {
    modules::build(workspace, &toolchain::setup(workspace)?)
}

fn bytes(workspace: &Workspace) -> Outcome {
    dist::check_bytes(workspace, &toolchain::setup(workspace)?)
}

/// Builds every test program.
fn programs(workspace: &Workspace) -> Outcome {
    run_command(&mut workspace.cargo(["test", "--workspace", "--release", "--features", TEST_SWITCHES, "--no-run"]))
}

/// Runs every test on the modules that were just built.
fn tests(workspace: &Workspace) -> Outcome {
    let mut cargo = workspace.cargo(["test", "--workspace", "--release", "--features", TEST_SWITCHES]);
    cargo.args(["--no-fail-fast", "--", "--show-output"]);
    cargo.env("COUNTERSIGN_MODULES", workspace.modules()).env("COUNTERSIGN_BIN", workspace.runner());
    run_command(&mut cargo)
}

#[cfg(test)]
mod tests {
    use super::STEPS;

    #[test]
    fn a_step_needs_only_steps_before_it() {
        for (at, step) in STEPS.iter().enumerate() {
            for needed in step.needs {
                assert!(STEPS.iter().take(at).any(|before| before.name == *needed), "{} needs {needed}", step.name);
            }
        }
    }
}
