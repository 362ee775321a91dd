//! Files below a folder that the engine knows by a name: no path and no link leads out of it (T43, T44).

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use crate::failure::Failure;
use crate::files;
use crate::text::excerpt;

/// The bytes of the file at `path` below `root`, if it is there.
pub fn read(root: &Path, path: &str) -> Result<Option<Vec<u8>>, Failure> {
    names(root, path)?;
    let shown = root.join(path);
    match shown.symlink_metadata() {
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(unreadable(&shown, &error)),
        Ok(_) => {}
    }
    let file = shown.canonicalize().map_err(|error| unreadable(&shown, &error))?;
    if !file.starts_with(real(root)?) {
        return Err(leads_out(&shown, root));
    }
    files::read_regular(&file, &shown).map(Some)
}

/// Puts `bytes` at `path` below `root`, whole or not at all; folders are made when they are missing.
pub fn write(root: &Path, path: &str, bytes: &[u8]) -> Result<(), Failure> {
    let unwritable =
        |at: &Path, error: &io::Error| Failure::usage(format!("`{}` cannot be written: {error}", at.display()));
    let mut names = names(root, path)?;
    let name = names.pop().ok_or_else(|| not_inside(root, path))?;
    fs::create_dir_all(root).map_err(|error| unwritable(root, &error))?;
    let real = real(root)?;
    let mut folder = real.clone();
    for name in names {
        folder.push(name);
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(unwritable(&folder, &error)),
            _ => folder = folder.canonicalize().map_err(|error| unwritable(&folder, &error))?,
        }
        if !folder.starts_with(&real) {
            return Err(leads_out(&root.join(path), root));
        }
    }
    files::write(&folder.join(name), bytes)
}

/// The parts of a path that stays below the folder, whatever is there.
fn names<'p>(root: &Path, path: &'p str) -> Result<Vec<&'p std::ffi::OsStr>, Failure> {
    let name = |component: Component<'p>| match component {
        Component::Normal(name) => Some(Some(name)),
        Component::CurDir => Some(None),
        Component::ParentDir | Component::Prefix(_) | Component::RootDir => None,
    };
    let names: Option<Vec<_>> =
        Path::new(path).components().map(name).filter(|name| *name != Some(None)).map(Option::flatten).collect();
    names.filter(|names| !names.is_empty() && !path.contains('\0')).ok_or_else(|| not_inside(root, path))
}

fn real(root: &Path) -> Result<PathBuf, Failure> {
    root.canonicalize().map_err(|error| unreadable(root, &error))
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("the file `{}` cannot be read: {error}", path.display())).help("check the path")
}

fn not_inside(root: &Path, path: &str) -> Failure {
    Failure::usage(format!("`{}` is not a path below `{}`", excerpt(path, 200), root.display()))
        .help("name a file below that folder, without `..`")
}

fn leads_out(path: &Path, root: &Path) -> Failure {
    Failure::usage(format!("`{}` is a link that leads out of `{}`", path.display(), root.display()))
        .help("put the file itself there: links out of a folder are not followed")
}

#[cfg(test)]
mod tests;
