use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::PathBuf;

use super::*;

const ECHO: &str = include_str!("../../fixtures/echo.wat");
const ECHO_BLOB: &str = "sha256:092c79e8f80e559e404bcf660c48f3522b67aba9ff1484b0367e1a4ddef7431d";

fn echo() -> Vec<u8> {
    wat::parse_str(ECHO).unwrap()
}

fn scratch(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("countersign-sandbox-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    path
}

#[test]
fn the_embedded_module_imports_nothing_and_is_not_compiled_at_start() {
    let sandbox = Sandbox::embedded().unwrap();
    assert_eq!(*sandbox.origin(), Origin::Embedded);
    assert!(sandbox.outline().unwrap().imports.is_empty());
    assert_eq!(sandbox.identity().contract, module::CONTRACT);
    assert_eq!(sandbox.digest(), module::digest(EMBEDDED));
    assert_eq!(*sandbox.identity(), module::check_raw(&sandbox.outline().unwrap()).unwrap());
    sandbox.instantiate().unwrap();
}

#[test]
fn the_embedded_module_can_be_loaded_again_and_outlives_who_loaded_it() {
    let (first, second) = (Sandbox::embedded().unwrap(), Sandbox::embedded().unwrap());
    drop(first);
    let mut instance = second.instantiate().unwrap();
    assert_eq!(instance.take("no digest"), Ok(None));
}

#[test]
fn bytes_go_in_and_come_out() {
    let sandbox = Sandbox::from_bytes(echo(), &Cache::none()).unwrap();
    let mut instance = sandbox.instantiate().unwrap();
    assert_eq!(instance.call(b"{}").unwrap(), b"{}");
    assert_eq!(instance.call(b"").unwrap(), b"");
    assert_eq!(instance.put(b"").unwrap(), module::digest(b""));
    assert_eq!(instance.take(ECHO_BLOB).unwrap().as_deref(), Some(&b"echo"[..]));
    assert_eq!(instance.take("sha256:none").unwrap(), None);
    let spent = instance.spent();
    assert_eq!(spent.calls, 5);
    assert_eq!(spent.memory_peak, 2 << 16);
    assert!(spent.fuel > 0);
}

#[test]
fn a_large_input_is_within_the_limits() {
    let mut instance = Sandbox::from_bytes(echo(), &Cache::none()).unwrap().instantiate().unwrap();
    let large = vec![b' '; 150 << 20];
    assert_eq!(instance.call(&large).unwrap().len(), large.len());
    instance.put(&large).unwrap();
    assert_eq!(instance.spent().put, 150 << 20);
    assert!(instance.spent().memory_peak >= 150 << 20);
}

#[test]
fn fuel_is_the_same_in_every_instance() {
    let sandbox = Sandbox::from_bytes(echo(), &Cache::none()).unwrap();
    let spend = || {
        let mut instance = sandbox.instantiate().unwrap();
        instance.call(b"some request").unwrap();
        instance.take(ECHO_BLOB).unwrap();
        instance.spent()
    };
    assert_eq!(spend(), spend());
}

#[test]
fn a_module_is_compiled_once() {
    let directory = scratch("once");
    let cache = Cache::at(directory.join("countersign"));
    let origin = || Sandbox::from_bytes(echo(), &cache).unwrap().origin().clone();
    assert_eq!(origin(), Origin::Compiled(None));
    assert_eq!(origin(), Origin::Cached);
    let kept: Vec<_> = fs::read_dir(directory.join("countersign")).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(kept.len(), 1, "no temporary file is left");
    assert_eq!(kept[0].metadata().unwrap().mode() & 0o777, 0o600);
    // A damaged file is made anew.
    fs::write(kept[0].path(), b"not native code").unwrap();
    assert_eq!(origin(), Origin::Compiled(None));
    assert_eq!(origin(), Origin::Cached);
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn native_code_that_others_could_have_written_is_not_loaded() {
    let directory = scratch("others");
    let cache = Cache::at(directory.join("countersign"));
    let origin = || Sandbox::from_bytes(echo(), &cache).unwrap().origin().clone();
    assert_eq!(origin(), Origin::Compiled(None));
    let file = fs::read_dir(directory.join("countersign")).unwrap().next().unwrap().unwrap().path();

    fs::set_permissions(&file, fs::Permissions::from_mode(0o620)).unwrap();
    assert_eq!(origin(), Origin::Compiled(None), "a file that a group can write");

    let elsewhere = directory.join("elsewhere");
    fs::rename(&file, &elsewhere).unwrap();
    symlink(&elsewhere, &file).unwrap();
    assert_eq!(origin(), Origin::Compiled(None), "a link");

    fs::set_permissions(directory.join("countersign"), fs::Permissions::from_mode(0o755)).unwrap();
    let Origin::Compiled(Some(note)) = origin() else { panic!("a directory that others can read") };
    assert!(note.contains("only its owner"), "{note}");
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn native_code_is_never_taken_from_a_file() {
    let directory = scratch("native");
    fs::create_dir_all(&directory).unwrap();
    let path = directory.join("module.wasm");
    fs::write(&path, include_bytes!(concat!(env!("OUT_DIR"), "/countersign.native"))).unwrap();
    let fault = Sandbox::from_file(&path).unwrap_err();
    assert!(matches!(fault, Fault::NotAModule(_)), "{fault}");
    let missing = Sandbox::from_file(&directory.join("missing.wasm")).unwrap_err();
    assert!(matches!(missing, Fault::Unreadable { .. }), "{missing}");
    fs::remove_dir_all(directory).unwrap();
}
