//! Every case of the corpus, answered by the raw module under wasmtime: the bytes that the engine answers natively.

use countersign::contract::{self, Session};
use countersign::scalar::Digest;
use countersign_cli::sandbox::{Cache, Limits, Sandbox};
use countersign_tests::corpus;
use countersign_tests::modules;
use countersign_tests::sigstore::test_data;
use serde_json::{Value, json};

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
            assert_eq!(blob, session.take(&digest).as_deref().cloned(), "{}: the blob {digest} differs", case.name);
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

/// Real bundles, and how the engine says that every signature of them holds, while they attest something else.
const REAL: [(&str, &str); 3] = [
    ("bundles/conda-attestation.sigstore.json", "it attests `https://schemas.conda.org/"),
    ("bundles/github-private-attestation.sigstore.json", "vouches for, not GitHub Actions"),
    ("timestamps/github_sha384_bundle.json", "vouches for, not GitHub Actions"),
];

#[test]
fn ev8_real_bundles_are_verified_inside_the_module_without_a_clock_and_as_natively() {
    let sandbox = sandbox();
    modules::same_sources(&sandbox.identity().engine.source_digest);
    for (name, holds) in REAL {
        let bundle = std::fs::read(test_data().join(name)).unwrap();
        let document = json!({ "name": name, "digest": Digest::of(&bundle) });
        let request = json!({ "call": "ingest", "contract": contract::CONTRACT, "document": document }).to_string();
        let mut session = Session::new();
        session.put(bundle.clone());
        let native = contract::handle(&mut session, request.as_bytes());
        let mut instance = sandbox.instantiate().unwrap();
        instance.put(&bundle).unwrap();
        let (before, begun) = (instance.spent().fuel, std::time::Instant::now());
        let response = instance.call(request.as_bytes()).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let (fuel, took) = (instance.spent().fuel - before, begun.elapsed());
        println!("{name}: {} bytes, {fuel} fuel, {took:?}", bundle.len());
        assert_eq!(response, native, "{name}");
        let response: Value = serde_json::from_slice(&response).unwrap();
        assert!(response["problem"]["message"].as_str().unwrap_or_default().contains(holds), "{name}: {response}");
        // However many there are, each brings what it takes.
        let brought = Limits::default().fuel_per_byte * bundle.len() as u64;
        assert!(fuel < brought, "{name}: {fuel} fuel for a bundle that brings {brought}");
    }
}
