//! The flow table of RULES section 16, row by row and column by column.

use countersign_tests::documents::{self, Documents};
use countersign_tests::world::World;

use crate::flows::{labelled, not_ready, only, with_policy};

/// One observed run of a flow.
struct Observed {
    trigger: &'static str,
    approval: String,
    deployment: String,
    rollback: String,
    outcome: String,
    attachments: String,
    ends: String,
}

fn observe(trigger: &'static str, documents: Documents, failing: &[&'static str], approver: Option<u64>) -> Observed {
    let mut world = World::new(documents);
    world.failing = failing.to_vec();
    let mut end = world.drive();
    let held = end.outcome() == "awaiting-approval";
    let id = only(&world);
    if let Some(approver) = approver.filter(|_| held) {
        assert!(world.ran.is_empty(), "{trigger}: deployed before it was approved");
        world.decide(&id, approver, true);
        end = world.drive();
    }
    let record = world.record(&id);
    let basis =
        world.events(&id).into_iter().find(|event| event["event"] == "approved").map(|event| event["basis"].clone());
    let count = |step: &str| world.ran.iter().filter(|ran| *ran == step).count();
    let after = ["rollback.log", "closing-summary.json", "merged-sbom.json"];
    let attachments: Vec<&str> = after.into_iter().filter(|name| !record["attachments"][name].is_null()).collect();
    let green = matches!(end, countersign_tests::world::Ended::As { exit_code: 0, .. });
    Observed {
        trigger,
        approval: match (held, basis.as_ref().and_then(|basis| basis.as_str())) {
            (true, Some("people")) => "waited for people".to_owned(),
            (false, Some("readiness")) => "none needed: ready".to_owned(),
            (false, Some("emergency")) => "none: the wait is bypassed".to_owned(),
            (held, basis) => format!("held: {held}, basis: {basis:?}"),
        },
        deployment: format!("{}", count("deploy")),
        rollback: format!("{}", count("rollback")),
        outcome: format!(
            "{}, {}",
            record["close_category"].as_str().unwrap_or("none"),
            record["status"].as_str().unwrap_or("none")
        ),
        attachments: attachments.join(" "),
        ends: format!("{} ({})", if green { "green" } else { "red" }, end.outcome()),
    }
}

#[test]
fn the_flow_table_of_section_16_row_by_row() {
    let rollback = |documents| with_policy(documents, "  rollback: {run: [./rollback]}\n");
    let closing = "closing-summary.json merged-sbom.json";
    let rolled = "rollback.log closing-summary.json merged-sbom.json";
    let table = [
        // trigger, documents, what fails, who approves: approval, deployments, rollbacks, CR outcome, attachments, end
        (
            observe("standard, ready", documents::ready(), &[], None),
            ["none needed: ready", "1", "0", "successful, closed", closing, "green (done)"],
        ),
        (
            observe("standard, not ready", not_ready(), &[], Some(105)),
            ["waited for people", "1", "0", "successful_issues, closed", closing, "green (done)"],
        ),
        (
            observe("rollback, deployment fails", rollback(documents::ready()), &["deploy"], None),
            ["none needed: ready", "1", "1", "unsuccessful, review", rolled, "red (rolled-back)"],
        ),
        (
            observe("rollback, tests fail", rollback(documents::ready()), &["accept"], None),
            ["none needed: ready", "1", "1", "unsuccessful, review", rolled, "red (rolled-back)"],
        ),
        (
            observe("rollback not enabled", documents::ready(), &["accept"], None),
            ["none needed: ready", "1", "0", "unsuccessful, review", closing, "red (deployment-failed)"],
        ),
        (
            observe("emergency, not ready", labelled(not_ready(), 106), &[], None),
            ["none: the wait is bypassed", "1", "0", "successful_issues, closed", closing, "green (done)"],
        ),
        (
            observe("emergency, ready", labelled(documents::ready(), 106), &[], None),
            ["none needed: ready", "1", "0", "successful, closed", closing, "green (done)"],
        ),
        (
            observe("emergency, tests fail", rollback(labelled(not_ready(), 106)), &["accept"], None),
            ["none: the wait is bypassed", "1", "1", "unsuccessful, review", rolled, "red (rolled-back)"],
        ),
    ];
    for (row, _) in &table {
        println!(
            "{:<28} | {:<26} | deployed {} | rolled back {} | {:<26} | {:<60} | {}",
            row.trigger, row.approval, row.deployment, row.rollback, row.outcome, row.attachments, row.ends
        );
    }
    for (row, wanted) in &table {
        let seen = [&row.approval, &row.deployment, &row.rollback, &row.outcome, &row.attachments, &row.ends];
        assert_eq!(seen.map(String::as_str), *wanted, "{}", row.trigger);
    }
}
