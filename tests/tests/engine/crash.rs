//! Crash enumeration: at every exchange of every flow the host is killed, also between two files of a commit, the answer is lost,
//! nobody answers, or others write to the ledger all the time.
//!
//! Afterwards there is one change request and at most one deployment, and the end is the fault-free one, or a stop that
//! says that nobody knows how a command of the user ended (RB4).

use std::ops::Range;

use countersign_tests::depth::Share;
use countersign_tests::flows::{Act, FLOWS, Flow, Place, Play, SURVIVING};
use countersign_tests::github::{self, GitHub};
use countersign_tests::threads;
use countersign_tests::world::{Asked, Fault, World};
use serde_json::{Value, json};

/// How many parts the cases are in; one of them is played, unless the tests are thorough.
const PARTS: u64 = 4;
/// Runs after the flow, in which whatever was interrupted is finished.
const SETTLE: [Act; 3] = [Act::Drive; 3];

/// A flow that was played without a fault.
struct Course {
    flow: &'static Flow,
    before: World,
    /// Where it stood before each of its acts.
    stages: Vec<Play>,
    end: Play,
}

/// A fault, and the act in which it happens.
#[derive(Debug)]
struct Case<F> {
    course: usize,
    act: usize,
    at: usize,
    fault: F,
}

/// The flows that can be played in a place, each without a fault.
fn courses(place: Place) -> Vec<Course> {
    let flows: Vec<&'static Flow> = FLOWS.iter().take(SURVIVING).filter(|flow| flow.places.contains(&place)).collect();
    threads::each(&flows, |&flow| {
        let before = (flow.world)(place);
        let mut play = Play::of(flow, &before);
        let mut stages = Vec::new();
        for act in flow.acts.iter().chain(&SETTLE) {
            stages.push(play.clone());
            play.act(act);
            holds(flow, &before, &play);
        }
        Course { flow, before, stages, end: play }
    })
}

impl Course {
    /// Goes on from before an act, with what goes wrong in it, and then until nothing changes.
    fn with(&self, act: usize, disturb: impl FnOnce(&mut World)) -> Play {
        let mut play = self.stages[act].clone();
        disturb(&mut play.world);
        for (index, act) in self.flow.acts.iter().chain(&SETTLE).enumerate().skip(act) {
            if !matches!(act, Act::Drive) {
                // Nobody can decide on what is not there yet.
                while play.drives > 0 && play.end.is_interrupted() {
                    play.drive();
                }
            }
            let acts = play.world.acts;
            play.act(act);
            play.world.fault = None;
            holds(self.flow, &self.before, &play);
            if index > self.flow.acts.len() && play.world.acts == acts && !play.end.is_interrupted() {
                break;
            }
        }
        while play.end.is_interrupted() {
            play.drive();
        }
        play
    }

    /// The acts that are runs, each with its number.
    fn runs(&self) -> impl Iterator<Item = usize> {
        self.flow.acts.iter().chain(&SETTLE).enumerate().filter(|(_, act)| matches!(act, Act::Drive)).map(|(at, _)| at)
    }

    /// The exchanges of a run.
    fn exchanges(&self, act: usize) -> &[Asked] {
        let before = &self.stages[act].world;
        let count = self.end.world.exchanges[before.exchanges.len()];
        &self.end.world.asked[before.asked.len()..][..count]
    }

    /// The requests that GitHub had in an act.
    fn requests(&self, act: usize) -> Range<usize> {
        let requests = |play: &Play| play.world.github.as_ref().map_or(0, |github| github.requests);
        requests(&self.stages[act])..requests(self.stages.get(act + 1).unwrap_or(&self.end))
    }

    /// Holds the end with a fault against the end without one.
    fn same_end(&self, play: &Play, best_effort: bool, what: &str) {
        let good = [self.end.end.outcome(), "nothing-to-deploy"];
        assert!(good.contains(&play.end.outcome()), "{what}: {:?}, not {good:?}", play.end);
        let (mut left, mut right) = (end_state(play), end_state(&self.end));
        if best_effort {
            // After a failed deployment attachments are best effort (RB2).
            (left["attachments"], right["attachments"]) = (Value::Null, Value::Null);
        }
        assert_eq!(left, right, "{what}");
    }
}

/// What must be so at any time.
fn holds(flow: &Flow, before: &World, play: &Play) {
    let (name, world) = (flow.name, &play.world);
    let new = world.requests().len() - before.requests().len();
    assert!(new <= 1, "{name}: {:?}", world.requests());
    for step in ["deploy", "accept", "rollback"] {
        assert!(world.ran.iter().filter(|ran| *ran == step).count() <= 1, "{name}: {:?}", world.ran);
    }
    let Some(id) = play.request() else {
        assert!(world.ran.is_empty(), "{name}: deployed without a change request");
        return;
    };
    let record = world.record(id);
    let events = world.events(id);
    let ours = before.more["change_request_id"].is_null();
    let approved = matches!(record["status"].as_str(), Some("scheduled" | "implement" | "closed"));
    let before_deployment = ["deployment-bom.json", "delta-summary.json"];
    let attached = before_deployment.iter().all(|name| !record["attachments"][name].is_null());
    assert!(!(approved && ours) || attached, "{name}: approved without its attachments");
    assert!(world.ran.is_empty() || attached, "{name}: deployed without its attachments");
    let position = |event: &str| events.iter().position(|known| known["event"] == event);
    if !world.ran.is_empty() {
        let (approved, cleared) = (position("approved"), position("cleared"));
        assert!(approved.is_some() && approved < cleared, "{name}: deployed without passing the gate");
        let opened = &events[0];
        let (cleared, approved) = (&events[cleared.unwrap_or_default()], &events[approved.unwrap_or_default()]);
        assert_eq!(cleared["delta"], opened["delta"], "{name}: another delta was approved");
        assert!(approved["basis"] != "emergency" || position("obliged").is_some(), "{name}: nothing is owed");
    }
    if record["close_category"] == "successful" {
        assert!(position("reassessed").is_some() && !record["attachments"]["closing-summary.json"].is_null(), "{name}");
        assert!(flow.failing.is_empty() && ready_at_closing(&events), "{name}: {record}");
    }
    let moved = world.pointers != before.pointers;
    assert!(!moved || flow.failing.is_empty(), "{name}: the pointer moved");
}

fn ready_at_closing(events: &[Value]) -> bool {
    events.iter().rev().find(|event| event["event"] == "reassessed").is_some_and(|event| event["ready"] == json!(true))
}

/// The end of a change, without what differs from run to run.
fn end_state(play: &Play) -> Value {
    let world = &play.world;
    let record = world.record(play.request().unwrap_or_default());
    json!({
        "status": record["status"],
        "category": record["close_category"],
        "kind": record["kind"],
        "attachments": record["attachments"].as_object().map(|files| files.keys().cloned().collect::<Vec<_>>()),
        "ran": world.ran.iter().filter(|ran| *ran != "verify").collect::<Vec<_>>(),
        "pointers": world.pointers,
    })
}

#[test]
fn cr6_rb4_every_exchange_of_every_flow_survives_every_fault() {
    every_exchange_survives(Place::Ledger);
}

#[test]
fn cr6_rb4_every_exchange_of_every_flow_at_github_survives_every_fault() {
    every_exchange_survives(Place::GitHub);
}

#[test]
fn cr6_ga3_every_exchange_of_every_flow_at_an_environment_survives_every_fault() {
    every_exchange_survives(Place::Environment);
}

/// Each request of each flow is answered once in each of the ways in which GitHub is known to fail.
#[test]
fn cr6_ga3_every_request_of_every_flow_at_github_survives_every_fault() {
    every_request_survives(Place::GitHub);
}

#[test]
fn cr6_ga3_every_request_of_every_flow_at_an_environment_survives_every_fault() {
    every_request_survives(Place::Environment);
}

/// Every fault at every one of the places that `range` gives for a run.
fn cases<F: Copy>(courses: &[Course], faults: &[F], range: impl Fn(&Course, usize) -> Range<usize>) -> Vec<Case<F>> {
    let mut cases = Vec::new();
    for (course, played) in courses.iter().enumerate() {
        for act in played.runs() {
            let places = range(played, act);
            cases.extend(places.flat_map(|at| faults.iter().map(move |fault| Case { course, act, at, fault: *fault })));
        }
    }
    cases
}

/// The share of the cases that this run plays.
fn shared<F>(mut cases: Vec<Case<F>>, what: &str) -> Vec<Case<F>> {
    let (all, share) = (cases.len(), Share::one_of(PARTS));
    let mut number = 0..all;
    cases.retain(|_| number.next().is_some_and(|number| share.takes(number)));
    share.report(what, cases.len(), all);
    cases
}

/// What can go wrong at an exchange.
fn faults(asked: &Asked) -> Vec<Fault> {
    let mut faults = vec![Fault::Before, Fault::Unavailable];
    if asked.acts() {
        faults.extend([Fault::After, Fault::LostAnswer]);
    }
    if asked.kind == "commit" {
        faults.push(Fault::Behind);
        faults.extend((1..asked.files).map(Fault::Torn));
    }
    faults
}

fn every_exchange_survives(place: Place) {
    let courses = courses(place);
    let mut all = Vec::new();
    for (course, played) in courses.iter().enumerate() {
        for act in played.runs() {
            for (at, asked) in played.exchanges(act).iter().enumerate() {
                all.extend(faults(asked).into_iter().map(|fault| Case { course, act, at, fault }));
            }
        }
    }
    assert!(all.len() > 60 * courses.len(), "{}", all.len());
    let chosen = shared(all, &format!("faults of exchanges ({place:?})"));
    let unknown = threads::each(&chosen, |case| {
        let (course, fault) = (&courses[case.course], case.fault);
        let asked = &course.exchanges(case.act)[case.at];
        let play = course.with(case.act, |world| world.fault = Some((case.at, fault)));
        let what = format!("{}: {fault:?} at exchange {} ({asked:?}) of act {}", course.flow.name, case.at, case.act);
        let unknown = play.end.outcome() == "outcome-unknown";
        if unknown {
            let begun = asked.effects.iter().any(|effect| effect.starts_with("run/"));
            assert!(begun || !play.world.ran.is_empty(), "{what}");
        } else {
            let silent = matches!(fault, Fault::Unavailable | Fault::LostAnswer | Fault::Behind);
            course.same_end(&play, silent && !course.flow.failing.is_empty(), &what);
        }
        unknown
    });
    let unknown = unknown.into_iter().filter(|unknown| *unknown).count();
    println!("{} runs with a fault, {unknown} of them end as `outcome-unknown`", chosen.len());
    assert!(unknown > 0);
}

fn every_request_survives(place: Place) {
    let courses = courses(place);
    let all = cases(&courses, &github::FAULTS, Course::requests);
    assert!(all.len() > 100 * courses.len(), "{}", all.len());
    let chosen = shared(all, &format!("faults of requests ({place:?})"));
    let another = threads::each(&chosen, |case| {
        let (course, fault) = (&courses[case.course], case.fault);
        let play = course.with(case.act, |world| {
            if let Some(github) = &mut world.github {
                github.fault = Some((case.at, fault));
            }
        });
        let what = format!("{}: {fault:?} at request {}", course.flow.name, case.at);
        let issues = |play: &Play| play.world.github.as_ref().map_or(0, |GitHub { issues, .. }| issues.len());
        assert_eq!(issues(&play), issues(&course.end), "{what}: a second issue");
        course.same_end(&play, !course.flow.failing.is_empty(), &what);
        let exchanges = |play: &Play| play.world.exchanges.iter().take(course.flow.acts.len()).sum::<usize>();
        exchanges(&play) != exchanges(&course.end)
    });
    let another = another.into_iter().filter(|another| *another).count();
    println!("{} runs with one request that failed; {another} of them took another way to the same end", chosen.len());
}

#[test]
fn rb4_a_person_says_how_an_interrupted_deployment_ended() {
    let courses = courses(Place::Ledger);
    let ready = &courses[0];
    let at = ready.end.world.asked.iter().position(|asked| asked.kind == "run").expect("a deployment");
    let mut play = ready.with(0, |world| world.fault = Some((at, Fault::After)));
    assert_eq!(play.end.outcome(), "outcome-unknown");
    play.world.more = json!({ "drive": { "reports": [{ "step": "deploy", "success": true }] } });
    assert_eq!(play.world.drive().outcome(), "done");
    assert_eq!(play.world.ran, ["deploy", "accept"]);
}
