//! Random changes: mostly sound ones to which a few things happened, so that both verdicts are common.

use crate::decisions::random::Random;
use crate::decisions::scenario::*;

const NAMES: [&str; 4] = ["api", "web", "jobs/nightly", "infra/net"];
const CHECKS: [&str; 5] =
    ["unit-tests", "static-analysis", "dependency-check", "acceptance-tests", "artifact-signature"];
/// When everything is signed that is: two hours before the first run.
const SIGNED: Minutes = -120;
const TOOLS: [&str; 2] = ["alpha", "beta"];
const PATHS: [&str; 5] = ["docs/guide.md", "db/schema.sql", "src/lib.rs", "deps/lock.json", "auth/login.rs"];
const LABELS: [&str; 4] = ["dependencies", "migration", "security", "unrelated"];
const PEOPLE: [Person; 6] = [110, 111, 112, 113, 114, 115];
const SEVERITIES: [Severity; 5] =
    [Severity::Informational, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

/// The change of this number.
pub(crate) fn scenario(number: u64) -> Scenario {
    let random = &mut Random::new(number);
    let entries = entries(random);
    let production = random.percent(80);
    let concluded = random.percent(70);
    let gone = if concluded && random.percent(15) { 1 } else { 0 };
    let policy = policy(random, production);
    let promotion = promotion(random, &policy);
    let mut records = sound(random, &entries, &policy);
    for _ in 0..random.one(&[0, 0, 1, 1, 2, 3]) {
        disturb(random, &entries, &policy, &mut records);
    }
    sign(random, &entries, &mut records);
    let strays = if random.percent(10) { vec![random.one(&Stray::ALL)] } else { Vec::new() };
    let flow = flow(random, &records);
    let failed_before = random.percent(30);
    let force = random.percent(8);
    let staging = if production && random.percent(25) { Some(staging(random, entries.len())) } else { None };
    Scenario {
        number,
        production,
        entries,
        gone,
        concluded,
        force,
        policy,
        promotion,
        records,
        strays,
        failed_before,
        flow,
        staging,
    }
}

/// Mostly a proof of everything.
fn staging(random: &mut Random, entries: usize) -> Staging {
    let proof = random.one(&[
        Proof::Tested,
        Proof::Tested,
        Proof::Tested,
        Proof::Tested,
        Proof::Untested,
        Proof::Other,
        Proof::Absent,
    ]);
    let staged = [
        Staged::Same,
        Staged::Same,
        Staged::Same,
        Staged::Same,
        Staged::Rewritten,
        Staged::Rewritten,
        Staged::Other,
        Staged::Absent,
    ];
    Staging { proof, there: (0..entries).map(|_| random.one(&staged)).collect() }
}

fn entries(random: &mut Random) -> Vec<Entry> {
    let count = random.one(&[0, 1, 1, 1, 2, 2, 2, 3, 4]);
    let all_same = random.percent(3);
    (0..count)
        .map(|index: usize| {
            let number = u32::try_from(index).unwrap_or(0);
            // Entries of one repository share commits, and rarely images and runs.
            let mut shared = |percent| if random.percent(percent) { 0 } else { number };
            let (commit, image, run) = (shared(25), shared(5), shared(25));
            let kind = match random.below(12) {
                0 => Kind::Terraform,
                1 | 2 => Kind::Chart,
                _ => Kind::Image,
            };
            let before = match all_same {
                true => Before::Same,
                false => random.one(&[Before::Absent, Before::Other, Before::Other, Before::Other, Before::Same]),
            };
            Entry { name: NAMES[index], kind, before, commit, image, run }
        })
        .collect()
}

fn policy(random: &mut Random, production: bool) -> Policy {
    let built_in = production && random.percent(6);
    let before = if built_in { None } else { Some(demands(random)) };
    let after = if random.percent(20) { demands(random) } else { Vec::new() };
    let judged = CHECKS
        .into_iter()
        .filter(|_| random.percent(25))
        .collect::<Vec<_>>()
        .into_iter()
        .map(|check| Judged {
            check,
            max_age_hours: random.some(50, |random| random.one(&[24, 72])),
            fail_on: random.some(50, |random| random.one(&SEVERITIES)),
        })
        .collect();
    let waiver = |random: &mut Random| Waiver {
        check: random.one(&CHECKS),
        entry: random.some(50, |random| random.one(&NAMES)),
        expires: random.one(&[-30, 20 * 60, 40 * DAY]),
    };
    Policy {
        before,
        after,
        judged,
        waivers: if random.percent(12) { vec![waiver(random)] } else { Vec::new() },
        skew_minutes: random.one(&[5, 5, 60]),
        trusts: random.percent(50),
        limit: random.one(&[Level::Low, Level::Moderate, Level::Moderate, Level::Moderate, Level::High]),
        delta_entries: random.some(20, |random| random.one(&[1, 2])),
        unsuccessful_within_days: random.some(20, |random| random.one(&[2, 10])),
        outage_minutes: random.one(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 15]),
        standard: pattern(random, 30),
        high_risk: pattern(random, 12),
        security: pattern(random, 12),
        normal_approvals: random.some(15, |_| 2),
        require_approvals: random.percent(75),
        tech_leads: random.among(&PEOPLE, 50),
        security_team: {
            let mut team = random.among(&PEOPLE, 50);
            team.push(120);
            team
        },
        emergency_label: random.one(&["EMERGENCY", "EMERGENCY", "HOTFIX"]),
        appliers: if random.percent(30) { vec![random.one(&PEOPLE), random.one(&PEOPLE)] } else { Vec::new() },
        frozen: random.percent(20),
        tested: random.percent(85),
        rollback: random.percent(50),
    }
}

/// One to three demands, no two alike, at least one of them required.
fn demands(random: &mut Random) -> Vec<Demand> {
    let mut demands: Vec<Demand> = Vec::new();
    for position in 0..=random.below(3) {
        let weight = match position {
            0 => Weight::Required,
            _ => random.one(&[Weight::Required, Weight::RequiredIfPresent, Weight::Recommended]),
        };
        let scope =
            random.one(&[Scope::Every, Scope::Every, Scope::Every, Scope::Every, Scope::Images, Scope::Infrastructure]);
        let demand =
            Demand { check: random.one(&CHECKS), tool: random.some(20, |random| random.one(&TOOLS)), weight, scope };
        if demands
            .iter()
            .all(|known| (known.check, known.tool, known.scope) != (demand.check, demand.tool, demand.scope))
        {
            demands.push(demand);
        }
    }
    demands
}

fn pattern(random: &mut Random, percent: usize) -> Pattern {
    let glob = |random: &mut Random| {
        let all =
            [Glob::Under("docs"), Glob::Under("db"), Glob::Under("deps"), Glob::Under("auth"), Glob::Under("infra")];
        match random.below(3) {
            0 => Glob::Exactly(random.one(&NAMES)),
            _ => random.one(&all),
        }
    };
    if !random.percent(percent) {
        return Pattern::default();
    }
    // Standard changes need every path to match.
    let wide = if random.percent(40) { NAMES.map(Glob::Exactly).to_vec() } else { Vec::new() };
    let more: Vec<Glob> = (0..random.below(3)).map(|_| glob(random)).collect();
    Pattern { paths: wide.into_iter().chain(more).collect(), labels: random.among(&LABELS[..3], 30) }
}

fn promotion(random: &mut Random, policy: &Policy) -> Promotion {
    let mut labels: Vec<(&'static str, Option<Person>)> =
        random.among(&LABELS, 12).into_iter().map(|label| (label, None)).collect();
    if random.percent(25) {
        let label = random.one(&["EMERGENCY", "Emergency", "emergency", "hotfix", "EMERGENCY ", "EMERGENCY!"]);
        let by = random.some(85, |random| match policy.appliers.first() {
            Some(applier) if random.percent(60) => *applier,
            _ => random.one(&PEOPLE),
        });
        labels.push((label, by));
    }
    let mut reviews: Vec<Review> = Vec::new();
    let everybody = [101, 102, 103, 104, 105, 110, 111, 112, 113, 114, 115, 120];
    for _ in 0..random.below(4) {
        let word = random.one(&[Word::Approves, Word::Approves, Word::Objects, Word::Comments, Word::Dismissed]);
        reviews.push(Review { by: random.one(&everybody), word, on_head: random.percent(75) });
    }
    if random.percent(80) {
        // Enough people for nearly everything.
        let people: Vec<Person> = PEOPLE.into_iter().chain([120]).collect();
        let from = random.below(people.len());
        let count = random.one(&[1, 2, 3, 4, 5]);
        let more = people.iter().cycle().skip(from).take(count);
        reviews.extend(more.map(|by| Review { by: *by, word: Word::Approves, on_head: true }));
        if random.percent(15) {
            reviews.rotate_left(1);
        }
    }
    Promotion {
        customer: random.one(&["no_impact", "low", "low", "low", "moderate", "moderate", "high", "critical"]),
        large: random.percent(25),
        declared: random.some(25, |random| random.one(&[Level::Low, Level::Moderate, Level::High])),
        incomplete: random.percent(1),
        labels,
        paths: random.some(90, |random| random.among(&PATHS, 25)),
        author: 101,
        committer: random.one(&[101, 101, 102, 113]),
        co_author: random.some(25, |random| random.one(&[103, 112])),
        merger: random.one(&[101, 104, 104, 110]),
        commits_read: random.percent(97),
        reviews,
    }
}

/// The demands of a policy, and the built-in ones.
fn demanded(policy: &Policy) -> Vec<Demand> {
    let built_in = || {
        let checks = [
            "unit-tests",
            "integration-tests",
            "static-analysis",
            "dependency-check",
            "secret-scan",
            "peer-review",
            "artifact-signature",
            "infrastructure-validation",
        ];
        checks.map(|check| Demand { check, tool: None, weight: Weight::Required, scope: Scope::Every }).to_vec()
    };
    policy.before.clone().unwrap_or_else(built_in).into_iter().chain(policy.after.iter().copied()).collect()
}

fn asset(random: &mut Random, entry: &Entry) -> Asset {
    match (entry.kind, random.below(4)) {
        (_, 0) => Asset::Commit(entry.commit),
        (_, 1) | (Kind::Chart | Kind::Terraform, _) => Asset::Artifact(entry.name),
        (Kind::Image, _) => Asset::Image(entry.image),
    }
}

/// Evidence that meets every demand, and a bill of materials for every entry but few.
fn sound(random: &mut Random, entries: &[Entry], policy: &Policy) -> Vec<Record> {
    let mut records = Vec::new();
    for entry in entries {
        for demand in demanded(policy) {
            if demand.weight != Weight::Required && random.percent(40) {
                continue;
            }
            records.push(passing(random, entry, &demand));
        }
        if random.percent(97) {
            records.push(Record {
                check: "sbom",
                says: Says::Report(Report::Bom),
                ..passing(
                    random,
                    entry,
                    &Demand { check: "sbom", tool: None, weight: Weight::Required, scope: Scope::Every },
                )
            });
        }
    }
    records
}

fn passing(random: &mut Random, entry: &Entry, demand: &Demand) -> Record {
    Record {
        check: demand.check,
        tool: demand.tool.or_else(|| random.some(80, |random| random.one(&TOOLS))),
        outcome: Outcome::Success,
        assets: vec![asset(random, entry)],
        run: if random.percent(85) { Run::Ci(entry.run) } else { Run::Cd(1) },
        attempt: random.one(&[0, 1, 1, 2]),
        date: random.one(&[-90, -90, -90, -50 * 60, 3]),
        says: match random.below(8) {
            0 => Says::Report(Report::Passed),
            1 => Says::Findings(vec![finding(random)]),
            2 => Says::Findings(Vec::new()),
            _ => Says::Nothing,
        },
        signed: None,
    }
}

fn finding(random: &mut Random) -> Finding {
    Finding {
        severity: random.one(&SEVERITIES),
        exempt: random.percent(30),
        due: random.some(40, |random| random.one(&[-60, 20 * 60, 10 * DAY])),
        first_found: random.some(50, |random| random.one(&[-31, -29, -91, -89, -181, -179]) * DAY + 20 * 60),
    }
}

/// Something happens to the evidence: a record is lost or changed, or another one comes in.
fn disturb(random: &mut Random, entries: &[Entry], policy: &Policy, records: &mut Vec<Record>) {
    let (Some(entry), false) = (entries.get(random.below(entries.len())), records.is_empty()) else { return };
    let at = random.below(records.len());
    match random.below(12) {
        0 if records[at].check != "sbom" => _ = records.remove(at),
        1 => records[at].outcome = random.one(&[Outcome::Failure, Outcome::Pending]),
        2 => records[at].run = random.one(&[Run::Ci(9), Run::Ci(0), Run::Cd(1), Run::Cd(9)]),
        3 => records[at].assets = vec![random.one(&[Asset::Image(9), Asset::Commit(9), Asset::Artifact("other")])],
        4 => records[at].date = random.one(&[-30 * 60, -80 * 60, 4, 7, 59, 70]),
        5 if records[at].check != "sbom" => {
            let reports = [Report::Passed, Report::Failed, Report::Malformed, Report::NotGiven];
            records[at].says = Says::Report(random.one(&reports));
        }
        6 if records[at].check != "sbom" => {
            records[at].says = Says::Findings((0..=random.below(2)).map(|_| finding(random)).collect());
            records[at].outcome = random.one(&[Outcome::Success, Outcome::Failure, Outcome::Failure]);
        }
        7 => {
            let more = asset(random, entry);
            records[at].assets.push(more);
        }
        // Another word on the same thing: earlier or later, better or worse.
        8 | 9 => {
            let mut again = records[at].clone();
            again.outcome = random.one(&[Outcome::Success, Outcome::Failure, Outcome::Pending]);
            again.attempt = random.one(&[0, 1, 2, 3]);
            again.run = random.one(&[again.run, again.run, Run::Cd(1), Run::Ci(entry.run)]);
            again.date = random.one(&[again.date, -200, -10, 100]);
            records.push(again);
        }
        10 => records[at].tool = random.one(&[None, Some("alpha"), Some("beta")]),
        _ => {
            let demands = demanded(policy);
            let demand = demands[random.below(demands.len())];
            let mut record = passing(random, entry, &demand);
            record.outcome = random.one(&[Outcome::Success, Outcome::Failure, Outcome::Pending]);
            record.tool = random.one(&[None, Some("alpha"), Some("beta")]);
            records.push(record);
        }
    }
}

/// Some signatures are not told but given, mostly as they should be.
fn sign(random: &mut Random, entries: &[Entry], records: &mut [Record]) {
    for record in records.iter_mut().filter(|record| record.check == "artifact-signature") {
        let entry = entries.iter().find(|entry| record.assets.contains(&Asset::Image(entry.image)));
        let Some(entry) = entry.filter(|_| random.percent(30)) else { continue };
        let mut signed = Signed { own: true, commit: entry.commit, workflow: Workflow::Own };
        let mut run = Run::Ci(entry.run);
        match random.below(12) {
            0 => signed.own = false,
            1 => signed.commit = 9,
            2 | 3 => signed.workflow = Workflow::Shared,
            4 => signed.workflow = Workflow::Other,
            5 => run = Run::Ci(9),
            6 => run = Run::Cd(1),
            _ => {}
        }
        *record = Record {
            check: "artifact-signature",
            tool: Some("sigstore"),
            outcome: Outcome::Success,
            assets: vec![Asset::Image(entry.image)],
            run,
            attempt: 1,
            date: SIGNED,
            says: Says::Nothing,
            signed: Some(signed),
        };
    }
}

fn flow(random: &mut Random, records: &[Record]) -> Flow {
    let supplied = random.percent(12);
    let rounds = (0..3).map(|round| round_of(random, records, round, supplied)).collect();
    Flow { supplied, deploys: random.percent(85), passes: random.percent(85), rolls_back: random.percent(60), rounds }
}

fn round_of(random: &mut Random, records: &[Record], round: usize, supplied: bool) -> Round {
    let mut acts = Vec::new();
    let decision = |random: &mut Random| {
        let person = random.one(&[101, 102, 103, 104, 105, 110, 111, 112, 114, 116, 117, 118]);
        if random.percent(88) { Act::Approve(person) } else { Act::Reject(person) }
    };
    if round == 0 && supplied {
        acts.extend((0..random.below(3)).map(|_| decision(random)));
    }
    if round > 0 {
        for _ in 0..random.one(&[0, 1, 1, 2, 2, 3]) {
            acts.push(match random.below(12) {
                0 => Act::EditPolicy,
                1 => Act::Label(random.one(&PEOPLE)),
                2 | 3 => Act::Wait(random.one(&[60, 25 * 60, 80 * 60])),
                4 => Act::Add(vec![inert()]),
                5 | 6 => Act::Add(mended(records, round + 1)),
                _ => decision(random),
            });
        }
    }
    let actor = if round == 0 { random.one(&[105, 105, 111, 101]) } else { random.one(&[105, 106, 114]) };
    Round { acts, actor, by_id: round > 0 && !supplied && random.percent(15) }
}

/// A record about nothing that is deployed.
fn inert() -> Record {
    Record {
        check: "unit-tests",
        tool: None,
        outcome: Outcome::Failure,
        assets: vec![Asset::Commit(8)],
        run: Run::Ci(8),
        attempt: 0,
        date: -5,
        says: Says::Nothing,
        signed: None,
    }
}

/// The checks of all records again, now with success, by a later run.
fn mended(records: &[Record], run: usize) -> Vec<Record> {
    let again = |record: &Record| Record {
        outcome: Outcome::Success,
        run: Run::Cd(run),
        date: -5,
        says: Says::Nothing,
        signed: None,
        ..record.clone()
    };
    records.iter().filter(|record| record.check != "sbom").map(again).collect()
}
