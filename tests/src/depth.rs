//! How deep the tests go: all the way with `COUNTERSIGN_THOROUGH`, else a share that `COUNTERSIGN_SEED` chooses.
//!
//! What is left out is printed, and `cargo xtask test` collects these lines. Nothing is left out silently.

/// The lines begin with this when a test did a share of what it could do.
const LEFT: &str = "left to --thorough: ";
/// They begin with this when a test did nothing, because something that it needs is not there.
const NOT_RUN: &str = "not run: ";

/// One of so many parts of what a test can do, or all of it. As many seeds in a row as there are parts do everything.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    parts: u64,
    seed: u64,
}

impl Share {
    /// One of `parts` parts, or all of them where the tests are thorough.
    #[must_use]
    pub fn one_of(parts: u64) -> Self {
        Self { parts: if is_thorough() { 1 } else { parts.max(1) }, seed: seed() }
    }

    /// Whether the item of this number is in the share.
    #[must_use]
    pub fn takes(self, number: usize) -> bool {
        mixed(number as u64) % self.parts == self.seed % self.parts
    }

    /// Says how much was done.
    pub fn report(self, what: &str, done: usize, all: usize) {
        if done < all {
            println!("{LEFT}{what}: {done} of {all}, seed {}", self.seed);
        }
    }
}

/// Whether everything is to be done.
#[must_use]
pub fn is_thorough() -> bool {
    std::env::var_os("COUNTERSIGN_THOROUGH").is_some_and(|value| !value.is_empty())
}

/// Which share is to be done.
#[must_use]
pub fn seed() -> u64 {
    std::env::var("COUNTERSIGN_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0)
}

/// Says that a test did nothing, and why.
pub fn not_run(why: &str) {
    println!("{NOT_RUN}{why}");
}

/// A number that looks random, so that no pattern of the items meets a pattern of the shares.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
