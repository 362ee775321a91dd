//! What tests of real files share.

use std::path::{Path, PathBuf};

use countersign_tests::depth::not_run;

/// A folder of real files, if this machine has them.
pub(crate) fn corpora(name: &str) -> Option<PathBuf> {
    let shared = match std::env::var_os("COUNTERSIGN_SHARED") {
        Some(path) => PathBuf::from(path),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
    };
    let folder = shared.join("corpora").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    not_run(&format!("corpora/{name} is not there: COUNTERSIGN_SHARED names the folder that `corpora` is in"));
    None
}

/// All files below a folder that have the ending, sorted.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for item in std::fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|known| known == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}
