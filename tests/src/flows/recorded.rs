//! What a flow leaves in the journals, as text: the names of the events, block by block.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::{Act, Flow, Place, Play};
use crate::world::{Ended, World};

/// What every run of a flow adds to every journal.
///
/// A block begins with what happened, `== run 1: done (0)`, and for each journal that grew, `-- change 1`, there follow
/// the names of the new events. Nothing in it depends on digests, times or ids.
#[must_use]
pub fn record(flow: &Flow, place: Place) -> String {
    let mut text = format!("# {}\n", flow.name);
    let mut play = Play::of(flow, &(flow.world)(place));
    let mut seen = Seen::default();
    let earlier = seen.grown(&play.world);
    if !earlier.is_empty() {
        let _ = write!(text, "\n== before\n{earlier}");
    }
    for act in flow.acts {
        play.act(act);
        let _ = write!(text, "\n== {}\n{}", happened(act, &play), seen.grown(&play.world));
    }
    text
}

fn happened(act: &Act, play: &Play) -> String {
    match act {
        Act::Drive | Act::Fault(..) => match &play.end {
            Ended::As { outcome, exit_code, .. } => format!("run {}: {outcome} ({exit_code})", play.drives),
            Ended::Died => format!("run {}: died", play.drives),
            Ended::Refused(failure) => {
                let code = failure["errors"][0]["code"].as_str().unwrap_or_default();
                format!("run {}: refused, {code}", play.drives)
            }
        },
        Act::Approve(person) => format!("{person} approves"),
        Act::Reject(person) => format!("{person} rejects"),
        Act::Label => "the promotion is labelled".to_owned(),
        Act::GiveId => "the runs are given the id".to_owned(),
        Act::Later(minutes) => format!("{minutes} minutes pass"),
        Act::Fulfil(obligation, person) => format!("{person} fulfils {obligation}"),
        Act::Change(words, _) => (*words).to_owned(),
    }
}

/// The journals that were seen, each with its number in the order of their appearance, and how many events it had.
#[derive(Debug, Default)]
struct Seen(BTreeMap<String, (usize, usize)>);

impl Seen {
    /// What was added to each journal.
    fn grown(&mut self, world: &World) -> String {
        let mut blocks = BTreeMap::new();
        for (path, _) in world.journals() {
            let (id, journal) = path.trim_start_matches("changes/").split_once('/').unwrap_or_default();
            let events = world.events_of(id, journal);
            let next = self.0.len() + 1;
            let (number, before) = self.0.entry(path.to_owned()).or_insert((next, 0));
            if events.len() > *before {
                let lines: Vec<String> = events.iter().skip(*before).map(line).collect();
                blocks.insert(*number, format!("-- change {number}\n{}\n", lines.join("\n")));
            }
            *before = events.len();
        }
        blocks.into_values().collect()
    }
}

/// An event as a line: its name, and the one word that says which.
fn line(event: &Value) -> String {
    let name = event["event"].as_str().unwrap_or_default();
    let word = match name {
        "intended" | "failed" => event["effect"].as_str().map(key),
        "ran" => event["step"].as_str().map(str::to_owned),
        "closed" | "left-open" => event["category"].as_str().map(str::to_owned),
        _ => None,
    };
    word.map_or_else(|| name.to_owned(), |word| format!("{name} {word}"))
}

/// An effect's key without what is a digest or a time in it.
fn key(key: &str) -> String {
    let made = |part: &&str| part.len() < 8 || !part.chars().all(|character| character.is_ascii_hexdigit());
    key.split('/').filter(made).collect::<Vec<_>>().join("/")
}
