//! The JavaScript around the js module: what loads it, and the types of requests and responses.

use std::fs;
use std::path::Path;

use super::types;
use crate::Outcome;
use crate::command::run;
use crate::workspace::Workspace;

/// So that Node reads what lies beside it as an ES module.
const PACKAGE: &str = "{ \"type\": \"module\" }\n";

/// Makes the files of the JavaScript door in `folder` from the module that the compiler built.
pub(super) fn make(workspace: &Workspace, built: &Path, folder: &Path) -> Outcome {
    let manifest = workspace.root.join("xtask/bindgen/Cargo.toml");
    let mut cargo = workspace.cargo(["run", "--quiet", "--locked", "--manifest-path"]);
    cargo.arg(manifest).env("CARGO_TARGET_DIR", workspace.target.join("bindgen"));
    run(cargo.arg("--").args([built, folder]))?;

    let declared = folder.join("countersign.d.ts");
    let text = fs::read_to_string(&declared).map_err(|error| format!("{}: {error}", declared.display()))?;
    let types = types::of_contract(&workspace.engine().join("schemas/v1"))?;
    write(&declared, &format!("{text}\n{types}"))?;
    write(&folder.join("package.json"), PACKAGE)
}

fn write(path: &Path, text: &str) -> Outcome {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
