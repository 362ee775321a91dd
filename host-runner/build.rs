//! Compiles the shipped module to native code, so that the runner never compiles at start.

use std::path::{Path, PathBuf};
use std::{env, fs, process};

#[path = "engine_config.rs"]
mod engine_config;

/// The module that the runner ships, relative to this crate.
const MODULE: &str = "../plugin/dist/countersign.wasm";
/// The processors that the native code is for: those made since 2013. Vectors are slow without it; on older processors
/// the runner compiles the module once, as it does with other modules.
const X86_LEVEL: &str = "x86-64-v3";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=engine_config.rs");
    println!("cargo::rerun-if-changed={MODULE}");
    // Names of functions are a tenth of the program, and nobody who runs it reads them. Here and not in the profile,
    // which would build every dependency anew.
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        for program in ["countersign", "countersign-scripted"] {
            println!("cargo::rustc-link-arg-bin={program}=-Wl,--strip-all");
        }
    }
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
    let identity = identity(&wasm)
        .ok_or("the engine's module `plugin/dist/countersign.wasm` does not say what it is: run `cargo xtask dist`")?;
    // Naming the target keeps the build machine's own processor features out of code that other machines run.
    let target = env::var("TARGET").map_err(|error| format!("TARGET is not set: {error}"))?;
    let mut config = engine_config::engine_config();
    config.target(&target).map_err(|error| format!("wasmtime cannot compile for `{target}`: {error:#}"))?;
    if target.starts_with("x86_64") {
        // SAFETY: wasmtime loads code only where the processor has what the code was compiled for.
        #[expect(unsafe_code, reason = "the only way to name processor features")]
        unsafe {
            config.cranelift_flag_enable(X86_LEVEL);
        }
    }
    let native = wasmtime::Engine::new(&config)
        .and_then(|engine| engine.precompile_module(&wasm))
        .map_err(|error| format!("the engine's module does not compile: {error:#}"))?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let files =
        [("countersign.wasm", wasm.as_slice()), ("countersign.native", &native), ("countersign.json", identity)];
    for (name, bytes) in files {
        fs::write(out.join(name), bytes).map_err(|error| format!("`{name}` cannot be written: {error}"))?;
    }
    Ok(())
}

/// The contents of the custom section `countersign`, found at build time so that the runner need not look for it.
fn identity(wasm: &[u8]) -> Option<&[u8]> {
    let mut rest = wasm.strip_prefix(b"\0asm\x01\0\0\0")?;
    while let Some((kind, after)) = rest.split_first() {
        let (size, after) = number(after)?;
        let (section, after) = after.split_at_checked(size)?;
        rest = after;
        if *kind == 0 {
            let (length, named) = number(section)?;
            let (name, contents) = named.split_at_checked(length)?;
            if name == b"countersign" {
                return Some(contents);
            }
        }
    }
    None
}

/// A LEB128 number of 32 bits, and what comes after it.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let length = bytes.iter().take(5).position(|byte| byte & 0x80 == 0)? + 1;
    let (number, after) = bytes.split_at(length);
    let value = number.iter().rev().fold(0_usize, |value, byte| value << 7 | usize::from(byte & 0x7f));
    Some((value, after))
}
