//! A stranger's host: about a hundred lines of Python over the raw module take a whole change from evidence to closed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use countersign_tests::documents;
use countersign_tests::modules;
use serde_json::{Value, json};

/// What the host performs. A new exchange that a change needs fails here until the host has it.
const EXCHANGES: [&str; 5] = ["commit", "ledger", "list", "read", "run"];
const POLICY: &str = "version: 1
environments: {prod: {purpose: production, detail: the shop}}
deployment:
  deploy: {run: [/bin/sh, -c, 'echo deployed >> deployed.txt']}
  acceptance: {command: {run: [/bin/sh, -c, 'test -f deployed.txt']}}
";

fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A Python that has wasmtime: installed once, for all runs on this machine.
fn python() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-host");
    let python = folder.join("bin/python");
    if !folder.join("installed").is_file() {
        let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/requirements.txt");
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(requirements));
        std::fs::write(folder.join("installed"), "").expect("a mark");
    }
    python
}

fn write(root: &Path, path: &str, text: &str) {
    let file = root.join(path);
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
    std::fs::write(file, text).expect("a file");
}

fn host(python: &Path, root: &Path, command: &Value) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/host.py");
    let module = modules::folder().join("countersign.wasm");
    let output =
        Command::new(python).arg(script).arg(module).arg(root).arg(command.to_string()).output().expect("python");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn a_host_of_a_hundred_lines_of_python_runs_a_whole_change() {
    let python = python();
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path();
    let documents = documents::ready();
    write(root, "countersign.yaml", POLICY);
    write(root, "promotion.json", &documents.promotion.to_string());
    documents.inventory.iter().for_each(|(path, text)| write(root, &format!("inventory/{path}"), text));
    documents.evidence.iter().for_each(|(path, text)| write(root, &format!("evidence/{path}"), text));
    let promoted = json!({ "promotion": { "place": "files", "path": "promotion.json" } });

    // Nothing proves which promotion made a plain folder, so a person decides (IN5).
    let held = host(&python, root, &json!({ "command": "run", "promoted": promoted }));
    assert_eq!(
        (&held["end"]["outcome"], &held["end"]["exit_code"]),
        (&json!("awaiting-approval"), &json!(10)),
        "{held}"
    );
    let id = held["end"]["change_request_id"].as_str().expect("an id");
    let by = json!({ "id": "105", "login": "robin" });
    let why = "looked at the entries";
    let decided =
        host(&python, root, &json!({ "command": "decide", "id": id, "by": by, "approves": true, "why": why }));
    assert_eq!(
        (&decided["end"]["status"], &decided["end"]["exit_code"]),
        (&json!("scheduled"), &json!(0)),
        "{decided}"
    );

    let ran = host(&python, root, &json!({ "command": "run", "promoted": promoted }));
    assert_eq!((&ran["end"]["outcome"], &ran["end"]["exit_code"]), (&json!("done"), &json!(0)), "{ran}");
    let performed: BTreeSet<&str> =
        ran["exchanges"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    assert_eq!(performed, BTreeSet::from(EXCHANGES));
    let record = std::fs::read(root.join(format!("ledger/changes/{id}/record.json"))).expect("a record");
    let record: Value = serde_json::from_slice(&record).expect("JSON");
    assert_eq!((&record["status"], &record["close_category"]), (&json!("closed"), &json!("successful_issues")));
    assert_eq!(std::fs::read_to_string(root.join("deployed.txt")).expect("the deployment"), "deployed\n");

    let again = host(&python, root, &json!({ "command": "run", "promoted": promoted }));
    assert_eq!(again["end"]["outcome"], "nothing-to-deploy");
}
