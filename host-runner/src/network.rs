//! How servers are reached: whose certificates are trusted, and through which proxy. The same variables steer git.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::Agent;
use ureq::Proxy;
use ureq::http::Uri;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use crate::failure::Failure;
use crate::files;

/// Names a file of the authorities whose certificates are trusted, instead of the system's.
pub(crate) const CERTIFICATES: &str = "SSL_CERT_FILE";
/// Name the proxy for what is encrypted; plain HTTP stays on this machine.
const PROXIES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
/// Name the servers that are reached without it.
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];
/// Where systems keep the authorities that they trust.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Where variables come from.
type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// A client for the server of `url`.
pub(crate) struct Client {
    pub(crate) agent: Agent,
    proxied: bool,
}

impl Client {
    /// As the environment says.
    pub(crate) fn new(url: &str, patience: Duration) -> Result<Self, Failure> {
        Self::of(url, patience, &|name| std::env::var_os(name))
    }

    fn of(url: &str, patience: Duration, variables: Variables<'_>) -> Result<Self, Failure> {
        let proxy = proxy(url, variables)?;
        let proxied = proxy.is_some();
        let config = Agent::config_builder()
            .timeout_global(Some(patience))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .proxy(proxy)
            .tls_config(TlsConfig::builder().root_certs(roots(variables)?).build());
        Ok(Self { agent: config.build().into(), proxied })
    }

    /// Why no answer came, the cause first.
    pub(crate) fn why(&self, error: &ureq::Error) -> String {
        let said = error.to_string();
        match cause(&said) {
            Cause::Other if self.proxied && !matches!(error, ureq::Error::Timeout(_)) => {
                through_proxy("`HTTPS_PROXY`", &said)
            }
            Cause::Other => said,
            Cause::Certificate => untrusted("", &said),
            Cause::Proxy => through_proxy("`HTTPS_PROXY`", &said),
        }
    }
}

/// The authorities in `SSL_CERT_FILE`, else the system's, else Mozilla's.
fn roots(variables: Variables<'_>) -> Result<RootCerts, Failure> {
    if let Some(file) = set(&[CERTIFICATES], variables).map(|(_, file)| PathBuf::from(file)) {
        let bytes = files::read(&file, "file of certificates in `SSL_CERT_FILE`")?;
        return certificates(&bytes).ok_or_else(|| {
            Failure::usage(format!("the file `{}` in `{CERTIFICATES}` has no certificate", file.display()))
                .help("name a file of certificates in PEM: `-----BEGIN CERTIFICATE-----`")
        });
    }
    let system = SYSTEM.iter().find_map(|file| certificates(&std::fs::read(Path::new(file)).ok()?));
    Ok(system.unwrap_or(RootCerts::WebPki))
}

fn certificates(pem: &[u8]) -> Option<RootCerts> {
    let found = parse_pem(pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        Ok(_) | Err(_) => None,
    });
    let found: Vec<_> = found.collect();
    (!found.is_empty()).then(|| RootCerts::new_with_certs(&found))
}

/// The proxy on the way to the server of `url`.
fn proxy(url: &str, variables: Variables<'_>) -> Result<Option<Proxy>, Failure> {
    let uri: Uri = url.parse().unwrap_or_default();
    let host = uri.host().unwrap_or_default();
    let Some((name, value)) = set(&PROXIES, variables).filter(|_| uri.scheme_str() == Some("https")) else {
        return Ok(None);
    };
    if set(&NO_PROXY, variables).is_some_and(|(_, list)| is_listed(host, &list.to_string_lossy())) {
        return Ok(None);
    }
    // The value may have a password in it.
    let refused = || {
        Failure::usage(format!("the variable `{name}` is not the URL of a proxy"))
            .help("give a URL such as `http://proxy.example.com:3128`; proxies over HTTP and HTTPS are used")
    };
    let proxy = value.to_str().and_then(|value| Proxy::new(value).ok()).ok_or_else(refused)?;
    match proxy.protocol() {
        ureq::ProxyProtocol::Http | ureq::ProxyProtocol::Https => Ok(Some(proxy)),
        _ => Err(refused()),
    }
}

/// The first of these variables that has a value.
fn set<'n>(names: &[&'n str], variables: Variables<'_>) -> Option<(&'n str, OsString)> {
    names.iter().find_map(|name| Some((*name, variables(name).filter(|value| !value.is_empty())?)))
}

/// Whether a list such as `localhost, .example.com` has the host, or a domain that it is in.
fn is_listed(host: &str, list: &str) -> bool {
    let host = host.to_ascii_lowercase();
    list.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        let domain = entry.trim_start_matches('*').trim_start_matches('.').to_ascii_lowercase();
        entry == "*" || host == domain || host.strip_suffix(&domain).is_some_and(|before| before.ends_with('.'))
    })
}

/// What kept an answer from coming, as far as its words tell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cause {
    /// The server's certificate.
    Certificate,
    /// The proxy on the way.
    Proxy,
    /// Anything else.
    Other,
}

/// The cause in the words of curl, git or our own client.
pub(crate) fn cause(said: &str) -> Cause {
    let said = said.to_ascii_lowercase();
    match () {
        () if said.contains("certificate") => Cause::Certificate,
        () if said.contains("proxy") || said.contains("connect tunnel") => Cause::Proxy,
        () => Cause::Other,
    }
}

/// The server's certificate is not trusted; `more` names what else can be set.
pub(crate) fn untrusted(more: &str, said: &str) -> String {
    format!(
        "the certificate of the server is not trusted: name the file of your own authority in `{CERTIFICATES}`{more} ({said})"
    )
}

/// The proxy in `set` does not lead to the server.
pub(crate) fn through_proxy(set: &str, said: &str) -> String {
    format!("the proxy in {set} does not lead to the server: correct it, or name the server in `NO_PROXY` ({said})")
}

#[cfg(test)]
pub(crate) mod tests;
