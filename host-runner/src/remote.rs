//! A remote git repository: its references and objects, over the git command line. The token stands in the environment of
//! git alone: in no argument, no URL, no file, no message (T72).

mod way;

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::inventory::git::{Repository, isolated};
use crate::network::{Cause, cause, through_proxy, untrusted};
use crate::text::excerpt;
use crate::webhook::check;
use way::Way;

/// Seconds without a byte after which git gives a server up.
const QUIET: u32 = 30;
/// How long one run of git may take, all in all.
const PATIENCE: Duration = Duration::from_secs(300);

/// A repository elsewhere.
#[derive(Clone)]
pub struct Remote {
    url: String,
    token: Option<String>,
    /// How it is reached, once that was asked for.
    way: OnceLock<Way>,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Remote {
    /// The repository at `url`; `token` opens it over HTTP.
    pub fn new(url: &str, token: Option<String>) -> Result<Self, Failure> {
        let refused = |why: &str| {
            Failure::usage(format!("`{}` is not used as a repository: {why}", excerpt(url, 200)))
                .help("give an https URL without credentials, or the path of a bare repository as `file:///...`")
        };
        let plain = |character: char| character.is_ascii_graphic() && !"\"'\\`$".contains(character);
        if !url.chars().all(plain) || url.contains('@') {
            return Err(refused("it has credentials or odd characters in it"));
        }
        if !url.starts_with("file:///") {
            check(url).map_err(refused)?;
        }
        let token = token.filter(|token| !token.is_empty());
        Ok(Self { url: url.to_owned(), token, way: OnceLock::new() })
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What the reference `full_name` and its peeled tag name there: the object and the commit; none: it is not there.
    pub fn reference(&self, full_name: &str) -> Result<Option<(String, String)>, Failure> {
        let mut git = self.git(Command::new("git"));
        // Not in a folder whose repository has a configuration of its own.
        git.current_dir("/").args([
            "ls-remote",
            "--end-of-options",
            &self.url,
            full_name,
            &format!("{full_name}^{{}}"),
        ]);
        let listed = within(git)?;
        let named = |name: &str| {
            let line = listed.lines().find(|line| line.split('\t').nth(1) == Some(name))?;
            line.split('\t').next().map(str::to_owned)
        };
        let Some(object) = named(full_name) else { return Ok(None) };
        let commit = named(&format!("{full_name}^{{}}")).unwrap_or_else(|| object.clone());
        Ok(Some((object, commit)))
    }

    /// Fetches `full_name` alone, without its past, into `into` of the repository at `git_dir`.
    pub fn fetch(&self, git_dir: &std::path::Path, full_name: &str, into: &str) -> Result<(), Failure> {
        let mut git = self.git(Command::new("git"));
        git.arg(git_dir_option(git_dir)).args(["fetch", "--quiet", "--no-tags", "--depth=1", "--no-write-fetch-head"]);
        git.args(["--no-auto-maintenance", "--end-of-options", &self.url, &format!("+{full_name}:{into}")]);
        within(git).map(drop)
    }

    /// Pushes `commit` to `full_name`, if that still names `before`; none: if it is not there.
    pub fn push(
        &self,
        git_dir: &std::path::Path,
        commit: &str,
        full_name: &str,
        before: Option<&str>,
    ) -> Result<(), Failure> {
        let mut git = self.git(Command::new("git"));
        git.arg(git_dir_option(git_dir)).args(["-c", "core.hooksPath=/dev/null", "push", "--quiet", "--porcelain"]);
        git.arg(format!("--force-with-lease={full_name}:{}", before.unwrap_or_default()));
        git.args(["--end-of-options", &self.url, &format!("{commit}:{full_name}")]);
        within(git).map(drop)
    }

    /// Pushes an object of the repository at `git_dir` to `full_name`, if that still names `before`.
    ///
    /// The push runs in a repository of our own that borrows the objects: the configuration of `git_dir` may be anybody's.
    pub fn push_object(
        &self,
        git_dir: &std::path::Path,
        object: &str,
        full_name: &str,
        before: Option<&str>,
    ) -> Result<(), Failure> {
        let (_folder, scratch) = scratch()?;
        let mut git = isolated(Command::new("git"));
        git.arg(git_dir_option(git_dir)).args(["rev-parse", "--path-format=absolute", "--git-path", "objects"]);
        let objects = within(git)?;
        std::fs::write(scratch.git_dir().join("objects/info/alternates"), format!("{objects}\n"))
            .map_err(|error| broken(&error.to_string()))?;
        self.push(scratch.git_dir(), object, full_name, before)
    }

    /// The message of the annotated tag `object` that `full_name` names there.
    pub fn message(&self, full_name: &str, object: &str) -> Result<String, Failure> {
        const HERE: &str = "refs/countersign/tag";
        let (_folder, scratch) = scratch()?;
        let mut git = self.git(Command::new("git"));
        git.arg(git_dir_option(scratch.git_dir())).args([
            "fetch",
            "--quiet",
            "--no-tags",
            "--depth=1",
            "--filter=tree:0",
        ]);
        git.args(["--no-write-fetch-head", "--no-auto-maintenance", "--end-of-options", &self.url]);
        git.arg(format!("+{full_name}:{HERE}"));
        within(git)?;
        scratch.message(object)?.ok_or_else(|| broken(&format!("`{full_name}` was moved meanwhile")))
    }

    /// Scheme, host and port.
    fn origin(&self) -> String {
        let rest = self.url.find("://").map_or(0, |at| at + 3);
        let end = self.url[rest..].find('/').map_or(self.url.len(), |at| rest + at);
        format!("{}/", &self.url[..end])
    }

    fn git(&self, git: Command) -> Command {
        let mut git = isolated(git);
        let time = format!("http.lowSpeedTime={QUIET}");
        for option in ["credential.helper=", "http.followRedirects=false", "http.lowSpeedLimit=1", &time] {
            git.args(["-c", option]);
        }
        git.env("GIT_ALLOW_PROTOCOL", "file:http:https");
        let way = self.way.get_or_init(|| Way::to(&self.url));
        git.envs(way.variables.iter().map(|(name, value)| (name, value)));
        let mut settings = way.settings.clone();
        if let Some(token) = &self.token {
            let basic = base64(format!("x-access-token:{token}").as_bytes());
            // For this server alone: whatever leads elsewhere goes without it.
            settings.push((format!("http.{}.extraheader", self.origin()), format!("authorization: basic {basic}")));
        }
        git.env("GIT_CONFIG_COUNT", settings.len().to_string());
        for (number, (key, value)) in settings.into_iter().enumerate() {
            git.env(format!("GIT_CONFIG_KEY_{number}"), key).env(format!("GIT_CONFIG_VALUE_{number}"), value);
        }
        git
    }
}

/// A repository of our own, removed with the folder.
fn scratch() -> Result<(tempfile::TempDir, Repository), Failure> {
    let folder = tempfile::Builder::new().prefix("countersign-").tempdir();
    let folder = folder.map_err(|error| broken(&error.to_string()))?;
    let repository = Repository::create(folder.path(), "none")?;
    Ok((folder, repository))
}

/// Runs git to its end, or ends it and whatever it started: some servers say nothing for ever.
fn within(mut git: Command) -> Result<String, Failure> {
    let (tell, told) = mpsc::channel();
    let child = git.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.map_err(|error| broken(&error.to_string()))?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let waiting = std::thread::spawn(move || tell.send(child.wait_with_output()));
    let ended = match told.recv_timeout(PATIENCE) {
        Ok(ended) => ended.map_err(|error| broken(&error.to_string()))?,
        Err(_) => {
            if let Some(group) = group {
                let _ = kill_process_group(group, Signal::KILL);
            }
            return Err(broken("it did not end, and was ended"));
        }
    };
    let _ = waiting.join();
    if ended.status.success() {
        return Ok(String::from_utf8_lossy(&ended.stdout).trim_end().to_owned());
    }
    Err(broken(String::from_utf8_lossy(&ended.stderr).trim()))
}

fn broken(what: &str) -> Failure {
    let said = excerpt(what, 400);
    let unavailable = |why: &str| Failure::new(Exit::Unavailable, format!("git cannot reach the repository: {why}"));
    match cause(&said) {
        Cause::Certificate => unavailable(&untrusted(", or in git's `http.sslCAInfo`", &said)),
        Cause::Proxy => unavailable(&through_proxy("`HTTPS_PROXY` or git's `http.proxy`", &said)),
        Cause::Other => unavailable(&said).help("see whether it is there, and whether the token may read and write it"),
    }
}

fn git_dir_option(git_dir: &std::path::Path) -> OsString {
    let mut option = OsString::from("--git-dir=");
    option.push(git_dir);
    option
}

/// Base64 as HTTP's basic authorization wants it.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let part = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let group = part(0) << 16 | part(1) << 8 | part(2);
        for digit in 0..4 {
            let value = usize::try_from(group >> (18 - 6 * digit) & 63).unwrap_or_default();
            text.push(if digit <= chunk.len() { DIGITS[value].into() } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Remote, Way, base64, broken};
    use crate::network::tests::{AUTHORITY, server};

    #[test]
    fn au3_a_url_with_credentials_is_not_used() {
        for url in [
            "https://token@github.com/a/b",
            "http://example.com/a",
            "http://localhost.example.com/a",
            "http://127.0.0.1.example.com/a",
            "git@github.com:a/b",
            "--upload-pack=x",
            "ext::sh -c id",
        ] {
            assert!(Remote::new(url, None).is_err(), "{url}");
        }
        for url in ["http://localhost:3000/a", "http://127.0.0.1:3000/a", "file:///srv/a.git"] {
            assert!(Remote::new(url, None).is_ok(), "{url}");
        }
        let remote = Remote::new("https://github.com/a/b.git", Some("canary".to_owned())).unwrap();
        assert!(!format!("{remote:?}").contains("canary"));
    }

    #[test]
    fn t49_the_token_is_for_one_origin() {
        for (url, origin) in [
            ("https://github.com/a/b.git", "https://github.com/"),
            ("http://127.0.0.1:8080/a.git", "http://127.0.0.1:8080/"),
        ] {
            assert_eq!(Remote::new(url, None).unwrap().origin(), origin);
        }
    }

    #[test]
    fn git_trusts_a_private_authority_where_it_is_named_and_nowhere_else() {
        let url = format!("{}/a/b.git", server());
        let asked = |authority: Option<&str>| {
            let remote = Remote::new(&url, Some("canary".to_owned())).unwrap();
            let named = authority.map(|file| ("http.sslcainfo".to_owned(), file.to_owned()));
            remote.way.set(Way { settings: named.into_iter().collect(), variables: Vec::new() }).unwrap();
            remote.reference("refs/heads/x").unwrap_err().to_string()
        };
        let trusted = asked(Some(AUTHORITY));
        assert!(trusted.contains("not found") && !trusted.contains("canary"), "{trusted}");
        let untrusted = asked(None);
        assert!(untrusted.contains("certificate of the server is not trusted"), "{untrusted}");
    }

    #[test]
    fn a_certificate_or_a_proxy_is_named_where_it_is_the_cause() {
        let failure = broken("SSL certificate problem: unable to get local issuer certificate").to_string();
        assert!(failure.contains("`SSL_CERT_FILE`") && !failure.contains("token"), "{failure}");
        let failure = broken("Could not resolve proxy: proxy.example.com").to_string();
        assert!(failure.contains("`http.proxy`") && !failure.contains("token"), "{failure}");
        assert!(broken("Authentication failed").to_string().contains("token"));
    }

    #[test]
    fn base64_is_padded() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
