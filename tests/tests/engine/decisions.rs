//! A decision table, written from RULES alone and sharing no code with the engine, against the engine on random changes.
//!
//! There are 100 000 changes; a tenth of them is judged, and more where the tests are thorough. Every fiftieth is played as a
//! whole flow as well.

mod engine;
mod flows;
mod generate;
mod oracle;
mod random;
mod render;
mod scenario;

use std::collections::BTreeMap;
use std::panic::catch_unwind;

use countersign_tests::depth::Share;
use countersign_tests::threads;
use engine::Engine;
use oracle::{Known, Verdict};
use scenario::Scenario;

/// How many changes there are.
const CHANGES: u64 = 100_000;
/// Changes that one thread judges with one engine.
const CHUNK: usize = 250;

/// A share of these changes.
fn share(numbers: impl Iterator<Item = u64>, parts: u64, what: &str) -> Vec<u64> {
    let (share, mut all) = (Share::one_of(parts), 0);
    let chosen: Vec<u64> = numbers.inspect(|_| all += 1).filter(|number| share.takes(*number as usize)).collect();
    share.report(what, chosen.len(), all);
    chosen
}

/// A change on which table and engine do not agree: what the table says, and what the engine says.
type Disagreement = (Scenario, String, String);

/// Complains about the first few changes on which table and engine do not agree.
fn complain(disagreements: &[Disagreement]) {
    for (scenario, table, engine) in disagreements.iter().take(3) {
        println!("change {}\nthe table:  {table}\nthe engine: {engine}\n{scenario:#?}\n", scenario.number);
    }
    let numbers: Vec<u64> = disagreements.iter().map(|(scenario, ..)| scenario.number).take(40).collect();
    assert!(disagreements.is_empty(), "table and engine disagree on {} changes: {numbers:?}", disagreements.len());
}

fn count(tally: &mut BTreeMap<&'static str, u64>, kind: &'static str) {
    *tally.entry(kind).or_default() += 1;
}

#[test]
fn rd_rk_cr_the_table_agrees_on_assessments() {
    let numbers = share(0..CHANGES, 10, "changes judged by table and engine");
    let chunks: Vec<&[u64]> = numbers.chunks(CHUNK).collect();
    let judged = threads::each(&chunks, |numbers| {
        let mut engine = Engine::new();
        numbers.iter().map(|number| judge(&mut engine, *number)).collect::<Vec<_>>()
    });
    let mut tally = BTreeMap::new();
    let mut disagreements = Vec::new();
    for (kind, disagreement) in judged.into_iter().flatten() {
        count(&mut tally, kind);
        disagreements.extend(disagreement);
    }
    println!("{} assessments: {tally:?}", numbers.len());
    complain(&disagreements);
    assert_eq!(tally.len(), 6, "every verdict happens");
}

/// Which kind of verdict the table gives, and whether the engine gives another.
fn judge(engine: &mut Engine, number: u64) -> (&'static str, Option<Disagreement>) {
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
    let differs = table != engine;
    (kind, differs.then(|| (scenario, format!("{table:?}"), format!("{engine:?}"))))
}

#[test]
fn rd_rk_cr_the_table_agrees_on_whole_flows() {
    let numbers = share((0..CHANGES).step_by(50), 4, "whole flows played by table and engine");
    let played = threads::each(&numbers, |number| {
        let scenario = generate::scenario(*number);
        let table = flows::play(&scenario);
        let engine = catch_unwind(|| engine::play(&scenario));
        (scenario, table, engine.ok())
    });
    let (mut tally, mut runs) = (BTreeMap::new(), 0);
    let mut disagreements = Vec::new();
    for (scenario, table, engine) in played {
        runs += table.ends.len();
        table.ends.iter().for_each(|(outcome, _)| count(&mut tally, outcome));
        count(&mut tally, table.category.unwrap_or("no category"));
        if engine.as_ref() != Some(&table) {
            let engine = engine.map_or("panics".to_owned(), |engine| format!("{engine:?}"));
            disagreements.push((scenario, format!("{table:?}"), engine));
        }
    }
    println!("{} flows of {runs} runs: {tally:?}", numbers.len());
    complain(&disagreements);
    assert!(tally.len() >= 14, "every outcome and category happens, the rarest one in the whole table: {tally:?}");
}
