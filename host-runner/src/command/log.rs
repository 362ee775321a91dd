//! A command's output: digested whole, kept in part, shown safely.

use std::io::Write;

use sha2::{Digest as _, Sha256};

use crate::text;

/// Bytes of one line that are shown at once.
const LINE_MAX: usize = 8 << 10;

/// Output that was kept: the beginning and the end of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Log {
    /// `sha256:<hex>` of the whole output, secrets taken out.
    pub digest: String,
    /// Bytes of the whole output.
    pub bytes: u64,
    /// Bytes between the beginning and the end that were not kept.
    pub left_out: u64,
    /// How many secrets were taken out.
    pub redactions: u64,
    /// What was kept; where something was left out, a line says so.
    pub kept: Vec<u8>,
}

/// Collects output, `kept` bytes of it at most.
#[derive(Debug)]
pub(super) struct Collector {
    whole: Sha256,
    bytes: u64,
    half: usize,
    head: Vec<u8>,
    /// The newest bytes, at most twice `half` of them.
    tail: Vec<u8>,
}

impl Collector {
    pub(super) fn new(kept: usize) -> Self {
        Self { whole: Sha256::new(), bytes: 0, half: kept / 2, head: Vec::new(), tail: Vec::new() }
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.whole.update(bytes);
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        let (head, rest) = bytes.split_at(bytes.len().min(self.half - self.head.len()));
        self.head.extend_from_slice(head);
        self.tail.extend_from_slice(rest);
        if self.tail.len() > self.half.saturating_mul(2) {
            self.tail.drain(..self.tail.len() - self.half);
        }
    }

    pub(super) fn finish(mut self, redactions: u64) -> Log {
        let surplus = self.tail.len().saturating_sub(self.half);
        self.tail.drain(..surplus);
        let left_out = self.bytes.saturating_sub((self.head.len() + self.tail.len()) as u64);
        let digest = self.whole.finalize().iter().fold("sha256:".to_owned(), |hex, byte| format!("{hex}{byte:02x}"));
        let mut kept = self.head;
        if left_out > 0 {
            kept.extend_from_slice(format!("\n[{left_out} bytes left out]\n").as_bytes());
        }
        kept.append(&mut self.tail);
        Log { digest, bytes: self.bytes, left_out, redactions, kept }
    }
}

/// Shows output as it comes, line by line, each so that it can steer neither terminal nor CI system.
pub(super) struct Live<'a> {
    terminal: &'a mut dyn Write,
    line: Vec<u8>,
}

impl<'a> Live<'a> {
    pub(super) fn new(terminal: &'a mut dyn Write) -> Self {
        Self { terminal, line: Vec::new() }
    }

    pub(super) fn show(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                // A carriage return begins a line again: progress bars are shown step by step.
                b'\n' | b'\r' => self.end_line(),
                _ => self.line.push(*byte),
            }
            if self.line.len() >= LINE_MAX {
                self.end_line();
            }
        }
        let _ = self.terminal.flush();
    }

    pub(super) fn end_line(&mut self) {
        if !self.line.is_empty() {
            // A terminal that is gone is no reason to stop a deployment.
            let _ = writeln!(self.terminal, "{}", text::quoted_line(&String::from_utf8_lossy(&self.line)));
            self.line.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::digest;

    #[test]
    fn a_short_log_is_kept_whole() {
        let mut collector = Collector::new(10);
        collector.add(b"0123");
        collector.add(b"456789");
        let log = collector.finish(0);
        assert_eq!(
            log,
            Log { digest: digest(b"0123456789"), bytes: 10, left_out: 0, redactions: 0, kept: b"0123456789".to_vec() }
        );
    }

    #[test]
    fn of_a_long_log_the_beginning_and_the_end_are_kept() {
        let whole: Vec<u8> = (b'a'..=b'z').collect();
        for size in [1, 3, 26] {
            let mut collector = Collector::new(10);
            whole.chunks(size).for_each(|chunk| collector.add(chunk));
            let log = collector.finish(2);
            assert_eq!(log.digest, digest(&whole));
            assert_eq!((log.bytes, log.left_out, log.redactions), (26, 16, 2));
            assert_eq!(String::from_utf8(log.kept).unwrap(), "abcde\n[16 bytes left out]\nvwxyz");
        }
    }

    #[test]
    fn what_is_shown_commands_nothing() {
        let mut shown = Vec::new();
        let mut live = Live::new(&mut shown);
        live.show(b"::set-output name=a::b\n  ::warning::x\r\n##[error]y ##vso[task.setvariable]z\n");
        live.show(b"\x1b[31mred\x1b[0m \x1b]0;title\x07 50%\r100%\n\xff\n## heading\nlast");
        live.end_line();
        assert_eq!(
            String::from_utf8(shown).unwrap(),
            "  | ::set-output name=a::b\n  |   ::warning::x\n  | # #[error]y # #vso[task.setvariable]z\n  | red \
             \\u{1b}]0;title\\u{7} 50%\n  | 100%\n  | \u{fffd}\n  | ## heading\n  | last\n"
        );
    }
}
