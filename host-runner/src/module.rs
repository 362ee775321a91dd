//! What a module says about itself, read before any of it is compiled.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use wasmparser::{BinaryReaderError, CompositeInnerType, Encoding, ExternalKind, Parser, Payload, TypeRef, ValType};

use crate::sandbox::Fault;
use crate::text::excerpt;

/// The contract that this runner speaks.
pub const CONTRACT: &str = "countersign/v1";
/// The custom section that holds a module's [`Identity`].
pub const SECTION: &str = "countersign";
/// Bytes of a module at most.
pub const SIZE_MAX: usize = 64 << 20;
/// The functions of the raw door, with their types.
pub const RAW_DOOR: [(&str, &str); 5] = [
    ("alloc", "(i32) -> i32"),
    ("call", "(i32, i32) -> i64"),
    ("fault", "() -> i64"),
    ("put", "(i32, i32) -> i64"),
    ("take", "(i32, i32) -> i64"),
];

/// What a module declares in its custom section.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Identity {
    /// The contract that it speaks.
    pub contract: String,
    /// Through which door: `raw` or `extism`.
    pub door: String,
    /// The engine inside.
    pub engine: EngineIdentity,
}

/// Which engine is inside a module; the journal pins it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct EngineIdentity {
    /// Its version.
    pub version: String,
    /// The digest of the sources that it was built from.
    pub source_digest: String,
}

/// The outline of a module: everything but its code.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    /// Its contents of the section `countersign`, when there is one.
    pub section: Option<Vec<u8>>,
    /// Imports: module, name, type.
    pub imports: Vec<(String, String, String)>,
    /// Exports: name and type.
    pub exports: BTreeMap<String, String>,
    /// Its memories: pages at start and at most.
    pub memories: Vec<(u64, Option<u64>)>,
    /// How many functions it defines.
    pub functions: u32,
    /// Whether code runs when it is instantiated.
    pub starts: bool,
    /// Custom sections: name and size in bytes.
    pub custom: Vec<(String, usize)>,
}

/// `sha256:` and the digest of `bytes`.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    let mut text = String::from("sha256:");
    for byte in Sha256::digest(bytes) {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// Reads the outline of `wasm`; a truncated or foreign file is refused.
pub fn outline(wasm: &[u8]) -> Result<Outline, Fault> {
    if wasm.len() > SIZE_MAX {
        return Err(Fault::NotAModule(format!("{} bytes are more than the {SIZE_MAX} that one may have", wasm.len())));
    }
    if !wasm.starts_with(b"\0asm") {
        return Err(Fault::NotAModule("it does not begin as a WebAssembly binary does".to_owned()));
    }
    let mut reading = Reading::default();
    let mut ended = false;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(|error| unreadable(&error))?;
        ended = matches!(payload, Payload::End(_));
        reading.take(payload)?;
    }
    if !ended || reading.bodies != reading.outline.functions {
        return Err(Fault::NotAModule("it ends too early".to_owned()));
    }
    Ok(reading.outline)
}

/// The identity that a module declares; `None` when it declares nothing.
pub fn identity(outline: &Outline) -> Result<Option<Identity>, Fault> {
    let Some(section) = &outline.section else { return Ok(None) };
    match serde_json::from_slice::<Identity>(section) {
        Ok(identity) => Ok(Some(identity)),
        Err(error) => Err(Fault::Contract(format!("its section `{SECTION}` cannot be read: {error}"))),
    }
}

/// Checks that the module is one that the sandbox runs: this contract, the raw door, no imports, the door's exports.
pub fn check_raw(outline: &Outline) -> Result<Identity, Fault> {
    let identity = identity(outline)?
        .ok_or_else(|| Fault::Contract(format!("it does not say so: it has no section `{SECTION}`")))?;
    if identity.contract != CONTRACT {
        return Err(Fault::Contract(format!("it speaks `{}`", excerpt(&identity.contract, 80))));
    }
    if identity.door != "raw" {
        return Err(Fault::Door(excerpt(&identity.door, 80)));
    }
    if !outline.imports.is_empty() {
        let names = outline.imports.iter().map(|(module, name, _)| excerpt(&format!("{module}.{name}"), 120));
        return Err(Fault::Imports(names.collect()));
    }
    check_export(outline, "memory", "memory")?;
    RAW_DOOR.iter().try_for_each(|(name, kind)| check_export(outline, name, &format!("func {kind}")))?;
    Ok(identity)
}

fn check_export(outline: &Outline, name: &str, wanted: &str) -> Result<(), Fault> {
    match outline.exports.get(name) {
        Some(found) if found == wanted => Ok(()),
        Some(found) => Err(Fault::Export(format!("`{name}` is `{found}`, not `{wanted}`"))),
        None => Err(Fault::Export(format!("`{name}` (`{wanted}`) is missing"))),
    }
}

fn unreadable(error: &BinaryReaderError) -> Fault {
    Fault::NotAModule(format!("{} at byte {}", excerpt(error.message(), 120), error.offset()))
}

#[derive(Default)]
struct Reading {
    outline: Outline,
    /// The signatures by type index; `None` for a type that is not a function.
    types: Vec<Option<String>>,
    /// The type of every function, imported ones first.
    functions: Vec<u32>,
    bodies: u32,
}

impl Reading {
    fn take(&mut self, payload: Payload<'_>) -> Result<(), Fault> {
        self.read(payload).map_err(|problem| match problem {
            Problem::Binary(error) => unreadable(&error),
            Problem::Fault(fault) => fault,
        })
    }

    fn read(&mut self, payload: Payload<'_>) -> Result<(), Problem> {
        match payload {
            Payload::Version { encoding: Encoding::Component, .. } => {
                return Err(Fault::NotAModule("it is a component, not a core module".to_owned()).into());
            }
            Payload::TypeSection(section) => {
                for group in section {
                    for ty in group?.into_types() {
                        self.types.push(signature(&ty.composite_type.inner));
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    let kind = self.import_kind(import.ty);
                    self.outline.imports.push((import.module.to_owned(), import.name.to_owned(), kind));
                }
            }
            Payload::FunctionSection(section) => {
                self.outline.functions = section.count();
                for ty in section {
                    self.functions.push(ty?);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    let memory = memory?;
                    self.outline.memories.push((memory.initial, memory.maximum));
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    let kind = self.export_kind(export.kind, export.index);
                    self.outline.exports.insert(export.name.to_owned(), kind);
                }
            }
            Payload::StartSection { .. } => self.outline.starts = true,
            Payload::CodeSectionEntry(_) => self.bodies += 1,
            Payload::CustomSection(section) => self.custom(section.name(), section.data())?,
            _ => {}
        }
        Ok(())
    }

    fn custom(&mut self, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        self.outline.custom.push((name.to_owned(), bytes.len()));
        if name != SECTION {
            return Ok(());
        }
        match self.outline.section.replace(bytes.to_vec()) {
            None => Ok(()),
            Some(_) => Err(Fault::Contract(format!("it has more than one section `{SECTION}`"))),
        }
    }

    fn signature(&self, ty: u32) -> &str {
        self.types.get(ty as usize).and_then(Option::as_deref).unwrap_or("of an unknown type")
    }

    fn import_kind(&mut self, ty: TypeRef) -> String {
        match ty {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                self.functions.push(ty);
                format!("func {}", self.signature(ty))
            }
            TypeRef::Memory(_) => "memory".to_owned(),
            TypeRef::Table(_) => "table".to_owned(),
            TypeRef::Global(_) => "global".to_owned(),
            TypeRef::Tag(_) => "tag".to_owned(),
        }
    }

    fn export_kind(&self, kind: ExternalKind, index: u32) -> String {
        match kind {
            ExternalKind::Func | ExternalKind::FuncExact => match self.functions.get(index as usize) {
                Some(ty) => format!("func {}", self.signature(*ty)),
                None => "func of an unknown type".to_owned(),
            },
            ExternalKind::Memory => "memory".to_owned(),
            ExternalKind::Table => "table".to_owned(),
            ExternalKind::Global => "global".to_owned(),
            ExternalKind::Tag => "tag".to_owned(),
        }
    }
}

enum Problem {
    Binary(BinaryReaderError),
    Fault(Fault),
}

impl From<BinaryReaderError> for Problem {
    fn from(error: BinaryReaderError) -> Self {
        Self::Binary(error)
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

fn signature(ty: &CompositeInnerType) -> Option<String> {
    let CompositeInnerType::Func(function) = ty else { return None };
    let list = |types: &[ValType]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let results = match function.results() {
        [] => String::new(),
        [one] => format!(" -> {one}"),
        many => format!(" -> ({})", list(many)),
    };
    Some(format!("({}){results}", list(function.params())))
}
