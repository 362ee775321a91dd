//! A process that does nothing, to compare the start of others with.

fn main() {}
