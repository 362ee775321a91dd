//! An inventory in git, through the git command line: no configuration of the user, no hooks, no network, no names that
//! could be taken for options or expressions (T68).

mod commit;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::files;
use crate::text::excerpt;

pub(crate) use commit::entry_path;
pub use commit::{Author, Edit};

/// Folders in folders at most.
const DEPTH_MAX: usize = 32;

/// A full commit id.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Commit(String);

impl Commit {
    /// 40 or 64 lower-case hex digits.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let hex = text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        if hex && matches!(text.len(), 40 | 64) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Failure::usage(format!("`{}` is not a commit of 40 lower-case hex digits", excerpt(text, 80)))
                .help("give the full commit id, as `git rev-parse` prints it"))
        }
    }

    /// The commit as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A tag: the object that it names, and the commit that this comes to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tag {
    /// The object: the commit itself, or an annotated tag.
    pub object: String,
    /// The commit.
    pub commit: Commit,
}

/// A repository. One process of git answers all reading.
#[derive(Debug)]
pub struct Repository {
    git_dir: PathBuf,
    reader: RefCell<Option<Reader>>,
}

#[derive(Debug)]
struct Reader {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Object {
    id: String,
    kind: String,
    bytes: Vec<u8>,
}

impl Repository {
    /// The repository at `path` itself, with or without a work tree; none when a parent has one.
    #[must_use]
    pub fn at(path: &Path) -> Option<Self> {
        let inner = path.join(".git");
        let bare = path.join("HEAD").is_file() && path.join("objects").is_dir() && path.join("refs").is_dir();
        let git_dir = match (inner.exists(), bare) {
            (true, _) => inner,
            (false, true) => path.to_owned(),
            (false, false) => return None,
        };
        let git_dir = std::path::absolute(&git_dir).unwrap_or(git_dir);
        Some(Self { git_dir, reader: RefCell::new(None) })
    }

    /// A new repository at `path`, without a work tree.
    pub fn create(path: &Path, branch: &str) -> Result<Self, Failure> {
        let branch = reference(branch)?;
        let mut git = isolated(Command::new("git"));
        git.args(["init", "--quiet", "--bare", "--template=", &format!("--initial-branch={branch}"), "--"]).arg(path);
        finish(&mut git, None)?;
        Self::at(path)
            .ok_or_else(|| Failure::new(Exit::Internal, format!("git made no repository in `{}`", path.display())))
    }

    /// The tip of a branch: a local one, else the one of `origin`.
    pub fn branch(&self, name: &str) -> Result<Commit, Failure> {
        self.find_branch(name)?.ok_or_else(|| {
            Failure::usage(format!("the inventory has no branch `{}`", excerpt(name, 200)))
                .help("a branch is an environment: name another with `--branch`, or fetch it")
        })
    }

    /// The tip of a branch, if there is one.
    pub fn find_branch(&self, name: &str) -> Result<Option<Commit>, Failure> {
        let name = reference(name)?;
        for place in ["refs/heads", "refs/remotes/origin"] {
            if let Some(object) = self.object(&format!("{place}/{name}^{{commit}}"))? {
                return Ok(Some(Commit::parse(&object.id)?));
            }
        }
        Ok(None)
    }

    /// The commit that a reference, given in full, names.
    pub(crate) fn named(&self, full_name: &str) -> Result<Option<Commit>, Failure> {
        let found = self.object(&format!("{}^{{commit}}", reference(full_name)?))?;
        found.map(|object| Commit::parse(&object.id)).transpose()
    }

    /// Whether it has the commit.
    pub fn has(&self, commit: &Commit) -> Result<bool, Failure> {
        Ok(self.object(&format!("{commit}^{{commit}}"))?.is_some())
    }

    /// Looks again at what others may have written into it since.
    pub(crate) fn forget(&self) {
        *self.reader.borrow_mut() = None;
    }

    /// Where it is.
    pub(crate) fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// A tag, if there is one.
    pub fn tag(&self, name: &str) -> Result<Option<Tag>, Failure> {
        let name = reference(name)?;
        let Some(object) = self.object(&format!("refs/tags/{name}"))? else { return Ok(None) };
        let peeled = self.object(&format!("refs/tags/{name}^{{commit}}"))?.ok_or_else(|| {
            Failure::usage(format!("the tag `{name}` is not about a commit")).help("point it to a commit")
        })?;
        Ok(Some(Tag { object: object.id, commit: Commit::parse(&peeled.id)? }))
    }

    /// The message of an annotated tag, without its signature; none: the object is no tag.
    pub(crate) fn message(&self, object: &str) -> Result<Option<String>, Failure> {
        let Some(tag) = self.object(object)?.filter(|object| object.kind == "tag") else { return Ok(None) };
        let text = String::from_utf8_lossy(&tag.bytes);
        let message = text.split_once("\n\n").map(|(_, message)| message).unwrap_or_default();
        let end = message.find("-----BEGIN ").filter(|at| *at == 0 || message[..*at].ends_with('\n'));
        Ok(Some(message[..end.unwrap_or(message.len())].trim_end().to_owned()))
    }

    /// Every file of a commit: its path and its object. Whatever is hidden is passed over.
    pub fn files(&self, commit: &Commit) -> Result<BTreeMap<String, String>, Failure> {
        let tree = self.tree(commit)?;
        let mut found = BTreeMap::new();
        self.collect(&tree, "", 0, &mut found)?;
        Ok(found)
    }

    /// Every file of a commit, also hidden ones in its root: path, object, and whether it is a regular file.
    pub fn listing(&self, commit: &Commit) -> Result<Vec<(String, String, bool)>, Failure> {
        let tree = self.tree(commit)?;
        let mut found = Vec::new();
        self.descend(&tree, "", 0, &mut found)?;
        Ok(found)
    }

    fn tree(&self, commit: &Commit) -> Result<Object, Failure> {
        self.object(&format!("{commit}^{{tree}}"))?.ok_or_else(|| {
            Failure::usage(format!("the inventory has no commit {commit}"))
                .help("fetch it: a shallow clone lacks older commits")
        })
    }

    fn descend(
        &self,
        tree: &Object,
        within: &str,
        depth: usize,
        found: &mut Vec<(String, String, bool)>,
    ) -> Result<(), Failure> {
        if depth > DEPTH_MAX {
            return Err(Failure::usage(format!("the inventory has more than {DEPTH_MAX} folders in each other")));
        }
        for item in Items::of(tree) {
            let (mode, name, id) = item?;
            let path = format!("{within}{name}");
            match (mode, name.starts_with('.')) {
                ("40000", true) => {}
                (_, true) if depth > 0 => {}
                ("40000", false) => {
                    let inner = self.object(&id)?.ok_or_else(|| lacks(&path))?;
                    self.descend(&inner, &format!("{path}/"), depth + 1, found)?;
                }
                (mode, _) => found.push((path, id, matches!(mode, "100644" | "100755" | "100664"))),
            }
        }
        Ok(())
    }

    /// The bytes of an object that `files` named.
    pub fn blob(&self, object: &str, name: &str) -> Result<Vec<u8>, Failure> {
        let object = self.object(object)?;
        object.map(|object| object.bytes).ok_or_else(|| {
            Failure::usage(format!("the inventory lacks the bytes of `{}`", excerpt(name, 200)))
                .help("fetch them: a partial clone lacks some")
        })
    }

    /// The bytes of the file at `path` in a commit, hidden or not.
    pub fn file(&self, commit: &Commit, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        let plain = !path.is_empty() && !path.contains(['\n', '\0']) && !path.starts_with('/');
        if !plain {
            return Err(Failure::usage(format!("`{}` is not a path in the inventory", excerpt(path, 200))));
        }
        Ok(self.object(&format!("{commit}:{path}"))?.filter(|object| object.kind == "blob").map(|object| object.bytes))
    }

    /// Points a reference, given in full, to a commit if it still names `before`.
    fn update(&self, full_name: &str, commit: &Commit, before: Option<&str>) -> Result<(), Failure> {
        let nothing = "0".repeat(commit.as_str().len());
        let mut git = self.git();
        git.args(["update-ref", "--no-deref", "-m", "countersign", "--end-of-options", full_name]);
        git.args([commit.as_str(), before.unwrap_or(&nothing)]);
        finish(&mut git, None).map(drop)
    }

    fn collect(
        &self,
        tree: &Object,
        within: &str,
        depth: usize,
        found: &mut BTreeMap<String, String>,
    ) -> Result<(), Failure> {
        if depth > DEPTH_MAX {
            return Err(Failure::usage(format!("the inventory has more than {DEPTH_MAX} folders in each other")));
        }
        for item in Items::of(tree) {
            let (mode, name, id) = item?;
            if name.starts_with('.') {
                continue;
            }
            let path = format!("{within}{name}");
            match mode {
                "40000" => {
                    let inner = self.object(&id)?.ok_or_else(|| lacks(&path))?;
                    self.collect(&inner, &format!("{path}/"), depth + 1, found)?;
                }
                "100644" | "100755" | "100664" => _ = found.insert(path, id),
                _ => return Err(super::is_link(&path)),
            }
        }
        Ok(())
    }

    /// What git calls `name`: an id, or an expression that was made here of checked parts.
    fn object(&self, name: &str) -> Result<Option<Object>, Failure> {
        let mut reader = self.reader.borrow_mut();
        let reader = match &mut *reader {
            Some(reader) => reader,
            empty @ None => empty.insert(self.read()?),
        };
        reader.ask(name).map_err(|error| broken(&error.to_string()))?
    }

    fn read(&self) -> Result<Reader, Failure> {
        let mut git = self.git();
        git.args(["cat-file", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = git.spawn().map_err(|error| missing(&error))?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => Ok(Reader { child, input, output: BufReader::new(output) }),
            _ => Err(broken("it has no pipes")),
        }
    }

    /// Git for this repository, and nothing else.
    pub(super) fn git(&self) -> Command {
        let mut git = isolated(Command::new("git"));
        let mut option = std::ffi::OsString::from("--git-dir=");
        option.push(&self.git_dir);
        git.arg(option).args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"]);
        git
    }
}

impl Reader {
    fn ask(&mut self, name: &str) -> std::io::Result<Result<Option<Object>, Failure>> {
        writeln!(self.input, "{name}")?;
        self.input.flush()?;
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Ok(Err(broken("it ended; is this a repository that this user may read?")));
        }
        let line = line.trim_end();
        if line.ends_with(" missing") {
            return Ok(Ok(None));
        }
        let words: Vec<&str> = line.split(' ').collect();
        let (&[id, kind, _], Some(Ok(size))) = (&words[..], words.last().map(|size| size.parse::<u64>())) else {
            return Ok(Err(broken(line)));
        };
        if size > files::SIZE_MAX {
            return Ok(Err(files::too_large(&format!("object {id} of the inventory"))));
        }
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
        self.output.read_exact(&mut bytes)?;
        self.output.read_exact(&mut [0])?;
        Ok(Ok(Some(Object { id: id.to_owned(), kind: kind.to_owned(), bytes })))
    }
}

/// The items of a tree object: mode, name, id.
struct Items<'a> {
    rest: &'a [u8],
    id_length: usize,
}

impl<'a> Items<'a> {
    fn of(tree: &'a Object) -> Self {
        Self { rest: &tree.bytes, id_length: tree.id.len() / 2 }
    }

    fn item(&mut self) -> Option<(&'a str, &'a str, String)> {
        let space = self.rest.iter().position(|byte| *byte == b' ')?;
        let zero = self.rest.iter().position(|byte| *byte == 0)?;
        let mode = std::str::from_utf8(self.rest.get(..space)?).ok()?;
        let name = std::str::from_utf8(self.rest.get(space + 1..zero)?).ok()?;
        let id = self.rest.get(zero + 1..zero + 1 + self.id_length)?;
        self.rest = &self.rest[zero + 1 + self.id_length..];
        Some((mode, name, id.iter().map(|byte| format!("{byte:02x}")).collect()))
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Result<(&'a str, &'a str, String), Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let item = self.item();
        if item.is_none() {
            self.rest = &[];
        }
        Some(item.ok_or_else(|| {
            Failure::usage("a folder of the inventory cannot be read: a name in it is not UTF-8").help("rename it")
        }))
    }
}

/// A name of a branch or tag that is nothing else: no option, no expression.
pub(crate) fn reference(name: &str) -> Result<&str, Failure> {
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let sound = name.len() <= 200
        && !name.starts_with('-')
        && !name.ends_with('.')
        && !name.contains("..")
        && name.split('/').all(part)
        && name.chars().all(|character| character.is_ascii_alphanumeric() || "._/-+".contains(character));
    if sound {
        return Ok(name);
    }
    Err(Failure::usage(format!("`{}` is not a name of a branch or tag", excerpt(name, 80)))
        .help("use letters, digits, `.`, `_`, `-`, `+` and `/`"))
}

/// Git without the user's configuration and variables.
pub(crate) fn isolated(mut git: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"GIT_") {
            git.env_remove(name);
        }
    }
    git.envs([
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_OPTIONAL_LOCKS", "0"),
        ("GIT_NO_REPLACE_OBJECTS", "1"),
        ("GIT_NO_LAZY_FETCH", "1"),
        ("LC_ALL", "C"),
    ]);
    git
}

/// Runs git to its end and gives its output.
pub(crate) fn finish(git: &mut Command, input: Option<&[u8]>) -> Result<String, Failure> {
    let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
    let mut child =
        git.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(|error| missing(&error))?;
    if let (Some(bytes), Some(mut pipe)) = (input, child.stdin.take()) {
        // What git does not read it complains about itself.
        let _ = pipe.write_all(bytes);
    }
    let ended = child.wait_with_output().map_err(|error| broken(&error.to_string()))?;
    if ended.status.success() {
        return Ok(String::from_utf8_lossy(&ended.stdout).trim_end().to_owned());
    }
    Err(broken(String::from_utf8_lossy(&ended.stderr).trim()))
}

fn lacks(path: &str) -> Failure {
    Failure::usage(format!("the inventory lacks `{}`", excerpt(path, 200))).help("fetch it: a partial clone lacks some")
}

fn missing(error: &std::io::Error) -> Failure {
    Failure::usage(format!("`git` cannot be run: {error}")).help("install git, or use a plain folder as inventory")
}

fn broken(what: &str) -> Failure {
    Failure::usage(format!("git cannot read or write the inventory: {}", excerpt(what, 400)))
        .help("look at the repository with `git fsck`")
}

#[cfg(test)]
mod tests {
    use super::{Commit, reference};

    #[test]
    fn t68_no_name_is_an_option_or_an_expression() {
        for name in ["prod", "release/1.2", "eu-de_prod_latest", "a+b"] {
            assert!(reference(name).is_ok(), "{name}");
        }
        for name in [
            "",
            "-x",
            "--upload-pack=x",
            "a b",
            "a\nb",
            "a^{tree}",
            "a:b",
            "a..b",
            "@{1}",
            "a~1",
            "/a",
            "a/",
            "a//b",
            ".a",
            "a/.b",
            "a.lock",
            "a.",
            "*",
            "a\u{202e}b",
        ] {
            assert!(reference(name).is_err(), "{name}");
        }
    }

    #[test]
    fn t68_a_commit_is_hex_and_whole() {
        assert!(Commit::parse(&"a".repeat(40)).is_ok());
        for text in ["HEAD", "", &"A".repeat(40), &"a".repeat(39), &"g".repeat(40), "--output=x"] {
            assert!(Commit::parse(text).is_err(), "{text}");
        }
    }
}
