use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto};

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

/// The authority of the tests.
pub(crate) const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/ca.pem");

/// A server on this machine with a certificate of that authority, which answers 404 to everything; its URL.
pub(crate) fn server() -> String {
    let key = PrivatePkcs8KeyDer::from(include_bytes!("../../tests/tls/server-key.der").to_vec());
    let certificate = CertificateDer::from(include_bytes!("../../tests/tls/server.der").to_vec());
    let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::from(key))
        .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream.unwrap());
            // A client that trusts nobody hangs up.
            if stream.read(&mut [0; 4096]).is_ok_and(|length| length > 0) {
                let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    url
}

fn client(url: &str, variables: &[(&str, OsString)]) -> Client {
    Client::of(url, PATIENCE, &of(variables)).unwrap()
}

fn of<'v>(variables: &'v [(&'v str, OsString)]) -> impl Fn(&str) -> Option<OsString> + 'v {
    move |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
}

#[test]
fn a_private_authority_is_trusted_where_it_is_named_and_nowhere_else() {
    let url = server();
    let trusting = client(&url, &[(CERTIFICATES, AUTHORITY.into())]);
    assert_eq!(trusting.agent.get(&url).call().unwrap().status(), 404);
    let other = client(&url, &[]);
    let error = other.agent.get(&url).call().unwrap_err();
    let why = other.why(&error);
    assert!(why.starts_with("the certificate of the server is not trusted") && why.contains(CERTIFICATES), "{why}");
}

#[test]
fn a_file_without_certificates_is_refused() {
    for file in ["/nowhere.pem", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")] {
        let refused = Client::of("https://example.com", PATIENCE, &of(&[(CERTIFICATES, file.into())])).err().unwrap();
        assert!(refused.to_string().contains(CERTIFICATES), "{refused}");
    }
    assert!(Client::of("https://example.com", PATIENCE, &of(&[(CERTIFICATES, "".into())])).is_ok());
}

#[test]
fn a_proxy_is_used_for_what_is_encrypted_unless_the_server_is_listed() {
    let through = |url: &str, name: &'static str, no_proxy: &str| {
        let variables = [(name, "http://proxy.example.com:3128".into()), ("NO_PROXY", no_proxy.into())];
        proxy(url, &of(&variables)).unwrap().is_some()
    };
    for name in PROXIES {
        assert!(through("https://api.example.com/x", name, ""), "{name}");
    }
    assert!(!through("https://api.example.com/x", "HTTP_PROXY", ""));
    assert!(!through("http://localhost:1/x", "HTTPS_PROXY", ""));
    for listed in ["*", "example.com", ".example.com", "*.example.com", "a.b, API.example.com"] {
        assert!(!through("https://api.example.com/x", "HTTPS_PROXY", listed), "{listed}");
    }
    for listed in ["ample.com", "api.example.com.org", "x.api.example.com", ","] {
        assert!(through("https://api.example.com/x", "HTTPS_PROXY", listed), "{listed}");
    }
}

#[test]
fn t72_what_is_no_proxy_is_refused_without_its_password() {
    for odd in ["socks5://u:canary@proxy:1080", "ftp://u:canary@proxy", "http://u:canary@:x:y"] {
        let refused = proxy("https://example.com", &of(&[("HTTPS_PROXY", odd.into())])).unwrap_err().to_string();
        assert!(refused.contains("`HTTPS_PROXY`") && !refused.contains("canary"), "{refused}");
    }
}

#[test]
fn a_proxy_that_leads_nowhere_is_named() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = client("https://example.com", &[("HTTPS_PROXY", format!("http://{closed}").into())]);
    let error = client.agent.get("https://example.com").call().unwrap_err();
    assert!(client.why(&error).starts_with("the proxy in `HTTPS_PROXY` does not lead"), "{}", client.why(&error));
}

#[test]
fn what_git_says_is_put_down_to_its_cause() {
    for (said, expected) in [
        ("SSL certificate problem: unable to get local issuer certificate", Cause::Certificate),
        ("server certificate verification failed. CAfile: none CRLfile: none", Cause::Certificate),
        ("Could not resolve proxy: proxy.example.com", Cause::Proxy),
        ("Received HTTP code 407 from proxy after CONNECT", Cause::Proxy),
        ("CONNECT tunnel failed, response 403", Cause::Proxy),
        ("Authentication failed for 'https://example.com/a.git/'", Cause::Other),
    ] {
        assert_eq!(cause(said), expected, "{said}");
    }
}
