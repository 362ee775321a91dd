//! The countersign command line.

use std::process::ExitCode;

use clap::Parser as _;
use countersign_cli::verbs::{Cli, run};

fn main() -> ExitCode {
    run(&Cli::parse()).into()
}
