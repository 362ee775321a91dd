//! CycloneDX JSON, versions 1.4 to 1.7: a bill of materials that is complete in itself (EV5, T41).

use serde::Deserialize;

use super::index::Index;
use super::json::{Json, Text};
use crate::evidence::BomSummary;
use crate::problem::Problem;
use crate::scalar::shorten;

/// A bill of materials, as far as it is judged and merged.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bom {
    /// The version of the specification, such as `1.6`.
    pub spec: &'static str,
    /// The document's serial number, `urn:uuid:` and a UUID.
    pub serial: Option<String>,
    /// What the bill of materials is about.
    pub subject: Option<Box<Component>>,
    /// What the subject is made of.
    pub components: Vec<Component>,
    /// The services that it calls, nested ones included.
    pub services: Vec<Service>,
    /// Which component or service needs which; all references are known ones.
    pub dependencies: Vec<Dependency>,
}

/// A component.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Component {
    /// One of the specification's types, such as `library`.
    pub kind: &'static str,
    /// Its reference inside of the document; unique there.
    pub bom_ref: Option<String>,
    /// The group or name space.
    pub group: Option<String>,
    /// The name; never empty.
    pub name: String,
    /// The version.
    pub version: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The name of who supplies it.
    pub supplier: Option<String>,
    /// The package URL.
    pub purl: Option<String>,
    /// The CPE name.
    pub cpe: Option<String>,
    /// Digests of it.
    pub hashes: Vec<Hash>,
    /// Its licences.
    pub licenses: Vec<License>,
    /// What it is made of.
    pub components: Vec<Self>,
}

/// A digest of a component.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Hash {
    /// One of the specification's algorithms, such as `SHA-256`.
    pub algorithm: &'static str,
    /// Lower-case hex.
    pub content: String,
}

/// A licence of a component.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum License {
    /// An SPDX licence id, as the document says; not checked against a list.
    Id(String),
    /// A name.
    Name(String),
    /// An SPDX expression.
    Expression(String),
}

/// A service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Service {
    /// Its reference inside of the document; unique there.
    pub bom_ref: Option<String>,
    /// The group or name space.
    pub group: Option<String>,
    /// The name; never empty.
    pub name: String,
    /// The version.
    pub version: Option<String>,
}

/// What one component or service needs, and which specifications it provides.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Dependency {
    /// The reference of what needs.
    pub from: String,
    /// The references of what is needed.
    pub depends_on: Vec<String>,
    /// The references of what is implemented.
    pub provides: Vec<String>,
}

impl Bom {
    /// How many components the document lists, nested ones included; its subject is not one of them.
    #[must_use]
    pub fn count(&self) -> usize {
        fn count(components: &[Component]) -> usize {
            components.iter().fold(components.len(), |sum, component| sum.saturating_add(count(&component.components)))
        }
        count(&self.components)
    }

    /// What is said about the document in facts.
    #[must_use]
    pub fn summary(&self) -> BomSummary {
        let components = u32::try_from(self.count()).unwrap_or(u32::MAX);
        BomSummary { format: format!("CycloneDX {}", self.spec), components }
    }
}

/// Reads a bill of materials that lists at least one component.
pub fn read(bytes: &[u8]) -> Result<Bom, Problem> {
    from_json(&Json::read(bytes)?)
}

/// Reads a bill of materials, even one without components.
pub fn read_any(bytes: &[u8]) -> Result<Bom, Problem> {
    any_from_json(&Json::read(bytes)?)
}

pub(super) fn from_json(json: &Json<'_>) -> Result<Bom, Problem> {
    let bom = any_from_json(json)?;
    if bom.components.is_empty() {
        let help = "list the components: an SBOM without components proves nothing";
        return Err(Problem::new("the bill of materials has no components", help).at_pointer("/components"));
    }
    Ok(bom)
}

fn any_from_json(json: &Json<'_>) -> Result<Bom, Problem> {
    let raw: Raw<'_> = json.typed().or_else(|problem| {
        // Of a document of another format or version, that is what is wrong with it.
        let head: Head<'_> = json.typed()?;
        spec(head.bom_format.as_ref(), head.spec_version.as_ref()).and(Err(problem))
    })?;
    let (minor, spec) = spec(raw.bom_format.as_ref(), raw.spec_version.as_ref())?;
    let serial = raw.serial_number.map(Text::into_string);
    if serial.as_deref().is_some_and(|serial| !is_serial(serial)) {
        return Err(wrong("/serialNumber", "the serial number is not `urn:uuid:` and a UUID in lower case"));
    }
    let mut reader = Reader { minor, refs: Index::default() };
    let subject = raw.metadata.and_then(|metadata| metadata.component);
    let at = At { above: None, field: "metadata/component", number: None };
    let subject = subject.map(|subject| reader.component(&at, subject)).transpose()?.map(Box::new);
    let components = reader.components(None, raw.components.unwrap_or_default())?;
    let mut services = Vec::new();
    reader.services(None, raw.services.unwrap_or_default(), &mut services)?;
    let dependencies = raw.dependencies.unwrap_or_default().into_iter().enumerate();
    let dependencies = dependencies.map(|(number, raw)| reader.dependency(number, raw)).collect::<Result<_, _>>()?;
    Ok(Bom { spec, serial, subject, components, services, dependencies })
}

/// The version of the specification that the document follows.
fn spec(format: Option<&Text<'_>>, version: Option<&Text<'_>>) -> Result<(u8, &'static str), Problem> {
    if format.map(Text::as_str) != Some("CycloneDX") {
        return Err(wrong("/bomFormat", "the field `bomFormat` is not `CycloneDX`"));
    }
    let written = version.map_or("", Text::as_str);
    SPECS.into_iter().find(|(_, spec)| *spec == written).ok_or_else(|| {
        let message = format!("CycloneDX version `{}` is not understood", shorten(written));
        Problem::new(message, "write version 1.4, 1.5, 1.6 or 1.7").at_pointer("/specVersion")
    })
}

/// The versions that are understood.
const SPECS: [(u8, &str); 4] = [(4, "1.4"), (5, "1.5"), (6, "1.6"), (7, "1.7")];

/// The types of components, and the version that brought each.
const KINDS: [(&str, u8); 13] = [
    ("application", 4),
    ("container", 4),
    ("cryptographic-asset", 6),
    ("data", 5),
    ("device", 4),
    ("device-driver", 5),
    ("file", 4),
    ("firmware", 4),
    ("framework", 4),
    ("library", 4),
    ("machine-learning-model", 5),
    ("operating-system", 4),
    ("platform", 5),
];

/// The algorithms of digests, and the version that brought each.
const ALGORITHMS: [(&str, u8); 14] = [
    ("BLAKE2b-256", 4),
    ("BLAKE2b-384", 4),
    ("BLAKE2b-512", 4),
    ("BLAKE3", 4),
    ("MD5", 4),
    ("SHA-1", 4),
    ("SHA-256", 4),
    ("SHA-384", 4),
    ("SHA-512", 4),
    ("SHA3-256", 4),
    ("SHA3-384", 4),
    ("SHA3-512", 4),
    ("Streebog-256", 7),
    ("Streebog-512", 7),
];

/// The most characters of a version, as the specification says since 1.6.
const VERSION_CHARACTERS: usize = 1024;

/// Whether the text is a serial number as the specification demands.
pub(crate) fn is_serial(text: &str) -> bool {
    let Some(uuid) = text.strip_prefix("urn:uuid:") else { return false };
    let groups: Vec<&str> = uuid.split('-').collect();
    let hex = |group: &&str| group.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(hex)
}

fn wrong(pointer: impl Into<String>, message: impl Into<String>) -> Problem {
    Problem::new(message, "produce the file again with a tool that follows the specification").at_pointer(pointer)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    #[serde(borrow)]
    bom_format: Option<Text<'a>>,
    #[serde(borrow)]
    spec_version: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw<'a> {
    #[serde(borrow)]
    bom_format: Option<Text<'a>>,
    #[serde(borrow)]
    spec_version: Option<Text<'a>>,
    #[serde(borrow)]
    serial_number: Option<Text<'a>>,
    #[serde(borrow)]
    metadata: Option<RawMetadata<'a>>,
    #[serde(borrow)]
    components: Option<Vec<RawComponent<'a>>>,
    #[serde(borrow)]
    services: Option<Vec<RawService<'a>>>,
    #[serde(borrow)]
    dependencies: Option<Vec<RawDependency<'a>>>,
}

#[derive(Deserialize)]
struct RawMetadata<'a> {
    #[serde(borrow)]
    component: Option<RawComponent<'a>>,
}

#[derive(Deserialize)]
struct RawComponent<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow, rename = "bom-ref")]
    bom_ref: Option<Text<'a>>,
    #[serde(borrow)]
    group: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    version: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    supplier: Option<RawSupplier<'a>>,
    #[serde(borrow)]
    purl: Option<Text<'a>>,
    #[serde(borrow)]
    cpe: Option<Text<'a>>,
    #[serde(borrow)]
    hashes: Option<Vec<RawHash<'a>>>,
    #[serde(borrow)]
    licenses: Option<Vec<RawChoice<'a>>>,
    #[serde(borrow)]
    components: Option<Vec<Self>>,
}

#[derive(Deserialize)]
struct RawSupplier<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct RawHash<'a> {
    #[serde(borrow)]
    alg: Text<'a>,
    #[serde(borrow)]
    content: Text<'a>,
}

#[derive(Deserialize)]
struct RawChoice<'a> {
    #[serde(borrow)]
    license: Option<RawLicense<'a>>,
    #[serde(borrow)]
    expression: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct RawLicense<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct RawService<'a> {
    #[serde(borrow, rename = "bom-ref")]
    bom_ref: Option<Text<'a>>,
    #[serde(borrow)]
    group: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    version: Option<Text<'a>>,
    #[serde(borrow)]
    services: Option<Vec<Self>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDependency<'a> {
    #[serde(borrow, rename = "ref")]
    from: Option<Text<'a>>,
    #[serde(borrow)]
    depends_on: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    provides: Option<Vec<Text<'a>>>,
}

/// Where in the document something stands; made into text only when something is wrong there.
struct At<'p> {
    above: Option<&'p Self>,
    field: &'static str,
    number: Option<usize>,
}

impl At<'_> {
    fn pointer(&self) -> String {
        let mut pointer = self.above.map_or_else(String::new, At::pointer);
        pointer.push('/');
        pointer.push_str(self.field);
        if let Some(number) = self.number {
            pointer.push('/');
            pointer.push_str(&number.to_string());
        }
        pointer
    }

    fn wrong(&self, field: &str, message: impl Into<String>) -> Problem {
        wrong(format!("{}/{field}", self.pointer()), message)
    }

    fn missing(&self, field: &str) -> Problem {
        self.wrong(field, format!("missing required field `{field}`"))
    }
}

/// What is known while the document is read.
struct Reader<'a> {
    minor: u8,
    refs: Index<'a, ()>,
}

impl<'a> Reader<'a> {
    fn components(&mut self, above: Option<&At<'_>>, raw: Vec<RawComponent<'a>>) -> Result<Vec<Component>, Problem> {
        let mut all = Vec::with_capacity(raw.len());
        for (number, raw) in raw.into_iter().enumerate() {
            all.push(self.component(&At { above, field: "components", number: Some(number) }, raw)?);
        }
        Ok(all)
    }

    fn component(&mut self, at: &At<'_>, raw: RawComponent<'a>) -> Result<Component, Problem> {
        let written = raw.kind.ok_or_else(|| at.missing("type"))?;
        let kind = self
            .known(&KINDS, written.as_str())
            .ok_or_else(|| at.wrong("type", format!("`{}` is not a type of component", shorten(written.as_str()))))?;
        let name = filled(raw.name).ok_or_else(|| at.missing("name"))?;
        if raw.version.as_ref().is_some_and(|version| version.as_str().chars().count() > VERSION_CHARACTERS) {
            return Err(at.wrong("version", "the version is too long"));
        }
        let hashes = raw.hashes.unwrap_or_default().into_iter().enumerate();
        let licenses = raw.licenses.unwrap_or_default().into_iter().enumerate();
        Ok(Component {
            kind,
            bom_ref: self.reference(at, raw.bom_ref)?,
            group: filled(raw.group),
            name,
            version: filled(raw.version),
            description: filled(raw.description),
            supplier: filled(raw.supplier.and_then(|supplier| supplier.name)),
            purl: filled(raw.purl),
            cpe: filled(raw.cpe),
            hashes: hashes.map(|(number, raw)| self.hash(at, number, raw)).collect::<Result<_, _>>()?,
            licenses: licenses.map(|(number, raw)| license(at, number, raw)).collect::<Result<_, _>>()?,
            components: self.components(Some(at), raw.components.unwrap_or_default())?,
        })
    }

    fn services(
        &mut self,
        above: Option<&At<'_>>,
        raw: Vec<RawService<'a>>,
        all: &mut Vec<Service>,
    ) -> Result<(), Problem> {
        for (number, raw) in raw.into_iter().enumerate() {
            let at = At { above, field: "services", number: Some(number) };
            let name = filled(raw.name).ok_or_else(|| at.missing("name"))?;
            let bom_ref = self.reference(&at, raw.bom_ref)?;
            all.push(Service { bom_ref, group: filled(raw.group), name, version: filled(raw.version) });
            self.services(Some(&at), raw.services.unwrap_or_default(), all)?;
        }
        Ok(())
    }

    /// A reference that is nobody else's.
    fn reference(&mut self, at: &At<'_>, text: Option<Text<'a>>) -> Result<Option<String>, Problem> {
        let Some(Text(text)) = text else { return Ok(None) };
        if text.is_empty() {
            return Err(at.wrong("bom-ref", "the reference is empty"));
        }
        let own = text.clone().into_owned();
        match self.refs.insert(text, ()) {
            None => Ok(Some(own)),
            Some(()) => Err(at.wrong("bom-ref", format!("the reference `{}` is given twice", shorten(&own)))),
        }
    }

    fn hash(&self, above: &At<'_>, number: usize, raw: RawHash<'_>) -> Result<Hash, Problem> {
        let at = At { above: Some(above), field: "hashes", number: Some(number) };
        let algorithm = self.known(&ALGORITHMS, raw.alg.as_str()).ok_or_else(|| {
            at.wrong("alg", format!("`{}` is not an algorithm of digests", shorten(raw.alg.as_str())))
        })?;
        let content = raw.content.as_str().to_ascii_lowercase();
        let hex = content.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !hex || !matches!(content.len(), 32 | 40 | 64 | 96 | 128) {
            return Err(at.wrong("content", format!("`{}` is not a digest in hex", shorten(&content))));
        }
        Ok(Hash { algorithm, content })
    }

    /// The word of the table, if this version of the specification has it.
    fn known(&self, table: &[(&'static str, u8)], word: &str) -> Option<&'static str> {
        table.iter().find(|(known, since)| *known == word && *since <= self.minor).map(|(known, _)| *known)
    }

    fn dependency(&self, number: usize, raw: RawDependency<'_>) -> Result<Dependency, Problem> {
        let at = At { above: None, field: "dependencies", number: Some(number) };
        let known = |field: &str, text: Text<'_>| match self.refs.get(text.as_str()) {
            Some(()) => Ok(text.into_string()),
            None => Err(at.wrong(field, format!("the reference `{}` is nobody's", shorten(text.as_str())))),
        };
        let all = |field: &str, refs: Option<Vec<Text<'_>>>| {
            refs.unwrap_or_default().into_iter().map(|text| known(field, text)).collect::<Result<Vec<_>, _>>()
        };
        Ok(Dependency {
            from: known("ref", raw.from.ok_or_else(|| at.missing("ref"))?)?,
            depends_on: all("dependsOn", raw.depends_on)?,
            provides: all("provides", raw.provides)?,
        })
    }
}

fn license(above: &At<'_>, number: usize, raw: RawChoice<'_>) -> Result<License, Problem> {
    let RawLicense { id, name } = raw.license.unwrap_or(RawLicense { id: None, name: None });
    match (filled(id), filled(name), filled(raw.expression)) {
        (Some(id), _, None) => Ok(License::Id(id)),
        (None, Some(name), None) => Ok(License::Name(name)),
        (None, None, Some(expression)) => Ok(License::Expression(expression)),
        (None, None, None) | (_, _, Some(_)) => {
            let message = "a licence has neither `id`, `name` nor `expression`, or more than one of them";
            let at = At { above: Some(above), field: "licenses", number: Some(number) };
            Err(wrong(at.pointer(), message))
        }
    }
}

fn filled(text: Option<Text<'_>>) -> Option<String> {
    text.map(Text::into_string).filter(|text| !text.trim().is_empty())
}
