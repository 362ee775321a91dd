//! Building the modules: the same sources and the same compiler give the same bytes, wherever they are built.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::Outcome;
use crate::command::{capture, run, step};
use crate::toolchain::{TARGET, Toolchain};
use crate::workspace::Workspace;

/// The doors that are built, and the file that each becomes.
pub(crate) const MODULES: [(&str, &str); 2] = [("raw", "countersign.wasm"), ("extism", "countersign.extism.wasm")];

/// Builds every module into `target/modules`.
pub(crate) fn build(workspace: &Workspace, toolchain: &Toolchain) -> Outcome {
    let flags = path_free_flags(workspace, toolchain)?;
    let into = workspace.modules();
    fs::create_dir_all(&into).map_err(|error| format!("{}: {error}", into.display()))?;
    for (door, file) in MODULES {
        step(&format!("building the {door} module"), || {
            // `--crate-type`, because cargo leaves link-time optimisation out where an rlib is built beside the cdylib.
            let mut cargo = workspace.cargo(["rustc", "--package", "countersign", "--lib", "--crate-type", "cdylib"]);
            cargo.args(["--no-default-features", "--features", door, "--profile", "module", "--target", TARGET]);
            // Gives the files of each door a name of their own inside `target`; else each build would undo the other.
            cargo.env("__CARGO_DEFAULT_LIB_METADATA", "module");
            run(toolchain.apply(&mut cargo).env("CARGO_ENCODED_RUSTFLAGS", &flags))?;
            let built = workspace.target.join(TARGET).join("module").join("countersign.wasm");
            let size = replace(&built, &into.join(file))?;
            eprintln!("    {} ({size} bytes)", into.join(file).display());
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
