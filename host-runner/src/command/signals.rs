//! The signals that ask this process to end: kept while a command runs, so that the command is ended first; otherwise
//! they do what they do.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

struct State {
    interrupted: Arc<AtomicBool>,
    /// Whether no command runs.
    idle: Arc<AtomicBool>,
    running: Mutex<u32>,
}

/// While there is one of these, the signals are kept.
pub(super) struct Held;

/// Keeps the signals.
pub(super) fn hold() -> Held {
    count(1);
    Held
}

/// Whether this process was asked to end while a command ran.
#[must_use]
pub fn interrupted() -> bool {
    state().interrupted.load(Ordering::Acquire)
}

/// Takes the wish to end as heard: what follows is done until this process is asked again.
pub fn acknowledge() {
    state().interrupted.store(false, Ordering::Release);
}

impl Drop for Held {
    fn drop(&mut self) {
        count(-1);
    }
}

fn count(change: i32) {
    let state = state();
    let mut running = state.running.lock().unwrap_or_else(PoisonError::into_inner);
    *running = running.saturating_add_signed(change);
    state.idle.store(*running == 0, Ordering::Release);
}

fn state() -> &'static State {
    static STATE: OnceLock<State> = OnceLock::new();
    STATE.get_or_init(|| {
        let state =
            State { interrupted: Arc::default(), idle: Arc::new(AtomicBool::new(true)), running: Mutex::new(0) };
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            // Where this fails, the signal ends this process at once, as it would have without us.
            let _ = signal_hook::flag::register_conditional_default(signal, Arc::clone(&state.idle))
                .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&state.interrupted)));
        }
        state
    })
}
