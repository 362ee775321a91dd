use std::env;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn ledger() -> (Directory, Scratch) {
    static TURN: AtomicU32 = AtomicU32::new(0);
    let turn = TURN.fetch_add(1, Ordering::Relaxed);
    let root = env::temp_dir().join(format!("countersign-ledger-{}-{turn}", std::process::id()));
    let _ = fs::remove_dir_all(&root);
    (Directory::open(&root).unwrap(), Scratch(root))
}

#[test]
fn what_was_put_is_got_with_its_version() {
    let (ledger, _scratch) = ledger();
    assert_eq!(ledger.get("changes/CR-1/record.json").unwrap(), None);
    let put = ledger.put_if_unchanged("changes/CR-1/record.json", b"one", None).unwrap();
    assert_eq!(put, Put::Done(digest(b"one")));
    assert_eq!(ledger.get("changes/CR-1/record.json").unwrap(), Some((b"one".to_vec(), digest(b"one"))));
    assert_eq!(ledger.get("changes/CR-1/record.json/below").unwrap(), None);
}

#[test]
fn a_write_over_another_version_is_a_conflict_and_changes_nothing() {
    let (ledger, _scratch) = ledger();
    ledger.put_if_unchanged("a", b"one", None).unwrap();
    let one = digest(b"one");
    assert_eq!(ledger.put_if_unchanged("a", b"two", None).unwrap(), Put::Conflict(Some(one.clone())));
    assert_eq!(ledger.put_if_unchanged("a", b"two", Some("sha256:other")).unwrap(), Put::Conflict(Some(one.clone())));
    assert_eq!(ledger.put_if_unchanged("b", b"two", Some(&one)).unwrap(), Put::Conflict(None));
    assert_eq!(ledger.get("a").unwrap().unwrap().0, b"one");
    assert_eq!(ledger.put_if_unchanged("a", b"two", Some(&one)).unwrap(), Put::Done(digest(b"two")));
}

#[test]
fn the_list_is_sorted_and_holds_only_records() {
    let (ledger, _scratch) = ledger();
    for path in ["changes/CR-2/b", "changes/CR-1/journal", "changes/CR-1/a", "top"] {
        ledger.put_if_unchanged(path, b"x", None).unwrap();
    }
    assert_eq!(ledger.list("").unwrap(), ["changes/CR-1/a", "changes/CR-1/journal", "changes/CR-2/b", "top"]);
    assert_eq!(ledger.list("changes/CR-1/").unwrap(), ["changes/CR-1/a", "changes/CR-1/journal"]);
    assert_eq!(ledger.list("changes/CR-").unwrap().len(), 3);
    assert_eq!(ledger.list("none/").unwrap(), Vec::<String>::new());
    assert!(ledger.list("../").is_err());
}

#[test]
fn a_path_never_leaves_the_ledger() {
    let (ledger, scratch) = ledger();
    let long = "x".repeat(SEGMENT_MAX + 1);
    let deep = "a/".repeat(DEPTH_MAX) + "a";
    for path in
        ["", "/", "/etc/passwd", "..", "a/../b", "a//b", "a/", ".lock", "a/.b", "a b", "ä", "a\\b", "a\0", &long, &deep]
    {
        assert!(matches!(ledger.get(path), Err(LedgerError::Path(_))), "get {path:?}");
        assert!(matches!(ledger.put_if_unchanged(path, b"", None), Err(LedgerError::Path(_))), "put {path:?}");
    }
    let outside = env::temp_dir();
    symlink(&outside, scratch.0.join("link")).unwrap();
    assert!(matches!(ledger.get("link/x"), Err(LedgerError::Path(_))));
    assert!(matches!(ledger.put_if_unchanged("link/x", b"", None), Err(LedgerError::Path(_))));
    assert!(ledger.list("").unwrap().is_empty());
}

#[test]
fn t44_a_pipe_in_the_ledger_is_not_waited_for() {
    let (ledger, scratch) = ledger();
    assert!(Command::new("mkfifo").arg(scratch.0.join("pipe")).status().unwrap().success());
    assert!(ledger.get("pipe").unwrap_err().to_string().contains("not a regular file"));
}

#[test]
fn what_a_killed_process_left_is_not_a_record_and_is_swept() {
    let (ledger, scratch) = ledger();
    ledger.put_if_unchanged("d/a", b"one", None).unwrap();
    let left = scratch.0.join("d").join(format!("{MAKING}1"));
    fs::write(&left, b"half").unwrap();
    assert_eq!(ledger.list("").unwrap(), ["d/a"]);
    ledger.put_if_unchanged("d/b", b"two", None).unwrap();
    assert!(!left.exists());
}

/// Adds one to the number at `count` `turns` times, over any conflict.
fn count(ledger: &Directory, turns: u32) {
    for _ in 0..turns {
        loop {
            let found = ledger.get("count").unwrap();
            let (number, version) = match &found {
                Some((bytes, version)) => {
                    (std::str::from_utf8(bytes).unwrap().parse::<u32>().unwrap(), Some(version.as_str()))
                }
                None => (0, None),
            };
            let next = (number + 1).to_string();
            if matches!(ledger.put_if_unchanged("count", next.as_bytes(), version).unwrap(), Put::Done(_)) {
                break;
            }
        }
    }
}

/// This very test program again, as another process that does `work` on the ledger in `root`.
fn another_process(root: &Path, work: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    let (_crate, module) = module_path!().split_once("::").unwrap();
    command.args(["--exact", "--nocapture", &format!("{module}::the_other_process")]);
    command.env("COUNTERSIGN_LEDGER_ROOT", root).env("COUNTERSIGN_LEDGER_WORK", work).stdout(Stdio::piped());
    command
}

/// Does nothing unless [`another_process`] started it.
#[test]
fn the_other_process() {
    let (Some(root), Ok(work)) = (env::var_os("COUNTERSIGN_LEDGER_ROOT"), env::var("COUNTERSIGN_LEDGER_WORK")) else {
        return;
    };
    let ledger = Directory::open(Path::new(&root)).unwrap();
    match work.as_str() {
        "count" => count(&ledger, 25),
        _ => loop {
            let version = ledger.get("big").unwrap().map(|(_, version)| version);
            let bytes = vec![b'a' + u8::from(version == Some(digest(&BIG_A))); BIG];
            ledger.put_if_unchanged("big", &bytes, version.as_deref()).unwrap();
        },
    }
}

const BIG: usize = 1 << 20;
static BIG_A: [u8; BIG] = [b'a'; BIG];

#[test]
fn no_count_is_lost_between_two_processes_and_two_threads() {
    let (ledger, scratch) = ledger();
    let mut others = [0, 1].map(|_| another_process(&scratch.0, "count").spawn().unwrap());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| count(&ledger, 25));
        }
    });
    for other in &mut others {
        assert!(other.wait().unwrap().success());
    }
    assert_eq!(ledger.get("count").unwrap().unwrap().0, b"100");
}

#[test]
fn a_lock_that_is_held_for_ever_ends_a_write_and_is_named() {
    let (mut ledger, scratch) = ledger();
    ledger.patience = Duration::from_millis(100);
    let path = scratch.0.join(".lock");
    let held = File::create(&path).unwrap();
    held.lock().unwrap();
    let write = Write { path: "a".to_owned(), bytes: Some(b"one".to_vec()), expected: None };
    for refused in [
        ledger.commit(std::slice::from_ref(&write)).unwrap_err(),
        ledger.put_if_unchanged("a", b"one", None).unwrap_err(),
    ] {
        assert!(matches!(&refused, LedgerError::Locked { path: named, .. } if Path::new(named) == path), "{refused}");
        assert!(refused.to_string().contains("locked by another process"), "{refused}");
    }
    assert_eq!(ledger.get("a").unwrap(), None, "nothing was written");
    ledger.patience = Duration::from_secs(20);
    let waiting = thread::spawn(move || ledger.commit(&[write]).unwrap());
    drop(held);
    assert_eq!(waiting.join().unwrap(), Committed::Done, "the next one gets it");
}

#[test]
fn a_writer_killed_at_any_moment_leaves_whole_files() {
    let (ledger, scratch) = ledger();
    for pause in 0..12 {
        let before = ledger.get("big").unwrap();
        let mut other = another_process(&scratch.0, "write").spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while ledger.get("big").unwrap() == before {
            assert!(Instant::now() < until, "the other process writes");
        }
        thread::sleep(Duration::from_millis(pause));
        other.kill().unwrap();
        other.wait().unwrap();
        let (bytes, _) = ledger.get("big").unwrap().unwrap();
        assert_eq!(bytes.len(), BIG);
        assert!(bytes.iter().all(|byte| *byte == bytes[0]));
    }
    ledger.put_if_unchanged("after", b"", None).unwrap();
    let names: Vec<_> = fs::read_dir(&scratch.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| !name.to_string_lossy().starts_with(MAKING)), "{names:?}");
}
