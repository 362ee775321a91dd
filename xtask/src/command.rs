//! Running commands: what is run is shown when it fails, and what takes long says so.

use std::process::{Command, ExitStatus, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Outcome;

/// Says what is being done, does it, and says how long it took.
pub(crate) fn step<T>(what: &str, act: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    eprintln!("==> {what}");
    let start = Instant::now();
    let outcome = act();
    let end = if outcome.is_ok() { "done" } else { "failed" };
    eprintln!("    {end} after {:.1} s", start.elapsed().as_secs_f64());
    outcome
}

/// Runs a command to its end; its output is the user's to see.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let status = command.status().map_err(|error| not_started(command, &error))?;
    succeeded(command, status)
}

/// Runs a command and keeps what it prints on standard output.
pub(crate) fn capture(command: &mut Command) -> Outcome<String> {
    let Output { status, stdout, stderr } = output(command)?;
    succeeded(command, status).map_err(|why| format!("{why}\n{}", String::from_utf8_lossy(&stderr)))?;
    String::from_utf8(stdout).map_err(|_| format!("this printed bytes that are not UTF-8: {}", shown(command)))
}

/// Runs a command that may fail, quietly.
pub(crate) fn output(command: &mut Command) -> Outcome<Output> {
    command.stdin(Stdio::null()).output().map_err(|error| not_started(command, &error))
}

/// Runs a command, and ends it when it takes longer than `limit`.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> Outcome {
    let mut child = command.stdin(Stdio::null()).spawn().map_err(|error| not_started(command, &error))?;
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return succeeded(command, status),
            Ok(None) if start.elapsed() < limit => sleep(Duration::from_millis(50)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("this took longer than {} s: {}", limit.as_secs(), shown(command)));
            }
            Err(error) => return Err(format!("{error}: {}", shown(command))),
        }
    }
}

/// The outcome that an exit status stands for.
pub(crate) fn succeeded(command: &Command, status: ExitStatus) -> Outcome {
    if status.success() { Ok(()) } else { Err(format!("this failed ({status}):\n  {}", shown(command))) }
}

/// The outcome of a command that could not be started.
pub(crate) fn not_started(command: &Command, error: &std::io::Error) -> String {
    format!("this could not be started ({error}):\n  {}", shown(command))
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let settings = command.get_envs().filter_map(|(key, value)| {
        let text = format!("{}={}", key.to_string_lossy(), value?.to_string_lossy().replace('\x1f', " "));
        Some(quoted(&text))
    });
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    settings.chain(words.map(|word| quoted(&word.to_string_lossy()))).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=./:,+@".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::{Duration, Instant};

    use super::{run, run_within, shown};

    #[test]
    fn a_failed_command_is_shown_as_one_would_type_it() {
        let mut command = Command::new("false");
        command.env("FLAGS", "--deny warnings").args(["it's", "plain"]);
        assert_eq!(shown(&command), r"'FLAGS=--deny warnings' false 'it'\''s' plain");
        let why = run(&mut command).expect_err("`false` fails");
        assert!(why.ends_with(&shown(&command)), "{why}");
    }

    #[test]
    fn a_command_that_takes_too_long_is_ended() {
        let start = Instant::now();
        let why = run_within(Command::new("sleep").arg("60"), Duration::from_millis(100)).expect_err("it takes longer");
        assert!(why.contains("took longer"), "{why}");
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}
