//! Clocks and the arithmetic of measurements.

use std::io;
use std::process::Command;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use wait4::Wait4 as _;

/// What a process that was started and awaited took.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    /// Its processor time, user and system.
    pub cpu: Duration,
    /// How long it was waited for.
    pub wall: Duration,
    /// Its exit code, unless a signal ended it.
    pub code: Option<i32>,
}

/// Does something, and says how much processor time this process spent on it, user and system.
pub fn cpu<T>(act: impl FnOnce() -> T) -> (T, Duration) {
    let start = ProcessTime::now();
    let result = act();
    (result, start.elapsed())
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> io::Result<Took> {
    let start = Instant::now();
    let used = command.spawn()?.wait4()?;
    let wall = start.elapsed();
    Ok(Took { cpu: used.rusage.utime + used.rusage.stime, wall, code: used.status.code() })
}

/// The most bytes of memory that this process ever had.
pub fn peak_memory() -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kibibytes.map(|kibibytes| kibibytes * 1024).ok_or_else(|| io::Error::other("the system does not tell VmHWM"))
}

/// The median of some durations.
#[must_use]
pub fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    durations.get(durations.len() / 2).copied().unwrap_or_default()
}

/// How a quantity grows: the exponent that fits the points best, by least squares of their logarithms.
#[must_use]
pub fn exponent(points: &[(f64, f64)]) -> f64 {
    let points: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let together: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let alone: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    together / alone
}
