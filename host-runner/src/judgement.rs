//! A judgement as a table: what blocks, where, and how to mend it. The words are the engine's.

use std::fmt;

use crate::table::Table;
use crate::text::guard;
use crate::wire::{Delta, Judgement, Reason};

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.ready { "ready" } else { "not ready" })?;
        if let (Some(met), Some(demands)) = (self.met, self.demands) {
            write!(f, ", {met} of {demands} demands met")?;
        }
        let (level, limit) = (guard(&self.risk.level), guard(&self.risk.limit));
        write!(f, ", risk {level} (limit {limit}), {} {} change", guard(&self.category), guard(&self.kind))?;
        if let Some(delta) = &self.delta {
            write!(f, "\n{delta}")?;
        }
        if !self.reasons.is_empty() {
            write!(f, "\n\n{}", reasons(&self.reasons))?;
        }
        let told = u32::try_from(self.reasons.len()).unwrap_or(u32::MAX);
        match self.reason_count {
            Some(count) if count > told => write!(f, "\n{} more in the delta summary", count - told),
            Some(_) | None => Ok(()),
        }
    }
}

impl fmt::Display for Delta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines: Vec<String> =
            self.entries.iter().map(|(name, difference)| format!("  {} {}", guard(difference), guard(name))).collect();
        lines.extend(self.removed.iter().map(|name| format!("  removed {}", guard(name))));
        lines.extend(self.hidden.iter().map(|(name, by)| format!("  hidden {} ({})", guard(name), guard(by))));
        f.write_str(&lines.join("\n"))
    }
}

fn reasons(reasons: &[Reason]) -> Table {
    let mut table = Table::new(["", "ENTRY", "CHECK", "REASON"]);
    for reason in reasons {
        let weight = if reason.blocking { "blocks" } else { "" };
        let place = reason.source.as_ref().map(|source| match &source.place {
            Some(place) => format!(" ({}, {place})", source.document),
            None => format!(" ({})", source.document),
        });
        let what = format!("{}{}", reason.message, place.unwrap_or_default());
        table.row([weight, reason.entry.as_deref().unwrap_or(""), reason.check.as_deref().unwrap_or(""), &what]);
        table.under(&format!("help: {}", reason.help));
    }
    table
}
