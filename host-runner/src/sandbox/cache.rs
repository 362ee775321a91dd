//! Native code of modules that the runner does not ship, compiled once per user and machine.
//!
//! Native code is trusted as the runner itself is, so it is never accepted from outside: only files that this user wrote,
//! that nobody else can read or write, in a directory of the same kind. Anything else is ignored, with a reason.

use std::env;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{Hash as _, Hasher};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use sha2::{Digest as _, Sha256};
use wasmtime::{Engine, Module};

use super::{Fault, Origin};

/// The directory of a user's compiled modules; without one, every run compiles.
#[derive(Clone, Debug)]
pub struct Cache {
    directory: Option<PathBuf>,
}

impl Cache {
    /// `countersign` below `XDG_CACHE_HOME`, or below `.cache` in the home directory.
    #[must_use]
    pub fn of_user() -> Self {
        let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let base = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
        Self { directory: base.map(|base| base.join("countersign")) }
    }

    /// The directory `directory`.
    #[must_use]
    pub const fn at(directory: PathBuf) -> Self {
        Self { directory: Some(directory) }
    }

    /// No cache.
    #[must_use]
    pub const fn none() -> Self {
        Self { directory: None }
    }

    /// The compiled form of `wasm`, from the cache or made now.
    pub(super) fn load(&self, engine: &Engine, wasm: &[u8]) -> Result<(Module, Origin), Fault> {
        let place = self.place(engine, wasm);
        if let Ok(path) = &place
            && let Some(module) = kept(engine, path)
        {
            return Ok((module, Origin::Cached));
        }
        let module = Module::new(engine, wasm).map_err(|error| Fault::Compile(format!("{error:#}")))?;
        let note = place.and_then(|path| keep(&module, &path)).err();
        Ok((module, Origin::Compiled(note)))
    }

    /// The file for this module, engine and runner, in a directory that is safe.
    fn place(&self, engine: &Engine, wasm: &[u8]) -> Result<PathBuf, String> {
        let directory = self.directory.as_ref().ok_or("there is no cache directory")?;
        let parent = directory.parent().unwrap_or(directory);
        fs::create_dir_all(parent).map_err(|error| format!("`{}` cannot be made: {error}", parent.display()))?;
        match DirBuilder::new().mode(0o700).create(directory) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(format!("`{}` cannot be made: {error}", directory.display()));
            }
            _ => {}
        }
        let found = fs::symlink_metadata(directory).map_err(|error| error.to_string())?;
        if !found.is_dir() || !private(&found) {
            return Err(format!("`{}` is not a directory that only its owner can use", directory.display()));
        }
        Ok(directory.join(key(engine, wasm)))
    }
}

/// Belongs to this user, and nobody else may do anything with it.
fn private(found: &fs::Metadata) -> bool {
    found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o077 == 0
}

/// The file's name: module, compiler with its settings, and runner.
fn key(engine: &Engine, wasm: &[u8]) -> String {
    let mut all = Hashing(Sha256::new());
    all.write(&Sha256::digest(wasm));
    engine.precompile_compatibility_hash().hash(&mut all);
    all.write(env!("CARGO_PKG_VERSION").as_bytes());
    let name = all.0.finalize().iter().fold(String::new(), |name, byte| format!("{name}{byte:02x}"));
    format!("{name}.native")
}

struct Hashing(Sha256);

impl Hasher for Hashing {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

fn kept(engine: &Engine, path: &Path) -> Option<Module> {
    // A link is not followed, and what is checked is the file that is opened.
    let no_follow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(no_follow).open(path).ok()?;
    let found = file.metadata().ok()?;
    if !found.is_file() || !private(&found) {
        return None;
    }
    // SAFETY: the file is this user's own and private, in a private directory: what could write it could as well replace
    // the runner.
    #[expect(unsafe_code, reason = "loading native code is only as safe as its source, which was just checked")]
    let module = unsafe { Module::deserialize_open_file(engine, file) };
    module.ok()
}

fn keep(module: &Module, path: &Path) -> Result<(), String> {
    static WRITTEN: AtomicU32 = AtomicU32::new(0);
    let native = module.serialize().map_err(|error| format!("{error:#}"))?;
    let turn = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_extension(format!("{}-{turn}.tmp", std::process::id()));
    let written = write_whole(&temporary, &native).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(|error| format!("`{}` cannot be written: {error}", path.display()))
}

fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let _ = fs::remove_file(path);
    let mut file: File = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
