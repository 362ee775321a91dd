//! Modules that mean harm or are broken: each ends as a clear fault, bounded in time, and never as an answer.

use std::env;
use std::process::Command;
use std::time::{Duration, Instant};

use countersign_cli::exit::Exit;
use countersign_cli::failure::Failure;
use countersign_cli::sandbox::{Cache, Fault, Limits, Sandbox};

const IDENTITY: &str =
    r#"{"contract":"countersign/v1","door":"raw","engine":{"version":"0.1.0","source_digest":"sha256:00"}}"#;
/// No case may take longer, on any machine; most take milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// The parts of a harmless module, in the order in which they are written.
const HARMLESS: [(&str, &str); 7] = [
    ("memory", r#"(memory (export "memory") 1)"#),
    ("alloc", r#"(func (export "alloc") (param i32) (result i32) (i32.const 1024))"#),
    ("put", r#"(func (export "put") (param i32 i32) (result i64) (i64.const -1))"#),
    (
        "call",
        r#"(func (export "call") (param i32 i32) (result i64) (i64.const 0x40000000002)) (data (i32.const 1024) "{}")"#,
    ),
    ("take", r#"(func (export "take") (param i32 i32) (result i64) (i64.const -1))"#),
    ("fault", r#"(func (export "fault") (result i64) (i64.const -1))"#),
    ("custom", ""),
];

/// The harmless module with some parts replaced.
fn module(parts: &[(&str, &str)]) -> Vec<u8> {
    let custom = format!("(@custom \"countersign\" \"{}\")", IDENTITY.replace('"', "\\\""));
    let mut text = String::from("(module ");
    for (name, harmless) in HARMLESS {
        let harmless = if name == "custom" { &custom } else { harmless };
        text.push_str(parts.iter().find(|(part, _)| *part == name).map_or(harmless, |(_, text)| text));
        text.push('\n');
    }
    text.push(')');
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The same with one function's body replaced by `body`.
fn with_body(name: &str, body: &str) -> Vec<u8> {
    let kind = match name {
        "alloc" => "(param i32) (result i32)",
        "fault" => "(result i64)",
        _ => "(param i32 i32) (result i64)",
    };
    module(&[(name, &format!("(func ${name} (export \"{name}\") {kind} {body})"))])
}

fn load(wasm: Vec<u8>) -> Result<Sandbox, Fault> {
    Sandbox::from_bytes(wasm, &Cache::none())
}

/// What comes of one call, under `limits`; also that nothing comes after a fault, and that it all ends in time.
fn call_under(limits: Limits, wasm: Vec<u8>) -> Fault {
    let begun = Instant::now();
    let mut instance = load(wasm).unwrap().with_limits(limits).instantiate().unwrap();
    let fault = instance.call(b"{}").expect_err("a hostile module gives no answer");
    assert_eq!(instance.call(b"{}"), Err(Fault::Poisoned), "a stopped instance is not asked again");
    assert_eq!(instance.put(b"x"), Err(Fault::Poisoned));
    assert_eq!(instance.take("x"), Err(Fault::Poisoned));
    check(&fault, begun);
    fault
}

fn call(wasm: Vec<u8>) -> Fault {
    call_under(Limits::default(), wasm)
}

fn refusal(wasm: Vec<u8>) -> Fault {
    let begun = Instant::now();
    let fault = load(wasm).expect_err("a hostile module is not loaded");
    check(&fault, begun);
    fault
}

/// A fault is told in one plain line with help, ends the process as an error, and comes in time.
fn check(fault: &Fault, begun: Instant) {
    let failure = Failure::from(fault.clone());
    assert!(matches!(failure.exit, Exit::Internal | Exit::Usage), "{failure:?}");
    assert!(failure.problem.chars().all(|character| !character.is_control()), "{:?}", failure.problem);
    assert!(failure.help.is_some_and(|help| !help.is_empty()));
    assert!(begun.elapsed() < PATIENCE, "{fault} took {:?}", begun.elapsed());
}

const SPIN: &str = "(loop $again (br $again)) unreachable";

#[test]
fn the_harmless_module_is_harmless() {
    let mut instance = load(module(&[])).unwrap().instantiate().unwrap();
    assert_eq!(instance.call(b"{}").unwrap(), b"{}");
}

#[test]
fn f25_an_endless_loop_runs_out_of_fuel() {
    let limit = Limits::default().fuel(2);
    for name in ["call", "alloc"] {
        let fault = call(with_body(name, SPIN));
        assert_eq!(fault, Fault::Fuel { used: limit, limit }, "{name}");
        assert_eq!(fault.to_string(), format!("fuel ran out: used {limit} of {limit}"));
    }
    let mut instance = load(with_body("put", SPIN)).unwrap().instantiate().unwrap();
    assert!(matches!(instance.put(b"x"), Err(Fault::Fuel { .. })));
    let mut instance = load(with_body("take", SPIN)).unwrap().instantiate().unwrap();
    assert!(matches!(instance.take("x"), Err(Fault::Fuel { .. })));
}

#[test]
fn f25_bulk_work_is_charged_by_the_byte() {
    let fill = "(loop $again (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br $again)) unreachable";
    assert!(matches!(call(with_body("call", fill)), Fault::Fuel { .. }));
}

#[test]
fn f25_an_allocation_bomb_meets_the_memory_limit() {
    let bomb = "(loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable";
    let limit = Limits::default().memory(2);
    let fault = call(with_body("call", bomb));
    assert_eq!(fault, Fault::Memory { limit });
    assert_eq!(fault.to_string(), format!("memory limit of {limit} bytes exceeded"));
}

#[test]
fn f25_a_module_that_begins_too_large_is_not_instantiated() {
    let fault = load(module(&[("memory", r#"(memory (export "memory") 60000)"#)])).unwrap().instantiate().unwrap_err();
    assert_eq!(fault, Fault::Memory { limit: Limits::default().memory(0) });
    let table = r#"(memory (export "memory") 1) (table 1000000 funcref)"#;
    let fault = load(module(&[("memory", table)])).unwrap().instantiate().unwrap_err();
    assert!(fault.to_string().contains("table"), "{fault}");
}

#[test]
fn f25_a_table_bomb_grows_no_further_than_the_limit() {
    let table = r#"(memory (export "memory") 1) (table $t 1 funcref)"#;
    let bomb = r#"(func (export "call") (param i32 i32) (result i64)
        (loop $again
          (br_if $again (i32.ne (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1))))
        (if (i32.le_u (table.size $t) (i32.const 20000)) (then unreachable))
        (i64.const 0x40000000002))"#;
    assert!(matches!(call(module(&[("memory", table), ("call", bomb)])), Fault::Stopped(_)));
}

#[test]
fn f25_deep_recursion_exhausts_the_stack_and_nothing_else() {
    let fault = call(with_body("call", "(call $call (local.get 0) (local.get 1)) (i64.const 1) i64.add"));
    assert_eq!(fault.to_string(), "the engine stopped: wasm trap: call stack exhausted");
}

#[test]
fn f25_a_panic_is_told_in_its_own_words_made_plain() {
    let panic = [
        ("call", r#"(func (export "call") (param i32 i32) (result i64) unreachable)"#),
        (
            "fault",
            r#"(func (export "fault") (result i64) (i64.const 0x0000001000000021)) (data (i32.const 16) "panicked at x.rs:1:\0aboom \1b[31m::x")"#,
        ),
    ];
    let fault = call(module(&panic));
    assert_eq!(fault.to_string(), "the engine stopped: panicked at x.rs:1:\\u{a}boom \\u{1b}[31m::x");
}

#[test]
fn f25_last_words_cannot_do_harm_either() {
    let trap = r#"(func (export "call") (param i32 i32) (result i64) unreachable)"#;
    for words in [
        "(loop $again (br $again)) unreachable",
        "unreachable",
        "(i64.const -1)",
        "(i64.const 0)",
        "(i64.const 0x7fffffff7fffffff)",
        "(i64.const 0xffff0000ffff)",
    ] {
        let words = format!(r#"(func (export "fault") (result i64) {words})"#);
        let fault = call(module(&[("call", trap), ("fault", &words)]));
        assert_eq!(fault.to_string(), "the engine stopped: wasm trap: wasm `unreachable` instruction executed");
    }
    let long = r#"(func (export "fault") (result i64) (i64.const 0x0000000000010000))"#;
    let fault = call(module(&[("call", trap), ("fault", long)]));
    assert!(fault.to_string().len() < 20_000, "{} bytes", fault.to_string().len());
}

#[test]
fn f26_an_answer_outside_of_the_memory_is_no_answer() {
    for (packed, told) in [
        ("0x0001000000000001", "1 bytes at 65536 are outside of its memory"),
        ("0x0000ffff00000002", "2 bytes at 65535 are outside of its memory"),
        ("0xfffffffefffffffe", "4294967294 bytes are more than the 1073741824 that an answer may have"),
        ("0xffffffff00000001", "1 bytes at 4294967295 are outside of its memory"),
        ("0x000000003fffffff", "1073741823 bytes at 0 are outside of its memory"),
        ("-1", "`call` gave no response"),
    ] {
        let fault = call(with_body("call", &format!("(i64.const {packed})")));
        assert_eq!(fault.to_string(), format!("the engine's answer is unusable: {told}"));
    }
}

#[test]
fn f26_a_buffer_outside_of_the_memory_is_not_written() {
    for pointer in ["65535", "-1", "65536"] {
        let fault = call(with_body("alloc", &format!("(i32.const {pointer})")));
        assert!(fault.to_string().contains("`alloc` gave 2 bytes at"), "{fault}");
    }
}

#[test]
fn f26_a_huge_answer_is_not_taken() {
    let limits = Limits { answer_max: 4096, ..Limits::default() };
    let fault = call_under(limits, with_body("call", "(i64.const 4097)"));
    assert_eq!(
        fault.to_string(),
        "the engine's answer is unusable: 4097 bytes are more than the 4096 that an answer may have"
    );
}

#[test]
fn f26_garbage_is_not_a_response() {
    for (bytes, length) in [("verdict: deploy", 15), ("{}}", 3), ("\\ff\\fe", 2), ("", 0), ("\\1b[2J", 4), ("[[[[", 4)]
    {
        let body = format!(
            r#"(func (export "call") (param i32 i32) (result i64) (i64.const {}))(data (i32.const 16) "{bytes}")"#,
            (16_u64 << 32) | length
        );
        let mut instance = load(module(&[("call", &body)])).unwrap().instantiate().unwrap();
        let begun = Instant::now();
        let fault = instance.ask::<serde_json::Value>(&serde_json::json!({})).unwrap_err();
        assert!(fault.to_string().contains("is not a response"), "{fault}");
        check(&fault, begun);
        assert_eq!(instance.call(b"{}"), Err(Fault::Poisoned));
    }
}

#[test]
fn f26_a_digest_that_is_none_and_a_blob_of_another_digest_are_refused() {
    let put = r#"(func (export "put") (param i32 i32) (result i64) (i64.const 0x0000001000000005))(data (i32.const 16) "sha25")"#;
    let mut instance = load(module(&[("put", put)])).unwrap().instantiate().unwrap();
    assert!(instance.put(b"x").unwrap_err().to_string().contains("`put` gave `sha25` for a digest"));
    let mut instance = load(module(&[])).unwrap().instantiate().unwrap();
    assert!(instance.put(b"x").unwrap_err().to_string().contains("`put` gave no digest"));
    let take = r#"(func (export "take") (param i32 i32) (result i64) (i64.const 0x0000001000000005))"#;
    let mut instance = load(module(&[("take", take)])).unwrap().instantiate().unwrap();
    assert!(instance.take("sha256:00").unwrap_err().to_string().contains("has another digest"));
}

#[test]
fn t80_any_import_is_refused_and_all_are_named() {
    let imports = r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
        (import "env" "clock" (global i64)) (import "extism:host/env" "http_request" (func))
        (memory (export "memory") 1)"#;
    assert_eq!(
        refusal(module(&[("memory", imports)])).to_string(),
        "the module imports `wasi_snapshot_preview1.fd_write`, `env.clock`, `extism:host/env.http_request`, and the \
         sandbox grants nothing"
    );
    let memory = r#"(import "env" "memory" (memory 1)) (export "memory" (memory 0))"#;
    assert_eq!(refusal(module(&[("memory", memory)])), Fault::Imports(vec!["env.memory".to_owned()]));
}

#[test]
fn t80_another_contract_is_refused_naming_both() {
    let section = |text: &str| format!("(@custom \"countersign\" \"{}\")", text.replace('"', "\\\""));
    let two = section(&IDENTITY.replace("countersign/v1", "countersign/v2"));
    assert_eq!(
        refusal(module(&[("custom", &two)])).to_string(),
        "the module does not speak `countersign/v1`, which this runner speaks: it speaks `countersign/v2`"
    );
    let extism = section(&IDENTITY.replace("raw", "extism"));
    assert_eq!(refusal(module(&[("custom", &extism)])), Fault::Door("extism".to_owned()));
    let twice = format!("{0} {0}", section(IDENTITY));
    for (custom, told) in [
        (String::new(), "it has no section"),
        (section("{}"), "cannot be read"),
        (section("garbage"), "cannot be read"),
        (section(&IDENTITY.replace("}}", "")), "cannot be read"),
        (twice, "more than one section"),
    ] {
        let fault = refusal(module(&[("custom", &custom)]));
        assert!(matches!(&fault, Fault::Contract(why) if why.contains(told)), "{custom}: {fault}");
    }
}

#[test]
fn t80_a_missing_or_mistyped_export_is_refused_by_name() {
    for (name, wanted) in [
        ("memory", "memory"),
        ("alloc", "func (i32) -> i32"),
        ("put", "func (i32, i32) -> i64"),
        ("call", "func (i32, i32) -> i64"),
        ("take", "func (i32, i32) -> i64"),
        ("fault", "func () -> i64"),
    ] {
        let missing = if name == "memory" { "(memory 1)" } else { "" };
        let missing = if name == "call" { "(func)" } else { missing };
        let fault = refusal(module(&[(name, missing)]));
        assert_eq!(fault.to_string(), format!("the module's export `{name}` (`{wanted}`) is missing"));
        let text = format!("(memory {}1) (global (export \"{name}\") i32 (i32.const 0))", "");
        let text = if name == "memory" { text } else { format!("(func (export \"{name}\") (param f32))") };
        let fault = refusal(module(&[(name, &text)]));
        let found = if name == "memory" { "global" } else { "func (f32)" };
        assert_eq!(fault.to_string(), format!("the module's export `{name}` is `{found}`, not `{wanted}`"));
    }
}

#[test]
fn t80_a_file_cut_off_anywhere_is_refused() {
    let whole = module(&[]);
    load(whole.clone()).unwrap();
    for length in 0..whole.len() {
        refusal(whole[..length].to_vec());
    }
}

#[test]
fn t80_a_file_damaged_anywhere_does_no_harm() {
    let whole = module(&[]);
    let limits = Limits { fuel_base: 1_000_000, ..Limits::default() };
    for index in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[index] ^= [0x01, 0x80, 0xff][index % 3];
        let Ok(sandbox) = load(damaged) else { continue };
        if let Ok(mut instance) = sandbox.with_limits(limits.clone()).instantiate() {
            let _ = instance.call(b"{}");
            let _ = instance.put(b"{}");
            let _ = instance.take("{}");
        }
    }
}

#[test]
fn t80_what_the_engine_does_not_need_is_off() {
    for (what, parts) in [
        ("memory64", r#"(memory (export "memory") i64 1)"#),
        ("a second memory", r#"(memory (export "memory") 1) (memory 1)"#),
        ("a shared memory", r#"(memory (export "memory") 1 1 shared)"#),
        ("tail calls", r#"(memory (export "memory") 1) (func $f (return_call $f))"#),
        (
            "relaxed simd",
            r#"(memory (export "memory") 1) (func (param v128) (result v128)
               (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))"#,
        ),
        ("exceptions", r#"(memory (export "memory") 1) (tag $t) (func (throw $t))"#),
        ("garbage collection", r#"(memory (export "memory") 1) (type $s (struct)) (func (drop (struct.new $s)))"#),
    ] {
        assert!(matches!(refusal(module(&[("memory", parts)])), Fault::Compile(_)), "{what}");
    }
}

#[test]
fn t80_other_files_are_no_modules() {
    let component = b"\0asm\x0d\0\x01\0".to_vec();
    for (what, bytes) in [
        ("nothing", Vec::new()),
        ("text", b"(module)".to_vec()),
        ("native code", b"\x7fELF\x02\x01\x01".to_vec()),
        ("a component", component),
        ("too much", vec![0; (64 << 20) + 1]),
    ] {
        assert!(matches!(refusal(bytes), Fault::NotAModule(_)), "{what}");
    }
}

#[test]
fn f25_a_start_function_is_bounded_too() {
    let start = |body: &str| {
        let memory = format!(r#"(memory (export "memory") 1) (func $start {body}) (start $start)"#);
        let begun = Instant::now();
        let fault = load(module(&[("memory", &memory)])).unwrap().instantiate().unwrap_err();
        check(&fault, begun);
        fault
    };
    let limit = Limits::default().fuel(0);
    assert_eq!(start("(loop $again (br $again))"), Fault::Fuel { used: limit, limit });
    assert_eq!(
        start("unreachable").to_string(),
        "the engine stopped: wasm trap: wasm `unreachable` instruction executed"
    );
    let bomb = "(loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable";
    assert_eq!(start(bomb), Fault::Memory { limit: Limits::default().memory(0) });
}

#[test]
fn f25_the_limits_grow_with_what_was_given() {
    let limits = Limits::default();
    assert_eq!(limits.fuel(10), 2_000_000_000 + 1_600_000);
    assert_eq!(limits.memory(1 << 20), (64 << 20) + (8 << 20));
    assert_eq!(limits.memory(u64::MAX), (4 << 30) - (64 << 10));
    assert_eq!(limits.fuel(u64::MAX), u64::MAX);
}

/// A guest that outlives its time ends the process: so it is looked at from another one, which is this program again.
#[test]
fn f25_the_watchdog_ends_the_process_as_an_internal_error() {
    if env::var_os("COUNTERSIGN_TEST_SPIN").is_some() {
        let limits = Limits { fuel_base: u64::MAX, wall: Duration::from_millis(200), ..Limits::default() };
        let _ = call_under(limits, with_body("call", SPIN));
        return;
    }
    let begun = Instant::now();
    let ended = Command::new(env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "hostile::f25_the_watchdog_ends_the_process_as_an_internal_error"])
        .env("COUNTERSIGN_TEST_SPIN", "1")
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(Exit::Internal.code().into()));
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(told.contains("error: the engine did not answer within"), "{told}");
    assert!(begun.elapsed() < PATIENCE);
}
