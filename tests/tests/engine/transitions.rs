//! The state machine: its whole transition table is a snapshot, and every illegal transition is refused.
//!
//! States and events are taken from whole flows. `UPDATE_EXPECT=1` rewrites `tests/fixtures/transitions.txt`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use countersign::change::event::Event;
use countersign::change::journal::{self, Journal};
use countersign::change::state::Life;
use countersign::scalar::Timestamp;
use countersign_tests::documents::{self, Documents};
use countersign_tests::world::World;
use serde_json::json;

const STATES: [&str; 9] =
    ["new", "draft", "assess", "authorize", "scheduled", "implement", "review", "closed", "canceled"];

/// All events, in the order in which the engine declares them.
const EVENTS: [&str; 24] = [
    "opened",
    "continued",
    "assessed",
    "intended",
    "failed",
    "filed",
    "attached",
    "approval-requested",
    "observed",
    "approved",
    "obliged",
    "fulfilled",
    "notified",
    "voided",
    "rejected",
    "cleared",
    "implementing",
    "ran",
    "ended",
    "reassessed",
    "closed",
    "left-open",
    "concluded",
    "waited",
];

fn not_ready(policy: &str) -> Documents {
    let mut documents = documents::ready();
    documents.evidence.remove("payments-api/secret-scan.json");
    documents.policy = documents.policy.map(|before| format!("{before}{policy}"));
    documents
}

/// Worlds in which, together, everything happens that can.
fn worlds() -> Vec<World> {
    let mut emergency = World::new(not_ready("notifications: [{name: ops}]\n"));
    emergency.documents.promotion["pull_request"]["labels"] = json!([{ "name": "EMERGENCY" }]);
    assert_eq!(emergency.drive().outcome(), "done");
    let id = emergency.only_request().expect("a change request");
    emergency.fulfil(&id, "root-cause", 105);

    let mut rejected = World::new(not_ready(""));
    rejected.more = json!({ "drive": { "wait": { "until": "2026-03-02T13:00:00Z", "interval_seconds": 1800 } } });
    assert_eq!(rejected.drive().outcome(), "approval-timed-out");
    let id = rejected.only_request().expect("a change request");
    rejected.decide(&id, 105, false);
    assert_eq!(rejected.drive().outcome(), "rejected");

    let calendar = "calendar:\n  zone: UTC\n  windows: [{days: [monday], from: \"09:00\", until: \"15:00\"}]\n";
    let mut voided = World::new(not_ready(calendar));
    assert_eq!(voided.drive().outcome(), "awaiting-approval");
    let id = voided.only_request().expect("a change request");
    voided.decide(&id, 105, true);
    voided.clock += 4 * 3_600_000;
    assert_eq!(voided.drive().outcome(), "outside-window");
    voided.documents.policy = voided.documents.policy.map(|policy| format!("{policy}risk: {{limit: high}}\n"));
    voided.run = "cd-2".to_owned();
    voided.clock += 165 * 3_600_000;
    assert_eq!(voided.drive().outcome(), "approval-void");

    let mut failing = World::new(documents::ready());
    failing.github = Some(countersign_tests::github::GitHub {
        refuses: BTreeMap::from([("/issues".to_owned(), 403)]),
        ..Default::default()
    });
    assert_eq!(failing.drive().outcome(), "unavailable");
    failing.github.as_mut().expect("GitHub").refuses.clear();
    failing.fault = None;
    failing.clock += 1000;
    failing.failing = vec!["deploy"];
    assert_eq!(failing.drive().outcome(), "deployment-failed");
    vec![emergency, rejected, voided, failing]
}

/// Lives by their state.
type States = BTreeMap<String, Life>;
/// Events by their name, each with the effect that it answers, if it does.
type Events = BTreeMap<&'static str, (Event, Option<String>)>;

/// Each state as a life that is in it with nothing begun, and each event with the effect that it answers, if it does.
fn samples() -> (States, Events) {
    let mut states = BTreeMap::from([("new".to_owned(), Life::new())]);
    let mut events = BTreeMap::new();
    for world in worlds() {
        for (_, bytes) in world.journals() {
            let mut life = Life::new();
            for entry in journal::entries(bytes).expect("whole lines") {
                let entry = entry.expect("an entry");
                events.entry(entry.event.name()).or_insert_with(|| (entry.event.clone(), life.pending.clone()));
                life = life.after(entry.at, entry.event).expect("a legal transition");
                if life.pending.is_none() {
                    states.entry(life.change.name().to_owned()).or_insert_with(|| life.clone());
                }
            }
        }
    }
    (states, events)
}

#[test]
fn the_whole_transition_table_is_the_one_that_was_reviewed() {
    let (states, events) = samples();
    let at = Timestamp::from_millisecond(1_900_000_000_000).expect("a time");
    let mut table = String::from(
        "# What becomes of a change in each state when something happens. `-` is refused: the journal is damaged.\n\n",
    );
    let mut refused = 0;
    for event in EVENTS {
        let (sample, answers) = events.get(event).unwrap_or_else(|| panic!("no flow has `{event}`"));
        let _ = write!(table, "{event}:");
        for state in STATES {
            let life = states.get(state).unwrap_or_else(|| panic!("no flow is in the state `{state}`"));
            let mut life = life.clone();
            life.pending.clone_from(answers);
            let after = life.clone().after(at, sample.clone());
            let after = after.map(|after| after.change.name());
            if after.is_err() {
                refused += 1;
                refused_in_a_journal_too(&life, sample);
            }
            let _ = write!(table, " {state}->{}", after.unwrap_or("-"));
        }
        table.push('\n');
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/transitions.txt");
    let reviewed = std::fs::read_to_string(&file).unwrap_or_default();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&file, &table).expect("written");
    }
    println!("{table}\n{refused} of {} transitions are refused", EVENTS.len() * STATES.len());
    assert!(reviewed == table, "the table changed; UPDATE_EXPECT=1 rewrites {}", file.display());
    assert!(refused > 100);
}

/// An illegal transition in a journal is reported with its line, and never repaired.
fn refused_in_a_journal_too(life: &Life, event: &Event) {
    let mut journal = Journal::new();
    journal.life = life.clone();
    let problem = journal.push(Timestamp::from_millisecond(1).expect("a time"), event.clone()).expect_err("illegal");
    assert!(problem.message.starts_with("the journal is damaged in line 1: "), "{}", problem.message);
    assert!(problem.message.contains(event.name()), "{}", problem.message);
}

#[test]
fn au1_the_journal_of_every_flow_verifies_and_no_byte_or_line_of_it_can_be_changed() {
    let (mut lines, mut changes) = (0, 0);
    for world in worlds() {
        for (name, bytes) in world.journals() {
            let journal = Journal::read(bytes).unwrap_or_else(|problem| panic!("{name}: {problem:?}"));
            let (entries, head) = (journal.len(), journal.head());
            lines += entries;
            // One byte of each line, at a place that differs from line to line.
            let starts: Vec<usize> = std::iter::once(0)
                .chain(bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1))
                .collect();
            for (number, start) in starts.iter().take(entries as usize).enumerate() {
                let end = starts[number + 1];
                let at = start + (number * 97) % (end - start);
                let mut changed = bytes.to_vec();
                changed[at] ^= 1;
                match Journal::read(&changed) {
                    Err(problem) => {
                        let line = line_of(&problem.message);
                        assert!(line == number + 1 || line == number + 2, "{name}: byte {at}: {}", problem.message);
                    }
                    // No line follows the last one and gives it away; whoever knows its digest, the head, can tell.
                    Ok(read) => assert!(number + 1 == entries as usize && read.head() != head, "{name}: byte {at}"),
                }
                changes += 1;
            }
            for number in 0..(entries as usize) - 1 {
                let mut removed = bytes[..starts[number]].to_vec();
                removed.extend(&bytes[starts[number + 1]..]);
                let problem = refused(&removed);
                assert_eq!(line_of(&problem.message), number + 1);
                let mut swapped = bytes[..starts[number]].to_vec();
                swapped.extend(&bytes[starts[number + 1]..starts[number + 2]]);
                swapped.extend(&bytes[starts[number]..starts[number + 1]]);
                swapped.extend(&bytes[starts[number + 2]..]);
                let problem = refused(&swapped);
                assert_eq!(line_of(&problem.message), number + 1);
                changes += 2;
            }
        }
    }
    println!("{changes} changes of {lines} lines were found with their places");
}

fn refused(journal: &[u8]) -> countersign::problem::Problem {
    match Journal::read(journal) {
        Err(problem) => problem,
        Ok(_) => panic!("a journal without one of its lines, or with two of them swapped, is read"),
    }
}

fn line_of(message: &str) -> usize {
    let rest = message.strip_prefix("the journal is damaged in line ").unwrap_or_default();
    rest.split(':').next().and_then(|line| line.parse().ok()).unwrap_or_default()
}
