//! Files of the user: read whole and bounded, written whole or not at all.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::exit::Exit;
use crate::failure::Failure;

/// Bytes of one document at most; the engine refuses larger ones.
pub const SIZE_MAX: u64 = 64 << 20;

/// The bytes of the file at `path`; `what` names it for people.
pub fn read(path: &Path, what: &str) -> Result<Vec<u8>, Failure> {
    let file = File::open(path).map_err(|error| unreadable(what, path, &error))?;
    whole(file, path, what)
}

/// The bytes of the file at `path`, in which no link is followed any more: no device, no pipe, no folder. People know it as
/// `shown`.
pub(crate) fn read_regular(path: &Path, shown: &Path) -> Result<Vec<u8>, Failure> {
    // A pipe that nobody writes to would never be opened.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let unreadable = |error: io::Error| unreadable("file", shown, &error);
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(unreadable)?;
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(irregular("file", shown));
    }
    whole(file, shown, "file")
}

fn unreadable(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("the {what} `{}` cannot be read: {error}", path.display())).help("check the path")
}

fn irregular(what: &str, path: &Path) -> Failure {
    Failure::usage(format!("the {what} `{}` is not a regular file", path.display()))
        .help("put a file there: folders, pipes, sockets and devices are not read")
}

fn whole(file: File, path: &Path, what: &str) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: io::Error| unreadable(what, path, &error);
    // Room for all of it and for one byte more, so that the end is seen without another reading.
    let size = file.metadata().map_err(unreadable)?.len().min(SIZE_MAX) + 1;
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    file.take(SIZE_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > SIZE_MAX {
        return Err(too_large(&path.display().to_string()));
    }
    Ok(bytes)
}

/// The bytes of the file at `path`, or of standard input for `-`.
pub fn read_or_stdin(path: &Path, what: &str) -> Result<Vec<u8>, Failure> {
    if path.as_os_str() != "-" {
        return read(path, what);
    }
    let mut bytes = Vec::new();
    let read = io::stdin().lock().take(SIZE_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::usage(format!("standard input cannot be read: {error}")))?;
    if bytes.len() as u64 > SIZE_MAX { Err(too_large("standard input")) } else { Ok(bytes) }
}

/// A document is larger than any that is read.
pub fn too_large(name: &str) -> Failure {
    Failure::usage(format!("`{name}` has more than {SIZE_MAX} bytes"))
        .help("a document has at most 64 MiB: split it, or keep it out of the folder")
}

/// The regular files below a folder.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Below {
    /// Their paths relative to the folder, with `/`, and where they are. Sorted.
    pub files: Vec<(String, PathBuf)>,
    /// Links, which are not followed.
    pub links: Vec<String>,
}

/// Every regular file below `folder`; names that begin with a dot are passed over. Pipes, sockets and devices are refused.
pub fn below(folder: &Path, what: &str) -> Result<Below, Failure> {
    let mut found = Below::default();
    collect(folder, "", what, &mut found)?;
    found.files.sort();
    found.links.sort();
    Ok(found)
}

fn collect(folder: &Path, within: &str, what: &str, found: &mut Below) -> Result<(), Failure> {
    let unreadable =
        |error: io::Error| Failure::usage(format!("the {what} `{}` cannot be read: {error}", folder.display()));
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let kind = entry.file_type().map_err(unreadable)?;
        let path = entry.path();
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            return Err(Failure::usage(format!("the name of `{}` is not UTF-8", path.display())).help("rename it"));
        };
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            collect(&path, &format!("{within}{name}/"), what, found)?;
        } else if kind.is_file() {
            found.files.push((format!("{within}{name}"), path));
        } else if kind.is_symlink() {
            found.links.push(format!("{within}{name}"));
        } else {
            return Err(irregular(what, &path));
        }
    }
    Ok(())
}

/// Puts `bytes` at `path`, whole or not at all; the folder is made when it is missing.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let unwritable =
        |error: io::Error| Failure::new(Exit::Usage, format!("`{}` cannot be written: {error}", path.display()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(unwritable)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // Nobody can put a link where it is made; it has the rights that any new file gets.
    let mut making = tempfile::Builder::new()
        .prefix(&format!(".{name}.making-"))
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)
        .map_err(unwritable)?;
    making.write_all(bytes).and_then(|()| making.as_file().sync_all()).map_err(unwritable)?;
    making.persist(path).map(drop).map_err(|error| unwritable(error.error))
}
