//! `countersign init`: the files that a repository begins with. Nothing that is there is overwritten.

use std::fmt;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Common;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::refusal::Refusal;

/// The files, and what each is.
const FILES: [(&str, &str); 3] = [
    // Hidden, because all else on the branch of an inventory is an entry.
    (".countersign.yaml", include_str!("../../../plugin/templates/countersign.yaml")),
    (".github/pull_request_template.md", include_str!("../../../plugin/templates/pull_request_template.md")),
    (".github/workflows/deploy.yml", include_str!("../../../actions/workflows/deploy.yml")),
];

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The repository's folder.
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
}

#[derive(Serialize)]
struct Made {
    written: Vec<&'static str>,
    kept: Vec<&'static str>,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written.iter().try_for_each(|file| writeln!(f, "wrote {file}"))?;
        self.kept.iter().try_for_each(|file| writeln!(f, "kept  {file}, which is there already"))?;
        f.write_str(
            "\nnext:\n  \
             1. edit .countersign.yaml: what a deployment needs, how it is deployed and tested\n  \
             2. edit .github/workflows/deploy.yml: replace OWNER and the zeros by a release\n  \
             3. put deploy.sh, accept.sh and rollback.sh into .deploy: what is not hidden is an entry of the inventory\n  \
             4. protect the branch that holds them\n  \
             5. check the text of a promotion: countersign lint FILE",
        )
    }
}

pub(super) fn run(args: &Args, common: &Common) -> Result<Exit, Refusal> {
    let mut made = Made { written: Vec::new(), kept: Vec::new() };
    for (name, text) in FILES {
        if create(&args.folder.join(name), text)? { made.written.push(name) } else { made.kept.push(name) }
    }
    common.tell(&made)?;
    Ok(Exit::Done)
}

/// Writes a new file; false when there is one.
fn create(path: &Path, text: &str) -> Result<bool, Failure> {
    let unwritable = |error: std::io::Error| Failure::usage(format!("`{}` cannot be written: {error}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(unwritable)?;
    }
    match fs::File::create_new(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map(|()| true).map_err(unwritable),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(unwritable(error)),
    }
}
