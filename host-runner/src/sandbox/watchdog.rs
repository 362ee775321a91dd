//! The last resort: a call that outlives its time ends the process.
//!
//! Fuel bounds the work of a call; this bounds its time on a machine that is slow, swapping or stopped. It is the host's
//! guard, costs the module nothing, and never makes a verdict: the process exits as an internal error.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::exit::Exit;

/// Nothing is being watched.
const IDLE: u64 = u64::MAX;

/// Watches one call at a time.
pub struct Watchdog {
    born: Instant,
    /// When the present call began, in milliseconds since `born`; [`IDLE`] between calls.
    since: Arc<AtomicU64>,
}

impl fmt::Debug for Watchdog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watchdog").finish_non_exhaustive()
    }
}

impl Watchdog {
    /// Ends the process when a call takes longer than `limit`.
    #[must_use]
    pub fn ending_the_process(limit: Duration) -> Self {
        Self::start(limit, move || {
            eprintln!("error: the engine did not answer within {} s", limit.as_secs());
            eprintln!("help: the machine may be overloaded; nothing was decided: run the command again");
            std::process::exit(Exit::Internal.code().into());
        })
    }

    /// Calls `bark` once when a call takes longer than `limit`.
    pub fn start(limit: Duration, bark: impl FnOnce() + Send + 'static) -> Self {
        let born = Instant::now();
        let since = Arc::new(AtomicU64::new(IDLE));
        let watched = Arc::downgrade(&since);
        let tick = (limit / 4).clamp(Duration::from_millis(1), Duration::from_secs(1));
        let watch = move || {
            loop {
                thread::sleep(tick);
                let Some(since) = watched.upgrade() else { return };
                let since = since.load(Ordering::Acquire);
                if since != IDLE && born.elapsed() > Duration::from_millis(since).saturating_add(limit) {
                    return bark();
                }
            }
        };
        // Without a thread there is no watch; fuel still bounds every call.
        let _ = thread::Builder::new().name("watchdog".to_owned()).stack_size(64 << 10).spawn(watch);
        Self { born, since }
    }

    /// Runs `call` under watch.
    pub fn watch<T>(&self, call: impl FnOnce() -> T) -> T {
        let now = u64::try_from(self.born.elapsed().as_millis()).unwrap_or(0);
        self.since.store(now, Ordering::Release);
        let result = call();
        self.since.store(IDLE, Ordering::Release);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn barks_at_a_call_that_takes_too_long() {
        let (bark, barked) = mpsc::channel();
        let dog = Watchdog::start(Duration::from_millis(20), move || bark.send(()).unwrap());
        dog.watch(|| barked.recv_timeout(Duration::from_secs(20)).expect("the watchdog barks"));
    }

    #[test]
    fn is_silent_between_calls_and_ends_with_its_owner() {
        let (bark, barked) = mpsc::channel();
        let dog = Watchdog::start(Duration::from_millis(5), move || bark.send(()).unwrap());
        dog.watch(|| ());
        assert_eq!(barked.recv_timeout(Duration::from_millis(100)), Err(mpsc::RecvTimeoutError::Timeout));
        drop(dog);
        let ended = barked.recv_timeout(Duration::from_secs(20));
        assert_eq!(ended, Err(mpsc::RecvTimeoutError::Disconnected), "the thread ends and drops its sender");
    }
}
