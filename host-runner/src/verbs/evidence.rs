//! `countersign evidence`: what each document of a folder says.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::Common;
use crate::exit::Exit;
use crate::files;
use crate::refusal::Refusal;
use crate::table::Table;
use crate::wire::{Ingested, Named};

/// Arguments of `evidence`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder of evidence.
    #[arg(value_name = "DIR", env = "COUNTERSIGN_EVIDENCE")]
    pub folder: PathBuf,
}

#[derive(Serialize)]
struct Listed {
    documents: Vec<Ingested>,
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.documents.is_empty() {
            return f.write_str("there is no evidence");
        }
        let mut table = Table::new(["DOCUMENT", "FORMAT", "SAYS"]);
        for document in &self.documents {
            let Ingested { document: Named { name, .. }, format, records, .. } = document;
            let format = format.as_deref().unwrap_or("");
            match (&document.problem, records.is_empty()) {
                (Some(problem), _) => {
                    let place = problem.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
                    table.row([name, "unreadable", &format!("{place}{}", problem.message)]);
                    table.under(&format!("help: {}", problem.help));
                }
                (None, true) => table.row([name, format, &raw(document)]),
                (None, false) => {
                    for record in records {
                        let run = record.run.as_deref().unwrap_or("no run");
                        let (check, tool, outcome) = (&record.check, &record.tool, &record.outcome);
                        table.row([name, format, &format!("{check} by {tool}: {outcome}, {run}, {}", record.date)]);
                    }
                }
            }
        }
        table.fmt(f)
    }
}

/// What a raw file says.
fn raw(document: &Ingested) -> String {
    if let Some(tests) = &document.tests {
        return format!("{} passed, {} failed, {} skipped", tests.passed, tests.failed, tests.skipped);
    }
    if let Some(scan) = &document.scan {
        let found: Vec<String> = scan.findings.iter().map(|(severity, count)| format!("{count} {severity}")).collect();
        let found = if found.is_empty() { "nothing found".to_owned() } else { found.join(", ") };
        return format!("{found}, {} exempt, by {}", scan.exempt, scan.tool);
    }
    document.bom.as_ref().map(|bom| format!("{} components", bom.components)).unwrap_or_default()
}

/// Shows what each document says.
pub(super) fn run(args: &Args, common: &Common) -> Result<Exit, Refusal> {
    let mut engine = common.engine()?;
    let mut documents = Vec::new();
    for (name, path) in files::below(&args.folder, "evidence folder")?.files {
        let given = engine.give(name, &files::read(&path, "evidence file")?)?;
        documents.push(engine.ingest(&given)?);
    }
    common.tell(&Listed { documents })?;
    Ok(Exit::Done)
}
