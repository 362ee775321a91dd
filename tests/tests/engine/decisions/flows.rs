//! The decision table of whole changes: what each run ends with, and what is then on the change request.

use std::collections::BTreeMap;

use crate::decisions::oracle::{Category, Known, Stage, Verdict, category, risk};
use crate::decisions::scenario::*;

/// How one run ends.
pub(crate) type End = (&'static str, u64);

/// What becomes of a change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Course {
    /// How each run ends, in order. After one that ends the change there is no other.
    pub(crate) ends: Vec<End>,
    /// The user's commands that ran.
    pub(crate) ran: Vec<&'static str>,
    /// The category that the change request is closed, or proposed to be closed, with; absent: none yet.
    pub(crate) category: Option<&'static str>,
    /// Whether it is closed.
    pub(crate) closed: bool,
    /// Whether the pointer to the last concluded deployment moved.
    pub(crate) moved: bool,
}

/// Why a deployment may begin.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Basis {
    Readiness,
    People,
    Emergency,
}

/// What an assessment found, and what it rests on.
#[derive(Clone, Copy, Debug)]
struct Assessed {
    ready: bool,
    /// How many documents were edited before it.
    edits: u32,
    policy: u32,
    emergency: bool,
}

/// What is on the change request.
#[derive(Clone, Debug, Default)]
struct Request {
    /// The policy under which approval was asked for last; absent: nobody asked yet.
    asked: Option<u32>,
    /// The latest word of each person, and the policy that it was given under, if any was named.
    words: BTreeMap<Person, (bool, Option<u32>)>,
    rejected: bool,
    actors: Vec<Person>,
    /// What the last assessment found.
    assessed: Option<Assessed>,
    by_id: bool,
}

/// Plays the flow of a scenario.
pub(crate) fn play(scenario: &Scenario) -> Course {
    let mut course = Course { ends: Vec::new(), ran: Vec::new(), category: None, closed: false, moved: false };
    let mut known = Known { runs: Vec::new(), ..Known::first(scenario) };
    let mut request = Request::default();
    let (mut policy, mut edits) = (0, 0);
    for (index, round) in scenario.flow.rounds.iter().enumerate() {
        for act in &round.acts {
            match act {
                Act::Approve(person) | Act::Reject(person) => {
                    let approves = matches!(act, Act::Approve(_));
                    request.words.insert(*person, (approves, request.asked));
                    // GA3: nothing turns a refusal into success.
                    request.rejected |= !approves;
                }
                Act::EditPolicy => policy += 1,
                Act::Add(records) => known.records.extend(records.iter().cloned()),
                Act::Label(person) => known.labels.push((scenario.policy.emergency_label, Some(*person))),
                Act::Wait(minutes) => known.now += minutes,
            }
            edits += u32::from(match act {
                Act::EditPolicy | Act::Label(_) => true,
                Act::Add(records) => !records.is_empty(),
                Act::Approve(_) | Act::Reject(_) | Act::Wait(_) => false,
            });
        }
        known.runs.push(index + 1);
        known.actor = round.actor;
        request.actors.push(round.actor);
        request.by_id |= round.by_id;
        let end = run(&known, &mut request, policy, edits, &mut course);
        course.ends.push(end);
        if !matches!(end.0, "awaiting-approval" | "approval-void" | "outside-window" | "rejected") {
            break;
        }
    }
    course
}

fn run(known: &Known<'_>, request: &mut Request, policy: u32, edits: u32, course: &mut Course) -> End {
    let scenario = known.scenario;
    match known.verdict() {
        Verdict::Refused => return ("refused", 2),
        Verdict::NothingToDeploy => return ("nothing-to-deploy", 0),
        Verdict::Judged { .. } => {}
    }
    // Rejected stays rejected, whatever the label (GA3).
    if request.rejected {
        return ("rejected", 12);
    }
    // RD1, GA2: what was found not ready is judged again when a document changed; what was ready must still be.
    // EX2: a run that is given the id reuses it, unless the policy or the kind of the change is another by now.
    let emergency = known.is_emergency();
    match request.assessed {
        Some(found) if !found.ready && found.edits == edits => {}
        Some(found) if !found.ready && request.by_id && (found.policy, found.emergency) == (policy, emergency) => {}
        _ => request.assessed = Some(Assessed { ready: known.is_ready(Stage::Before), edits, policy, emergency }),
    }
    let ready = request.assessed.is_some_and(|found| found.ready);
    let basis = match basis(known, request, ready, policy) {
        Ok(basis) => basis,
        Err(end) => {
            request.asked = Some(policy);
            return end;
        }
    };
    request.asked = Some(policy);
    // PC6: an emergency lifts business hours.
    if scenario.policy.frozen && known.now < 720 && !known.is_emergency() {
        return ("outside-window", 14);
    }
    deploy(known, request, basis, course)
}

/// CR3, GA1, EM2: by readiness, else by people, else as an emergency, else not.
fn basis(known: &Known<'_>, request: &Request, ready: bool, policy: u32) -> Result<Basis, End> {
    let scenario = known.scenario;
    let high_risk = category(scenario) == Category::HighRisk;
    let by_hand = scenario.flow.supplied || scenario.policy.outage_minutes > 0;
    if ready && !by_hand && !high_risk && risk(scenario) <= scenario.policy.limit {
        return Ok(Basis::Readiness);
    }
    let promotion = &scenario.promotion;
    let commits = [promotion.committer].into_iter().chain(promotion.co_author).filter(|_| promotion.commits_read);
    let involved: Vec<Person> =
        [promotion.author, promotion.merger].into_iter().chain(commits).chain(request.actors.iter().copied()).collect();
    // PC2, GA2: by people who had no other part, under this policy; or by hand, before any was named.
    let counts = |person: &Person, under: &Option<u32>| {
        !involved.contains(person) && under.map_or(scenario.flow.supplied, |under| under == policy)
    };
    let good = request.words.iter().filter(|(person, (_, under))| counts(person, under)).count();
    let void = request.words.len() - good;
    match (good >= if high_risk { 2 } else { 1 }, known.is_emergency(), void > 0) {
        (true, _, _) => Ok(Basis::People),
        (false, true, _) => Ok(Basis::Emergency),
        (false, false, true) => Err(("approval-void", 15)),
        (false, false, false) => Err(("awaiting-approval", 10)),
    }
}

/// CL, RB, EM3.
fn deploy(known: &Known<'_>, request: &Request, basis: Basis, course: &mut Course) -> End {
    let Scenario { policy, flow, .. } = known.scenario;
    course.ran.push("deploy");
    if flow.deploys && policy.tested {
        course.ran.push("accept");
    }
    if !flow.deploys || policy.tested && !flow.passes {
        course.category = Some("unsuccessful");
        if !policy.rollback {
            return ("deployment-failed", 20);
        }
        course.ran.push("rollback");
        return if flow.rolls_back { ("rolled-back", 21) } else { ("rollback-failed", 22) };
    }
    if !known.has_all_boms() {
        return ("closing-unfinished", 24);
    }
    let successful = policy.tested && basis != Basis::Emergency && known.is_ready(Stage::Closing);
    course.category = Some(if successful { "successful" } else { "successful_issues" });
    course.closed = !flow.supplied && !request.by_id;
    course.moved = true;
    ("done", 0)
}
