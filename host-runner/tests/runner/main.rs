//! The runner as people use it: real git, real commands, real kills.

mod flow;
mod process;
mod world;
