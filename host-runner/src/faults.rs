//! Faults on purpose: a test makes the process die at a named moment (`switches.rs`), so that it can enumerate them.
//!
//! The value of the switch is `before:N` or `after:N`, the exchange of this number, or `file:N`, once so many files of a ledger's folder were
//! written; counted from 1.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::switches;

/// Exchanges that were begun.
static EXCHANGES: AtomicU32 = AtomicU32::new(0);
/// Files that were written.
static FILES: AtomicU32 = AtomicU32::new(0);

/// An exchange begins.
pub fn begins() {
    die_at("before", EXCHANGES.fetch_add(1, Ordering::Relaxed).saturating_add(1));
}

/// The exchange was performed, and the engine does not know it yet.
pub fn ends() {
    die_at("after", EXCHANGES.load(Ordering::Relaxed));
}

/// A file of a ledger's folder was written.
pub fn wrote() {
    die_at("file", FILES.fetch_add(1, Ordering::Relaxed).saturating_add(1));
}

/// Dies if this is the moment: at once, as from `kill -9`.
fn die_at(moment: &str, number: u32) {
    static WANTED: OnceLock<Option<String>> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| switches::value(switches::CRASH));
    if wanted.as_deref().is_some_and(|wanted| wanted == format!("{moment}:{number}")) {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}
