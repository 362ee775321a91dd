//! The built modules that the tests run.

use std::path::{Path, PathBuf};
use std::{env, fs};

use countersign::contract::identity;

/// Where the built modules are: the folder in `COUNTERSIGN_MODULES`, else `plugin/dist`.
#[must_use]
pub fn folder() -> PathBuf {
    let shipped = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugin/dist");
    env::var_os("COUNTERSIGN_MODULES").map_or_else(shipped, PathBuf::from)
}

/// The bytes of a built module.
#[must_use]
pub fn read(name: &str) -> Vec<u8> {
    let file = folder().join(name);
    fs::read(&file).unwrap_or_else(|error| {
        panic!("{}: {error}; `cargo xtask build` makes it, and COUNTERSIGN_MODULES names its folder", file.display())
    })
}

/// A module of other sources than this engine's answers otherwise; that is no difference between hosts.
pub fn same_sources(of_module: &str) {
    let here = identity().source_digest.to_string();
    assert_eq!(
        of_module, here,
        "the module is built from other sources: run `cargo xtask dist`, or name a fresh build"
    );
}
