//! What an instance may use. The limits only guard: no verdict depends on them.

use std::time::Duration;

use wasmtime::ResourceLimiter;

/// Limits of one instance. Published by `countersign inspect`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Fuel for one call, whatever its input.
    pub fuel_base: u64,
    /// Fuel for one call, for each byte put so far and each byte of the request.
    pub fuel_per_byte: u64,
    /// Bytes of memory, whatever the input.
    pub memory_base: u64,
    /// Bytes of memory for each byte put so far and each byte of the request.
    pub memory_per_byte: u64,
    /// Bytes of memory at most.
    pub memory_max: u64,
    /// Elements of a table at most.
    pub table_max: usize,
    /// Bytes of one answer at most.
    pub answer_max: u32,
    /// How long one call may take; then the process ends.
    pub wall: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel_base: 2_000_000_000,
            // Signatures are the dearest bytes: a bundle of less than four kilobytes takes 400 million.
            fuel_per_byte: 160_000,
            memory_base: 64 << 20,
            memory_per_byte: 8,
            memory_max: (4 << 30) - (64 << 10),
            table_max: 20_000,
            answer_max: 1 << 30,
            wall: Duration::from_secs(300),
        }
    }
}

impl Limits {
    /// Fuel for one call when `bytes` were given so far.
    #[must_use]
    pub const fn fuel(&self, bytes: u64) -> u64 {
        self.fuel_base.saturating_add(self.fuel_per_byte.saturating_mul(bytes))
    }

    /// Bytes of memory when `bytes` were given so far.
    #[must_use]
    pub fn memory(&self, bytes: u64) -> u64 {
        self.memory_base.saturating_add(self.memory_per_byte.saturating_mul(bytes)).min(self.memory_max)
    }
}

/// Watches an instance's memory and tables.
#[derive(Debug)]
pub(super) struct Meter {
    pub(super) memory_limit: u64,
    pub(super) memory_peak: u64,
    pub(super) memory_denied: bool,
    table_max: usize,
}

impl Meter {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { memory_limit: limits.memory(0), memory_peak: 0, memory_denied: false, table_max: limits.table_max }
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, _now: usize, wanted: usize, _max: Option<usize>) -> wasmtime::Result<bool> {
        let wanted = wanted as u64;
        self.memory_denied = wanted > self.memory_limit;
        if !self.memory_denied {
            self.memory_peak = self.memory_peak.max(wanted);
        }
        Ok(!self.memory_denied)
    }

    fn table_growing(&mut self, _now: usize, wanted: usize, _max: Option<usize>) -> wasmtime::Result<bool> {
        Ok(wanted <= self.table_max)
    }

    fn instances(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        4
    }
}
