//! What the flows of version 1 left in the journals is what they leave now.
//!
//! `fixtures/flows-v1` was recorded from version 1 and is frozen: nothing rewrites it. A flow whose events are others on
//! purpose needs a rule that says so, and its fixture is then edited by hand, in the commit that changes it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use countersign_tests::flows::{FLOWS, Flow, Place, record};

/// Every flow in every place in which it can be played, with the name of its fixture.
fn all() -> impl Iterator<Item = (&'static Flow, Place, String)> {
    FLOWS.iter().flat_map(|flow| {
        flow.places.iter().map(move |place| {
            let suffix = match place {
                Place::Ledger => "",
                Place::GitHub => "-at-github",
                Place::Environment => "-at-an-environment",
            };
            (flow, *place, format!("{}{suffix}.txt", flow.slug()))
        })
    })
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/flows-v1")
}

#[test]
fn au2_every_flow_leaves_the_events_that_version_1_left() {
    let mut differences = Vec::new();
    for (flow, place, file) in all() {
        let left = record(flow, place);
        match std::fs::read_to_string(folder().join(&file)) {
            Ok(recorded) if recorded == left => {}
            Ok(recorded) => {
                let at = recorded.lines().zip(left.lines()).take_while(|(before, now)| before == now).count();
                let line = |text: &str| text.lines().nth(at).unwrap_or("the end").to_owned();
                differences.push(format!("{file}:{}: `{}`, not `{}`", at + 1, line(&left), line(&recorded)));
            }
            Err(error) => differences.push(format!("{file}: {error}")),
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn no_fixture_is_of_no_flow() {
    let known: BTreeSet<String> = all().map(|(.., file)| file).collect();
    let there: BTreeSet<String> = std::fs::read_dir(folder())
        .expect("the fixtures")
        .map(|file| file.expect("a file").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(known, there);
    assert_eq!(known.len(), all().count(), "two flows have one name");
}
