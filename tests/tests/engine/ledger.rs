//! The embedded ledger: what is written where, and what is refused.

use countersign::change::event::{Closure, Decision, Event, Kind, Status};
use countersign::change::state::Life;
use countersign::connectors::ledger::{self, Folder};
use countersign::connectors::{Pause, Talk};
use countersign::effect::{Action, Effect};
use countersign::promotion::Person;
use countersign::scalar::{Digest, Name};
use serde_json::{Value, json};

use crate::github::{Host, at, file, opened_and_assessed};

const ID: &str = "CR-0123456789ab";

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// Performs an effect in the folder of a change request.
fn perform(host: &mut Host, id: &str, change: &[u8], action: Action) -> Result<Event, String> {
    let effect = Effect { key: "effect".to_owned(), change: Digest::of(change), action };
    let performed = host.drive(async |talk: &Talk| -> Result<Event, Pause> {
        let mut folder = Folder::new(name(id));
        folder.refresh(talk).await?;
        ledger::perform(talk, &effect, &opened_and_assessed(), &mut folder).await
    });
    performed.map_err(|trouble| trouble.code)
}

fn attach(id: &str, file: &str, bytes: &[u8]) -> Action {
    let (digest, media_type) = (Digest::of(bytes), "text/plain".to_owned());
    Action::Attach { id: name(id), name: file.to_owned(), digest, media_type }
}

fn stored(host: &Host, file: &str) -> Value {
    serde_json::from_slice(&host.store[&format!("changes/{ID}/{file}")]).unwrap()
}

#[test]
fn cr6_a_request_is_filed_once_and_found_again_and_is_nobody_elses() {
    let mut host = Host::default();
    let filed = Event::Filed { id: name(ID), url: None };
    assert_eq!(perform(&mut host, ID, b"change", file("x")).unwrap(), filed);
    let before = host.store.clone();
    assert_eq!(perform(&mut host, ID, b"change", file("another text")).unwrap(), filed, "found again");
    assert_eq!(host.store, before);
    assert_eq!(perform(&mut host, ID, b"another change", file("x")), Err("conflict".to_owned()));
    assert_eq!(stored(&host, "request.json")["key"], json!(Digest::of(b"change")));
}

#[test]
fn t43_nothing_leaves_the_folder_of_its_request() {
    let mut host = Host::default();
    perform(&mut host, ID, b"change", file("x")).unwrap();
    let before = host.store.clone();
    for wrong in ["../up", "a/b", "..", ".hidden", "a b", "a\u{0}b", ""] {
        host.give(b"bytes".to_vec());
        let attached = perform(&mut host, ID, b"change", attach(ID, wrong, b"bytes"));
        assert_eq!(attached, Err("not-found".to_owned()), "{wrong:?}");
    }
    for wrong in ["../CR-1", "..", "a/b", ".git"] {
        let Ok(id) = wrong.parse::<Name>() else { continue };
        let read = perform(&mut host, id.as_str(), b"change", Action::Read { id: id.clone() });
        assert_eq!(read, Err("not-found".to_owned()), "{wrong}");
    }
    assert_eq!(host.store, before);
}

#[test]
fn at4_an_attachment_is_there_once_and_what_a_dead_run_left_is_replaced() {
    let mut host = Host::default();
    perform(&mut host, ID, b"change", file("x")).unwrap();
    for bytes in [&b"one"[..], b"one", b"two"] {
        host.give(bytes.to_vec());
        let attached = perform(&mut host, ID, b"change", attach(ID, "notes.txt", bytes)).unwrap();
        assert_eq!(attached, Event::Attached { name: "notes.txt".to_owned(), digest: Digest::of(bytes) });
        assert_eq!(host.store[&format!("changes/{ID}/attachments/notes.txt")], bytes);
    }
    // Where the request serves several changes, it may be another's.
    for journal in ["journal.jsonl", "journal-0123456789ab.jsonl"] {
        host.store.insert(format!("changes/{ID}/{journal}"), Vec::new());
    }
    host.give(b"three".to_vec());
    let attached = perform(&mut host, ID, b"change", attach(ID, "notes.txt", b"three"));
    assert_eq!(attached, Err("conflict".to_owned()));
}

#[test]
fn ga2_a_decision_is_bound_to_what_was_asked_last_and_a_no_cancels() {
    let mut host = Host::default();
    perform(&mut host, ID, b"change", file("x")).unwrap();
    let ask = Action::RequestApproval {
        id: name(ID),
        delta: Digest::of(b"delta"),
        policy: Digest::of(b"policy"),
        kind: Kind::Standard,
        why: Vec::new(),
    };
    perform(&mut host, ID, b"change", ask).unwrap();
    let mut said = |approves: bool, person: &str| {
        let by = Person { id: person.to_owned(), login: person.to_owned() };
        let decision = Decision {
            by,
            approves,
            withdraws: false,
            at: at(),
            why: Some("looked at it".to_owned()),
            environment: None,
            change: None,
            delta: None,
            policy: None,
        };
        host.drive(async |talk: &Talk| -> Result<(Decision, Status), Pause> {
            let mut folder = Folder::read(talk, &name(ID)).await?;
            ledger::decide(talk, &mut folder, &decision, None)?;
            let status = folder.status(&opened_and_assessed())?;
            Ok((folder.decisions().last().unwrap().clone(), status))
        })
        .unwrap()
    };
    let (decision, _) = said(true, "105");
    assert_eq!((decision.change, decision.delta), (Some(Digest::of(b"change")), Some(Digest::of(b"delta"))));
    assert_eq!(said(false, "106").1, Status::Canceled);
    let approve = Action::Approve { id: name(ID), delta: Digest::of(b"delta"), policy: Digest::of(b"policy") };
    assert_eq!(perform(&mut host, ID, b"change", approve), Err("conflict".to_owned()), "nothing is written over a no");
    let decisions = host.store.keys().filter(|path| path.contains("/decisions/")).count();
    assert_eq!(decisions, 2, "each in a file of its own");
}

#[test]
fn ga3_a_request_that_cannot_be_read_is_none() {
    for odd in [
        "",
        "{}",
        "<html>",
        "{\"version\":2,\"id\":\"CR-0123456789ab\"}",
        "{\"version\":1,\"id\":\"CR-0123456789ab\",\"approved\":true}",
        "{\"version\":1,\"version\":1,\"id\":\"CR-0123456789ab\"}",
    ] {
        let mut host = Host::default();
        host.store.insert(format!("changes/{ID}/request.json"), odd.as_bytes().to_vec());
        for action in [file("x"), Action::Read { id: name(ID) }] {
            assert_eq!(perform(&mut host, ID, b"change", action), Err("malformed-answer".to_owned()), "{odd}");
        }
    }
    let read = perform(&mut Host::default(), ID, b"change", Action::Read { id: name(ID) });
    assert_eq!(read, Err("not-found".to_owned()));
}

#[test]
fn cl2_the_notes_of_the_end_are_kept_for_people() {
    let mut host = Host::default();
    perform(&mut host, ID, b"change", file("x")).unwrap();
    let notes = "Deployed and tested.\n".to_owned();
    let close = Action::Close { id: name(ID), category: Closure::Successful, notes: notes.clone() };
    let closed = perform(&mut host, ID, b"change", close).unwrap();
    assert_eq!(closed, Event::Closed { category: Closure::Successful });
    assert_eq!(stored(&host, "request.json")["close_notes"], notes);
    let life = Life::new();
    let shown = host.drive(async |talk: &Talk| Folder::read(talk, &name(ID)).await?.show(talk, &life)).unwrap();
    let shown: Value = serde_json::from_slice(&host.take(&shown)).unwrap();
    assert_eq!((&shown["close_notes"], &shown["status"]), (&json!(notes), &json!("new")));
}
