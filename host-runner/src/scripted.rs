//! The countersign command line for tests, which set its clock and let it die on purpose. It is never released (PO6).

use std::process::ExitCode;

use clap::Parser as _;
use countersign_cli::switches;
use countersign_cli::verbs::{Cli, run};

fn main() -> ExitCode {
    switches::allow();
    run(&Cli::parse()).into()
}
