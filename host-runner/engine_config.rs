/// How a module is compiled and run: the same when it is compiled ahead (by `build.rs`) and when it is loaded.
///
/// Fuel rather than epochs, because fuel is the same number on every machine. Everything that the engine does not need
/// is off: what is off cannot be attacked.
pub(crate) fn engine_config() -> wasmtime::Config {
    let mut config = wasmtime::Config::new();
    config
        .consume_fuel(true)
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_wide_arithmetic(false)
        .max_wasm_stack(512 << 10)
        .generate_address_map(false)
        .native_unwind_info(false)
        .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(20));
    config
}
