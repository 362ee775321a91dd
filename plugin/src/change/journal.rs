//! The journal: everything that happened to a change, one line each, chained by digest (AU1).
//!
//! Each line is one JSON object: `seq` counts from 1, `prev` is the SHA-256 of the line before with its line end
//! (of nothing, for the first), `at` is the host's clock, `event` is what happened. Any tool that can hash lines can
//! check the chain.

use serde::{Deserialize, Serialize};

use crate::change::event::Event;
use crate::change::state::Life;
use crate::formats::json;
use crate::problem::Problem;
use crate::scalar::{Digest, Timestamp};

/// A journal of more lines is refused.
pub const MAX_ENTRIES: usize = 10_000;

/// One line.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entry {
    /// Counted from 1.
    pub seq: u32,
    /// The SHA-256 of the line before, with its line end; of no bytes for the first.
    pub prev: Digest,
    /// When it was recorded.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// A journal whose chain verifies, with the life that it tells.
#[derive(Clone, Debug)]
pub struct Journal {
    text: String,
    entries: u32,
    head: Digest,
    /// Where the change stands.
    pub life: Life,
}

impl Journal {
    /// An empty journal.
    #[must_use]
    pub fn new() -> Self {
        Self { text: String::new(), entries: 0, head: Digest::of(b""), life: Life::new() }
    }

    /// Reads and verifies a journal. Whatever is wrong is told with its line; nothing is repaired.
    pub fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let mut journal = Self::new();
        for entry in entries(bytes)? {
            let entry = entry?;
            journal.push(entry.at, entry.event)?;
        }
        if journal.text.as_bytes() == bytes {
            Ok(journal)
        } else {
            Err(damaged(1, "the lines are not as the engine writes them"))
        }
    }

    /// Appends what happened at `at`.
    pub fn push(&mut self, at: Timestamp, event: Event) -> Result<(), Problem> {
        let seq = self.entries.saturating_add(1);
        if usize::try_from(seq).unwrap_or(usize::MAX) > MAX_ENTRIES {
            return Err(Problem::new(
                format!("the journal is longer than {MAX_ENTRIES} lines"),
                "open another attempt at the change",
            ));
        }
        let life = std::mem::take(&mut self.life);
        self.life = life.after(at, event.clone()).map_err(|illegal| damaged(seq, &illegal.to_string()))?;
        let entry = Entry { seq, prev: self.head, at, event };
        let mut line = serde_json::to_string(&entry)
            .map_err(|error| Problem::new(format!("an event cannot be written: {error}"), "report this as a defect"))?;
        line.push('\n');
        self.head = Digest::of(line.as_bytes());
        self.text.push_str(&line);
        self.entries = seq;
        Ok(())
    }

    /// The bytes.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.entries
    }

    /// Whether nothing has happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// The digest of the last line: who knows it can tell whether the journal was cut (T90).
    #[must_use]
    pub fn head(&self) -> Digest {
        self.head
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self::new()
    }
}

/// The lines of a journal, each checked against the one before.
pub fn entries(bytes: &[u8]) -> Result<impl Iterator<Item = Result<Entry, Problem>> + '_, Problem> {
    if bytes.last().is_some_and(|last| *last != b'\n') {
        let lines = bytes.split(|byte| *byte == b'\n').count();
        return Err(damaged(u32::try_from(lines).unwrap_or(u32::MAX), "the last line is cut off"));
    }
    let mut head = Digest::of(b"");
    let mut seq: u32 = 0;
    Ok(bytes.split_inclusive(|byte| *byte == b'\n').take(MAX_ENTRIES.saturating_add(1)).map(move |line| {
        seq = seq.saturating_add(1);
        let entry: Entry = json::parse(line).map_err(|problem| damaged(seq, &problem.message))?;
        if entry.seq != seq {
            return Err(damaged(seq, &format!("it says that it is line {}", entry.seq)));
        }
        if entry.prev != head {
            return Err(damaged(seq, "it does not follow from the line before"));
        }
        head = Digest::of(line);
        Ok(entry)
    }))
}

fn damaged(line: u32, what: &str) -> Problem {
    Problem::new(
        format!("the journal is damaged in line {line}: {what}"),
        "take the journal from its change request again; a damaged one is never continued",
    )
    .at_line(line, 0)
}
