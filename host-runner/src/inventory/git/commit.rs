//! Commits to an inventory, without touching any work tree.

use super::{Commit, Failure, Repository, finish, reference};
use crate::text::excerpt;

/// One change of a tree.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Edit {
    /// A file has these bytes from now on.
    Write(String, Vec<u8>),
    /// A file is gone.
    Remove(String),
}

/// Who commits, and when.
#[derive(Clone, Debug)]
pub struct Author {
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// When, as RFC 3339.
    pub date: String,
}

impl Repository {
    /// Makes an annotated tag of a commit, which nothing names yet: its object.
    pub fn annotate(&self, name: &str, commit: &Commit, message: &str, seconds: i64) -> Result<String, Failure> {
        let name = reference(name)?;
        let text = format!(
            "object {commit}\ntype commit\ntag {name}\ntagger countersign <countersign@localhost> {seconds} +0000\n\n{}\n",
            message.trim_end()
        );
        let mut git = self.git();
        git.args(["hash-object", "-t", "tag", "-w", "--stdin"]);
        finish(&mut git, Some(text.as_bytes()))
    }

    /// Points a tag to an object if it still names `before`; whether it did.
    pub fn point(&self, name: &str, object: &str, before: Option<&str>) -> Result<(), Failure> {
        let nothing = "0".repeat(object.len());
        let mut git = self.git();
        git.args(["update-ref", "--no-deref", "-m", "countersign", "--end-of-options"]);
        git.args([&format!("refs/tags/{}", reference(name)?), object, before.unwrap_or(&nothing)]);
        finish(&mut git, None).map(drop)?;
        self.forget();
        Ok(())
    }

    /// The commits that `to` has and `from` has not, newest first: each as its fields.
    pub fn log(&self, from: Option<&Commit>, to: &Commit) -> Result<Vec<[String; 6]>, Failure> {
        let mut git = self.git();
        git.env("TZ", "UTC").args(["log", "--date=format-local:%Y-%m-%dT%H:%M:%SZ"]);
        git.args(["--format=%H%x1f%P%x1f%ae%x1f%ce%x1f%cd%x1f%s", "--end-of-options", to.as_str()]);
        if let Some(from) = from {
            git.arg(format!("^{from}"));
        }
        let text = finish(&mut git, None)?;
        let fields = |line: &str| {
            let mut fields = line.splitn(6, '\u{1f}');
            std::array::from_fn(|_| fields.next().unwrap_or_default().to_owned())
        };
        Ok(text.lines().map(fields).collect())
    }

    /// Commits `edits` on top of `parent`, the tip of `branch`, and moves the branch if nobody else did. One that is
    /// missing is made.
    pub fn commit(
        &self,
        branch: &str,
        parent: Option<&Commit>,
        edits: &[Edit],
        message: &str,
        author: &Author,
    ) -> Result<Commit, Failure> {
        let name = format!("refs/heads/{}", reference(branch)?);
        self.not_checked_out(branch, &name)?;
        let local = self.object(&name)?.and(parent).map(Commit::as_str);
        let commit = self.commit_on(parent, edits, message, author)?;
        self.update(&name, &commit, local)?;
        Ok(commit)
    }

    /// Makes a commit of `edits` on top of `parent`. No branch moves.
    pub fn commit_on(
        &self,
        parent: Option<&Commit>,
        edits: &[Edit],
        message: &str,
        author: &Author,
    ) -> Result<Commit, Failure> {
        let index = self.git_dir.join(format!("countersign-index-{}", std::process::id()));
        let tree = self.write_tree(&index, parent, edits);
        let _ = std::fs::remove_file(&index);
        let mut git = self.git();
        git.args(["commit-tree", "-F", "-"]);
        if let Some(parent) = parent {
            git.args(["-p", parent.as_str()]);
        }
        git.args(["--end-of-options", &tree?]);
        for role in ["AUTHOR", "COMMITTER"] {
            git.env(format!("GIT_{role}_NAME"), &author.name).env(format!("GIT_{role}_EMAIL"), &author.email);
            git.env(format!("GIT_{role}_DATE"), &author.date);
        }
        Commit::parse(&finish(&mut git, Some(message.as_bytes()))?)
    }

    fn write_tree(&self, index: &std::path::Path, parent: Option<&Commit>, edits: &[Edit]) -> Result<String, Failure> {
        let with_index = || {
            let mut git = self.git();
            git.env("GIT_INDEX_FILE", index);
            git
        };
        match parent {
            Some(parent) => finish(with_index().args(["read-tree", "--end-of-options", parent.as_str()]), None)?,
            None => finish(with_index().args(["read-tree", "--empty"]), None)?,
        };
        let mut lines = Vec::new();
        for edit in edits {
            let (mode, object, path) = match edit {
                Edit::Write(path, bytes) => {
                    let mut git = self.git();
                    ("100644", finish(git.args(["hash-object", "-w", "--stdin"]), Some(bytes))?, path)
                }
                Edit::Remove(path) => ("0", "0".repeat(parent.map_or(40, |parent| parent.as_str().len())), path),
            };
            lines.extend_from_slice(format!("{mode} {object}\t{}", entry_path(path)?).as_bytes());
            lines.push(0);
        }
        finish(with_index().args(["update-index", "-z", "--index-info"]), Some(&lines))?;
        finish(with_index().arg("write-tree"), None)
    }

    /// A branch that is checked out somewhere would fall behind its own work tree.
    fn not_checked_out(&self, branch: &str, name: &str) -> Result<(), Failure> {
        let mut git = self.git();
        let found = finish(git.args(["for-each-ref", "--format=%(worktreepath)", "--end-of-options", name]), None)?;
        // A repository without a work tree names itself.
        if found.is_empty() || !std::path::Path::new(&found).join(".git").exists() {
            return Ok(());
        }
        Err(Failure::usage(format!("the branch `{branch}` is checked out in `{}`", excerpt(&found, 200)))
            .help("check out something else there, or change the files there and commit them yourself"))
    }
}

/// A path of an entry: nothing above the inventory, nothing hidden.
pub(crate) fn entry_path(path: &str) -> Result<&str, Failure> {
    let sound = !path.is_empty()
        && path.len() <= 400
        && path.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
        && !path.chars().any(char::is_control)
        && !path.contains('\\');
    if sound {
        return Ok(path);
    }
    Err(Failure::usage(format!("`{}` is not a path of an inventory entry", excerpt(path, 80)))
        .help("name parts joined by `/`, none of them empty or beginning with a dot"))
}
