use std::time::Duration;

use super::*;

fn words(argv: &[&str]) -> Vec<String> {
    argv.iter().map(ToString::to_string).collect()
}

/// Runs `script` in a shell (which is the user's program here), changed by `change`; what it did and what was shown.
fn run_script(script: &str, change: impl FnOnce(&mut Command<'_>)) -> (Ran, String) {
    let argv = words(&["/bin/sh", "-c", script]);
    let secrets = Secrets::default();
    let mut command = Command::new(&argv, &secrets);
    change(&mut command);
    let mut shown = Vec::new();
    let ran = run(&command, &mut shown);
    (ran, String::from_utf8(shown).unwrap())
}

fn kept(ran: &Ran) -> String {
    String::from_utf8_lossy(&ran.log.kept).into_owned()
}

#[test]
fn exit_output_and_times_are_told() {
    let (ran, shown) = run_script("echo one; echo two >&2; echo three; exit 7", |_| ());
    assert_eq!(ran.ended, Ended::Exited(7));
    assert_eq!(kept(&ran), "one\ntwo\nthree\n", "both streams, in order");
    assert_eq!(shown, "  | one\n  | two\n  | three\n");
    assert_eq!(ran.log.digest, crate::module::digest(b"one\ntwo\nthree\n"));
    assert!(ran.started_at <= ran.ended_at);
}

#[test]
fn arguments_reach_the_program_as_they_are() {
    let argv = words(&["printf", "%s|", "$(touch x)", "; rm -rf /", "a b", ""]);
    let secrets = Secrets::default();
    let ran = run(&Command::new(&argv, &secrets), &mut Vec::new());
    assert_eq!(kept(&ran), "$(touch x)|; rm -rf /|a b||");
}

#[test]
fn environment_and_directory_are_those_that_are_given() {
    let env = [("COUNTERSIGN_X".to_owned(), "a $b `c`".to_owned())];
    let argv =
        words(&["/bin/sh", "-c", "echo \"$COUNTERSIGN_X\"; pwd; echo \"${HOME-none}\"; read x || echo no input"]);
    let secrets = Secrets::default();
    let command = Command { env: &env, directory: Some(Path::new("/")), ..Command::new(&argv, &secrets) };
    assert_eq!(kept(&run(&command, &mut Vec::new())), "a $b `c`\n/\nnone\nno input\n");
}

#[test]
fn a_signal_and_a_missing_program_are_told_apart_from_an_exit() {
    assert_eq!(run_script("kill -9 $$", |_| ()).0.ended, Ended::Signalled(9));
    let secrets = Secrets::default();
    for argv in [words(&["/no/such/program"]), vec![]] {
        let ran = run(&Command::new(&argv, &secrets), &mut Vec::new());
        assert!(matches!(ran.ended, Ended::NotStarted(_)), "{ran:?}");
        assert_eq!(ran.log.bytes, 0);
    }
}

#[test]
fn one_that_runs_for_ever_is_ended_with_all_that_it_started() {
    let begun = Instant::now();
    let (ran, _) = run_script("trap 'echo asked' TERM; sleep 600 & echo $!; while :; do sleep 1; done", |command| {
        command.deadline = Duration::from_millis(300);
        command.grace = Duration::from_millis(1500);
    });
    assert_eq!(ran.ended, Ended::TimedOut);
    assert!(begun.elapsed() < Duration::from_secs(30));
    let text = kept(&ran);
    assert!(text.contains("asked"), "it was asked first: {text}");
    let background: i32 = text.lines().next().unwrap().parse().unwrap();
    assert!(gone(background), "the background process {background} is still there");
}

/// Whether the process is gone or only waits to be reaped.
fn gone(process: i32) -> bool {
    let state = || std::fs::read_to_string(format!("/proc/{process}/stat"));
    for _ in 0..100 {
        match state() {
            Err(_) => return true,
            Ok(stat) if stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')) => return true,
            Ok(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    false
}

#[test]
fn one_that_leaves_a_process_behind_does_not_hang_us() {
    let begun = Instant::now();
    let (ran, _) = run_script("(sleep 30; echo late) & echo $!", |_| ());
    assert_eq!(ran.ended, Ended::Exited(0));
    assert!(begun.elapsed() < Duration::from_secs(15));
    let left: i32 = kept(&ran).trim().parse().unwrap();
    assert!(!gone_now(left), "what a successful command left running is the user's");
    let _ = rustix::process::kill_process(Pid::from_raw(left).unwrap(), Signal::KILL);
}

fn gone_now(process: i32) -> bool {
    std::fs::metadata(format!("/proc/{process}")).is_err()
}

#[test]
fn one_that_closes_its_output_is_still_waited_for() {
    let (ran, _) = run_script("exec >&- 2>&-; sleep 0.2; exit 3", |_| ());
    assert_eq!(ran.ended, Ended::Exited(3));
}

#[test]
fn a_flood_is_bounded_and_digested_whole() {
    let (ran, _) = run_script("head -c 3000000 /dev/zero; echo end", |command| command.kept = 1000);
    let mut whole = vec![0; 3_000_000];
    whole.extend_from_slice(b"end\n");
    assert_eq!(ran.log.bytes, 3_000_004);
    assert_eq!(ran.log.digest, crate::module::digest(&whole));
    assert_eq!(ran.log.left_out, 3_000_004 - 1000);
    assert!(ran.log.kept.ends_with(b"end\n"));
    assert!(ran.log.kept.len() < 1100);
}

#[test]
fn secrets_are_in_neither_log_nor_terminal() {
    let secrets = Secrets::new(["s3cret-token"]);
    let argv =
        words(&["/bin/sh", "-c", "printf s3cret; sleep 0.1; printf -- '-token\\n'; printf user:s3cret-token | base64"]);
    let mut shown = Vec::new();
    let ran = run(&Command::new(&argv, &secrets), &mut shown);
    assert_eq!(ran.log.redactions, 2);
    let text = kept(&ran);
    assert!(text.starts_with("***\n"), "{text}");
    assert!(!text.contains("s3cret") && !text.contains("M2NyZXQtdG9rZW"), "{text}");
    assert_eq!(ran.log.digest, crate::module::digest(text.as_bytes()), "the digest is of the redacted log");
    assert!(String::from_utf8(shown).unwrap().starts_with("  | ***\n"));
}

/// Asked to end while its command runs, a process ends the command first; asked when none runs, it just ends. This is
/// looked at from another process, which is this program again.
#[test]
fn one_that_is_interrupted_takes_its_command_along() {
    use std::io::{BufRead as _, BufReader};
    if std::env::var_os("COUNTERSIGN_TEST_INTERRUPT").is_some() {
        let (ran, _) = run_script("echo $$; exec sleep 600", |_| ());
        println!("\nended {:?} {}", ran.ended, kept(&ran).trim());
        let (second, _) = run_script("echo never", |_| ());
        println!("\nsecond {:?}", second.ended);
        loop {
            std::thread::sleep(Duration::from_secs(1));
        }
    }
    let mut process = std::process::Command::new(std::env::current_exe().unwrap());
    process.args(["--exact", "--nocapture", "command::tests::one_that_is_interrupted_takes_its_command_along"]);
    process.env("COUNTERSIGN_TEST_INTERRUPT", "1").stdout(Stdio::piped());
    let mut other = process.spawn().unwrap();
    let pid = Pid::from_raw(i32::try_from(other.id()).unwrap()).unwrap();
    let children = format!("/proc/{pid}/task");
    let until = Instant::now() + Duration::from_secs(20);
    while !has_child(&children) {
        assert!(Instant::now() < until, "the command starts");
        std::thread::sleep(Duration::from_millis(10));
    }
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    let mut lines = BufReader::new(other.stdout.take().unwrap()).lines().map(Result::unwrap);
    let ended = lines.find(|line| line.starts_with("ended ")).unwrap();
    assert!(ended.starts_with("ended Interrupted "), "{ended}");
    let child = ended.rsplit(' ').next().unwrap().parse::<i32>().unwrap();
    assert!(gone(child), "the command is still there");
    let second = lines.find(|line| line.starts_with("second ")).unwrap();
    assert!(second.contains("NotStarted"), "{second}");
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(other.wait().unwrap().signal(), Some(15));
}

/// Whether any thread of the process has a child that runs `sleep`.
fn has_child(tasks: &str) -> bool {
    std::fs::read_dir(tasks).unwrap().filter_map(Result::ok).any(|task| {
        let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        children.split_whitespace().any(|child| {
            std::fs::read_to_string(format!("/proc/{child}/comm")).is_ok_and(|name| name.trim() == "sleep")
        })
    })
}
