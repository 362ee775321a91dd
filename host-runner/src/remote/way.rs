//! How the user's git reaches a server: whose certificates it trusts, and through which proxy. Nothing else of the user's
//! configuration is followed (T68).

use std::ffi::OsString;
use std::process::{Command, Stdio};

use crate::network::CERTIFICATES;

/// Settings that are followed.
const SETTINGS: [&str; 5] =
    ["http.sslcainfo", "http.sslcapath", "http.proxy", "http.proxyauthmethod", "http.proxysslcainfo"];
/// Variables that are followed; git lets them win over settings.
const VARIABLES: [&str; 4] = ["GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_PROXY_SSL_CAINFO", "GIT_HTTP_PROXY_AUTHMETHOD"];

/// The way to one server.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Way {
    /// Settings, for git's own variables: a proxy may have a password in it.
    pub(super) settings: Vec<(String, String)>,
    /// Variables.
    pub(super) variables: Vec<(&'static str, OsString)>,
}

impl Way {
    /// The way to the server of `url`.
    pub(super) fn to(url: &str) -> Self {
        if url.starts_with("file:") {
            return Self::default();
        }
        Self::of(url, Command::new("git"), &|name| std::env::var_os(name))
    }

    fn of(url: &str, git: Command, variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let settings = settings(url, git, set("HOME"));
        let mut variables: Vec<_> = VARIABLES.into_iter().filter_map(|name| Some((name, set(name)?))).collect();
        let has_authority = settings.iter().any(|(key, _)| key == SETTINGS[0])
            || variables.iter().any(|(name, _)| *name == VARIABLES[0]);
        if !has_authority {
            variables.extend(set(CERTIFICATES).map(|file| (VARIABLES[0], file)));
        }
        Self { settings, variables }
    }
}

/// What git is configured to by the user and the system, and by no repository.
fn settings(url: &str, mut git: Command, home: Option<OsString>) -> Vec<(String, String)> {
    git.current_dir("/").env("GIT_DIR", "/dev/null/none").stdin(Stdio::null());
    git.args(["config", "-z", "--includes", "--get-urlmatch", "http", url]);
    let said = git.output().map(|output| output.stdout).unwrap_or_default();
    let setting = |line: &str| {
        let (key, value) = line.split_once('\n')?;
        let value = match (value.strip_prefix("~/"), &home) {
            (Some(rest), Some(home)) => format!("{}/{rest}", home.to_string_lossy()),
            (Some(_), None) | (None, _) => value.to_owned(),
        };
        SETTINGS.contains(&key).then(|| (key.to_owned(), value))
    };
    String::from_utf8_lossy(&said).split('\0').filter_map(setting).collect()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::process::Command;

    use super::Way;

    const CONFIGURED: &str = "[http]\nsslCAInfo = ~/ca.pem\nsslVerify = false\ncookieFile = x\n\
        [http \"https://git.example.com/\"]\nproxy = http://u:p@proxy.example.com:3128\n\
        [url \"ext::sh -c id\"]\ninsteadOf = https://\n";

    fn way(configuration: &str, url: &str, variables: &[(&str, &str)]) -> Way {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        std::fs::write(&file, configuration).unwrap();
        let mut git = Command::new("git");
        git.env("GIT_CONFIG_GLOBAL", &file).env("GIT_CONFIG_NOSYSTEM", "1");
        let variable = |name: &str| {
            let known = variables.iter().find(|(known, _)| *known == name);
            known.map(|(_, value)| OsString::from(value))
        };
        Way::of(url, git, &variable)
    }

    #[test]
    fn t68_of_the_users_git_the_way_to_a_server_is_followed_and_nothing_else() {
        let home = [("HOME", "/home/u"), ("GIT_SSL_NO_VERIFY", "1"), ("GIT_SSH_COMMAND", "sh -c id")];
        let authority = ("http.sslcainfo".to_owned(), "/home/u/ca.pem".to_owned());
        let other = way(CONFIGURED, "https://other.example.com/a.git", &home);
        assert_eq!((other.settings, other.variables), (vec![authority.clone()], vec![]));
        let proxy = ("http.proxy".to_owned(), "http://u:p@proxy.example.com:3128".to_owned());
        assert_eq!(way(CONFIGURED, "https://git.example.com/a.git", &home).settings, [proxy, authority]);
    }

    #[test]
    fn what_names_an_authority_for_git_goes_before_what_names_one_for_all() {
        let url = "https://git.example.com/a.git";
        let (own, all) = (("GIT_SSL_CAINFO", "/own.pem"), ("SSL_CERT_FILE", "/all.pem"));
        assert_eq!(way("", url, &[own, all]).variables, [("GIT_SSL_CAINFO", OsString::from("/own.pem"))]);
        assert_eq!(way("", url, &[all]).variables, [("GIT_SSL_CAINFO", OsString::from("/all.pem"))]);
        assert_eq!(way(CONFIGURED, url, &[all]).variables, []);
        assert_eq!(way("", url, &[("SSL_CERT_FILE", "")]), Way::default());
    }
}
