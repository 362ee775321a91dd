//! One bill of materials of all that a change deploys (AT4, T41).
//!
//! The deployment consists of entries, an entry of the components that its own bill of materials lists. A component
//! that several of them list, by package URL and SHA-256, stands once, beside the entries, and says whose it is.
//! References are made unique, every dependency is kept, and the order of the input leaves no trace.

mod licenses;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use self::licenses::Licenses;
use crate::formats::cyclonedx::{self, Bom, Component, Hash, Service};
use crate::formats::index::{Index, spread};
use crate::order;

/// The property that says which entry has a shared component.
pub const ENTRY: &str = "countersign:entry";

/// The property that says which component has a shared component.
pub const COMPONENT: &str = "countersign:component";

/// The property of an entry whose own bill of materials could not be merged; its value is `missing`.
pub const SBOM: &str = "countersign:sbom";

/// The versions of components are cut to so many characters, as CycloneDX 1.6 demands.
const VERSION_CHARACTERS: usize = 1024;

/// What is deployed as a whole.
#[derive(Clone, Copy, Debug)]
pub struct Root<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// The serial number of the merged document, `urn:uuid:` and a UUID; anything else is left out.
    pub serial: Option<&'a str>,
}

/// One entry of what is deployed.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The entry's name; each name is given once.
    pub entry: &'a str,
    /// The entry's version.
    pub version: &'a str,
    /// Its bill of materials, if there is one that can be read.
    pub bom: Option<&'a Bom>,
}

/// The merged document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Merged {
    /// CycloneDX 1.6 as JSON; the same bytes for the same parts in any order.
    pub json: Vec<u8>,
    /// How many components it lists, the entries among them.
    pub components: usize,
    /// The entries without a bill of materials, sorted.
    pub missing: Vec<String>,
}

/// Merges the bills of materials of all entries into one; linear in their size.
#[must_use]
pub fn merge(root: &Root<'_>, parts: &[Part<'_>]) -> Merged {
    let mut parts = parts.to_vec();
    order::sort_by(&mut parts, |a, b| {
        (a.entry, a.version, a.bom.is_none()).cmp(&(b.entry, b.version, b.bom.is_none()))
    });
    let mut forest = Forest::default();
    let top = forest.refer(format!("deployment:{}@{}", root.name, root.version));
    let mut before = None;
    for (number, part) in parts.iter().enumerate() {
        let again = before.replace(part.entry) == Some(part.entry);
        let entry = forest.entry(number, again, part);
        forest.edges.push((top, Edge::DependsOn, entry));
    }
    forest.edges.sort_unstable();
    forest.edges.dedup();
    let document = forest.document(root, top, &parts);
    Merged {
        // Serialising strings and lists into memory does not fail.
        json: serde_json::to_vec(&document).unwrap_or_default(),
        components: forest.nodes.len().saturating_add(parts.len()),
        missing: parts.iter().filter(|part| part.bom.is_none()).map(|part| part.entry.to_owned()).collect(),
    }
}

/// The number of a reference in the merged document.
type Reference = usize;

/// Where a component stands in one of the documents.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Place {
    /// In an entry.
    Part(usize),
    /// In another component.
    Node(usize),
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Edge {
    DependsOn,
    Provides,
    /// The document says of the component that it needs nothing; both ends are the same.
    Alone,
}

/// A component of the merged document.
struct Node<'a> {
    reference: Reference,
    /// The entry that listed it first.
    part: usize,
    /// All of its occurrences; they are one component.
    occurrences: Vec<&'a Component>,
    places: BTreeSet<Place>,
}

/// All components, and how they hang together.
#[derive(Default)]
struct Forest<'a> {
    references: Vec<String>,
    entries: Vec<Reference>,
    nodes: Vec<Node<'a>>,
    services: Vec<(Reference, &'a Service)>,
    /// The component of a package URL and SHA-256; the URL's hash comes first, since URLs begin alike.
    known: BTreeMap<(u64, &'a str, Option<&'a str>), usize>,
    edges: Vec<(Reference, Edge, Reference)>,
}

impl<'a> Forest<'a> {
    fn refer(&mut self, text: String) -> Reference {
        self.references.push(text);
        self.references.len().saturating_sub(1)
    }

    /// Adds an entry with all that its bill of materials says.
    fn entry(&mut self, number: usize, again: bool, part: &Part<'a>) -> Reference {
        // `#` and `!` end the entry in a reference, so that no two entries can have the same one.
        let name = part.entry.replace('%', "%25").replace('#', "%23").replace('!', "%21");
        let prefix = if again { format!("entry!{number}:{name}") } else { format!("entry:{name}") };
        let entry = self.refer(prefix.clone());
        self.entries.push(entry);
        let Some(bom) = part.bom else { return entry };
        let mut tree = Tree { number, prefix, local: Index::default() };
        let nested = bom.subject.iter().flat_map(|subject| &subject.components);
        for (position, component) in nested.chain(&bom.components).enumerate() {
            self.component(&mut tree, Place::Part(number), &Path { above: None, position }, component);
        }
        if let Some(own) = bom.subject.as_ref().and_then(|subject| subject.bom_ref.as_deref()) {
            tree.local.insert(own.into(), entry);
        }
        for (position, service) in bom.services.iter().enumerate() {
            let reference = self.refer(tree.reference(service.bom_ref.as_deref(), &format_args!("service.{position}")));
            self.services.push((reference, service));
            tree.name(service.bom_ref.as_deref(), reference);
        }
        for dependency in &bom.dependencies {
            let Some(from) = tree.local.get(&dependency.from) else { continue };
            if dependency.depends_on.is_empty() && dependency.provides.is_empty() {
                self.edges.push((from, Edge::Alone, from));
            }
            let needed = dependency.depends_on.iter().map(|to| (Edge::DependsOn, to));
            let provided = dependency.provides.iter().map(|to| (Edge::Provides, to));
            for (edge, to) in needed.chain(provided) {
                if let Some(to) = tree.local.get(to) {
                    self.edges.push((from, edge, to));
                }
            }
        }
        entry
    }

    /// Adds a component and what it is made of; at most as deep as JSON may be nested.
    fn component(&mut self, tree: &mut Tree<'a>, place: Place, path: &Path<'_>, component: &'a Component) {
        let key = component.purl.as_deref().map(|purl| (spread(purl), purl, sha256(component)));
        let known = key.and_then(|key| self.known.get(&key).copied());
        let node = known.unwrap_or_else(|| {
            let reference = self.refer(tree.reference(component.bom_ref.as_deref(), path));
            let (part, places) = (tree.number, BTreeSet::new());
            self.nodes.push(Node { reference, part, occurrences: Vec::new(), places });
            let node = self.nodes.len().saturating_sub(1);
            self.known.extend(key.map(|key| (key, node)));
            node
        });
        if let Some(known) = self.nodes.get_mut(node) {
            known.occurrences.push(component);
            known.places.insert(place);
            tree.name(component.bom_ref.as_deref(), known.reference);
            if let (true, Some((_, purl, digest)), Some(text)) =
                (known.part != tree.number, key, self.references.get_mut(known.reference))
            {
                *text = format!("shared:{}:{purl}", digest.unwrap_or("-"));
            }
        }
        for (position, inner) in component.components.iter().enumerate() {
            self.component(tree, Place::Node(node), &Path { above: Some(path), position }, inner);
        }
    }

    fn document<'b>(&'b self, root: &'b Root<'_>, top: Reference, parts: &'b [Part<'_>]) -> wire::Document<'b> {
        let mut inside: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
        let mut shared = Vec::new();
        for (number, node) in self.nodes.iter().enumerate() {
            match (node.places.first(), node.places.len()) {
                (Some(place), 1) => inside.entry(*place).or_default().push(number),
                (_, _) => shared.push(number),
            }
        }
        let render = Render { forest: self, parts, inside, licenses: Licenses::new() };
        let entries = parts.iter().enumerate().map(|(number, part)| render.entry(number, part));
        let mut services: Vec<_> = self.services.iter().map(|(own, service)| self.service(*own, service)).collect();
        order::sort_by(&mut services, |a, b| (a.name, a.version, a.bom_ref).cmp(&(b.name, b.version, b.bom_ref)));
        wire::Document {
            bom_format: "CycloneDX",
            spec_version: "1.6",
            serial_number: root.serial.filter(|serial| cyclonedx::is_serial(serial)),
            version: 1,
            metadata: wire::Metadata {
                component: wire::Component {
                    kind: "application",
                    bom_ref: self.text(top),
                    name: root.name,
                    version: Some(version(root.version)),
                    ..wire::Component::default()
                },
            },
            components: entries.chain(render.nodes(&shared)).collect(),
            services,
            dependencies: self.dependencies(),
        }
    }

    fn service<'b>(&'b self, own: Reference, service: &'b Service) -> wire::Service<'b> {
        wire::Service {
            bom_ref: self.text(own),
            group: service.group.as_deref(),
            name: &service.name,
            version: service.version.as_deref().map(version),
        }
    }

    fn dependencies(&self) -> Vec<wire::Dependency<'_>> {
        let mut all: Vec<wire::Dependency<'_>> = Vec::new();
        let mut last = None;
        for &(from, edge, to) in &self.edges {
            if last != Some(from) {
                all.push(wire::Dependency { from: self.text(from), depends_on: Vec::new(), provides: Vec::new() });
                last = Some(from);
            }
            let Some(dependency) = all.last_mut() else { continue };
            match (edge, from == to) {
                // Components that became one do not need themselves.
                (Edge::Alone, _) | (_, true) => {}
                (Edge::DependsOn, false) => dependency.depends_on.push(self.text(to)),
                (Edge::Provides, false) => dependency.provides.push(self.text(to)),
            }
        }
        for dependency in &mut all {
            dependency.depends_on.sort_unstable();
            dependency.provides.sort_unstable();
        }
        order::sort_by(&mut all, |a, b| a.from.cmp(b.from));
        all
    }

    fn text(&self, reference: Reference) -> &str {
        self.references.get(reference).map_or("", String::as_str)
    }
}

/// The references of one document while it is added.
struct Tree<'a> {
    number: usize,
    prefix: String,
    local: Index<'a, Reference>,
}

impl<'a> Tree<'a> {
    /// A reference that no other entry has: by the component's own, or by where it stands.
    fn reference(&self, own: Option<&str>, path: &dyn fmt::Display) -> String {
        match own {
            Some(own) => format!("{}#{own}", self.prefix),
            None => format!("{}!{path}", self.prefix),
        }
    }

    fn name(&mut self, own: Option<&'a str>, reference: Reference) {
        if let Some(own) = own {
            self.local.insert(own.into(), reference);
        }
    }
}

/// Where a component stands among the components of a document.
struct Path<'p> {
    above: Option<&'p Self>,
    position: usize,
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.above {
            Some(above) => write!(f, "{above}.{}", self.position),
            None => write!(f, "{}", self.position),
        }
    }
}

/// Turns the forest into what is written.
struct Render<'b, 'a> {
    forest: &'b Forest<'a>,
    parts: &'b [Part<'b>],
    /// The components that stand in one place alone, by that place.
    inside: BTreeMap<Place, Vec<usize>>,
    licenses: Licenses,
}

impl<'b> Render<'b, '_> {
    fn entry(&self, number: usize, part: &'b Part<'_>) -> wire::Component<'b> {
        let reference = self.forest.entries.get(number).map_or("", |own| self.forest.text(*own));
        let inner = self.inside.get(&Place::Part(number)).map_or(&[][..], Vec::as_slice);
        let subject = part.bom.and_then(|bom| bom.subject.as_deref());
        let about = subject.map(|subject| self.about(&[subject])).unwrap_or_default();
        wire::Component {
            kind: subject.map_or("application", |subject| subject.kind),
            bom_ref: reference,
            name: part.entry,
            version: Some(version(part.version)),
            components: self.nodes(inner),
            properties: match part.bom {
                Some(_) => Vec::new(),
                None => vec![wire::Property { name: SBOM, value: "missing" }],
            },
            ..about
        }
    }

    fn nodes(&self, numbers: &[usize]) -> Vec<wire::Component<'b>> {
        let mut all: Vec<_> = numbers.iter().filter_map(|number| self.node(*number)).collect();
        order::sort_by(&mut all, |a, b| (a.name, a.version, a.bom_ref).cmp(&(b.name, b.version, b.bom_ref)));
        all
    }

    fn node(&self, number: usize) -> Option<wire::Component<'b>> {
        let node = self.forest.nodes.get(number)?;
        let first = node.occurrences.first()?;
        let inner = self.inside.get(&Place::Node(number)).map_or(&[][..], Vec::as_slice);
        let shared = node.places.len() > 1;
        Some(wire::Component {
            kind: first.kind,
            bom_ref: self.forest.text(node.reference),
            name: &first.name,
            version: first.version.as_deref(),
            components: self.nodes(inner),
            properties: node.places.iter().filter(|_| shared).filter_map(|place| self.whose(*place)).collect(),
            ..self.about(&node.occurrences)
        })
    }

    /// What says whose a shared component is.
    fn whose(&self, place: Place) -> Option<wire::Property<'b>> {
        Some(match place {
            Place::Part(number) => wire::Property { name: ENTRY, value: self.parts.get(number)?.entry },
            Place::Node(number) => {
                let node = self.forest.nodes.get(number)?;
                wire::Property { name: COMPONENT, value: self.forest.text(node.reference) }
            }
        })
    }

    /// What the occurrences say about the one component that they are: the first one that says something.
    fn about(&self, occurrences: &[&'b Component]) -> wire::Component<'b> {
        let all = occurrences.iter().copied();
        let first = all.clone().next().map(|component| &component.hashes);
        let others = all.clone().map(|component| &component.hashes).filter(|hashes| Some(*hashes) != first);
        let hashes: BTreeSet<&Hash> = first.into_iter().chain(others).flatten().collect();
        let known = |hash: &&Hash| !hash.algorithm.starts_with("Streebog");
        let licensed = all.clone().find(|component| !component.licenses.is_empty());
        wire::Component {
            group: all.clone().find_map(|component| component.group.as_deref()),
            description: all.clone().find_map(|component| component.description.as_deref()),
            supplier: all
                .clone()
                .find_map(|component| component.supplier.as_deref())
                .map(|name| wire::Supplier { name }),
            purl: all.clone().find_map(|component| component.purl.as_deref()),
            cpe: all.clone().find_map(|component| component.cpe.as_deref()),
            hashes: hashes.into_iter().filter(known).map(wire::Hash::from).collect(),
            licenses: licensed.map(|component| self.licenses.of(&component.licenses)).unwrap_or_default(),
            ..wire::Component::default()
        }
    }
}

fn sha256(component: &Component) -> Option<&str> {
    let own = component.hashes.iter().filter(|hash| hash.algorithm == "SHA-256");
    own.map(|hash| hash.content.as_str()).min()
}

/// The text, cut to what a version may have.
fn version(text: &str) -> &str {
    text.char_indices().nth(VERSION_CHARACTERS).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}
