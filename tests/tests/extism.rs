//! Every case of the corpus, answered by the Extism module in a host that others wrote: `@extism/extism` under Node.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use countersign_tests::{corpus, modules};
use serde_json::{Value, json};

/// All that the module may import: Extism's kernel, no WASI, no HTTP.
const IMPORTS: [&str; 8] = [
    "function extism:host/env alloc",
    "function extism:host/env error_set",
    "function extism:host/env input_length",
    "function extism:host/env input_load_u64",
    "function extism:host/env input_load_u8",
    "function extism:host/env output_set",
    "function extism:host/env store_u64",
    "function extism:host/env store_u8",
];

#[test]
fn every_case_is_answered_alike_by_the_extism_module() {
    let host = host();
    let (module, cases) = (host.join("countersign.extism.wasm"), host.join("cases.jsonl"));
    fs::write(&module, modules::read("countersign.extism.wasm")).unwrap();
    let mut lines = json!({ "name": "describe", "documents": [], "request": hex(DESCRIBE) }).to_string() + "\n";
    for case in corpus::cases() {
        let documents: Vec<String> = case.documents.iter().map(|document| hex(document)).collect();
        let line = json!({ "name": case.name, "documents": documents, "request": hex(&case.request) });
        writeln!(lines, "{line}").unwrap();
    }
    fs::write(&cases, lines).unwrap();

    let output = run(Command::new("node").arg("extism-corpus.mjs").args([&module, &cases]).current_dir(&host));
    let stdout = String::from_utf8(output.stdout).unwrap();
    let mut answers = stdout.lines();
    let imports: Vec<String> = serde_json::from_str(answers.next().unwrap_or_default()).unwrap();
    assert_eq!(imports, IMPORTS);
    let description: Value = serde_json::from_slice(&unhex(answers.next().unwrap_or_default())).unwrap();
    modules::same_sources(description["engine"]["source_digest"].as_str().unwrap_or_default());
    for case in corpus::cases() {
        let response = unhex(answers.next().unwrap_or_default());
        let native = case.answer().1;
        assert!(response == native, "{}: {}", case.name, corpus::difference(&native, &response));
    }
    assert_eq!(answers.next(), None);
    println!("{} cases answered by the Extism module, byte for byte", corpus::cases().len());
}

const DESCRIBE: &[u8] = br#"{"call":"describe","contract":"countersign/v1"}"#;

/// A folder below `target` with the script and its host in it, as the lock file says.
fn host() -> PathBuf {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("node");
    let host = Path::new(env!("CARGO_TARGET_TMPDIR")).join("extism");
    fs::create_dir_all(&host).unwrap();
    let lock = fs::read(from.join("package-lock.json")).unwrap();
    let installed = host.join("installed.json");
    for file in ["package.json", "package-lock.json", "extism-corpus.mjs"] {
        fs::write(host.join(file), fs::read(from.join(file)).unwrap()).unwrap();
    }
    if fs::read(&installed).ok().as_ref() != Some(&lock) {
        run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&host));
        fs::write(&installed, &lock).unwrap();
    }
    host
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; Node 20 or newer is needed"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{stderr}", output.status);
    output
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap();
    text.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}
