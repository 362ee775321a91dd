use std::path::Path;

use super::super::{Exchange, Host};
use super::*;
use crate::clock::Clock;
use crate::command::Secrets;
use crate::engine::Engine;
use crate::inventory::git::{Author, Edit, Repository};
use crate::remote::Remote;
use crate::sandbox::Sandbox;

const TAG: &str = "refs/tags/prod_latest";

fn commit(repository: &Repository, name: &str) -> String {
    let author = Author { name: "a".into(), email: "a@example.com".into(), date: "2030-01-01T00:00:00Z".into() };
    let edit = Edit::Write(name.to_owned(), name.into());
    let parent = repository.find_branch("prod").unwrap();
    repository.commit("prod", parent.as_ref(), &[edit], name, &author).unwrap().to_string()
}

/// Asks a fresh host, as another run would.
fn ask(inventory: &Path, pointers: Option<&Path>, exchange: Value) -> Value {
    let clock = Clock::from_environment().unwrap();
    let mut host = Host::new(&clock, Secrets::default()).unwrap();
    host.inventory = Repository::at(inventory);
    host.pointers = pointers.map(|path| Remote::new(&format!("file://{}", path.display()), None).unwrap());
    let mut engine = Engine::new(Sandbox::embedded().unwrap().instantiate().unwrap());
    host.perform(&mut engine, serde_json::from_value::<Exchange>(exchange).unwrap()).unwrap()
}

fn holds(inventory: &Path, pointers: Option<&Path>, name: &str) -> Value {
    let repository = if pointers.is_some() { "pointers" } else { "inventory" };
    ask(inventory, pointers, json!({ "exchange": "ref", "repository": repository, "name": name }))
}

fn moves(inventory: &Path, pointers: Option<&Path>, from: &Value, to: &str, message: &str) -> Value {
    let repository = if pointers.is_some() { "pointers" } else { "inventory" };
    let exchange = json!({ "exchange": "move", "repository": repository, "name": TAG, "from": from, "to": to,
                           "message": message });
    ask(inventory, pointers, exchange)
}

/// The same for tags of the inventory itself and for those of another repository.
fn check(inventory: &Path, pointers: Option<&Path>) {
    let repository = Repository::at(inventory).unwrap();
    let (one, two) = (commit(&repository, "one"), commit(&repository, "two"));
    assert_eq!(holds(inventory, pointers, TAG), json!({ "response": "ref" }));
    let other = Value::from("f".repeat(40));
    assert_eq!(moves(inventory, pointers, &other, &one, "no"), json!({ "response": "conflict" }), "there is none");
    let message = "first line\n\nprod is what was deployed last: ü\n";
    assert_eq!(moves(inventory, pointers, &Value::Null, &one, message), json!({ "response": "moved" }));
    let held = holds(inventory, pointers, TAG);
    assert_eq!((&held["commit"], &held["message"]), (&json!(one), &json!(message.trim_end())), "{held}");
    assert_ne!(held["object"], held["commit"], "it is annotated");
    for before in [&Value::Null, &other, &json!(one)] {
        assert_eq!(moves(inventory, pointers, before, &two, "no"), json!({ "response": "conflict" }), "{before}");
        assert_eq!(holds(inventory, pointers, TAG), held, "nothing moved");
    }
    assert_eq!(moves(inventory, pointers, &held["object"], &two, "second"), json!({ "response": "moved" }));
    let held = holds(inventory, pointers, TAG);
    assert_eq!((&held["commit"], &held["message"]), (&json!(two), &json!("second")));
    let tip = holds(inventory, pointers, "refs/heads/prod");
    assert_eq!((&tip["commit"], &tip["message"]), (&json!(two), &Value::Null));
    assert_eq!(holds(inventory, pointers, &one)["commit"], json!(one));
}

#[test]
fn a_tag_of_the_inventory_is_moved_if_it_is_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    Repository::create(folder.path(), "prod").unwrap();
    check(folder.path(), None);
}

#[test]
fn a_tag_elsewhere_is_moved_if_it_is_as_it_was() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    Repository::create(folder.path(), "prod").unwrap();
    Repository::create(elsewhere.path(), "prod").unwrap();
    check(folder.path(), Some(elsewhere.path()));
    let own = Repository::at(folder.path()).unwrap();
    assert!(own.tag("prod_latest").unwrap().is_none(), "the inventory itself has no such tag");
}

#[test]
fn what_cannot_be_reached_is_broken_and_nothing_was_done() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::create(folder.path(), "prod").unwrap();
    let one = commit(&repository, "one");
    let told = moves(folder.path(), Some(Path::new("/nowhere/at/all")), &Value::Null, &one, "no");
    assert_eq!(told["response"], "broken", "{told}");
}
