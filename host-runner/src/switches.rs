//! What tests alone may switch: the clock, and the moment at which the process dies (PO6).
//!
//! Only the program `countersign-scripted` allows it, and only the feature `test-switches` builds that. Everywhere else a
//! switch that is set is refused and not ignored: whoever set it counts on another time than the one that decides.

use std::env;
use std::ffi::OsString;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::Failure;

/// Sets the clock.
pub const NOW: &str = "COUNTERSIGN_NOW";
/// Names the moment at which the process dies.
pub const CRASH: &str = "COUNTERSIGN_CRASH";

static ALLOWED: AtomicBool = AtomicBool::new(false);

/// From now on this process has switches.
#[cfg(feature = "test-switches")]
pub fn allow() {
    ALLOWED.store(true, Ordering::Relaxed);
}

fn allowed() -> bool {
    cfg!(feature = "test-switches") && ALLOWED.load(Ordering::Relaxed)
}

/// The value of a switch, in a process that has them.
pub(crate) fn value(name: &str) -> Option<String> {
    set(name).filter(|_| allowed()).map(|value| value.to_string_lossy().into_owned())
}

/// Refuses a switch that is set in a process that has none.
pub(crate) fn refuse() -> Result<(), Failure> {
    match [NOW, CRASH].into_iter().find(|name| set(name).is_some()) {
        Some(name) if !allowed() => Err(Failure::usage(format!("`{name}` is set, and only tests may set it")).help(
            format!("remove the variable `{name}` and see who set it: the program that people run has no switches"),
        )),
        Some(_) | None => Ok(()),
    }
}

fn set(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}
