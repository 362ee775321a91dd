//! Tells the engine which sources it is built from, as `COUNTERSIGN_SOURCE_DIGEST`.

use std::io;
use std::path::Path;

mod source_digest;

fn main() -> io::Result<()> {
    let engine =
        std::env::var_os("CARGO_MANIFEST_DIR").ok_or_else(|| io::Error::other("CARGO_MANIFEST_DIR is not set"))?;
    let engine = Path::new(&engine);
    for covered in source_digest::COVERED.iter().filter(|covered| engine.join(covered).exists()) {
        println!("cargo::rerun-if-changed={covered}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=source_digest.rs");
    println!("cargo::rustc-env=COUNTERSIGN_SOURCE_DIGEST={}", source_digest::source_digest(engine)?);
    Ok(())
}
