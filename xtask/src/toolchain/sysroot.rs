//! The way without the prebuilt target: the standard library is built once, from the sources beside a compiler.
//!
//! `-Zbuild-std` on an empty crate gives the libraries. They go into a sysroot of their own below `target`, whose
//! `rustc` is the found compiler told to look there: later builds need no unstable flag, and nothing else is touched.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Compiler, Library, OLDEST, TARGET, Toolchain, is_set, stock_rustc};
use crate::Outcome;
use crate::command::{capture, run, run_within};
use crate::workspace::Workspace;

/// The compiler that an earlier run made, if its origin is still there.
pub(super) fn made_before(workspace: &Workspace) -> Option<Toolchain> {
    compilers().into_iter().find_map(|(_, compiler)| {
        let compiler = compiler.ok()?;
        let made = place(workspace, &compiler);
        made.join("bin/rustc").is_file().then(|| toolchain(&made, &compiler).ok()).flatten()
    })
}

/// Makes a compiler for the target from the first candidate that has its library's sources.
pub(super) fn make(workspace: &Workspace, tried: &mut Vec<String>) -> Option<Toolchain> {
    if let Some(made) = make_from_candidates(workspace, tried) {
        return Some(made);
    }
    match install_debian_sources() {
        Ok(()) => make_from_candidates(workspace, tried),
        Err(why) => {
            tried.push(why);
            None
        }
    }
}

fn make_from_candidates(workspace: &Workspace, tried: &mut Vec<String>) -> Option<Toolchain> {
    compilers().into_iter().find_map(|(rustc, compiler)| {
        match compiler.and_then(usable).and_then(|compiler| build(workspace, &compiler)) {
            Ok(made) => Some(made),
            Err(why) => {
                tried.push(format!("`{}` {why}", rustc.display()));
                None
            }
        }
    })
}

/// The compilers of this machine, each once, the one in use first; where the user names one, that alone.
fn compilers() -> Vec<(PathBuf, Outcome<Compiler>)> {
    let mut seen = BTreeSet::new();
    let asked = candidates().into_iter().map(|rustc| {
        let compiler = Compiler::ask(&rustc).map_err(|_| "is not there, or does not run".to_owned());
        (rustc, compiler)
    });
    asked
        .filter(|(_, compiler)| compiler.as_ref().map_or(true, |compiler| seen.insert(compiler.sysroot.clone())))
        .collect()
}

fn candidates() -> Vec<PathBuf> {
    if let Some(named) = std::env::var_os("WASM_RUSTC") {
        return vec![named.into()];
    }
    let rustup = std::env::var_os("RUSTUP_HOME").map(PathBuf::from);
    let rustup = rustup.or_else(|| Some(std::env::home_dir()?.join(".rustup")));
    let toolchains = rustup.map(|home| fs::read_dir(home.join("toolchains"))).into_iter().flatten().flatten().flatten();
    let toolchains: BTreeSet<PathBuf> = toolchains.map(|toolchain| toolchain.path().join("bin/rustc")).collect();

    let mut all = vec![stock_rustc(), "/usr/bin/rustc".into()];
    all.extend(toolchains.into_iter().filter(|rustc| rustc.is_file()));
    all
}

fn usable(compiler: Compiler) -> Outcome<Compiler> {
    if numbers(&compiler.release) < numbers(OLDEST) {
        return Err(format!("is {}, older than {OLDEST}", compiler.release));
    }
    if !library(&compiler).join("std/Cargo.toml").is_file() {
        return Err("has no sources of its standard library".to_owned());
    }
    Ok(compiler)
}

fn library(compiler: &Compiler) -> PathBuf {
    compiler.sysroot.join("lib/rustlib/src/rust/library")
}

fn place(workspace: &Workspace, compiler: &Compiler) -> PathBuf {
    let name = if compiler.commit == "unknown" { &compiler.release } else { &compiler.commit };
    workspace.target.join("wasm-sysroot").join(name)
}

/// Builds the standard library of `compiler` for the target, and the sysroot around it.
fn build(workspace: &Workspace, compiler: &Compiler) -> Outcome<Toolchain> {
    let made = place(workspace, compiler);
    let toolchain = toolchain(&made, compiler)?;
    let scratch = made.with_extension("building");
    eprintln!("    building the standard library of {} once, into {}", compiler.version, made.display());

    let _ = fs::remove_dir_all(&scratch);
    let libraries = build_std(workspace, compiler, &scratch.join("std"))?;
    assemble(compiler, &libraries, &scratch.join("sysroot"), &made)
        .map_err(|error| format!("{}: {error}", made.display()))?;
    let _ = fs::remove_dir_all(&made);
    fs::rename(scratch.join("sysroot"), &made).map_err(|error| format!("{}: {error}", made.display()))?;
    let _ = fs::remove_dir_all(&scratch);
    Ok(toolchain)
}

/// Runs `-Zbuild-std` on an empty crate; returns the folder with the libraries.
fn build_std(workspace: &Workspace, compiler: &Compiler, empty: &Path) -> Outcome<PathBuf> {
    let library = library(compiler);
    write_empty_crate(&library, empty).map_err(|error| format!("{}: {error}", empty.display()))?;

    let remap = format!("--remap-path-prefix={}=/rustc/{}/library", library.display(), compiler.commit);
    let flags = ["-Cembed-bitcode=yes", "-Zforce-unstable-if-unmarked", &remap].join("\x1f");
    let mut cargo = workspace.cargo(["build", "--release", "--target", TARGET]);
    cargo.args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features="]).current_dir(empty);
    if is_set("XTASK_OFFLINE") || library.join("vendor").is_dir() {
        cargo.arg("--offline");
    }
    cargo.env("RUSTC", compiler.sysroot.join("bin/rustc")).env("RUSTC_BOOTSTRAP", "1");
    cargo.env("CARGO_TARGET_DIR", empty.join("target")).env("CARGO_ENCODED_RUSTFLAGS", flags);
    cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1").env_remove("RUSTFLAGS");
    run(&mut cargo)?;
    Ok(empty.join("target").join(TARGET).join("release/deps"))
}

/// An empty crate; where the compiler's sources come with those of their dependencies, nothing is downloaded for it.
fn write_empty_crate(library: &Path, empty: &Path) -> std::io::Result<()> {
    fs::create_dir_all(empty.join(".cargo"))?;
    fs::write(
        empty.join("Cargo.toml"),
        "[package]\nname = \"nothing\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[lib]\npath = \"lib.rs\"\n[workspace]\n",
    )?;
    fs::write(empty.join("lib.rs"), "#![no_std]\n")?;
    let vendored = library.join("vendor");
    if vendored.is_dir() {
        let source =
            format!("[source.crates-io]\nreplace-with = \"v\"\n[source.v]\ndirectory = '{}'\n", vendored.display());
        fs::write(empty.join(".cargo/config.toml"), source)?;
    }
    Ok(())
}

/// Lays out a sysroot that will live in `made`: the new libraries, the compiler's own for its host, and a `rustc` that
/// looks there.
#[cfg(unix)]
fn assemble(compiler: &Compiler, libraries: &Path, sysroot: &Path, made: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let rustlib = sysroot.join("lib/rustlib");
    let into = rustlib.join(TARGET).join("lib");
    fs::create_dir_all(&into)?;
    for library in fs::read_dir(libraries)? {
        let name = library?.file_name();
        let text = name.to_string_lossy();
        if text.ends_with(".rlib") && !text.starts_with("libnothing-") {
            fs::copy(libraries.join(&name), into.join(&name))?;
        }
    }
    symlink(compiler.sysroot.join("lib/rustlib").join(&compiler.host), rustlib.join(&compiler.host))?;

    let rustc = sysroot.join("bin/rustc");
    fs::create_dir_all(sysroot.join("bin"))?;
    let real = compiler.sysroot.join("bin/rustc");
    fs::write(&rustc, format!("#!/bin/sh\nexec '{}' --sysroot '{}' \"$@\"\n", real.display(), made.display()))?;
    fs::set_permissions(&rustc, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn assemble(_: &Compiler, _: &Path, _: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::Error::other("this way is for Unix; here, use `rustup target add`"))
}

/// The compiler in the sysroot that is, or will be, in `made`.
fn toolchain(made: &Path, compiler: &Compiler) -> Outcome<Toolchain> {
    let rustc = made.join("bin/rustc");
    let mut settings = vec![("RUSTC", rustc.clone().into())];
    if !linker_of(compiler).is_file() {
        let linker =
            linker().ok_or("finds no linker for WebAssembly: rust-lld or wasm-ld (on Debian: rust-web-llvm)")?;
        settings.push(("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker.into()));
    }
    Ok(Toolchain { rustc, settings, library: Library::BuiltHere })
}

/// Some linker for WebAssembly on this machine.
fn linker() -> Option<PathBuf> {
    let all = [vec![stock_rustc()], candidates()].concat();
    let beside_compilers = all.into_iter().filter_map(|rustc| Some(linker_of(&Compiler::ask(&rustc).ok()?)));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).flat_map(|folder| ["rust-lld", "wasm-ld"].map(|name| folder.join(name)));
    beside_compilers.chain(on_path).find(|linker| linker.is_file())
}

/// The linker that comes with a compiler.
fn linker_of(compiler: &Compiler) -> PathBuf {
    compiler.sysroot.join("lib/rustlib").join(&compiler.host).join("bin/rust-lld")
}

/// Installs Debian's compiler with its sources, where Debian's is new enough and this user may.
fn install_debian_sources() -> Outcome {
    const PACKAGES: [&str; 3] = ["rustc-web", "rust-web-src", "rust-web-llvm"];
    if is_set("XTASK_OFFLINE") {
        return Err("apt-get was not asked: XTASK_OFFLINE is set".to_owned());
    }
    if !capture(Command::new("id").arg("-u")).is_ok_and(|user| user.trim() == "0") {
        return Err("apt-get was not asked: only root may".to_owned());
    }
    if debian_offers(PACKAGES[0]).is_err() {
        apt_get(&["update"])?;
        debian_offers(PACKAGES[0])?;
    }
    // `rust-lld` is a link to the linker of the same LLVM, which is a package of its own.
    let depends = capture(Command::new("apt-cache").args(["depends", PACKAGES[2]])).unwrap_or_default();
    let linker = depends.split_whitespace().find_map(|word| Some(format!("lld-{}", word.strip_prefix("llvm-")?)));
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(PACKAGES);
    install.extend(linker.as_deref());
    apt_get(&install)
}

/// Fails when the package lists know no `package`, or one that is too old.
fn debian_offers(package: &str) -> Outcome {
    let policy = capture(Command::new("apt-cache").args(["policy", package])).unwrap_or_default();
    match policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: ")) {
        None | Some("(none)") => Err(format!("the system has no package {package}")),
        Some(version) if numbers(version) < numbers(OLDEST) => {
            Err(format!("the system's package {package} is {version}, older than {OLDEST}"))
        }
        Some(_) => Ok(()),
    }
}

fn apt_get(arguments: &[&str]) -> Outcome {
    eprintln!("    apt-get {}", arguments.join(" "));
    let mut command = Command::new("apt-get");
    command.arg("--quiet=2").args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
    run_within(&mut command, Duration::from_secs(300))
}

/// The numbers that a version begins with, as far as they order versions.
fn numbers(version: &str) -> Vec<u32> {
    version.split(['.', '+', '-', '~']).map_while(|part| part.parse().ok()).take(2).collect()
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn versions_are_ordered_by_their_numbers() {
        assert_eq!(numbers("1.96.0+dfsg1-1~deb12u2"), [1, 96]);
        assert!(numbers("1.85.0+dfsg3-1") < numbers("1.95"));
        assert!(numbers("1.100.0-nightly") > numbers("1.95"));
        assert!(numbers("(none)") < numbers("1.95"));
    }
}
