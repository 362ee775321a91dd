//! The digest of the engine's sources: what a built module says it was built from.
//!
//! The engine's build script and `cargo xtask` share this file, so that both always mean the same thing.

use std::path::{Path, PathBuf};
use std::{fs, io};

use sha2::{Digest as _, Sha256};

/// What the digest covers, relative to the engine's folder; what is not there is left out.
pub(crate) const COVERED: [&str; 3] = ["Cargo.toml", "src", "templates"];

/// The digest of every covered file below `engine`, written as `sha256:` and 64 hex digits.
///
/// Paths are sorted and written with `/`; paths and contents are framed by their length. So the digest is the same on
/// every machine, and no two trees share one.
pub(crate) fn source_digest(engine: &Path) -> io::Result<String> {
    let mut files = Vec::new();
    for covered in COVERED {
        collect(&engine.join(covered), covered, &mut files)?;
    }
    files.sort();

    let mut hash = Sha256::new();
    hash.update(b"countersign sources 1\n");
    for (name, path) in files {
        frame(&mut hash, name.as_bytes());
        frame(&mut hash, &fs::read(path)?);
    }
    Ok(hash.finalize().iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}")))
}

fn collect(path: &Path, name: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    if path.is_file() {
        files.push((name.to_owned(), path.to_owned()));
    } else if path.is_dir() {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let part =
                entry.file_name().into_string().map_err(|part| io::Error::other(format!("{part:?} is no UTF-8")))?;
            collect(&entry.path(), &format!("{name}/{part}"), files)?;
        }
    }
    Ok(())
}

fn frame(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}
