//! The modules that are committed, and the stamp that says what they were built from.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::Outcome;
use crate::command::step;
use crate::modules;
use crate::toolchain::{self, Library, Toolchain};
use crate::workspace::Workspace;

#[path = "../../plugin/source_digest.rs"]
mod source_digest;

const STAMP: &str = "stamp.json";
const MEND: &str = "run `cargo xtask dist` and commit plugin/dist";

/// Builds the modules, and puts them and their stamp into `plugin/dist`.
pub(crate) fn write(workspace: &Workspace) -> Outcome {
    let toolchain = toolchain::setup(workspace)?;
    modules::build(workspace, &toolchain)?;
    step("writing plugin/dist", || {
        let dist = workspace.dist();
        for file in modules::files() {
            let to = dist.join(file);
            let folder = to.parent().unwrap_or(&dist);
            fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
            modules::replace(&workspace.modules().join(file), &to)?;
        }
        let stamp = stamp(workspace, &toolchain)?;
        let text = serde_json::to_string_pretty(&stamp).map_err(|error| error.to_string())?;
        fs::write(dist.join(STAMP), text + "\n").map_err(|error| format!("{STAMP}: {error}"))
    })
}

/// Fails when `plugin/dist` is not what the sources give.
pub(crate) fn check(workspace: &Workspace) -> Outcome {
    step("checking the stamp of plugin/dist", || check_stamp(workspace))?;
    let toolchain = toolchain::setup(workspace)?;
    if foreign_compiler(workspace, &toolchain)?.is_none() {
        modules::build(workspace, &toolchain)?;
    }
    step("comparing plugin/dist with a fresh build", || check_bytes(workspace, &toolchain))
}

/// Fails when the sources have changed since the stamp, or the files are not the stamped ones.
pub(crate) fn check_stamp(workspace: &Workspace) -> Outcome {
    let stamp = read(workspace)?;
    let sources = sources(workspace)?;
    if stamp["source_digest"] != sources {
        let stamped = stamp["source_digest"].as_str().unwrap_or("nothing");
        return Err(format!("plugin/dist is stale: built from {stamped}, the sources are {sources}\n{MEND}"));
    }
    if stamp["files"] != files(&workspace.dist())? {
        return Err(format!("the modules in plugin/dist are not the ones that {STAMP} names\n{MEND}"));
    }
    Ok(())
}

/// Fails when the modules just built differ from the committed ones, where the same compiler built both.
pub(crate) fn check_bytes(workspace: &Workspace, toolchain: &Toolchain) -> Outcome {
    if let Some(why) = foreign_compiler(workspace, toolchain)? {
        eprintln!("    not compared: {why}");
        return Ok(());
    }
    let stamped = &read(workspace)?["files"];
    let fresh = files(&workspace.modules())?;
    let differs = |file: &&str| stamped[*file] != fresh[*file];
    let different: Vec<&str> = modules::files().filter(differs).collect();
    if different.is_empty() {
        return Ok(());
    }
    Err(format!("the same sources and compiler now give another {}\n{MEND}", different.join(" and ")))
}

/// Why a fresh build cannot be expected to give the committed bytes, if so.
fn foreign_compiler(workspace: &Workspace, toolchain: &Toolchain) -> Outcome<Option<String>> {
    let stamp = read(workspace)?;
    let ours = built_by(workspace, toolchain)?;
    if toolchain.library == Library::BuiltHere {
        return Ok(Some("this machine built the standard library itself".to_owned()));
    }
    let difference = ["rustc", "cargo", "host", "std"].into_iter().find(|tool| stamp["built_by"][tool] != ours[tool]);
    Ok(difference
        .map(|tool| format!("they were built with {tool} {}, here is {}", stamp["built_by"][tool], ours[tool])))
}

fn stamp(workspace: &Workspace, toolchain: &Toolchain) -> Outcome<Value> {
    Ok(json!({
        "built_by": built_by(workspace, toolchain)?,
        "files": files(&workspace.dist())?,
        "source_digest": sources(workspace)?,
    }))
}

fn built_by(workspace: &Workspace, toolchain: &Toolchain) -> Outcome<Value> {
    let compiler = toolchain.compiler()?;
    let cargo = crate::command::capture(&mut workspace.cargo(["--version"]))?;
    let std = match toolchain.library {
        Library::Shipped => "shipped",
        Library::BuiltHere => "built from source",
    };
    Ok(json!({ "cargo": cargo.trim(), "host": compiler.host, "rustc": compiler.version, "std": std }))
}

fn files(folder: &Path) -> Outcome<Value> {
    let mut files = serde_json::Map::new();
    for file in modules::files() {
        let path = folder.join(file);
        let bytes = fs::read(&path).map_err(|error| format!("{}: {error}\n{MEND}", path.display()))?;
        let digest = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        files.insert(file.to_owned(), json!({ "sha256": digest, "size": bytes.len() }));
    }
    Ok(files.into())
}

fn sources(workspace: &Workspace) -> Outcome<String> {
    source_digest::source_digest(&workspace.engine()).map_err(|error| format!("the engine's sources: {error}"))
}

fn read(workspace: &Workspace) -> Outcome<Value> {
    let path = workspace.dist().join(STAMP);
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}\n{MEND}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}\n{MEND}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::source_digest::source_digest;

    #[test]
    fn the_digest_of_the_sources_sees_contents_names_and_borders_and_nothing_else() {
        let folder = std::env::temp_dir().join(format!("countersign-xtask-{}", std::process::id()));
        let digest_of = |files: &[(&str, &str)]| {
            let _ = fs::remove_dir_all(&folder);
            for (name, content) in files {
                let path = folder.join(name);
                fs::create_dir_all(path.parent().expect("a folder")).expect("made");
                fs::write(path, content).expect("written");
            }
            source_digest(&folder).expect("a digest")
        };
        let before = digest_of(&[("Cargo.toml", "c"), ("src/a.rs", "one"), ("src/b/c.rs", "two")]);
        assert_eq!(
            before,
            digest_of(&[("src/b/c.rs", "two"), ("src/a.rs", "one"), ("Cargo.toml", "c"), ("dist/x", "x")])
        );
        assert_ne!(before, digest_of(&[("Cargo.toml", "c"), ("src/a.rs", "onet"), ("src/b/c.rs", "wo")]));
        assert_ne!(before, digest_of(&[("Cargo.toml", "c"), ("src/a.rs", "one"), ("src/b/d.rs", "two")]));
        assert_ne!(
            before,
            digest_of(&[("Cargo.toml", "c"), ("src/a.rs", "one"), ("src/b/c.rs", "two"), ("templates/t", "")])
        );
        fs::remove_dir_all(&folder).expect("removed");
    }
}
