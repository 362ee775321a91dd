//! Running scripts under Node: hosts that others wrote, as the lock file in `tests/node` says.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use crate::corpus::Case;

/// Makes `folder`, below `target`, with the named scripts and all that the lock file names in it.
///
/// # Panics
/// Where npm is missing, or cannot install.
#[must_use]
pub fn folder(folder: PathBuf, scripts: &[&str]) -> PathBuf {
    // Tests of one program run side by side, and share the folder.
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _alone = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("node");
    fs::create_dir_all(&folder).expect("the folder can be made");
    let lock = fs::read(from.join("package-lock.json")).expect("the lock file");
    let installed = folder.join("installed.json");
    for file in ["package.json", "package-lock.json"].iter().chain(scripts) {
        let (script, to) = (fs::read(from.join(file)).expect("a script"), folder.join(file));
        // What is there already may be being read.
        if fs::read(&to).ok().as_ref() != Some(&script) {
            fs::write(to, script).expect("written");
        }
    }
    if fs::read(&installed).ok().as_ref() != Some(&lock) {
        run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder));
        fs::write(&installed, &lock).expect("written");
    }
    folder
}

/// Runs a command that must succeed.
///
/// # Panics
/// With what it printed, if it fails.
pub fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; Node 20 or newer is needed"));
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{stderr}\n{stdout}", output.status);
    output
}

/// A case as the scripts read it.
#[must_use]
pub fn case(case: &Case, digests: &[String]) -> Value {
    let documents: Vec<String> = case.documents.iter().map(|document| hex(document)).collect();
    json!({ "name": case.name, "documents": documents, "request": hex(&case.request), "digests": digests })
}

/// Bytes as hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The bytes of hex.
///
/// # Panics
/// Where it is none.
#[must_use]
pub fn unhex(text: &str) -> Vec<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).expect("hex");
    text.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}
