//! Webhooks: where the policy's notification channels lead (PC9). Their URLs are secrets: they come from variables, and
//! stand in no argument, log or message.

use std::collections::BTreeMap;
use std::env;
use std::time::Duration;

use crate::failure::Failure;
use crate::network::{Cause, Client, cause};

/// How long one notification may take, all in all.
const PATIENCE: Duration = Duration::from_secs(5);

/// The channels that lead somewhere.
#[derive(Debug, Default)]
pub struct Webhooks {
    channels: BTreeMap<String, Channel>,
}

#[derive(Debug)]
struct Channel {
    variable: String,
    url: Option<String>,
}

/// Why somebody could not be told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NotTold {
    /// A stable name.
    pub code: &'static str,
    /// What is wrong; never the URL.
    pub message: String,
}

impl Webhooks {
    /// Channels from `NAME=VARIABLE`.
    pub fn new(given: &[String]) -> Result<Self, Failure> {
        let mut channels = BTreeMap::new();
        for text in given {
            let sound =
                |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
            let Some((name, variable)) = text.split_once('=').filter(|(name, variable)| sound(name) && sound(variable))
            else {
                return Err(Failure::usage("a webhook is not `CHANNEL=VARIABLE`")
                    .help("put the URL into a variable, and name that: `--webhook ops=OPS_WEBHOOK_URL`"));
            };
            let url = env::var(variable).ok().filter(|url| !url.is_empty());
            if let Some(url) = &url {
                check(url).map_err(|why| {
                    Failure::usage(format!("the URL in `{variable}` is not used: {why}"))
                        .help("give an https URL; plain http is for this machine only")
                })?;
            }
            channels.insert(name.to_owned(), Channel { variable: variable.to_owned(), url });
        }
        Ok(Self { channels })
    }

    /// Posts `body`, JSON, to the channel. It is tried once.
    pub fn post(&self, channel: &str, body: &[u8]) -> Result<(), NotTold> {
        let not_configured = |message: String| NotTold { code: "not-configured", message };
        let Some(known) = self.channels.get(channel) else {
            let help = "give `--webhook CHANNEL=VARIABLE`";
            return Err(not_configured(format!("nobody said where the channel `{channel}` leads: {help}")));
        };
        let Some(url) = &known.url else {
            return Err(not_configured(format!("the variable `{}` is not set", known.variable)));
        };
        let unavailable = |message: &str| NotTold { code: "unavailable", message: message.to_owned() };
        let client = Client::new(url, PATIENCE).map_err(|failure| unavailable(&failure.problem))?;
        match client.agent.post(url).content_type("application/json").send(body) {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(unavailable(&format!("the webhook answered {}", answer.status().as_u16()))),
            Err(ureq::Error::Timeout(_)) => Err(unavailable("the webhook did not answer within 5 seconds")),
            // What the error says in full may have the URL in it.
            Err(error) => Err(unavailable(match cause(&error.to_string()) {
                Cause::Certificate => {
                    "the certificate of the webhook is not trusted: name your own authority in `SSL_CERT_FILE`"
                }
                Cause::Proxy => "the webhook cannot be reached through the proxy: see `HTTPS_PROXY` and `NO_PROXY`",
                Cause::Other => "the webhook cannot be reached",
            })),
        }
    }

    /// The URLs, which are taken out of all output.
    pub fn secrets(&self) -> impl Iterator<Item = String> + '_ {
        self.channels.values().filter_map(|channel| channel.url.clone())
    }

    /// The variables, which the user's commands do not get.
    pub fn variables(&self) -> impl Iterator<Item = String> + '_ {
        self.channels.values().map(|channel| channel.variable.clone())
    }
}

/// Secrets in a URL travel encrypted, or not at all beyond this machine.
pub(crate) fn check(url: &str) -> Result<(), &'static str> {
    let uri: ureq::http::Uri = url.parse().map_err(|_| "it is not a URL")?;
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) => Ok(()),
        (Some("http"), Some("127.0.0.1" | "localhost" | "[::1]")) => Ok(()),
        (Some("http"), Some(_)) => Err("it is not encrypted"),
        (_, _) => Err("it is not an https URL"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Webhooks, check};

    #[test]
    fn pc9_a_url_is_https_or_on_this_machine() {
        assert_eq!(check("https://hooks.example.com/T1/B2/x"), Ok(()));
        assert_eq!(check("http://127.0.0.1:9999/x"), Ok(()));
        assert_eq!(check("http://hooks.example.com/x"), Err("it is not encrypted"));
        for odd in ["ftp://example.com", "hooks.example.com", "file:///etc/passwd", "", "http://"] {
            assert!(check(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn pc9_a_channel_that_leads_nowhere_is_told_without_a_url() {
        let webhooks = Webhooks::new(&["ops=COUNTERSIGN_TEST_UNSET".to_owned()]).unwrap();
        let why = webhooks.post("ops", b"{}").unwrap_err();
        assert_eq!(
            (why.code, why.message.as_str()),
            ("not-configured", "the variable `COUNTERSIGN_TEST_UNSET` is not set")
        );
        assert_eq!(webhooks.post("other", b"{}").unwrap_err().code, "not-configured");
        for odd in ["ops", "ops=", "=X", "ops=https://hooks.example.com/x"] {
            let failure = Webhooks::new(&[odd.to_owned()]).unwrap_err();
            assert!(!failure.to_string().contains("hooks.example.com"), "{failure}");
        }
    }
}
