//! The GitHub Actions: what is committed is what the sources give, the tests pass, and GitHub can read every YAML file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Outcome;
use crate::command::{run, step};
use crate::workspace::Workspace;

/// What reads workflows and actions as GitHub does, as `pip` names it.
const LINTERS: [&str; 2] = ["zizmor==1.32.0", "check-jsonschema==0.39.0"];
/// A test that takes longer hangs; milliseconds.
const TEST_TIMEOUT: u32 = 600_000;

/// The files whose tests take longest.
const LONGEST: [&str; 3] = ["flows-together.test.js", "flows-faults.test.js", "flows.test.js"];

/// A part of the step.
type Part = fn(&Workspace) -> Outcome;

/// Checks the sources: runs every part, so that one failure hides no other.
pub(crate) fn sources(workspace: &Workspace) -> Outcome {
    step("installing what the actions are built with", || install(workspace))?;
    let parts: [(&str, Part); 4] = [
        ("checking the types of the actions", types),
        ("comparing actions/dist with a fresh build", dist),
        ("comparing the tables of actions/README.md with the actions", tables),
        ("reading workflows and actions as GitHub does", yaml),
    ];
    let failures: Vec<String> =
        parts.into_iter().filter_map(|(what, part)| step(what, || part(workspace)).err()).collect();
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

/// Tests the actions; the runner must be built.
pub(crate) fn flows(workspace: &Workspace) -> Outcome {
    step("installing what the actions are built with", || install(workspace))?;
    step("testing the actions", || tests(workspace))
}

/// Only when the lock file is another than the one that was installed.
fn install(workspace: &Workspace) -> Outcome {
    let folder = actions(workspace);
    let lock =
        fs::read(folder.join("package-lock.json")).map_err(|error| format!("actions/package-lock.json: {error}"))?;
    let installed = folder.join("node_modules").join(".countersign-lock");
    if fs::read(&installed).is_ok_and(|there| there == lock) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&folder).stdin(Stdio::null());
    run(&mut npm).map_err(|why| format!("{why}\nthe actions need Node 20 or newer with npm, and its registry"))?;
    fs::write(&installed, lock).map_err(|error| format!("{}: {error}", installed.display()))
}

/// Fails when a comment says another type than what is there.
fn types(workspace: &Workspace) -> Outcome {
    run(node(workspace).arg("node_modules/typescript/bin/tsc"))
}

/// Fails when `actions/dist` is not what the sources and the committed module give.
fn dist(workspace: &Workspace) -> Outcome {
    const MEND: &str = "run `npm run build` in actions/ and commit actions/dist";
    let fresh = workspace.target.join("actions-dist");
    run(node(workspace).arg("build.js").arg(&fresh))?;
    let committed = actions(workspace).join("dist");
    let names: BTreeSet<String> = files(&fresh)?.into_iter().chain(files(&committed)?).collect();
    let differs = |name: &&String| match (fs::read(fresh.join(name)), fs::read(committed.join(name))) {
        (Ok(fresh), Ok(committed)) => fresh != committed,
        (_, _) => true,
    };
    let different: Vec<&str> = names.iter().filter(differs).map(String::as_str).collect();
    if different.is_empty() {
        return Ok(());
    }
    Err(format!("actions/dist is not what its sources give: {}\n{MEND}", different.join(", ")))
}

/// Fails when a table of the manual does not say what `action.yml` says.
fn tables(workspace: &Workspace) -> Outcome {
    run(node(workspace).args(["tools/docs.js", "--check"]))
}

/// Fails when GitHub could not read a workflow or an action, or one of them does something risky.
fn yaml(workspace: &Workspace) -> Outcome {
    let programs = linters(workspace)?;
    let found = yaml_files(workspace)?;
    let mut zizmor = Command::new(programs.join("zizmor"));
    zizmor.args(["--offline", "--no-progress", "--quiet", "--strict-collection", "--persona=pedantic"]);
    let everything = found.actions.iter().chain(&found.workflows).chain(&found.dependabot);
    let mend = "each finding says where; what it means is in zizmor's documentation under its name";
    run(zizmor.args(everything).current_dir(&workspace.root)).map_err(|why| format!("{why}\n{mend}"))?;
    let schemas = [
        ("vendor.github-actions", found.actions.as_slice()),
        ("vendor.github-workflows", found.workflows.as_slice()),
        ("vendor.dependabot", found.dependabot.as_slice()),
    ];
    for (schema, files) in schemas {
        let mut check = Command::new(programs.join("check-jsonschema"));
        check.args(["--quiet", "--builtin-schema", schema]).args(files).current_dir(&workspace.root);
        run(&mut check)
            .map_err(|why| format!("{why}\nGitHub's schema does not allow it: see the place that is named above"))?;
    }
    Ok(())
}

/// Runs every test of the actions against the fake GitHub.
fn tests(workspace: &Workspace) -> Outcome {
    let folder = actions(workspace).join("test");
    let all = ["", "lib"].map(|below| {
        let names = files(&folder.join(below))?.into_iter().filter(|name| name.ends_with(".test.js"));
        Ok::<_, String>(names.map(|name| Path::new("test").join(below).join(name)).collect::<Vec<_>>())
    });
    let mut node = node(workspace);
    let limit = format!("--test-timeout={TEST_TIMEOUT}");
    // Most of the time they wait, for git and for the clock.
    node.args(["--test", "--test-reporter=spec", "--test-concurrency=3", &limit]);
    let mut files: Vec<PathBuf> = all.into_iter().collect::<Outcome<Vec<_>>>()?.concat();
    // What takes longest begins first, so that nothing waits for it alone at the end.
    files.sort_by_key(|file| !LONGEST.iter().any(|name| file.ends_with(name)));
    node.args(files);
    run(node.env("COUNTERSIGN_BIN", workspace.runner()).env("COUNTERSIGN_OPENAPI", workspace.target.join("openapi")))
}

/// The folder of the linters' programs, once they are installed.
fn linters(workspace: &Workspace) -> Outcome<PathBuf> {
    let venv = workspace.target.join("tools").join("venv");
    let programs = venv.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let (installed, wanted) = (venv.join("installed"), LINTERS.join("\n"));
    if fs::read_to_string(&installed).is_ok_and(|there| there == wanted) {
        return Ok(programs);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))
        .map_err(|why| format!("{why}\nthe linters of workflows need Python 3 with venv: install `python3-venv`"))?;
    let mut pip = Command::new(programs.join("python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(LINTERS);
    run(&mut pip).map_err(|why| format!("{why}\nthe linters of workflows are installed with pip from its registry"))?;
    fs::write(&installed, wanted).map_err(|error| format!("{}: {error}", installed.display()))?;
    Ok(programs)
}

/// What GitHub reads.
struct Yaml {
    actions: Vec<PathBuf>,
    workflows: Vec<PathBuf>,
    dependabot: Option<PathBuf>,
}

fn yaml_files(workspace: &Workspace) -> Outcome<Yaml> {
    let root = &workspace.root;
    let below = |folder: &str| {
        let names = files(&root.join(folder))?.into_iter().filter(|name| name.ends_with(".yml"));
        Ok::<_, String>(names.map(|name| Path::new(folder).join(name)).collect::<Vec<_>>())
    };
    let mut actions = vec![PathBuf::from("action.yml")];
    for entry in entries(&root.join("actions"))? {
        let manifest = Path::new("actions").join(entry.file_name()).join("action.yml");
        if root.join(&manifest).exists() {
            actions.push(manifest);
        }
    }
    actions.sort();
    let workflows = [below(".github/workflows")?, below("actions/workflows")?].concat();
    let dependabot = Some(PathBuf::from(".github/dependabot.yml")).filter(|file| root.join(file).exists());
    Ok(Yaml { actions, workflows, dependabot })
}

/// The names of a folder's files, in order.
fn files(folder: &Path) -> Outcome<BTreeSet<String>> {
    let files = entries(folder)?.into_iter().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    Ok(files.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
}

fn entries(folder: &Path) -> Outcome<Vec<fs::DirEntry>> {
    let unreadable = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::read_dir(folder).map_err(unreadable)?.map(|entry| entry.map_err(unreadable)).collect()
}

fn actions(workspace: &Workspace) -> PathBuf {
    workspace.root.join("actions")
}

fn node(workspace: &Workspace) -> Command {
    let mut node = Command::new("node");
    node.current_dir(actions(workspace)).stdin(Stdio::null());
    node
}
