//! The flows of the demo beside the standard one, each a short story.

use std::path::Path;

use super::Show;
use super::product::RUNNER_2;
use crate::exit::Exit;
use crate::files;
use crate::refusal::Refusal;

/// An emergency is deployed without waiting, and owes something for it (EM1..EM4).
pub(super) fn emergency(show: &Show) -> Result<(), Refusal> {
    show.say("what runs today was deployed by an ordinary change");
    show.go("ready", "run", "cd-1", Exit::Done)?;
    show.say("customers cannot pay: the fix is promoted with the label EMERGENCY, before its integration tests ran");
    show.build(&[&RUNNER_2])?;
    show.evidence("hotfix", &[&RUNNER_2], Some("integration-tests"), true)?;
    show.go("hotfix", "assess", "cd-2", Exit::NotReady)?;
    show.go("hotfix", "run", "cd-2", Exit::Done)?;
    let id = show.closed_as("hotfix", 2, "successful_issues")?;
    show.say("nobody was waited for, and nothing is forgotten: this is owed, by whom, until when");
    let ledger = ["--ledger", "ledger"];
    show.countersign(&["obligations", "--ledger", "ledger"], Exit::Done)?;
    show.say("somebody who had no part in it reviews the change in retrospect");
    let review = ["fulfil", &id, "--obligation", "review", "--as", "700:robin", "--reference", "TICKET-23"];
    show.countersign(&[&review[..], &ledger].concat(), Exit::Done)?;
    show.countersign(&[&["obligations", "--all"][..], &ledger].concat(), Exit::Done)
}

/// A failed deployment is taken back at once; a bad one later, by a change of its own (RB3, FR1..FR3).
pub(super) fn rollback(show: &Show) -> Result<(), Refusal> {
    show.go("ready", "run", "cd-1", Exit::Done)?;
    let first = show.closed_as("ready", 1, "successful")?;
    show.say("the next release does not answer its acceptance tests: it is rolled back within the same change");
    show.build(&[&RUNNER_2])?;
    show.evidence("next", &[&RUNNER_2], None, false)?;
    files::write(Path::new("broken"), b"")?;
    show.go("next", "run", "cd-2", Exit::RolledBack)?;
    show.say("it is mended, and deployed as another attempt");
    std::fs::remove_file("broken").map_err(|error| super::Failure::usage(error.to_string()))?;
    show.go_with("next", "run", "cd-3", &["--attempt", "2"], Exit::Done)?;
    show.say(
        "an hour later it turns out to lose orders: the last good state is restored, without a build or a promotion",
    );
    let line = Show::change("next", "rollback", "cd-4");
    let mut line: Vec<&str> = line.iter().map(String::as_str).collect();
    if let Some(at) = line.iter().position(|word| *word == "--promotion") {
        line.drain(at..at + 2);
    }
    line.extend(["--rollback-change-request-id", &first]);
    show.countersign(&line, Exit::Done)
}

/// Planned downtime needs a change request that people made and approved (CR5).
pub(super) fn downtime(show: &Show) -> Result<(), Refusal> {
    let policy = std::fs::read_to_string("countersign.yaml").unwrap_or_default();
    files::write(Path::new("countersign.yaml"), format!("{policy}  outage-minutes: 20\n").as_bytes())?;
    show.say("this deployment takes the service down for 20 minutes: although it is ready, a person decides");
    let file = "version: 1\ntitle: Move the database\nrequests:\n  - target: {environment: prod, purpose: production, \
                detail: \"Countersign, for everybody\"}\n    outage-minutes: 20\n";
    files::write(Path::new("downtime.yaml"), file.as_bytes())?;
    show.countersign(&["prepare", "downtime.yaml", "--ledger", "ledger"], Exit::Done)?;
    let id = show.closed_as("downtime", 1, "")?;
    show.go_with("ready", "run", "cd-1", &["--prepared", "downtime.yaml"], Exit::AwaitingApproval)?;
    show.say("the customers were told, and the change request is approved");
    let why = "announced for tonight";
    show.countersign(&["approve", &id, "--as", "700:robin", "--why", why, "--ledger", "ledger"], Exit::Done)?;
    show.go_with("ready", "run", "cd-2", &["--prepared", "downtime.yaml"], Exit::Done)?;
    show.closed_as("downtime", 1, "successful").map(drop)
}

/// Three regions in one run: each has its own change request and its own outcome (CR1).
pub(super) fn regions(show: &Show) -> Result<(), Refusal> {
    show.say("one run, three regions: in one of them the release does not answer");
    let targets = "[\n  {\"region\": \"ap\"},\n  {\"region\": \"eu\"},\n  {\"region\": \"us\"}\n]\n";
    files::write(Path::new("targets.json"), targets.as_bytes())?;
    files::write(Path::new("broken-us"), b"")?;
    show.go_with("ready", "run", "cd-1", &["--targets", "targets.json"], Exit::RolledBack)
}

/// A held change goes on by the id of its change request, and stays open for people to finish (EX2, CL3).
pub(super) fn existing(show: &Show) -> Result<(), Refusal> {
    show.go("ready", "run", "cd-1", Exit::Done)?;
    show.say("the next change lacks its integration tests, so it is held");
    show.build(&[&RUNNER_2])?;
    show.evidence("not-ready", &[&RUNNER_2], Some("integration-tests"), false)?;
    show.go("not-ready", "run", "cd-2", Exit::AwaitingApproval)?;
    let id = show.closed_as("not-ready", 2, "")?;
    let why = "the integration tests ran by hand, TEST-17";
    show.countersign(&["approve", &id, "--as", "700:robin", "--why", why, "--ledger", "ledger"], Exit::Done)?;
    show.say("given the id, the run reuses what was judged, looks at the approval first, and leaves the request open");
    show.go_with("not-ready", "run", "cd-3", &["--change-request-id", &id], Exit::Done)?;
    show.closed_as("not-ready", 2, "successful_issues").map(drop)
}
