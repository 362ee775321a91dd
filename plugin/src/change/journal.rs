//! The journal: everything that happened to a change, one line each, chained by digest (AU1).
//!
//! Each line is one JSON object: `seq` counts from 1, `prev` is the SHA-256 of the line before with its line end
//! (of nothing, for the first), `at` is the host's clock, `event` is what happened. Any tool that can hash lines can
//! check the chain. A line that says so is also a link of its target's chain (AU5).

use std::collections::BTreeMap;

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
    /// Its place in the chain of its target; absent: it is no link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
}

/// The place of a line in the chain of its target.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Link {
    /// Its number, counted from 1.
    pub number: u64,
    /// The digest of the link before, in whatever journal that is; of no bytes for the first.
    pub prev: Digest,
}

/// A line that is a link, with the life that the journal told by then.
#[derive(Clone, Debug)]
pub struct Linked {
    /// Which line.
    pub seq: u32,
    /// The digest of the line.
    pub digest: Digest,
    /// When it was recorded.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// Its place in the chain.
    pub link: Link,
    /// The earlier line of this journal for which it stands (`relinked`): what happened is that line's.
    pub stands_for: Option<u32>,
    /// What was known then.
    pub life: Life,
}

/// A journal whose chain verifies, with the life that it tells.
#[derive(Clone, Debug)]
pub struct Journal {
    text: String,
    entries: u32,
    head: Digest,
    /// What the next link goes on from; none: links are not written.
    tip: Option<(u64, Digest)>,
    /// Where the change stands.
    pub life: Life,
}

impl Journal {
    /// An empty journal.
    #[must_use]
    pub fn new() -> Self {
        Self { text: String::new(), entries: 0, head: Digest::of(b""), tip: None, life: Life::new() }
    }

    /// Reads and verifies a journal. Whatever is wrong is told with its line; nothing is repaired.
    pub fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let mut journal = Self::new();
        for entry in entries(bytes)? {
            let Entry { at, event, link, .. } = entry?;
            journal.append(at, event, link)?;
        }
        if journal.text.as_bytes() == bytes {
            Ok(journal)
        } else {
            Err(damaged(1, "the lines are not as the engine writes them"))
        }
    }

    /// Lines that are links go on from here: the number and the digest of the target's last link.
    pub fn go_on_from(&mut self, number: u64, head: Digest) {
        self.tip = Some((number, head));
    }

    /// Appends what happened at `at`; as a link, where the event is one and the target's chain is known.
    pub fn push(&mut self, at: Timestamp, event: Event) -> Result<(), Problem> {
        let tip = self.tip.filter(|_| event.is_link());
        let link = tip.map(|(number, prev)| Link { number: number.saturating_add(1), prev });
        self.append(at, event, link)?;
        if let Some(link) = link {
            self.tip = Some((link.number, self.head));
        }
        Ok(())
    }

    fn append(&mut self, at: Timestamp, event: Event, link: Option<Link>) -> Result<(), Problem> {
        let seq = self.entries.saturating_add(1);
        if usize::try_from(seq).unwrap_or(usize::MAX) > MAX_ENTRIES {
            return Err(Problem::new(
                format!("the journal is longer than {MAX_ENTRIES} lines"),
                "open another attempt at the change",
            ));
        }
        let life = std::mem::take(&mut self.life);
        self.life = life.after(at, event.clone()).map_err(|illegal| damaged(seq, &illegal.to_string()))?;
        let entry = Entry { seq, prev: self.head, at, event, link };
        let mut line = serde_json::to_string(&entry)
            .map_err(|error| Problem::new(format!("an event cannot be written: {error}"), "report this as a defect"))?;
        line.push('\n');
        self.head = Digest::of(line.as_bytes());
        self.text.push_str(&line);
        self.entries = seq;
        Ok(())
    }

    /// The lines after the first `skip` that are links, each with the life that was known by then.
    pub fn links(&self, skip: u32) -> Result<Vec<Linked>, Problem> {
        let mut links = Vec::new();
        let mut life = Life::new();
        let mut head = Digest::of(b"");
        let mut lines = self.text.split_inclusive('\n');
        let mut earlier: BTreeMap<u32, Event> = BTreeMap::new();
        for entry in entries(self.text.as_bytes())? {
            let Entry { seq, at, event, link, .. } = entry?;
            head = lines.next().map_or(head, |line| Digest::of(line.as_bytes()));
            life = life.after(at, event.clone()).map_err(|illegal| damaged(seq, &illegal.to_string()))?;
            let Some(link) = link else { continue };
            let (stands_for, event) = match event {
                Event::Relinked { of } => {
                    let unknown = || damaged(seq, &format!("it stands for line {of}, which is no link"));
                    (Some(of), earlier.get(&of).cloned().ok_or_else(unknown)?)
                }
                event => (None, event),
            };
            earlier.insert(seq, event.clone());
            if seq > skip {
                links.push(Linked { seq, digest: head, at, event, link, stands_for, life: life.clone() });
            }
        }
        Ok(links)
    }

    /// The journal as it was when this was its last line.
    #[must_use]
    pub fn until(&self, head: &Digest) -> Option<Self> {
        let mut end = 0_usize;
        let mut last = Digest::of(b"");
        for line in self.text.split_inclusive('\n') {
            if last == *head {
                break;
            }
            end = end.saturating_add(line.len());
            last = Digest::of(line.as_bytes());
        }
        if last != *head {
            return None;
        }
        Self::read(self.text.as_bytes().get(..end)?).ok()
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
