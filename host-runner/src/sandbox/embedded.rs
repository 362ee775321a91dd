//! The engine that the runner ships: its native code runs where it lies in this program's own file.
//!
//! Nothing is compiled, and nothing is copied: copying some megabytes costs more page faults than everything else that a
//! short command does.

use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::{Arc, OnceLock};

use rustix::mm::{MprotectFlags, mprotect};
use wasmtime::{CustomCodeMemory, Engine, Module};

use super::{Fault, engine_config};
use crate::module::Identity;

/// The module that this runner ships. Not a constant: those are copied into every crate that names them, megabytes each.
pub static EMBEDDED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/countersign.wasm"));

/// Its native code, made by `build.rs` from exactly those bytes; page-aligned, as code must be.
static NATIVE: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/countersign.native")));

#[repr(C)]
#[cfg_attr(target_arch = "x86_64", repr(align(4096)))]
#[cfg_attr(not(target_arch = "x86_64"), repr(align(65536)))]
struct Aligned<T: ?Sized>(T);

/// What the embedded module declares, found in it by `build.rs`.
pub(super) fn identity() -> Result<Identity, Fault> {
    serde_json::from_slice(include_bytes!(concat!(env!("OUT_DIR"), "/countersign.json")))
        .map_err(|error| Fault::Contract(format!("the section of the module that is built in cannot be read: {error}")))
}

/// The embedded module, when this machine can run the native code that it was compiled to.
///
/// Once per process: wasmtime knows code by its address, so the same code cannot be loaded twice.
pub(super) fn load() -> Option<Module> {
    static LOADED: OnceLock<Option<Module>> = OnceLock::new();
    LOADED.get_or_init(|| in_place().or_else(copied)).clone()
}

fn in_place() -> Option<Module> {
    let mut config = engine_config::engine_config();
    config.with_custom_code_memory(Some(Arc::new(InPlace)));
    let engine = Engine::new(&config).ok()?;
    // SAFETY: these bytes are what `build.rs` got from wasmtime of this very version, and nobody writes to them.
    #[expect(unsafe_code, reason = "loading native code is only as safe as its source, and this source is our build")]
    unsafe {
        Module::deserialize_raw(&engine, NonNull::from(&NATIVE.0)).ok()
    }
}

/// Where a system does not let a program's own constants be code.
fn copied() -> Option<Module> {
    let engine = super::engine().ok()?;
    // SAFETY: as above.
    #[expect(unsafe_code, reason = "loading native code is only as safe as its source, and this source is our build")]
    unsafe {
        Module::deserialize(&engine, &NATIVE.0).ok()
    }
}

/// Makes [`NATIVE`]'s code executable, never writable, for as long as the process lives.
struct InPlace;

impl CustomCodeMemory for InPlace {
    fn required_alignment(&self) -> usize {
        rustix::param::page_size()
    }

    fn publish_executable(&self, start: *const u8, length: usize) -> wasmtime::Result<()> {
        let (start, flags) = (start.cast_mut().cast::<c_void>(), MprotectFlags::READ | MprotectFlags::EXEC);
        // SAFETY: wasmtime gives whole pages of `NATIVE`, which hold code alone; they stay readable.
        #[expect(unsafe_code, reason = "code must be executable")]
        let made = unsafe { mprotect(start, length, flags) };
        Ok(made?)
    }

    fn unpublish_executable(&self, _start: *const u8, _length: usize) -> wasmtime::Result<()> {
        Ok(())
    }
}
