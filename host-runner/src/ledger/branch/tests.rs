use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use super::super::{Ledger, LedgerError, Put};
use crate::module::digest;
use crate::remote::Remote;

/// A repository elsewhere, as far as git can tell.
struct Elsewhere(std::path::PathBuf);

impl Drop for Elsewhere {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Elsewhere {
    fn new() -> Self {
        static TURN: AtomicU32 = AtomicU32::new(0);
        let turn = TURN.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("countersign-elsewhere-{}-{turn}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        git(&["init", "--quiet", "--bare", root.to_str().unwrap()], Path::new("/"));
        Self(root)
    }

    fn ledger(&self) -> Ledger {
        let url = format!("file://{}", self.0.display());
        Ledger::remote(Remote::new(&url, None).unwrap(), "countersign").unwrap()
    }

    fn log(&self) -> String {
        git(&["log", "--format=%s", "countersign"], &self.0)
    }
}

fn git(arguments: &[&str], folder: &Path) -> String {
    let output = Command::new("git").current_dir(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_was_put_is_got_by_whoever_looks() {
    let elsewhere = Elsewhere::new();
    let ledger = elsewhere.ledger();
    assert_eq!(ledger.get("changes/CR-1/record.json").unwrap(), None);
    assert_eq!(ledger.list("").unwrap(), Vec::<String>::new());
    let put = ledger.put_if_unchanged("changes/CR-1/record.json", b"one", None).unwrap();
    assert_eq!(put, Put::Done(digest(b"one")));
    for reader in [&ledger, &elsewhere.ledger()] {
        assert_eq!(reader.get("changes/CR-1/record.json").unwrap(), Some((b"one".to_vec(), digest(b"one"))));
        assert_eq!(reader.list("changes/").unwrap(), ["changes/CR-1/record.json"]);
    }
    assert_eq!(elsewhere.log(), "countersign: changes/CR-1/record.json\n");
}

#[test]
fn a_write_over_what_another_run_wrote_is_a_conflict() {
    let elsewhere = Elsewhere::new();
    let (ours, theirs) = (elsewhere.ledger(), elsewhere.ledger());
    theirs.put_if_unchanged("a", b"theirs", None).unwrap();
    assert_eq!(ours.put_if_unchanged("a", b"ours", None).unwrap(), Put::Conflict(Some(digest(b"theirs"))));
    assert_eq!(ours.get("a").unwrap().unwrap().0, b"theirs", "what is there now is known from then on");
    assert_eq!(ours.put_if_unchanged("a", b"ours", Some(&digest(b"theirs"))).unwrap(), Put::Done(digest(b"ours")));
}

#[test]
fn writes_of_other_files_do_not_disturb_each_other() {
    let elsewhere = Elsewhere::new();
    std::thread::scope(|scope| {
        for writer in 0..3 {
            let elsewhere = &elsewhere;
            scope.spawn(move || {
                let ledger = elsewhere.ledger();
                for file in 0..3 {
                    let path = format!("changes/{writer}/{file}");
                    assert!(matches!(ledger.put_if_unchanged(&path, b"x", None).unwrap(), Put::Done(_)), "{path}");
                }
            });
        }
    });
    assert_eq!(elsewhere.ledger().list("changes/").unwrap().len(), 9);
    assert_eq!(elsewhere.log().lines().count(), 9);
}

#[test]
fn a_repository_that_is_gone_is_told_and_nothing_is_taken_for_written() {
    let elsewhere = Elsewhere::new();
    let ledger = elsewhere.ledger();
    std::fs::remove_dir_all(&elsewhere.0).unwrap();
    assert!(matches!(ledger.put_if_unchanged("a", b"x", None), Err(LedgerError::Remote { .. })));
}

#[test]
fn a_path_that_no_ledger_holds_is_refused() {
    let elsewhere = Elsewhere::new();
    for path in ["../a", ".git/config", "a//b", ""] {
        assert!(matches!(elsewhere.ledger().get(path), Err(LedgerError::Path(_))), "{path}");
    }
}
