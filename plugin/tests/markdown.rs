//! Strings that broke other software, shown on a page of ours (T64).
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests say what they ran, and where the files are"
)]
#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use countersign::attachments::markdown::{Most, Page, block, code, names, ours, prose};
use pulldown_cmark::{Event, Options, Parser, Tag};

/// A page that shows `text` wherever foreign text can stand.
fn page_of(text: &str) -> String {
    let mut page = Page::default();
    let most = Most { rows: 9, bytes: 50_000, rest: "rest.json" };
    page.heading(2, code(text));
    page.paragraph([prose(text), ours(" "), code(text), prose(format!("the check `{text}` failed: {text}"))]);
    page.paragraph([prose(text)]);
    page.list(1, [prose(text)].into_iter(), most);
    page.list(2, [code(text), prose(text)].into_iter(), most);
    page.table(["A", "B", "C"], 1, [[code(text), prose(text), names([text, text].iter(), 1)]].into_iter(), most);
    page.finish()
}

/// The structure of a page, and its text outside of code.
fn parsed(page: &str) -> (Vec<String>, String) {
    let (mut structure, mut outside) = (Vec::new(), String::new());
    for event in Parser::new_ext(page, Options::all()) {
        match event {
            Event::Start(tag @ (Tag::Link { .. } | Tag::Image { .. } | Tag::HtmlBlock)) => panic!("{tag:?} in\n{page}"),
            Event::Start(tag) => structure.push(format!("{tag:?}")),
            Event::Text(text) => outside.push_str(&text),
            Event::SoftBreak | Event::HardBreak => outside.push(' '),
            Event::End(_) | Event::Code(_) => {}
            active => panic!("{active:?} in\n{page}"),
        }
    }
    (structure, outside)
}

/// What no text outside of code may hold, because some renderer acts on it.
const SIGNS: [&str; 12] = ["@", "#", "<", ">", "[", "]", "://", "www.", "*", "_", "~", "\\"];

fn check(text: &str) {
    let page = page_of(text);
    let (structure, outside) = parsed(&page);
    assert_eq!(structure, parsed(&page_of("word")).0, "{text:?} in\n{page}");
    for sign in SIGNS {
        assert!(!outside.contains(sign), "{sign} of {text:?} in\n{page}");
    }
    let fenced = format!("{}\nafter\n", block(text));
    let (structure, outside) = parsed(&fenced);
    assert_eq!(structure.len(), 2, "{text:?} in\n{fenced}");
    let first = structure.first().is_some_and(|tag| tag.starts_with("CodeBlock"));
    assert!(first && outside.ends_with("after"), "{text:?} in\n{fenced}");
}

#[test]
fn t64_foreign_text_starts_no_structure_and_calls_nobody() {
    HOSTILE.into_iter().for_each(check);
}

#[test]
fn t64_naughty_strings_start_no_structure() {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let shared = std::env::var("COUNTERSIGN_SHARED").map_or_else(|_| default(), PathBuf::from);
    let file = shared.join("corpora/strings/blns.json");
    let Ok(bytes) = std::fs::read(&file) else {
        println!("not run: corpora/strings is not there: COUNTERSIGN_SHARED names the folder that `corpora` is in");
        return;
    };
    let strings: Vec<String> = serde_json::from_slice(&bytes).unwrap();
    strings.iter().for_each(|text| check(text));
    println!("{} naughty strings", strings.len());
    assert!(strings.len() > 400);
}

const HOSTILE: [&str; 43] = [
    "@everyone look",
    "fixes #12, closes org/repo#3, GH-1",
    "[click](https://evil.example) ![pixel](https://evil.example/x.png)",
    "<script>alert(1)</script> <img src=x onerror=y>",
    "<!-- hidden --> &lt;b&gt; &#64;org",
    "https://evil.example/x www.evil.example mailto:a@b.example ftp://x",
    "a | b || c \\| d",
    "line\n\n# Approved\n\n- [x] done",
    "line\r\n---\r\nsetext\r===",
    "`code` ``two`` ```three``` and one `",
    "``````",
    "` `",
    "`",
    "``",
    "`a``b`c",
    "```\n# out of the fence\n```",
    "```\n````\n`````x",
    "\\`escaped\\` \\",
    "**bold** __bold__ *it* _it_ ~~gone~~",
    "1. one\n2. two",
    "1) one",
    "- item + item * item",
    "> quote",
    "    indented code",
    "\tindented code",
    "[ref]: https://evil.example",
    "[^1]: note [^1]",
    "$math$ $$math$$",
    "{{ template }} ${var} $(cmd)",
    "/close /approve :tada: ~label !12 %3 ^x",
    "\u{202e}desrever\u{202c} \u{2066}x\u{2069} \u{200b}zero",
    "\u{1b}[31mred\u{1b}[0m \u{7} \u{0}",
    "| --- | --- |",
    ":---: | ---",
    "***",
    "___",
    "===",
    "+++\ntoml = 1\n+++",
    "---\nyaml: 1\n---",
    "deadbeefcafe 0123456789abcdef0123456789abcdef01234567",
    "PROJ-123 closes PROJ-124",
    "",
    " ",
];
