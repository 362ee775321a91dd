//! A decision table, written from RULES alone and sharing no code with the engine, against the engine on random changes.
//!
//! `COUNTERSIGN_DECISIONS` is the number of changes; without it 100 000, or 2 000 where nothing is optimised. Every
//! fiftieth is played as a whole flow as well.

mod engine;
mod flows;
mod generate;
mod oracle;
mod random;
mod render;
mod scenario;

use std::collections::BTreeMap;
use std::panic::catch_unwind;

use engine::Engine;
use oracle::{Known, Verdict};
use scenario::Scenario;

fn count() -> u64 {
    let told = std::env::var("COUNTERSIGN_DECISIONS").ok().and_then(|count| count.parse().ok());
    told.unwrap_or(if cfg!(debug_assertions) { 2_000 } else { 100_000 })
}

/// Complains about the first few changes on which table and engine do not agree.
fn complain(disagreements: &[(Scenario, String, String)]) {
    for (scenario, table, engine) in disagreements.iter().take(3) {
        println!("change {}\nthe table:  {table}\nthe engine: {engine}\n{scenario:#?}\n", scenario.number);
    }
    let numbers: Vec<u64> = disagreements.iter().map(|(scenario, ..)| scenario.number).take(40).collect();
    assert!(disagreements.is_empty(), "table and engine disagree on {} changes: {numbers:?}", disagreements.len());
}

#[test]
fn rd_rk_cr_the_table_agrees_on_assessments() {
    let mut engine = Engine::new();
    let mut tally: BTreeMap<&str, u64> = BTreeMap::new();
    let mut disagreements = Vec::new();
    for number in 0..count() {
        let scenario = generate::scenario(number);
        let (table, engine) = (Known::first(&scenario).verdict(), engine.assess(&scenario));
        let kind = match &table {
            Verdict::Refused => "refused",
            Verdict::NothingToDeploy => "nothing to deploy",
            Verdict::Judged { automatic: true, .. } => "ready, approved automatically",
            Verdict::Judged { ready: true, .. } => "ready, for people to approve",
            Verdict::Judged { emergency: true, .. } => "not ready, an emergency",
            Verdict::Judged { .. } => "not ready",
        };
        *tally.entry(kind).or_default() += 1;
        if table != engine {
            disagreements.push((scenario, format!("{table:?}"), format!("{engine:?}")));
        }
    }
    println!("{} assessments: {tally:?}", count());
    complain(&disagreements);
    assert_eq!(tally.len(), 6, "every verdict happens");
}

#[test]
fn rd_rk_cr_the_table_agrees_on_whole_flows() {
    let mut tally: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut flows, mut runs) = (0, 0);
    let mut disagreements = Vec::new();
    for number in (0..count()).step_by(50) {
        let scenario = generate::scenario(number);
        let table = flows::play(&scenario);
        let engine = catch_unwind(|| engine::play(&scenario));
        flows += 1;
        runs += table.ends.len();
        for (outcome, _) in &table.ends {
            *tally.entry(outcome).or_default() += 1;
        }
        *tally.entry(table.category.unwrap_or("no category")).or_default() += 1;
        if engine.as_ref().ok() != Some(&table) {
            let engine = engine.map_or("panics".to_owned(), |engine| format!("{engine:?}"));
            disagreements.push((scenario, format!("{table:?}"), engine));
        }
    }
    println!("{flows} flows of {runs} runs: {tally:?}");
    complain(&disagreements);
    assert!(flows < 1_000 || tally.len() == 15, "every outcome and category happens");
}
