//! The product of the demo: what it is made of, and who says what about it.

use serde_json::json;

use crate::module::digest;

/// Where its source is.
pub(super) const REPOSITORY: &str = "https://git.example.com/countersign/countersign";
/// Checks whose pipeline step writes no report: the step says how it ended.
pub(super) const STEPS: [&str; 4] = ["artifact-signature", "dependency-check", "peer-review", "secret-scan"];

/// The files of the product's repository.
pub(super) const FILES: [(&str, &str); 4] = [
    ("countersign.yaml", include_str!("../../../demo/countersign.yaml")),
    ("deploy.sh", include_str!("../../../demo/deploy.sh")),
    ("accept.sh", include_str!("../../../demo/accept.sh")),
    ("rollback.sh", include_str!("../../../demo/rollback.sh")),
];

macro_rules! raw {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_bytes!(concat!("../../../demo/raw/", $name)).as_slice())),+]
    };
}

/// What tools wrote.
const RAW: [(&str, &[u8]); 8] = raw![
    "engine.unit-tests.xml",
    "engine.integration-tests.xml",
    "engine.clippy.sarif",
    "engine.cdx.json",
    "runner.unit-tests.xml",
    "runner.integration-tests.xml",
    "runner.clippy.sarif",
    "runner.cdx.json",
];

/// What tools wrote: names and bytes.
pub(super) fn fixtures() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    RAW.into_iter()
}

/// An entry of the inventory.
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) build: &'static str,
    pub(super) run: &'static str,
}

/// The first release.
pub(super) const ENGINE: Entry = Entry { name: "engine", version: "1.0.0", build: "41", run: "ci-41" };
/// The first release.
pub(super) const RUNNER: Entry = Entry { name: "runner", version: "1.0.0", build: "41", run: "ci-41" };
/// The second release of one part.
pub(super) const RUNNER_2: Entry = Entry { name: "runner", version: "1.1.0", build: "42", run: "ci-42" };

impl Entry {
    fn digest(&self) -> String {
        digest(format!("{} {}", self.name, self.version).as_bytes())
    }

    /// The image.
    pub(super) fn artifact(&self) -> String {
        format!("images.example.com/countersign/{}:{}@{}", self.name, self.version, self.digest())
    }

    /// The commit that it was built from.
    pub(super) fn commit(&self) -> String {
        digest(self.version.as_bytes()).chars().skip("sha256:".len()).take(40).collect()
    }

    /// The checks whose tools wrote a report, and the reports.
    pub(super) fn reports(&self) -> [(&'static str, String); 4] {
        [
            ("unit-tests", format!("{}.unit-tests.xml", self.name)),
            ("integration-tests", format!("{}.integration-tests.xml", self.name)),
            ("static-analysis", format!("{}.clippy.sarif", self.name)),
            ("sbom", format!("{}.cdx.json", self.name)),
        ]
    }
}

/// The label of an emergency.
const LABEL: &str = "EMERGENCY";

/// What is promoted, and how.
#[derive(Clone, Copy)]
pub(super) struct Promoted<'a> {
    /// The pull request's number.
    pub(super) number: u32,
    pub(super) entries: &'a [&'a Entry],
    /// The commit that merged it.
    pub(super) merged_as: &'a str,
    pub(super) now: &'a str,
    /// Whether it has the emergency label.
    pub(super) emergency: bool,
}

/// The promotion pull request as GitHub's API gives it: written by one person, approved by another, merged by a third.
pub(super) fn promotion(promoted: &Promoted<'_>) -> String {
    let Promoted { number, entries, merged_as, now, emergency } = *promoted;
    let head: String = digest(&number.to_le_bytes()).chars().skip("sha256:".len()).take(40).collect();
    let what: Vec<String> = entries.iter().map(|entry| format!("{} {}", entry.name, entry.version)).collect();
    let what = what.join(" and ");
    let author = json!({ "id": 100, "login": "alex" });
    let signature = json!({ "name": "Alex", "email": "alex@example.com", "date": now });
    let promotion = json!({
        "pull_request": {
            "number": number,
            "html_url": format!("https://git.example.com/countersign/inventory/pull/{number}"),
            "title": format!("Promote {what}"),
            "body": body(&what),
            "base": { "ref": "prod", "repo": { "full_name": "countersign/inventory" } },
            "head": { "ref": "promote", "sha": head },
            "merged": true, "merged_at": now, "merge_commit_sha": merged_as,
            "merged_by": { "id": 300, "login": "chris" },
            "user": author, "labels": if emergency { json!([{ "name": LABEL }]) } else { json!([]) }, "commits": 1, "changed_files": entries.len(),
        },
        "commits": [{
            "sha": head, "author": author, "committer": author,
            "commit": { "author": signature, "committer": signature, "message": format!("Promote {what}") },
        }],
        "reviews": [{
            "user": { "id": 200, "login": "billie" }, "state": "APPROVED", "commit_id": head, "submitted_at": now,
        }],
        "files": entries.iter().map(|entry| json!({ "filename": entry.name })).collect::<Vec<_>>(),
        "timeline": if emergency { json!([labelled(now)]) } else { json!([]) },
    });
    format!("{promotion:#}\n")
}

/// Who called it an emergency, and when.
fn labelled(now: &str) -> serde_json::Value {
    let actor = json!({ "id": 400, "login": "dana" });
    json!({ "event": "labeled", "label": { "name": LABEL }, "actor": actor, "created_at": now })
}

fn body(what: &str) -> String {
    format!(
        "# Priority\n<priority>Moderate</priority>\n\n\
         # Change Request assignee\n<assignedto>alex@example.com</assignedto>\n\n\
         # Customer Impact\n<customerimpact>No_Impact</customerimpact>\n\n\
         # Deployment Impact\n<deploymentimpact>Small</deploymentimpact>\n\n\
         # Additional Description\n<description>{what}, as released.</description>\n\n\
         # Purpose/Goal\n<purpose>To show a change from evidence to its closed change request.</purpose>\n\n\
         # Backout Plan\n<backoutplan>Deploy the previous images again.</backoutplan>\n"
    )
}

/// A shell script that runs a command line in the demo's folder.
pub(super) fn script(program: &str, line: &str) -> String {
    let program = program.replace('\'', "'\\''");
    let line = line.strip_prefix("countersign").unwrap_or(line);
    format!(
        "#!/bin/sh\n# Says whether this change is ready; nothing is recorded.\ncd \"$(dirname \"$0\")/..\" || exit 1\n\
         : ${{COUNTERSIGN_BIN:='{program}'}}\n\"$COUNTERSIGN_BIN\"{line} \"$@\"\n"
    )
}
