//! Runs a user's command: an argument vector, never a shell string, in a process group of its own, bounded in time.
//!
//! The command runs at most once. Its output is kept in part and digested whole, secrets taken out, and shown as it
//! comes. What its exit means is not decided here.

mod log;
mod redact;
mod signals;

use std::io::{self, PipeReader, Read as _, Write};
use std::os::unix::process::CommandExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant, SystemTime};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

pub use log::Log;
pub use redact::{REDACTED, Redaction, Secrets};
pub use signals::{acknowledge, interrupted};

use crate::text::excerpt;
use log::{Collector, Live};

/// How often the clock and the child are looked at.
const TICK: Duration = Duration::from_millis(20);
/// How long output is waited for after the command has ended, when something it started holds on to it.
const LINGER: Duration = Duration::from_secs(1);
/// How long a killed command may take to be gone.
const GONE: Duration = Duration::from_secs(5);

/// A command to run.
#[derive(Clone, Debug)]
pub struct Command<'a> {
    /// The program and its arguments.
    pub argv: &'a [String],
    /// Its whole environment.
    pub env: &'a [(String, String)],
    /// Where it runs; this process's directory when there is none.
    pub directory: Option<&'a Path>,
    /// How long it may run.
    pub deadline: Duration,
    /// How long it may take to end after it was asked to.
    pub grace: Duration,
    /// Bytes of output that are kept.
    pub kept: usize,
    /// What must not be in the output.
    pub secrets: &'a Secrets,
}

impl<'a> Command<'a> {
    /// Runs `argv` for an hour at most, with 10 s of grace and 10 MiB of output kept.
    #[must_use]
    pub const fn new(argv: &'a [String], secrets: &'a Secrets) -> Self {
        Self {
            argv,
            env: &[],
            directory: None,
            deadline: Duration::from_secs(3600),
            grace: Duration::from_secs(10),
            kept: 10 << 20,
            secrets,
        }
    }
}

/// How a command ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ended {
    /// By itself, with this code.
    Exited(i32),
    /// By a signal that we did not send.
    Signalled(i32),
    /// It outlived its deadline and was ended with all of its group.
    TimedOut,
    /// This process was asked to end, and ended it first.
    Interrupted,
    /// It never ran.
    NotStarted(String),
    /// It ran, and the system does not say how it ended.
    Unknown(String),
}

/// What a command did.
#[derive(Clone, Debug)]
pub struct Ran {
    /// How it ended.
    pub ended: Ended,
    /// When it was started.
    pub started_at: SystemTime,
    /// When it had ended.
    pub ended_at: SystemTime,
    /// Its output, standard output and error in the order in which they came.
    pub log: Log,
}

/// Runs `command` to its end, showing its output on `terminal`.
pub fn run(command: &Command<'_>, terminal: &mut dyn Write) -> Ran {
    let _signals = signals::hold();
    let started_at = SystemTime::now();
    let mut output = Output {
        redaction: Redaction::new(command.secrets),
        collector: Collector::new(command.kept),
        live: Live::new(terminal),
    };
    let ended = match start(command) {
        Ok((child, pipe)) => follow(command, child, pipe, &mut output),
        Err(problem) => Ended::NotStarted(problem),
    };
    Ran { ended, started_at, ended_at: SystemTime::now(), log: output.finish() }
}

fn start(command: &Command<'_>) -> Result<(Child, PipeReader), String> {
    if interrupted() {
        return Err("this process was asked to end".to_owned());
    }
    let (program, arguments) = command.argv.split_first().ok_or("the command is empty")?;
    let (reader, writer) = io::pipe().map_err(|error| format!("no pipe for its output: {error}"))?;
    let other = writer.try_clone().map_err(|error| format!("no pipe for its output: {error}"))?;
    let mut process = std::process::Command::new(program);
    process.args(arguments).stdin(Stdio::null()).stdout(writer).stderr(other).process_group(0);
    process.env_clear().envs(command.env.iter().map(|(name, value)| (name, value)));
    if let Some(directory) = command.directory {
        process.current_dir(directory);
    }
    let child = process.spawn().map_err(|error| format!("`{}`: {error}", excerpt(program, 200)))?;
    Ok((child, reader))
}

struct Output<'a> {
    redaction: Redaction<'a>,
    collector: Collector,
    live: Live<'a>,
}

impl Output<'_> {
    fn add(&mut self, chunk: &[u8]) {
        let clean = self.redaction.feed(chunk);
        self.keep(&clean);
    }

    fn keep(&mut self, clean: &[u8]) {
        self.collector.add(clean);
        self.live.show(clean);
    }

    fn finish(mut self) -> Log {
        let clean = self.redaction.finish();
        self.keep(&clean);
        self.live.end_line();
        self.collector.finish(self.redaction.count())
    }
}

/// Why we end a command.
#[derive(Clone, Copy)]
enum Stop {
    Deadline,
    Interrupt,
}

fn follow(command: &Command<'_>, mut child: Child, pipe: PipeReader, output: &mut Output<'_>) -> Ended {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let started = Instant::now();
    let mut pipe = Some(pipe);
    let mut stop: Option<(Stop, Instant)> = None;
    let mut killed = false;
    while !has_ended(group) {
        read_some(&mut pipe, output, TICK);
        let reason = match () {
            () if interrupted() => Some(Stop::Interrupt),
            () if started.elapsed() >= command.deadline => Some(Stop::Deadline),
            () => None,
        };
        match (&stop, reason) {
            (None, Some(reason)) => {
                send(group, Signal::TERM);
                stop = Some((reason, Instant::now()));
            }
            (Some((_, since)), _) if !killed && since.elapsed() >= command.grace => {
                send(group, Signal::KILL);
                killed = true;
            }
            (Some((_, since)), _) if since.elapsed() >= command.grace.saturating_add(GONE) => break,
            _ => {}
        }
    }
    if stop.is_some() {
        // What the command started ends with it. The child is not reaped yet, so its group's number is still its own.
        send(group, Signal::KILL);
    }
    let lingering = Instant::now();
    while pipe.is_some() && lingering.elapsed() < LINGER {
        if !read_some(&mut pipe, output, TICK * 5) {
            break;
        }
    }
    conclude(&mut child, stop.map(|(reason, _)| reason))
}

fn conclude(child: &mut Child, stop: Option<Stop>) -> Ended {
    let status = child.try_wait();
    match (stop, status) {
        (Some(Stop::Deadline), _) => Ended::TimedOut,
        (Some(Stop::Interrupt), _) => Ended::Interrupted,
        (None, Ok(Some(status))) => match (status.code(), status.signal()) {
            (Some(code), _) => Ended::Exited(code),
            (None, Some(signal)) => Ended::Signalled(signal),
            (None, None) => Ended::Unknown(status.to_string()),
        },
        (None, Ok(None)) => Ended::Unknown("it is still running".to_owned()),
        (None, Err(error)) => Ended::Unknown(error.to_string()),
    }
}

/// Whether the child has ended; it is left to be reaped.
fn has_ended(child: Option<Pid>) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    child.is_none_or(|child| !matches!(waitid(WaitId::Pid(child), options), Ok(None) | Err(rustix::io::Errno::INTR)))
}

fn send(group: Option<Pid>, signal: Signal) {
    if let Some(group) = group {
        let _ = kill_process_group(group, signal);
    }
}

/// Reads what there is, waiting for it up to `wait`; false when there was nothing. At its end the pipe is dropped.
fn read_some(pipe: &mut Option<PipeReader>, output: &mut Output<'_>, wait: Duration) -> bool {
    let Some(reader) = pipe else {
        std::thread::sleep(wait);
        return false;
    };
    let timeout = Timespec::try_from(wait).ok();
    let ready = poll(&mut [PollFd::new(reader, PollFlags::IN)], timeout.as_ref());
    if !matches!(ready, Ok(1..)) {
        return false;
    }
    let mut chunk = [0; 64 << 10];
    match reader.read(&mut chunk) {
        Ok(0) => *pipe = None,
        Ok(length) => {
            output.add(&chunk[..length]);
            return true;
        }
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
        Err(_) => *pipe = None,
    }
    false
}

#[cfg(test)]
mod tests;
