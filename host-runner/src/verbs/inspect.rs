//! `countersign inspect`: what the module is, without running it.

use super::Common;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::inspect::inspect;

/// Arguments of `inspect`; the module is named by `--module`.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub(super) fn run(_args: &Args, common: &Common) -> Result<Exit, Failure> {
    common.tell(&inspect(common.module.as_deref())?)?;
    Ok(Exit::Done)
}
