//! Measuring the decision: inputs of any size, both ways of running it, and a clock that counts work, not waiting.

pub mod clock;
pub mod cold;
pub mod decision;
pub mod load;
