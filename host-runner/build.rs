//! Compiles the shipped module to native code, so that the runner never compiles at start.

use std::path::{Path, PathBuf};
use std::{env, fs, process};

#[path = "engine_config.rs"]
mod engine_config;

/// The module that the runner ships, relative to this crate.
const MODULE: &str = "../plugin/dist/countersign.wasm";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=engine_config.rs");
    println!("cargo::rerun-if-changed={MODULE}");
    if let Err(problem) = compile_ahead() {
        println!("cargo::error={problem}");
        process::exit(1);
    }
}

fn compile_ahead() -> Result<(), String> {
    let path = Path::new(MODULE);
    let wasm = fs::read(path).map_err(|error| {
        format!("the engine's module `plugin/dist/countersign.wasm` cannot be read ({error}): run `cargo xtask dist`")
    })?;
    // Naming the target keeps the build machine's own processor features out of code that other machines run.
    let target = env::var("TARGET").map_err(|error| format!("TARGET is not set: {error}"))?;
    let mut config = engine_config::engine_config();
    config.target(&target).map_err(|error| format!("wasmtime cannot compile for `{target}`: {error:#}"))?;
    let native = wasmtime::Engine::new(&config)
        .and_then(|engine| engine.precompile_module(&wasm))
        .map_err(|error| format!("the engine's module does not compile: {error:#}"))?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    for (name, bytes) in [("countersign.wasm", &wasm), ("countersign.native", &native)] {
        fs::write(out.join(name), bytes).map_err(|error| format!("`{name}` cannot be written: {error}"))?;
    }
    Ok(())
}
