//! The JavaScript module under Node and in a browser: every case of the corpus, what its door promises, and its types.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use countersign_tests::node::{self, hex, run, unhex};
use countersign_tests::{corpus, modules};
use serde_json::{Value, json};

/// All that the module may import: the glue of wasm-bindgen, with the hashes behind the names cut off. Objects, arrays,
/// maps, text, JSON and errors are made and read; no clock, no randomness, no network.
const IMPORTS: [&str; 13] = [
    "function ./countersign_bg.js __wbg_Error",
    "function ./countersign_bg.js __wbg___wbindgen_is_string",
    "function ./countersign_bg.js __wbg___wbindgen_string_get",
    "function ./countersign_bg.js __wbg___wbindgen_throw",
    "function ./countersign_bg.js __wbg_instanceof_Uint8Array",
    "function ./countersign_bg.js __wbg_length",
    "function ./countersign_bg.js __wbg_new",
    "function ./countersign_bg.js __wbg_parse",
    "function ./countersign_bg.js __wbg_prototypesetcall",
    "function ./countersign_bg.js __wbg_set",
    "function ./countersign_bg.js __wbg_stringify",
    "function ./countersign_bg.js __wbindgen_generic",
    "function ./countersign_bg.js __wbindgen_init_externref_table",
];

/// What the raw door exports, and this one must not.
const RAW: [&str; 5] = ["alloc", "put", "call", "take", "fault"];

/// The files of the door.
const FILES: [&str; 5] =
    ["countersign.js", "countersign.d.ts", "countersign_bg.wasm", "countersign_bg.wasm.d.ts", "package.json"];

/// The folder with the scripts, and the built door beside them in `js`.
fn host() -> &'static Path {
    static HOST: OnceLock<PathBuf> = OnceLock::new();
    HOST.get_or_init(|| {
        let scripts = [
            "answers.mjs",
            "browser-corpus.mjs",
            "browser-page.mjs",
            "js-corpus.mjs",
            "js-door.mjs",
            "js-types.ts",
            "js-tsconfig.json",
        ];
        let host = node::folder(Path::new(env!("CARGO_TARGET_TMPDIR")).join("node"), &scripts);
        fs::create_dir_all(host.join("js")).unwrap();
        for file in FILES {
            fs::write(host.join("js").join(file), modules::read(&format!("js/{file}"))).unwrap();
        }
        host
    })
}

#[test]
fn every_case_is_answered_alike_by_the_javascript_module() {
    let objects = agrees("js-corpus.mjs");
    println!("{} cases answered by the JavaScript module, byte for byte; {objects}", corpus::cases().len());
}

#[test]
fn every_case_is_answered_alike_in_a_browser() {
    agrees("browser-corpus.mjs");
    println!("{} cases answered by the JavaScript module in Chromium, byte for byte", corpus::cases().len());
}

/// Has a script answer every case, and compares with the engine itself; what the script tells besides.
fn agrees(script: &str) -> String {
    let output = run(Command::new("node").arg(script).arg(cases_file()).current_dir(host()));
    let stdout = String::from_utf8(output.stdout).unwrap();
    let mut answers = stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    is_itself(&answers.next().unwrap_or_default());
    for case in corpus::cases() {
        let answer = answers.next().unwrap_or_default();
        let (session, native) = case.answer();
        let response = unhex(answer["response"].as_str().unwrap_or_default());
        assert!(response == native, "{}: {}", case.name, corpus::difference(&native, &response));
        let blobs = corpus::digests(&native)
            .iter()
            .map(|digest| session.take(digest).map(|bytes| hex(&bytes)))
            .collect::<Vec<_>>();
        assert_eq!(answer["blobs"], json!(blobs), "{}: the blobs differ", case.name);
    }
    assert_eq!(answers.next(), None);
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The cases as the scripts read them.
fn cases_file() -> &'static Path {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        let mut lines = String::new();
        for case in corpus::cases() {
            let digests: Vec<String> = corpus::digests(&case.answer().1).iter().map(ToString::to_string).collect();
            writeln!(lines, "{}", node::case(case, &digests)).unwrap();
        }
        let file = host().join("js-cases.jsonl");
        fs::write(&file, lines).unwrap();
        file
    })
}

/// What the module says about itself is what it must be.
fn is_itself(module: &Value) {
    assert_eq!(module["imports"], json!(IMPORTS));
    let exports = module["exports"].as_array().cloned().unwrap_or_default();
    assert!(!exports.iter().any(|export| RAW.iter().any(|raw| export == raw)), "{exports:?}");
    let carried: Value = serde_json::from_str(module["carried"].as_str().unwrap_or_default()).unwrap();
    assert_eq!((&carried["door"], &carried["contract"]), (&json!("js"), &module["contract"]));
    assert_eq!(carried["engine"]["version"], module["version"]);
    modules::same_sources(carried["engine"]["source_digest"].as_str().unwrap_or_default());
}

#[test]
fn the_door_keeps_its_promises() {
    let output = run(Command::new("node").args(["--test", "--test-reporter=tap", "js-door.mjs"]).current_dir(host()));
    let stdout = String::from_utf8_lossy(&output.stdout);
    let passed = stdout.lines().find_map(|line| line.strip_prefix("# pass ")).and_then(|count| count.parse().ok());
    println!("{} promises of the JavaScript door", passed.unwrap_or(0));
    assert!(passed >= Some(10), "{stdout}");
}

#[test]
fn the_types_accept_a_host_and_refuse_its_mistakes() {
    let compiler = "node_modules/typescript/bin/tsc";
    run(Command::new("node").args([compiler, "--project", "js-tsconfig.json"]).current_dir(host()));
}
