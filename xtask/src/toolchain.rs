//! A compiler that can build WebAssembly: the one in use, or one that is made so inside `target`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::Outcome;
use crate::command::{capture, output, run_within, step};
use crate::workspace::Workspace;

mod sysroot;

/// What the modules are built for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The oldest compiler that builds the project.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// A compiler, and the settings that make cargo use it.
#[derive(Debug)]
pub(crate) struct Toolchain {
    rustc: PathBuf,
    settings: Vec<(&'static str, OsString)>,
    /// Where its standard library for the target comes from.
    pub(crate) library: Library,
}

/// Where a standard library comes from: the same one everywhere, or one of this machine's own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Library {
    /// It came with the compiler.
    Shipped,
    /// It was built from the sources beside the compiler.
    BuiltHere,
}

/// What a compiler says about itself.
#[derive(Debug)]
pub(crate) struct Compiler {
    /// As `rustc --version` prints it.
    pub(crate) version: String,
    /// The release alone.
    pub(crate) release: String,
    /// The commit that it was built from.
    pub(crate) commit: String,
    /// The platform that it runs on.
    pub(crate) host: String,
    /// Where its libraries are.
    pub(crate) sysroot: PathBuf,
}

impl Toolchain {
    fn stock() -> Self {
        Self { rustc: stock_rustc(), settings: Vec::new(), library: Library::Shipped }
    }

    /// Makes a cargo command use this compiler.
    pub(crate) fn apply<'a>(&self, cargo: &'a mut Command) -> &'a mut Command {
        cargo.envs(self.settings.iter().map(|(key, value)| (key, value)))
    }

    /// What the compiler says about itself.
    pub(crate) fn compiler(&self) -> Outcome<Compiler> {
        Compiler::ask(&self.rustc)
    }

    fn has_target(&self) -> bool {
        let folder = capture(Command::new(&self.rustc).args(["--print", "target-libdir", "--target", TARGET]));
        let Ok(files) = folder.map(|folder| std::fs::read_dir(folder.trim())) else { return false };
        files.into_iter().flatten().flatten().any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
    }
}

impl Compiler {
    /// Asks `rustc` what it is.
    pub(crate) fn ask(rustc: &Path) -> Outcome<Self> {
        let text = capture(Command::new(rustc).arg("-vV"))?;
        let field = |name: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            value.map(str::to_owned).ok_or_else(|| format!("`{} -vV` names no {name}", rustc.display()))
        };
        let sysroot = capture(Command::new(rustc).args(["--print", "sysroot"]))?;
        Ok(Self {
            version: text.lines().next().unwrap_or_default().to_owned(),
            release: field("release")?,
            commit: field("commit-hash")?,
            host: field("host")?,
            sysroot: PathBuf::from(sysroot.trim()),
        })
    }
}

/// Finds or makes a compiler that can build the modules. Outside `target` it changes at most two things, and says so:
/// rustup gets the target; where that cannot be, and the system's package manager has the compiler's sources, it gets those.
pub(crate) fn setup(workspace: &Workspace) -> Outcome<Toolchain> {
    step("looking for a compiler that builds WebAssembly", || find(workspace))
}

fn find(workspace: &Workspace) -> Outcome<Toolchain> {
    let pretend_missing = is_set("XTASK_NO_TARGET") || std::env::var_os("WASM_RUSTC").is_some();
    let stock = Toolchain::stock();
    if !pretend_missing && stock.has_target() {
        return Ok(stock);
    }
    if let Some(made) = sysroot::made_before(workspace) {
        return Ok(made);
    }
    let mut tried = Vec::new();
    if pretend_missing {
        tried.push("rustup was not asked: XTASK_NO_TARGET or WASM_RUSTC is set".to_owned());
    } else {
        match rustup(&["target", "add", TARGET]) {
            Ok(()) if stock.has_target() => return Ok(stock),
            Ok(()) => tried.push(format!("rustup added {TARGET}, but not to this compiler")),
            Err(why) => tried.push(why),
        }
    }
    sysroot::make(workspace, &mut tried).ok_or_else(|| {
        format!(
            "this compiler cannot build for {TARGET}\n  {}\n\
             either: rustup target add {TARGET}\n\
             or:     install a rustc {OLDEST} or later with the sources of its standard library (rustup component add rust-src; \
             on Debian: apt-get install rustc-web rust-web-src rust-web-llvm), and name it in WASM_RUSTC",
            tried.join("\n  ")
        )
    })
}

/// Makes sure that `cargo fmt` and `cargo clippy` are there.
pub(crate) fn setup_lints(workspace: &Workspace) -> Outcome {
    for (command, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        let there = || output(&mut workspace.cargo([command, "--version"])).is_ok_and(|asked| asked.status.success());
        if !there() {
            let added = rustup(&["component", "add", component]);
            if !there() {
                let why = added.err().unwrap_or_default();
                return Err(format!("`cargo {command}` is missing\n  {why}\nrun: rustup component add {component}"));
            }
        }
    }
    Ok(())
}

/// Has rustup add something to the compiler in use.
fn rustup(arguments: &[&str]) -> Outcome {
    if is_set("XTASK_OFFLINE") {
        return Err("rustup was not asked: XTASK_OFFLINE is set".to_owned());
    }
    eprintln!("    rustup {}", arguments.join(" "));
    run_within(Command::new("rustup").args(arguments), Duration::from_secs(120))
}

fn stock_rustc() -> PathBuf {
    std::env::var_os("RUSTC").map_or_else(|| "rustc".into(), PathBuf::from)
}

/// True when an environment variable holds something other than nothing or `0`.
pub(crate) fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty() && value != "0")
}
