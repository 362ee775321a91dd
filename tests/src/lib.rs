//! What the tests share: a small world in which whole changes happen, the documents that they are about, and the corpus
//! of cases that every host answers.

#[cfg(feature = "hosts")]
pub mod bench;
pub mod corpus;
pub mod depth;
pub mod documents;
pub mod flows;
pub mod github;
pub mod modules;
pub mod node;
pub mod places;
pub mod sigstore;
pub mod threads;
pub mod world;
