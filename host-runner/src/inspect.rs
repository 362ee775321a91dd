//! What a module is and what it may do here, told without running it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Serialize;

use crate::module::{self, EngineIdentity, Outline};
use crate::sandbox::{EMBEDDED, Fault, Limits};
use crate::text::excerpt;

/// Characters of a name that are shown.
const NAME_MAX: usize = 120;

/// What `countersign inspect` says.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Report {
    /// The file, or `embedded`.
    pub module: String,
    /// `sha256:<hex>`.
    pub digest: String,
    /// Its size.
    pub bytes: usize,
    /// The contract that it declares.
    pub contract: Option<String>,
    /// Its door.
    pub door: Option<String>,
    /// The engine inside.
    pub engine: Option<EngineIdentity>,
    /// The names that it imports, with their types, by the module that they come from.
    pub imports: BTreeMap<String, BTreeMap<String, String>>,
    /// What it exports, with types.
    pub exports: BTreeMap<String, String>,
    /// Its memories, in pages of 64 KiB.
    pub memories: Vec<Pages>,
    /// How many functions it defines.
    pub functions: u32,
    /// Whether code runs when it is instantiated.
    pub starts: bool,
    /// Custom sections and their sizes.
    pub custom_sections: Vec<Section>,
    /// What it may use here.
    pub limits: Shown,
    /// Why this runner would not run it; `null` when it would.
    pub refused: Option<String>,
    /// The version of the runner.
    pub runner: String,
}

/// The size of a memory.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Pages {
    /// At the start.
    pub initial: u64,
    /// At most, when the module says so.
    pub maximum: Option<u64>,
}

/// A custom section.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Section {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: usize,
}

/// The limits, as published.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Shown {
    /// Fuel of one call.
    pub fuel_base: u64,
    /// More fuel for each byte given.
    pub fuel_per_byte: u64,
    /// Bytes of memory.
    pub memory_base: u64,
    /// More bytes of memory for each byte given.
    pub memory_per_byte: u64,
    /// Bytes of memory at most.
    pub memory_max: u64,
    /// Bytes of one answer at most.
    pub answer_max: u32,
    /// Seconds that one call may take.
    pub seconds: u64,
}

/// The report on the module in `file`, or on the one that the runner ships.
pub fn inspect(file: Option<&Path>) -> Result<Report, Fault> {
    match file {
        None => report("embedded".to_owned(), EMBEDDED),
        Some(path) => {
            let name = path.display().to_string();
            let wasm = std::fs::read(path)
                .map_err(|error| Fault::Unreadable { path: name.clone(), why: error.to_string() })?;
            report(name, &wasm)
        }
    }
}

fn report(name: String, wasm: &[u8]) -> Result<Report, Fault> {
    let outline = module::outline(wasm)?;
    // A section that cannot be read is a reason to refuse the module, and that is said below.
    let identity = module::identity(&outline).ok().flatten();
    let Limits { fuel_base, fuel_per_byte, memory_base, memory_per_byte, memory_max, answer_max, wall, table_max: _ } =
        Limits::default();
    let seconds = wall.as_secs();
    Ok(Report {
        module: name,
        digest: module::digest(wasm),
        bytes: wasm.len(),
        contract: identity.as_ref().map(|identity| identity.contract.clone()),
        door: identity.as_ref().map(|identity| identity.door.clone()),
        engine: identity.map(|identity| identity.engine),
        imports: imports(&outline),
        memories: outline.memories.iter().map(|&(initial, maximum)| Pages { initial, maximum }).collect(),
        functions: outline.functions,
        starts: outline.starts,
        custom_sections: outline
            .custom
            .iter()
            .map(|(name, bytes)| Section { name: name.clone(), bytes: *bytes })
            .collect(),
        limits: Shown { fuel_base, fuel_per_byte, memory_base, memory_per_byte, memory_max, answer_max, seconds },
        refused: module::check_raw(&outline).err().map(|fault| fault.to_string()),
        exports: outline.exports,
        runner: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

fn imports(outline: &Outline) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut grouped: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (module, name, kind) in &outline.imports {
        grouped.entry(module.clone()).or_default().insert(name.clone(), kind.clone());
    }
    grouped
}

impl fmt::Display for Report {
    /// For people; names that the module chose are shown so that they cannot steer a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let declared =
            |text: &Option<String>| text.as_deref().map_or("none".to_owned(), |text| excerpt(text, NAME_MAX));
        writeln!(f, "module: {} ({} bytes)", excerpt(&self.module, 1000), self.bytes)?;
        writeln!(f, "digest: {}", self.digest)?;
        writeln!(f, "contract: {}", declared(&self.contract))?;
        writeln!(f, "door: {}", declared(&self.door))?;
        match &self.engine {
            Some(engine) => {
                let (version, sources) = (excerpt(&engine.version, NAME_MAX), excerpt(&engine.source_digest, NAME_MAX));
                writeln!(f, "engine: {version}, from sources {sources}")?;
            }
            None => writeln!(f, "engine: none")?,
        }
        self.fmt_imports(f)?;
        writeln!(f, "exports: {}", self.exports.len())?;
        for (name, kind) in &self.exports {
            writeln!(f, "  {}: {kind}", excerpt(name, NAME_MAX))?;
        }
        for Pages { initial, maximum } in &self.memories {
            let most = maximum.map_or("no maximum of its own".to_owned(), |pages| format!("{pages} at most"));
            writeln!(f, "memory: {initial} pages of 64 KiB, {most}")?;
        }
        writeln!(f, "functions: {}, start function: {}", self.functions, if self.starts { "yes" } else { "none" })?;
        writeln!(f, "custom sections: {}", self.custom_sections.len())?;
        for Section { name, bytes } in &self.custom_sections {
            writeln!(f, "  {}: {bytes} bytes", excerpt(name, NAME_MAX))?;
        }
        self.fmt_limits(f)?;
        match &self.refused {
            None => write!(f, "this runner ({}) runs it", self.runner),
            Some(reason) => write!(f, "this runner ({}) does not run it: {reason}", self.runner),
        }
    }
}

impl Report {
    fn fmt_imports(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count: usize = self.imports.values().map(BTreeMap::len).sum();
        if count == 0 {
            return writeln!(f, "imports: none (0)");
        }
        writeln!(f, "imports: {count}")?;
        for (module, names) in &self.imports {
            writeln!(f, "  from {} ({}):", excerpt(module, NAME_MAX), names.len())?;
            for (name, kind) in names {
                writeln!(f, "    {}: {kind}", excerpt(name, NAME_MAX))?;
            }
        }
        Ok(())
    }

    fn fmt_limits(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = &self.limits;
        writeln!(f, "limits of one call:")?;
        writeln!(f, "  fuel: {} and {} for each byte given", limits.fuel_base, limits.fuel_per_byte)?;
        writeln!(
            f,
            "  memory: {} bytes and {} for each byte given, {} at most",
            limits.memory_base, limits.memory_per_byte, limits.memory_max
        )?;
        writeln!(f, "  answer: {} bytes", limits.answer_max)?;
        writeln!(f, "  time: {} s", limits.seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_module_is_reported_with_zero_imports() {
        let report = inspect(None).unwrap();
        let text = report.to_string();
        assert!(text.contains("\nimports: none (0)\n"), "{text}");
        assert!(text.contains("\ncontract: countersign/v1\ndoor: raw\n"), "{text}");
        assert!(text.ends_with("runs it"), "{text}");
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["imports"], serde_json::json!({}));
        assert_eq!(json["refused"], serde_json::Value::Null);
    }

    #[test]
    fn another_hosts_module_is_reported_with_its_imports_grouped() {
        let wasm = wat::parse_str(
            r#"(module
                (import "extism:host/env" "input_length" (func (result i64)))
                (import "extism:host/env" "alloc" (func (param i64) (result i64)))
                (import "e\1b[2Jvil" "x" (global i32))
                (func (export "plan") (result i32) i32.const 0)
                (func (export "same") (param i32 i64) (result f32 f64) unreachable)
                (memory 17 32)
                (start 0)
                (@custom "countersign" "{\"contract\":\"countersign/v1\",\"door\":\"extism\",\"engine\":{\"version\":\"0.1.0\",\"source_digest\":\"sha256:x\"}}")
                (@custom "producers" "abc"))"#,
        )
        .unwrap();
        let report = report("plugin.wasm".to_owned(), &wasm).unwrap();
        let text = report.to_string();
        for part in [
            "imports: 3\n  from e\\u{1b}[2Jvil (1):\n    x: global\n  from extism:host/env (2):\n    alloc: func (i64) -> i64\n    \
             input_length: func () -> i64\n",
            "exports: 2\n  plan: func () -> i32\n  same: func (i32, i64) -> (f32, f64)\n",
            "memory: 17 pages of 64 KiB, 32 at most\n",
            "start function: yes\n",
            "custom sections: 2\n",
            "door: extism\nengine: 0.1.0, from sources sha256:x\n",
            "does not run it: the module has the door `extism`",
        ] {
            assert!(text.contains(part), "{part:?} is not in {text}");
        }
    }

    #[test]
    fn a_module_that_declares_nothing_is_reported_too() {
        let report = report("x".to_owned(), b"\0asm\x01\0\0\0").unwrap();
        let text = report.to_string();
        assert!(text.contains("contract: none\ndoor: none\nengine: none\nimports: none (0)\n"), "{text}");
        assert!(report.refused.unwrap().contains("no section `countersign`"));
    }
}
