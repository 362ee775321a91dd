//! What the tests share: a small world in which whole changes happen, the documents that they are about, and the corpus
//! of cases that every host answers.

pub mod corpus;
pub mod documents;
pub mod modules;
pub mod world;
