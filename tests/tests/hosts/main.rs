//! What needs a host: wasmtime, Node, or an Extism host.

mod bench;
mod extism;
mod fuel;
mod hostile;
mod js;
mod python;
mod raw;
