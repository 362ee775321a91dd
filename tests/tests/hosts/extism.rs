//! Every case of the corpus, answered by the Extism module in a host that others wrote: `@extism/extism` under Node.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use countersign_tests::node::{self, hex, run, unhex};
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
    let host = node::folder(Path::new(env!("CARGO_TARGET_TMPDIR")).join("node"), &["extism-corpus.mjs"]);
    let (module, cases) = (host.join("countersign.extism.wasm"), host.join("extism-cases.jsonl"));
    fs::write(&module, modules::read("countersign.extism.wasm")).unwrap();
    let mut lines = json!({ "name": "describe", "documents": [], "request": hex(DESCRIBE) }).to_string() + "\n";
    for case in corpus::cases() {
        writeln!(lines, "{}", node::case(case, &[])).unwrap();
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
