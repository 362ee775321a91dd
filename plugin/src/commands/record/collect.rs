//! Which reports are recorded: those that the caller names, else those that the policy collects.

use std::collections::BTreeSet;

use super::super::At;
use super::super::reading::{self, POLICY};
use super::{Recording, Reports, unavailable};
use crate::evidence::Check;
use crate::failure::{Code, Failure};
use crate::gather::Named;
use crate::glob::Glob;
use crate::io::exchange::Listed;
use crate::policy;
use crate::scalar::{Digest, shorten};

/// The place of the files that the policy's globs are about, and of the policy itself.
const REPORTS: &str = "reports";

/// A report that was read.
pub(super) struct Raw {
    /// Its path, for people.
    pub(super) path: String,
    pub(super) digest: Digest,
    pub(super) check: Option<Check>,
}

/// Reads all reports; none only where the caller states the outcome.
pub(super) async fn reports(at: &At, recording: &Recording) -> Result<Vec<Raw>, Failure> {
    match (recording.reports.as_slice(), recording.outcome) {
        ([], Some(_)) => Ok(Vec::new()),
        ([], None) => collected(at, recording).await,
        (named, _) => {
            let mut raw = Vec::new();
            for reports in named {
                let found = files(at, reports, &mut Listing::default()).await?;
                if found.is_empty() {
                    let message = format!("there is no file `{}`", shorten(&reports.files));
                    return Err(Failure::one(Code::BadRequest, message, "give the path of a report, or a glob"));
                }
                raw.extend(found);
            }
            Ok(raw)
        }
    }
}

/// What the policy collects. A glob that matches nothing is told, and a check without evidence is judged later.
async fn collected(at: &At, recording: &Recording) -> Result<Vec<Raw>, Failure> {
    let named = match &recording.policy {
        Some(located) => Some(reading::file(at, located, "policy").await?),
        None => {
            let found = at.io.read_one(REPORTS, POLICY).await.map_err(|fault| unavailable("the policy", fault))?;
            found.map(|file| Named { name: file.path, digest: file.digest })
        }
    };
    let collect = match &named {
        None => Vec::new(),
        Some(named) => {
            let bytes = at.documents.borrow().bytes(&named.name, &named.digest)?;
            policy::collected(&bytes).map_err(|problems| Failure::all(Code::Policy, Some(&named.name), problems))?
        }
    };
    if collect.is_empty() {
        let help =
            "name a report, or state the outcome of a check, or list the files under `evidence.collect` in the policy";
        return Err(Failure::one(Code::BadRequest, "nothing says what is to be recorded", help));
    }
    let mut listing = Listing::default();
    let mut raw: Vec<Raw> = Vec::new();
    let mut seen: BTreeSet<(String, Option<Check>)> = BTreeSet::new();
    for policy::file::Collect { files: glob, check } in collect {
        let reports = Reports { place: REPORTS.to_owned(), files: glob, check };
        let found = files(at, &reports, &mut listing).await?;
        if found.is_empty() {
            at.io.warn(format!("no file matches `{}` of the policy", shorten(&reports.files)));
        }
        raw.extend(found.into_iter().filter(|raw| seen.insert((raw.path.clone(), raw.check.clone()))));
    }
    if raw.is_empty() {
        let help = "run the checks first, or correct `evidence.collect` in the policy";
        return Err(Failure::one(Code::BadRequest, "the tools left nothing that the policy collects", help));
    }
    Ok(raw)
}

/// The files of a place, which is listed once.
#[derive(Default)]
struct Listing(Option<Vec<Listed>>);

/// The reports that `reports` names: the file of that path, or every file that the glob matches.
async fn files(at: &At, reports: &Reports, listing: &mut Listing) -> Result<Vec<Raw>, Failure> {
    let refuse = |fault| unavailable("the reports", fault);
    let raw = |path: String, digest| Raw { path, digest, check: reports.check.clone() };
    if !reports.files.contains(['*', '?', '[', '{', '\\']) {
        let found = at.io.read_one(&reports.place, &reports.files).await.map_err(refuse)?;
        return Ok(found.map(|file| raw(file.path, file.digest)).into_iter().collect());
    }
    let glob = Glob::new(&reports.files).map_err(|error| {
        let message = format!("`{}` is not a glob: {error}", shorten(&reports.files));
        Failure::one(Code::BadRequest, message, "write a pattern such as `**/junit*.xml`")
    })?;
    let all = match &mut listing.0 {
        Some(listed) => listed,
        empty @ None => empty.insert(at.io.list(&reports.place).await.map_err(refuse)?.0),
    };
    let paths: BTreeSet<&str> = all.iter().map(|file| file.path.as_str()).collect();
    let wanted =
        |file: &&Listed| (file.path == reports.files || glob.is_match(&file.path)) && !is_copy(&file.path, &paths);
    let wanted: Vec<Listed> = all.iter().filter(wanted).cloned().collect();
    let read = at.io.read_all(&reports.place, &wanted).await.map_err(refuse)?;
    Ok(read.into_iter().map(|file| raw(file.path, file.digest)).collect())
}

/// Whether a file is the copy of a report that lies beside its record: that is evidence already.
fn is_copy(path: &str, all: &BTreeSet<&str>) -> bool {
    let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
    let Some((stem, _)) = name.rsplit_once(".report") else { return false };
    let record = if folder.is_empty() { format!("{stem}.json") } else { format!("{folder}/{stem}.json") };
    all.contains(record.as_str())
}
