//! The doors: how hosts reach the contract. The only unsafe code.

#[cfg(all(target_family = "wasm", feature = "extism"))]
pub mod extism;
#[cfg(all(target_family = "wasm", feature = "js", not(feature = "extism")))]
pub mod js;
#[cfg(all(target_family = "wasm", feature = "raw", not(any(feature = "extism", feature = "js"))))]
pub mod raw;

/// What every module carries in the custom section `countersign`, readable before it is compiled.
#[cfg(target_family = "wasm")]
macro_rules! carry_identity {
    ($door:literal) => {
        const IDENTITY: &[u8] = concat!(
            r#"{"contract":"countersign/v1","door":""#,
            $door,
            r#"","engine":{"version":""#,
            env!("CARGO_PKG_VERSION"),
            r#"","source_digest":""#,
            env!("COUNTERSIGN_SOURCE_DIGEST"),
            r#""}}"#
        )
        .as_bytes();

        #[expect(unsafe_code, reason = "a custom section is named by an unsafe attribute")]
        #[unsafe(link_section = "countersign")]
        #[used]
        static CARRIED: [u8; IDENTITY.len()] = match IDENTITY.first_chunk() {
            Some(bytes) => *bytes,
            None => [0; IDENTITY.len()],
        };
    };
}

#[cfg(target_family = "wasm")]
use carry_identity;
