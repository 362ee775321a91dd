//! `cargo xtask`: what cargo does not do already.

use std::process::ExitCode;

mod actions;
mod command;
mod demo;
mod dist;
mod modules;
mod suite;
mod toolchain;
mod workspace;

use workspace::Workspace;

/// How a task ended; a failure says what is wrong first, then how to mend it.
type Outcome<T = ()> = Result<T, String>;

const HELP: &str = "\
cargo xtask <task>

  setup           make this machine able to build WebAssembly modules
  build           build the modules from source into target/modules
  dist            build them, and copy them into plugin/dist with a stamp of their sources
  dist --check    fail when plugin/dist is not what the sources give
  types           write the types of the command line's exchanges from plugin/schemas/v1
  test            everything that must hold: format, lints, docs, modules, dist, all tests, the actions; what takes
                  long is done in part, and the end says what was left
  test --thorough the same, and nothing is left
  test STEP ..    some steps alone, such as `lints`, `tests` or `action-flows`
  demo [DIR] ..   build the runner, and watch two changes go from evidence to a closed change request
  bench ..        build everything optimised, and measure it
  help            this text

environment
  XTASK_OFFLINE     download nothing
  XTASK_NO_TARGET   act as if the compiler had no wasm32 target (to try the way around it)
  COUNTERSIGN_SEED  which part is done of what takes long; as many seeds in a row as there are parts do everything
  WASM_RUSTC        the compiler to build the modules and their standard library with, from its sources
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let workspace = Workspace::find();
    let outcome = match words.as_slice() {
        ["setup"] => toolchain::setup(&workspace).map(drop),
        ["build"] => toolchain::setup(&workspace).and_then(|toolchain| modules::build(&workspace, &toolchain)),
        ["dist"] => dist::write(&workspace),
        ["dist", "--check"] => dist::check(&workspace),
        ["types"] => modules::write_types(&workspace),
        ["test", rest @ ..] => return suite::run(&workspace, rest),
        ["demo", rest @ ..] => demo::demo(&workspace, rest),
        ["bench", rest @ ..] => demo::bench(&workspace, rest),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        [] => Err(HELP.to_owned()),
        _ => Err(format!("`{}` is not a task\n\n{HELP}", words.join(" "))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("\nxtask: {}", why.trim_end());
            ExitCode::FAILURE
        }
    }
}
