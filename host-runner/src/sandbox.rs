//! The sandbox: a module that imports nothing, run under wasmtime within limits.
//!
//! A fault of the module (trap, limit, unusable answer) is a refusal, never a verdict: the caller gets a [`Fault`],
//! throws the [`Instance`] away, and exits as an internal error.

mod cache;
mod embedded;
mod fault;
mod instance;
mod limits;
mod watchdog;

use std::borrow::Cow;
use std::path::Path;
use std::sync::OnceLock;

use wasmtime::Engine;

pub use cache::Cache;
pub use embedded::EMBEDDED;
pub use fault::Fault;
pub use instance::{Instance, Spent};
pub use limits::Limits;
pub use watchdog::Watchdog;

use crate::module::{self, Identity, Outline};

#[path = "../engine_config.rs"]
mod engine_config;

/// Where the native code of a module came from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origin {
    /// It was compiled when the runner was built.
    Embedded,
    /// It was compiled by an earlier run.
    Cached,
    /// It was compiled by this run; with a reason why the result could not be kept, when it could not.
    Compiled(Option<String>),
}

/// A checked and compiled module, ready to be instantiated any number of times, from any thread.
#[derive(Debug)]
pub struct Sandbox {
    module: wasmtime::Module,
    wasm: Cow<'static, [u8]>,
    digest: OnceLock<String>,
    identity: Identity,
    origin: Origin,
    limits: Limits,
}

impl Sandbox {
    /// The engine that the runner ships; nothing is compiled.
    pub fn embedded() -> Result<Self, Fault> {
        let Some(module) = embedded::load() else {
            // Another kind of processor than the build was for: as any other module, compiled once and kept.
            return Self::from_bytes(EMBEDDED.to_vec(), &Cache::of_user());
        };
        Ok(Self::new(module, Cow::Borrowed(EMBEDDED), embedded::identity()?, Origin::Embedded))
    }

    /// The module in the file at `path`, compiled at most once per user and machine.
    pub fn from_file(path: &Path) -> Result<Self, Fault> {
        let wasm = std::fs::read(path)
            .map_err(|error| Fault::Unreadable { path: path.display().to_string(), why: error.to_string() })?;
        Self::from_bytes(wasm, &Cache::of_user())
    }

    /// The module in `wasm`: its contract is checked first, then it is compiled or taken from `cache`.
    pub fn from_bytes(wasm: Vec<u8>, cache: &Cache) -> Result<Self, Fault> {
        let identity = module::check_raw(&module::outline(&wasm)?)?;
        let (module, origin) = cache.load(&engine()?, &wasm)?;
        Ok(Self::new(module, Cow::Owned(wasm), identity, origin))
    }

    fn new(module: wasmtime::Module, wasm: Cow<'static, [u8]>, identity: Identity, origin: Origin) -> Self {
        Self { module, wasm, digest: OnceLock::new(), identity, origin, limits: Limits::default() }
    }

    /// The same module under other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// A fresh instance. It remembers nothing of any other.
    pub fn instantiate(&self) -> Result<Instance, Fault> {
        Instance::start(&self.module, self.limits.clone())
    }

    /// The module's own bytes.
    #[must_use]
    pub fn wasm(&self) -> &[u8] {
        &self.wasm
    }

    /// The module's digest, `sha256:<hex>`.
    pub fn digest(&self) -> &str {
        self.digest.get_or_init(|| module::digest(&self.wasm))
    }

    /// Which engine is inside.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where the native code came from.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What an instance may use.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The outline of the module.
    pub fn outline(&self) -> Result<Outline, Fault> {
        module::outline(&self.wasm)
    }
}

fn engine() -> Result<Engine, Fault> {
    Engine::new(&engine_config::engine_config())
        .map_err(|error| Fault::Compile(format!("wasmtime does not start: {error:#}")))
}

#[cfg(test)]
mod tests;
