//! The merged bill of materials: valid by the official schema, whole, and the same for every order of its parts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use countersign::formats::cyclonedx::{self, Bom, Component};
use countersign::sbom::{self, Merged, Part, Root};
use jsonschema::{Registry, Validator};
use serde_json::{Value, json};

use crate::shared::{corpora, files};

const ROOT: Root<'_> =
    Root { name: "shop", version: "7", serial: Some("urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79") };

#[test]
fn t41_merging_any_valid_documents_gives_a_valid_document() {
    let Some(root) = corpora("cyclonedx") else { return };
    let schema = Schema::new();
    let mut boms = Vec::new();
    for file in files(&root, "json") {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        if let Ok(bom) = cyclonedx::read_any(&std::fs::read(&file).unwrap()) {
            // Invalid documents that are read all the same must not make the merged one invalid.
            boms.push((name, bom));
        }
    }
    let mut sets = 0;
    for size in [1, 2, 3, 7, boms.len()] {
        for set in boms.chunks(size) {
            let parts: Vec<Part<'_>> = set.iter().map(|(name, bom)| part(name, Some(bom))).collect();
            let merged = sbom::merge(&ROOT, &parts);
            let document = schema.accepts(&merged);
            hangs_together(&document, &parts);
            let reversed: Vec<Part<'_>> = parts.iter().rev().copied().collect();
            assert_eq!(sbom::merge(&ROOT, &reversed), merged);
            sets += 1;
        }
    }
    println!("{} documents merged in {sets} sets", boms.len());
}

#[test]
fn at4_a_shared_package_stands_once_and_says_whose_it_is() {
    let api = bom(&json!({
        "metadata": {"component": {"type": "container", "name": "x", "bom-ref": "me"}},
        "components": [
            {"type": "library", "name": "log", "bom-ref": "l", "purl": "pkg:npm/log@1", "hashes": [sha256("a")]},
            {"type": "library", "name": "web", "bom-ref": "w", "purl": "pkg:npm/web@2",
             "licenses": [{"license": {"id": "MIT"}}, {"license": {"id": "My-Own"}}]},
        ],
        "dependencies": [{"ref": "me", "dependsOn": ["w"]}, {"ref": "w", "dependsOn": ["l"]}, {"ref": "l"}],
    }));
    let ui = bom(&json!({
        "components": [
            {"type": "library", "name": "log", "bom-ref": "w", "purl": "pkg:npm/log@1", "hashes": [sha256("a")],
             "licenses": [{"expression": "MIT OR ISC"}]},
            {"type": "library", "name": "log", "bom-ref": "other", "purl": "pkg:npm/log@1", "hashes": [sha256("b")]},
            {"type": "file", "name": "bundle", "bom-ref": "f", "components": [{"type": "file", "name": "part"}]},
        ],
        "dependencies": [{"ref": "f", "dependsOn": ["w", "other"]}],
    }));
    let parts = [part("api", Some(&api)), part("db", None), part("ui", Some(&ui))];
    let merged = sbom::merge(&ROOT, &parts);
    assert_eq!((merged.missing.as_slice(), merged.components), (&["db".to_owned()][..], 8));
    let document = Schema::new().accepts(&merged);
    hangs_together(&document, &parts);
    let log = format!("shared:{}:pkg:npm/log@1", "a".repeat(64));
    let tops: Vec<&str> = refs(&document["components"]);
    assert_eq!(tops, ["entry:api", "entry:db", "entry:ui", log.as_str()]);
    assert_eq!(refs(&document["components"][0]["components"]), ["entry:api#w"]);
    assert_eq!(document["components"][0]["type"], "container");
    assert_eq!(refs(&document["components"][2]["components"]), ["entry:ui#f", "entry:ui#other"]);
    assert_eq!(refs(&document["components"][2]["components"][0]["components"]), ["entry:ui!2.0"]);
    assert_eq!(document["components"][1]["properties"], json!([{"name": "countersign:sbom", "value": "missing"}]));
    let shared = &document["components"][3];
    let owner = |entry: &str| json!({"name": "countersign:entry", "value": entry});
    assert_eq!(shared["properties"], json!([owner("api"), owner("ui")]));
    assert_eq!(shared["licenses"], json!([{"expression": "MIT OR ISC"}]));
    let licenses = &document["components"][0]["components"][0]["licenses"];
    assert_eq!(*licenses, json!([{"license": {"id": "MIT"}}, {"license": {"name": "My-Own"}}]));
    assert_eq!(
        document["dependencies"],
        json!([
            {"ref": "deployment:shop@7", "dependsOn": ["entry:api", "entry:db", "entry:ui"]},
            {"ref": "entry:api", "dependsOn": ["entry:api#w"]},
            {"ref": "entry:api#w", "dependsOn": [log]},
            {"ref": "entry:ui#f", "dependsOn": ["entry:ui#other", log]},
            {"ref": log, "dependsOn": []},
        ])
    );
}

#[test]
fn t41_references_of_different_entries_never_meet() {
    let bom = bom(&json!({"components": [
        {"type": "file", "name": "a", "bom-ref": "b#c"}, {"type": "file", "name": "b", "bom-ref": "!0"},
        {"type": "file", "name": "c"}, {"type": "file", "name": "d", "bom-ref": "c"},
    ]}));
    let parts: Vec<Part<'_>> = ["a", "a#b", "a%23b", "a!0", "entry:a", "a"].map(|name| part(name, Some(&bom))).to_vec();
    let document = Schema::new().accepts(&sbom::merge(&ROOT, &parts));
    hangs_together(&document, &parts);
}

#[test]
fn t41_fields_that_1_6_does_not_know_are_left_out() {
    let newer = json!({"bomFormat": "CycloneDX", "specVersion": "1.7", "citations": [], "components": [
        {"type": "library", "name": "a", "isExternal": true, "versionRange": "vers:npm/>1", "cpe": "x",
         "hashes": [{"alg": "Streebog-256", "content": "a".repeat(64)}, sha256("B")],
         "licenses": [{"expression": "MIT"}, {"license": {"name": "x"}}], "supplier": {"name": "s"}},
    ]});
    let newer = cyclonedx::read(newer.to_string().as_bytes()).unwrap();
    let long = "9".repeat(4000);
    let parts = [Part { entry: "a", version: &long, bom: Some(&newer) }];
    let root = Root { serial: Some("none"), ..ROOT };
    let document = Schema::new().accepts(&sbom::merge(&root, &parts));
    assert_eq!(document["components"][0]["components"][0]["hashes"], json!([sha256("b")]));
    assert_eq!(document.get("serialNumber"), None);
}

#[test]
fn the_licence_ids_are_those_of_the_schema() {
    let schema = schema("spdx.schema.json");
    let ids: BTreeSet<&str> = schema["enum"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugin/src/sbom/spdx-licenses.txt");
    let text = std::fs::read_to_string(list).unwrap();
    assert!(text.lines().eq(ids), "write the schema's ids, sorted, one a line");
}

/// What the merged document must be, whatever its parts are: unique references, none of them dangling, nothing lost.
fn hangs_together(document: &Value, parts: &[Part<'_>]) {
    let mut all = BTreeMap::new();
    collect(&document["metadata"]["component"], &mut all);
    document["components"].as_array().unwrap().iter().for_each(|component| collect(component, &mut all));
    for service in document["services"].as_array().into_iter().flatten() {
        assert!(all.insert(service["bom-ref"].as_str().unwrap(), service).is_none());
    }
    let mut edges = 0;
    let mut froms = BTreeSet::new();
    for dependency in document["dependencies"].as_array().unwrap() {
        let from = dependency["ref"].as_str().unwrap();
        assert!(all.contains_key(from) && froms.insert(from), "{from}");
        for to in dependency["dependsOn"].as_array().unwrap() {
            assert!(all.contains_key(to.as_str().unwrap()), "{to}");
            edges += 1;
        }
    }
    let boms = || parts.iter().filter_map(|part| part.bom);
    let keyless = |component: &Component| component.purl.is_none();
    let subjects = boms().filter_map(|bom| bom.subject.as_deref());
    let listed: usize = boms().map(|bom| count(&bom.components, &keyless)).sum();
    let inner: usize = subjects.clone().map(|subject| count(&subject.components, &keyless)).sum();
    let entries = parts.len() - subjects.filter(|subject| subject.purl.is_some()).count();
    let written = all.values().filter(|component| component.get("type").is_some() && component.get("purl").is_none());
    assert_eq!(written.count(), listed + inner + entries + 1, "components without package URL are all kept");
    let mut purls = BTreeSet::new();
    boms().for_each(|bom| take_purls(&bom.components, &mut purls));
    let found: BTreeSet<&str> = all.values().filter_map(|component| component["purl"].as_str()).collect();
    assert!(purls.iter().all(|purl| found.contains(purl)), "package URLs are all kept");
    let needs = |bom: &Bom| -> usize {
        let pairs =
            bom.dependencies.iter().flat_map(|needs| needs.depends_on.iter().map(|to| (needs.from.clone(), to)));
        pairs.collect::<BTreeSet<_>>().len()
    };
    let most = boms().map(needs).sum::<usize>() + parts.len();
    if purls.is_empty() {
        assert_eq!(edges, most, "dependencies are all kept");
    }
    assert!(edges >= parts.len() && edges <= most);
}

fn collect<'v>(component: &'v Value, all: &mut BTreeMap<&'v str, &'v Value>) {
    let own = component["bom-ref"].as_str().unwrap();
    assert!(all.insert(own, component).is_none(), "{own} is given twice");
    component["components"].as_array().into_iter().flatten().for_each(|inner| collect(inner, all));
}

fn count(components: &[Component], which: &dyn Fn(&Component) -> bool) -> usize {
    components.iter().map(|component| usize::from(which(component)) + count(&component.components, which)).sum()
}

fn take_purls<'b>(components: &'b [Component], found: &mut BTreeSet<&'b str>) {
    for component in components {
        found.extend(component.purl.as_deref());
        take_purls(&component.components, found);
    }
}

fn refs(components: &Value) -> Vec<&str> {
    components.as_array().unwrap().iter().map(|component| component["bom-ref"].as_str().unwrap()).collect()
}

fn part<'a>(entry: &'a str, bom: Option<&'a Bom>) -> Part<'a> {
    Part { entry, version: "1", bom }
}

fn bom(rest: &Value) -> Bom {
    let mut document = json!({"bomFormat": "CycloneDX", "specVersion": "1.6"});
    document.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    cyclonedx::read(document.to_string().as_bytes()).unwrap()
}

fn sha256(digit: &str) -> Value {
    json!({"alg": "SHA-256", "content": digit.repeat(64)})
}

/// The official schema.
struct Schema(Validator);

impl Schema {
    fn new() -> Self {
        let registry = Registry::new()
            .add("http://cyclonedx.org/schema/spdx.schema.json", schema("spdx.schema.json"))
            .and_then(|registry| {
                registry.add("http://cyclonedx.org/schema/jsf-0.82.schema.json", schema("jsf-0.82.schema.json"))
            })
            .and_then(|registry| registry.prepare())
            .unwrap();
        let own = Self(jsonschema::options().with_registry(&registry).build(&schema("bom-1.6.schema.json")).unwrap());
        let listed = |license: Value| {
            let component = json!({"type": "library", "name": "a", "licenses": [{"license": license}]});
            own.0.is_valid(&json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [component]}))
        };
        assert!(listed(json!({"id": "MIT"})) && !listed(json!({"id": "My-Own"})), "the schema is in force");
        own
    }

    fn accepts(&self, merged: &Merged) -> Value {
        countersign::formats::json::check(&merged.json).unwrap();
        let document: Value = serde_json::from_slice(&merged.json).unwrap();
        let errors: Vec<String> =
            self.0.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        document
    }
}

fn schema(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/schemas/cyclonedx").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}
