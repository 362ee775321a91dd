//! What the tests share: a small world in which whole changes happen, and the documents that they are about.

#[cfg(feature = "hosts")]
pub mod bench;
pub mod documents;
pub mod world;
