//! A small world in a folder of its own: an inventory with one entry, evidence, a promotion, a policy.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use countersign_cli::module::digest;
use serde_json::{Value, json};

const BOM: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,
 "components":[{"type":"library","name":"left","version":"1.0.0","purl":"pkg:cargo/left@1.0.0"}]}"#;
const TESTS: &str = "<testsuite><testcase name='a'/><testcase name='b'/></testsuite>";

pub(crate) struct World {
    root: PathBuf,
}

impl World {
    pub(crate) fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("flow").join(name);
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).unwrap();
        let world = Self { root };
        let image = digest(b"an image");
        let artifact = format!("images.example.com/shop/api:1.0.0@{image}");
        let commit = "c".repeat(40);
        world.command("git").args(["init", "-q", "--bare", "inventory.git"]).output().unwrap();
        let added = world.run_bare(&[
            "add",
            "--inventory",
            "inventory.git",
            "--branch",
            "prod",
            "--name",
            "shop/api",
            "--artifact",
            &artifact,
            "--entry-version",
            "1.0.0",
            "--signature",
            "signed",
            "--repository-url",
            "https://git.example.com/shop/api",
            "--commit-sha",
            &commit,
            "--build-number",
            "1",
            "--pipeline-run-id",
            "ci-1",
        ]);
        assert_eq!(code(&added), 0, "{}", stderr(&added));
        world.write("policy.yaml", POLICY);
        world.write("deploy.sh", "#!/bin/sh\necho \"deploying $COUNTERSIGN_DELTA\"\necho x >> deployed\n");
        world.write("accept.sh", "#!/bin/sh\necho accepted\n");
        world.evidence(&image);
        world.write("promotion.json", promotion(&world.git(&["rev-parse", "refs/heads/prod"])));
        world
    }

    fn evidence(&self, image: &str) {
        for check in [
            "artifact-signature",
            "dependency-check",
            "integration-tests",
            "peer-review",
            "sbom",
            "secret-scan",
            "static-analysis",
            "unit-tests",
        ] {
            let reports = match check {
                "sbom" => vec![("bom.cdx.json", BOM)],
                "unit-tests" => vec![("tests.xml", TESTS)],
                _ => Vec::new(),
            };
            let mut named = Vec::new();
            for (name, text) in reports {
                self.write(&format!("evidence/shop/api/{name}"), text);
                named.push(json!({ "name": name, "digest": digest(text.as_bytes()) }));
            }
            let record = json!({
                "check": check, "tool": "tool", "outcome": "success", "run": "ci-1", "date": "2025-01-01T00:00:00Z",
                "assets": [{ "kind": "image", "digest": image }], "reports": named,
            });

            self.write(&format!("evidence/shop/api/{check}.json"), record.to_string());
        }
    }

    /// Makes the inventory a plain folder with the same entry.
    pub(crate) fn plain_inventory(&self) {
        let entry = self.git(&["show", "prod:shop/api"]);
        fs::remove_dir_all(self.root.join("inventory.git")).unwrap();
        self.write("inventory.git/shop/api", entry);
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("TOKEN", "tok-12345678");
        for (name, _) in std::env::vars() {
            if name.starts_with("GITHUB_") || name.starts_with("COUNTERSIGN_") || name.starts_with("GIT_") {
                command.env_remove(name);
            }
        }
        command
    }

    /// A verb about the change.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, &[])
    }

    pub(crate) fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = self.about_the_change(env!("CARGO_BIN_EXE_countersign"));
        command.envs(variables.iter().copied()).args(arguments).output().unwrap()
    }

    /// The same with the program of the tests, which has a clock and a death of their choice.
    pub(crate) fn run_scripted(&self, arguments: &[&str], switch: (&str, &str)) -> Output {
        let program = option_env!("CARGO_BIN_EXE_countersign-scripted");
        let program = program.expect("this test needs `--features countersign-cli/test-switches`");
        self.about_the_change(program).envs([switch]).args(arguments).output().unwrap()
    }

    /// A shell script in which `countersign` is this runner.
    pub(crate) fn script(&self, script: &str, variables: &[(&str, &str)]) -> Output {
        let runner = Path::new(env!("CARGO_BIN_EXE_countersign")).parent().unwrap();
        let path = format!("{}:{}", runner.display(), std::env::var("PATH").unwrap_or_default());
        let mut command = self.about_the_change("/bin/sh");
        command.env("PATH", path).envs(variables.iter().copied()).args(["-euc", script]).output().unwrap()
    }

    fn about_the_change(&self, program: &str) -> Command {
        let mut command = self.command(program);
        for (name, value) in [
            ("POLICY", "policy.yaml"),
            ("EVIDENCE", "evidence"),
            ("INVENTORY", "inventory.git"),
            ("PROMOTION", "promotion.json"),
            ("ENVIRONMENT", "prod"),
            ("PURPOSE", "production"),
            ("DETAIL", "the shop"),
            ("LEDGER", "ledger"),
            ("ACTOR", "9:pipeline"),
        ] {
            command.env(format!("COUNTERSIGN_{name}"), value);
        }
        command
    }

    /// Any other verb.
    pub(crate) fn run_bare(&self, arguments: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_countersign")).args(arguments).output().unwrap()
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = self.command("git").args(["--git-dir", "inventory.git"]).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn executable(&self, path: &str) {
        fs::set_permissions(self.root.join(path), fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.root.join(path)).unwrap()
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.root.join(path)).unwrap();
    }

    /// Where a file of it is.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    /// All files below a folder, relative to the world.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
        let below = countersign_cli::files::below(&self.root.join(folder), "folder").unwrap();
        below.files.into_iter().map(|(name, _)| format!("{folder}/{name}")).collect()
    }

    /// The text of all files below a folder.
    pub(crate) fn everything(&self, folder: &str) -> String {
        self.files(folder).iter().map(|file| String::from_utf8_lossy(&self.read(file)).into_owned()).collect()
    }

    /// How often the product was deployed.
    pub(crate) fn deployed(&self) -> usize {
        if self.exists("deployed") { self.read("deployed").len() / 2 } else { 0 }
    }

    /// Edits a JSON file.
    pub(crate) fn edit(&self, path: &str, edit: impl FnOnce(&mut Value)) {
        let mut value: Value = serde_json::from_slice(&self.read(path)).unwrap();
        edit(&mut value);
        self.write(path, value.to_string());
    }

    /// Another build of the entry is promoted by another pull request: what is deployed next.
    pub(crate) fn promote(&self, number: u64) -> String {
        let branch = self.git(&["rev-parse", "refs/heads/prod"]);
        let mut entry: Value = serde_json::from_str(&self.git(&["show", &format!("{branch}:shop/api")])).unwrap();
        entry["build_number"] = json!(number);
        entry["version"] = json!(format!("1.0.{number}"));
        self.write("entry.json", entry.to_string());
        let blob = self.git(&["hash-object", "-w", "entry.json"]);
        let index = self.root.join("index");
        let in_index = |arguments: &[&str]| {
            let mut command = self.command("git");
            command.args(["--git-dir", "inventory.git"]).args(arguments).env("GIT_INDEX_FILE", &index);
            String::from_utf8(command.output().unwrap().stdout).unwrap().trim().to_owned()
        };
        in_index(&["read-tree", &branch]);
        in_index(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},shop/api")]);
        let tree = in_index(&["write-tree"]);
        let identity = ["-c", "user.name=merger", "-c", "user.email=merger@example.com"];
        let commit = self.git(&[&identity[..], &["commit-tree", &tree, "-p", &branch, "-m", "promote"]].concat());
        self.git(&["update-ref", "refs/heads/prod", &commit]);
        self.edit("promotion.json", |promotion| {
            promotion["pull_request"]["number"] = json!(number);
            promotion["pull_request"]["merge_commit_sha"] = json!(commit);
        });
        commit
    }

    /// The ids of all changes.
    pub(crate) fn changes(&self) -> Vec<String> {
        let mut ids: Vec<String> = fs::read_dir(self.root.join("ledger/changes"))
            .map(|entries| entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
            .unwrap_or_default();
        ids.sort();
        ids
    }

    /// The record of one of the changes.
    pub(crate) fn record_of(&self, id: &str) -> Value {
        serde_json::from_slice(&self.read(&format!("ledger/changes/{id}/record.json"))).unwrap()
    }

    /// The one change of the ledger.
    pub(crate) fn change(&self) -> String {
        let ids = self.changes();
        assert_eq!(ids.len(), 1, "{ids:?}");
        ids.into_iter().next().unwrap()
    }

    /// The one change, once its request waits for approval.
    pub(crate) fn wait_for_change(&self) -> String {
        let until = Instant::now() + Duration::from_secs(60);
        while Instant::now() < until {
            if self.exists("ledger/changes") && !self.files("ledger").iter().any(|file| file.contains(".making")) {
                let id = self.change();
                let path = format!("ledger/changes/{id}/record.json");
                if self.exists(&path) && self.record()["status"] == "authorize" {
                    return id;
                }
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("no change request waits for approval");
    }

    pub(crate) fn record(&self) -> Value {
        serde_json::from_slice(&self.read(&format!("ledger/changes/{}/record.json", self.change()))).unwrap()
    }
}

const POLICY: &str = "version: 1
deployment:
  deploy: {run: [/bin/sh, ./deploy.sh], timeout-seconds: 60, pass: [TOKEN, LEAK]}
  acceptance: {command: {run: [/bin/sh, ./accept.sh], timeout-seconds: 60}}
";

fn promotion(merged_as: &str) -> String {
    let (head, author) = ("d".repeat(40), json!({ "id": 1, "login": "author" }));
    let signature = json!({ "name": "Author", "email": "author@example.com" });
    json!({
        "pull_request": {
            "number": 7, "title": "Promote the shop", "base": { "ref": "prod", "repo": { "full_name": "shop/inventory" } },
            "head": { "sha": head }, "merged": true, "merged_at": "2025-01-02T00:00:00Z", "merge_commit_sha": merged_as,
            "merged_by": { "id": 2, "login": "merger" }, "user": author, "commits": 1, "changed_files": 1,
            "body": "<priority>Low</priority>\n<assignedto>a@example.com</assignedto>\n\
                     <customerimpact>Low</customerimpact>\n<deploymentimpact>Small</deploymentimpact>\n",
        },
        "commits": [{ "author": author, "committer": author,
            "commit": { "author": signature, "committer": signature, "message": "Promote" } }],
        "reviews": [{ "user": { "id": 4, "login": "peer" }, "state": "APPROVED", "commit_id": head,
            "submitted_at": "2025-01-01T12:00:00Z" }],
        "files": [{ "filename": "shop/api" }], "timeline": [],
    })
    .to_string()
}

/// The exit code.
pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn stderr(output: &Output) -> String {
    format!("{}\n{}", stdout(output), String::from_utf8_lossy(&output.stderr))
}

/// What it told a machine.
pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(output)))
}
