//! Every case of the corpus, answered by the raw module under wasmtime: the bytes that the engine answers natively.

use countersign_cli::sandbox::{Cache, Sandbox};
use countersign_tests::corpus;
use countersign_tests::modules;

fn sandbox() -> Sandbox {
    let wasm = modules::read("countersign.wasm");
    Sandbox::from_bytes(wasm, &Cache::none()).unwrap_or_else(|fault| panic!("{fault}"))
}

#[test]
fn the_raw_module_imports_nothing() {
    let imports = sandbox().outline().unwrap().imports;
    assert!(imports.is_empty(), "{imports:?}");
}

#[test]
fn every_case_is_answered_alike_by_the_raw_module() {
    let sandbox = sandbox();
    modules::same_sources(&sandbox.identity().engine.source_digest);
    let cases = corpus::cases();
    for case in cases {
        let mut instance = sandbox.instantiate().unwrap();
        for document in &case.documents {
            instance.put(document).unwrap_or_else(|fault| panic!("{}: {fault}", case.name));
        }
        let response = instance.call(&case.request).unwrap_or_else(|fault| panic!("{}: {fault}", case.name));
        let (session, native) = case.answer();
        assert!(response == native, "{}: {}", case.name, corpus::difference(&native, &response));
        for digest in corpus::digests(&native) {
            let blob = instance.take(&digest.to_string()).unwrap_or_else(|fault| panic!("{}: {fault}", case.name));
            assert_eq!(blob.as_deref(), session.take(&digest), "{}: the blob {digest} differs", case.name);
        }
    }
    println!("{} cases answered by the raw module, byte for byte", cases.len());
}

#[test]
fn one_instance_answers_all_cases_as_fresh_ones_do() {
    let mut instance = sandbox().instantiate().unwrap();
    for case in corpus::cases() {
        for document in &case.documents {
            instance.put(document).unwrap_or_else(|fault| panic!("{}: {fault}", case.name));
        }
        let response = instance.call(&case.request).unwrap_or_else(|fault| panic!("{}: {fault}", case.name));
        let native = case.answer().1;
        assert!(response == native, "{}: {}", case.name, corpus::difference(&native, &response));
    }
}
