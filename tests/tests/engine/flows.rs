//! Whole changes, from evidence to a closed change request, in the engine's own words.

mod commands;
mod emergency;
mod environment;
mod existing;
mod process;
mod rollback;
mod standard;
mod table;
mod withdrawal;

use countersign_tests::documents::{labelled, not_ready, promoted, with_policy};
use countersign_tests::world::{Ended, World};
use serde_json::Value;

/// Drives the world once, and demands this end.
pub(crate) fn ends(world: &mut World, outcome: &str, exit_code: u64) {
    match world.drive() {
        Ended::As { outcome: o, exit_code: e, message } => {
            assert_eq!((o.as_str(), e), (outcome, exit_code), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

/// Another run of the pipeline, at least a second later.
pub(crate) fn again(world: &mut World) {
    let number: u32 = world.run.trim_start_matches("cd-").parse().unwrap_or(1);
    world.run = format!("cd-{}", number + 1);
    world.clock += 1000;
}

/// The names of the events of the one change.
fn names(world: &World, id: &str) -> Vec<String> {
    world.events(id).iter().filter_map(|event| event["event"].as_str()).map(str::to_owned).collect()
}

/// The only change request there is.
pub(crate) fn only(world: &World) -> String {
    world.only_request().unwrap_or_else(|| panic!("not one change request: {:?}", world.requests()))
}

/// The events of this name, in order.
fn events(world: &World, id: &str, name: &str) -> Vec<Value> {
    world.events(id).into_iter().filter(|event| event["event"] == name).collect()
}
