//! Building the modules: the same sources and the same compiler give the same bytes, wherever they are built.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::Outcome;
use crate::command::{capture, run, step};
use crate::toolchain::{TARGET, Toolchain};
use crate::workspace::Workspace;

mod exchanges;
mod javascript;
mod types;

/// The doors that are built.
const DOORS: [Door; 3] = [
    Door { name: "raw", files: &["countersign.wasm"] },
    Door { name: "extism", files: &["countersign.extism.wasm"] },
    Door { name: "js", files: &JAVASCRIPT },
];

/// What the JavaScript door is made of.
const JAVASCRIPT: [&str; 5] = [
    "js/countersign.js",
    "js/countersign.d.ts",
    "js/countersign_bg.wasm",
    "js/countersign_bg.wasm.d.ts",
    "js/package.json",
];

/// One way into the engine.
struct Door {
    /// The feature that it is built with.
    name: &'static str,
    /// The files that it becomes.
    files: &'static [&'static str],
}

/// Writes the types of the contract that are sources of hosts.
pub(crate) fn write_types(workspace: &Workspace) -> Outcome {
    let text = exchanges::file(&workspace.engine().join("schemas/v1"))?;
    let path = workspace.root.join(exchanges::FILE);
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// All files that are built, relative to `plugin/dist`.
pub(crate) fn files() -> impl Iterator<Item = &'static str> {
    DOORS.iter().flat_map(|door| door.files).copied()
}

/// Builds every module into `target/modules`.
pub(crate) fn build(workspace: &Workspace, toolchain: &Toolchain) -> Outcome {
    let flags = path_free_flags(workspace, toolchain)?;
    let into = workspace.modules();
    fs::create_dir_all(&into).map_err(|error| format!("{}: {error}", into.display()))?;
    for Door { name, files } in &DOORS {
        step(&format!("building the {name} module"), || {
            // `--crate-type`, because cargo leaves link-time optimisation out where an rlib is built beside the cdylib.
            let mut cargo = workspace.cargo(["rustc", "--package", "countersign", "--lib", "--crate-type", "cdylib"]);
            cargo.args(["--no-default-features", "--features", name, "--profile", "module", "--target", TARGET]);
            // Gives the files of each door a name of their own inside `target`; else each build would undo the other.
            cargo.env("__CARGO_DEFAULT_LIB_METADATA", "module");
            // What wasm-bindgen reads of the compiler's output is dropped when it has read it.
            if *name == "js" {
                cargo.args(["--", "-Cstrip=debuginfo"]);
            }
            run(toolchain.apply(&mut cargo).env("CARGO_ENCODED_RUSTFLAGS", &flags))?;
            let built = workspace.target.join(TARGET).join("module").join("countersign.wasm");
            match files {
                [file] => replace(&built, &into.join(file)).map(drop)?,
                _ => javascript::make(workspace, &built, &into.join("js"))?,
            }
            for path in files.iter().map(|file| into.join(file)) {
                let size = fs::metadata(&path).map_err(|error| format!("{}: {error}", path.display()))?.len();
                eprintln!("    {} ({size} bytes)", path.display());
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Copies a file so that a reader sees the old one or the new one, never a part; returns its size.
pub(crate) fn replace(from: &Path, to: &Path) -> Outcome<u64> {
    let partial = to.with_extension("partial");
    fs::copy(from, &partial)
        .and_then(|size| fs::rename(&partial, to).map(|()| size))
        .map_err(|error| format!("`{}` could not be copied to `{}`: {error}", from.display(), to.display()))
}

/// Compiler flags that keep this machine's paths out of the module; later ones win.
fn path_free_flags(workspace: &Workspace, toolchain: &Toolchain) -> Outcome<String> {
    let compiler = toolchain.compiler()?;
    let mut renamed: Vec<(PathBuf, String)> = vec![(workspace.root.clone(), "/countersign".to_owned())];
    renamed.push((workspace.target.clone(), "/target".to_owned()));
    renamed.extend(dependency_folders(workspace, toolchain)?.into_iter().map(|folder| (folder, "/deps".to_owned())));
    renamed.push((compiler.sysroot.join("lib/rustlib/src/rust"), format!("/rustc/{}", compiler.commit)));

    let flags = renamed.into_iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
    Ok(flags.collect::<Vec<_>>().join("\x1f"))
}

/// The folders that hold the dependencies' sources: they are named after where the machine gets its crates.
fn dependency_folders(workspace: &Workspace, toolchain: &Toolchain) -> Outcome<BTreeSet<PathBuf>> {
    let mut cargo = workspace.cargo(["metadata", "--format-version", "1", "--filter-platform", TARGET]);
    let metadata = capture(toolchain.apply(&mut cargo))?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|error| format!("cargo metadata: {error}"))?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata lists no packages")?;
    let foreign = packages.iter().filter(|package| !package["source"].is_null());
    let manifests = foreign.filter_map(|package| package["manifest_path"].as_str());
    Ok(manifests.filter_map(|manifest| Some(Path::new(manifest).parent()?.parent()?.to_owned())).collect())
}
