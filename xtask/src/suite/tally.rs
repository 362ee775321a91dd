//! How many tests there were, read from what test programs print.

use std::collections::BTreeSet;

/// What all test programs said.
#[derive(Debug, Default)]
pub(super) struct Tally {
    passed: u64,
    failed: u64,
    skipped: u64,
    /// What tests left to `--thorough`, as they printed it.
    pub(super) left: BTreeSet<String>,
    /// Which tests did nothing because something was not there, as they printed it.
    pub(super) not_run: Vec<String>,
}

impl Tally {
    /// Counts what a line says.
    ///
    /// cargo's test programs end with `test result: ok. 3 passed; 0 failed; 1 ignored; ...`, Node's with `ℹ pass 3` and a
    /// line for each other number.
    pub(super) fn count(&mut self, line: &str) {
        if line.starts_with("left to --thorough: ") {
            self.left.insert(line.to_owned());
        } else if line.starts_with("not run: ") {
            self.not_run.push(line.to_owned());
        } else if let Some(counts) = line.strip_prefix("test result: ") {
            for (number, what) in counts.split(['.', ';']).filter_map(|count| count.trim().split_once(' ')) {
                self.add(what, number);
            }
        } else if let Some((what, number)) = line.strip_prefix("ℹ ").and_then(|count| count.trim().split_once(' ')) {
            self.add(what, number);
        }
    }

    fn add(&mut self, what: &str, number: &str) {
        let number: u64 = number.parse().unwrap_or(0);
        match what {
            "passed" | "pass" => self.passed += number,
            "failed" | "fail" | "cancelled" => self.failed += number,
            "ignored" | "skipped" | "todo" => self.skipped += number,
            _ => {}
        }
    }

    /// The closing line.
    pub(super) fn total(&self) -> String {
        // For their program the tests that did nothing have passed.
        let nothing = self.not_run.len() as u64;
        let (passed, skipped) = (self.passed.saturating_sub(nothing), self.skipped + nothing);
        format!("{passed} passed, {} failed, {skipped} skipped", self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn what_test_programs_of_both_languages_print_is_added_up() {
        let mut tally = Tally::default();
        let lines = [
            "running 4 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 12.50s",
            "ℹ tests 9",
            "ℹ pass 6",
            "ℹ fail 1",
            "ℹ cancelled 1",
            "ℹ skipped 1",
            "ℹ todo 0",
            "ℹ duration_ms 83.2",
        ];
        lines.iter().for_each(|line| tally.count(line));
        assert_eq!(tally.total(), "11 passed, 3 failed, 2 skipped");
    }

    #[test]
    fn a_test_that_did_nothing_is_skipped_and_what_was_left_is_kept_once() {
        let mut tally = Tally::default();
        for line in ["not run: no corpora", "left to --thorough: a: 1 of 2", "left to --thorough: a: 1 of 2"] {
            tally.count(line);
        }
        tally.count("test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s");
        assert_eq!(tally.total(), "2 passed, 0 failed, 1 skipped");
        assert_eq!((tally.left.len(), tally.not_run.len()), (1, 1));
    }
}
