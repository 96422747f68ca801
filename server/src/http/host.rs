//! For which host a request is: said once and readable everywhere, and one of our names on a developer's machine.
//!
//! Nothing else looks at the host: links, webhooks and cookies follow `server.public_url`.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr as _;

use poem::Request;
use poem::http::Version;
use poem::http::header::{HOST, HeaderMap, HeaderValue, ORIGIN};
use poem::http::uri::Authority;
use portcullis_openapi::problem::{HOST_NOT_ALLOWED, INVALID_HOST, ORIGIN_NOT_ALLOWED};
use portcullis_ports::Error;

use portcullis_ports::Endpoint;

/// The names under which a developer's machine answers.
///
/// A page can have a name of its own point to this machine, and then read what it may read of its own site (DNS
/// rebinding): the mailbox and every account. A name without a dot cannot be had from a registry, and containers call
/// each other by such names.
pub(super) struct LocalNames {
    listen: SocketAddr,
    public: Endpoint,
    pages: Vec<Endpoint>,
}

impl LocalNames {
    pub(super) fn new(listen: SocketAddr, public: &Endpoint, pages: &[Endpoint]) -> Self {
        Self {
            listen,
            public: public.clone(),
            pages: pages.to_vec(),
        }
    }

    /// `host` has no port and no brackets.
    fn know(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if host == self.public.host().trim_matches(['[', ']']) {
            return true;
        }
        match host.parse::<IpAddr>() {
            Ok(address) => {
                let listen = self.listen.ip();
                address.to_canonical().is_loopback() || listen.is_unspecified() || address == listen
            }
            Err(_) => !host.is_empty() && (!host.contains('.') || host.ends_with(".localhost")),
        }
    }

    fn check(&self, hosts: &[Authority], headers: &HeaderMap) -> Result<(), Error> {
        if hosts.is_empty() || !hosts.iter().all(|host| self.know(bare(host))) {
            return Err(HOST_NOT_ALLOWED.error());
        }
        let known = |origin: &str| {
            let host = origin.split_once("://").map(|(_, host)| host);
            let is_listed = || {
                origin
                    .parse::<Endpoint>()
                    .is_ok_and(|origin| self.pages.contains(&origin))
            };
            host.and_then(|host| Authority::from_str(host).ok())
                .is_some_and(|host| self.know(bare(&host)))
                || is_listed()
        };
        let mut origins = headers.get_all(ORIGIN).iter();
        if origins.all(|origin| origin.to_str().is_ok_and(known)) {
            Ok(())
        } else {
            Err(ORIGIN_NOT_ALLOWED.error())
        }
    }
}

/// The host of an authority, an address of IPv6 without its brackets.
fn bare(authority: &Authority) -> &str {
    authority.host().trim_matches(['[', ']'])
}

/// The hosts that most requests name, as header values: there is nothing else to look at in such a request.
pub(super) struct UsualHosts([HeaderValue; 2]);

impl UsualHosts {
    pub(super) fn new(listen: SocketAddr, public: &Endpoint) -> Self {
        let public = public.to_string();
        let authority = public.split_once("://").map_or("", |(_, authority)| authority);
        let value = |text: &str| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
        Self([value(authority), value(&listen.to_string())])
    }

    /// Whether a request names one of them, once, and no page sent it.
    pub(super) fn know(&self, request: &Request) -> bool {
        let headers = request.headers();
        let mut lines = headers.get_all(HOST).iter();
        match (lines.next(), lines.next()) {
            (Some(line), None) => {
                !line.is_empty()
                    && self.0.contains(line)
                    && !headers.contains_key(ORIGIN)
                    && request.original_uri().authority().is_none()
            }
            _ => false,
        }
    }
}

/// Checks what a request says of its host; `local` also that we are meant.
///
/// # Errors
/// [`INVALID_HOST`], [`HOST_NOT_ALLOWED`] or [`ORIGIN_NOT_ALLOWED`].
pub(super) fn check(request: &Request, local: Option<&LocalNames>) -> Result<(), Error> {
    let headers = request.headers();
    let mut lines = headers.get_all(HOST).iter();
    let hosts = match (lines.next(), lines.next()) {
        (None, _) if request.version() >= Version::HTTP_11 => {
            return Err(INVALID_HOST.with_detail("The header Host is missing."));
        }
        (Some(_), Some(_)) => {
            return Err(INVALID_HOST.with_detail("The header Host stands there more than once."));
        }
        (None, _) => None,
        (Some(line), None) => read(line.as_bytes())?,
    };
    let Some(local) = local else { return Ok(()) };
    // A target in absolute form names the host as well, and then it is that one which counts.
    let target = request.original_uri().authority().cloned();
    let named: Vec<Authority> = hosts.into_iter().chain(target).collect();
    // A client of HTTP/1.0 that names no host is no browser.
    if named.is_empty() && request.version() < Version::HTTP_11 {
        return Ok(());
    }
    local.check(&named, headers)
}

/// A host and perhaps a port; several in one line are refused. Nothing at all is allowed where the target has no host.
fn read(line: &[u8]) -> Result<Option<Authority>, Error> {
    if line.is_empty() {
        return Ok(None);
    }
    let authority = std::str::from_utf8(line)
        .ok()
        .filter(|text| !text.contains(['@', ',', '"']));
    let authority = authority.and_then(|text| Authority::from_str(text).ok());
    let readable = authority.filter(|authority| {
        let port = authority.as_str().strip_prefix(authority.host());
        let port = port.and_then(|rest| rest.strip_prefix(':'));
        !authority.host().is_empty() && port.is_none_or(|port| port.is_empty() || port.parse::<u16>().is_ok())
    });
    readable
        .map(Some)
        .ok_or_else(|| INVALID_HOST.with_detail("The header Host holds no host."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(listen: &str) -> LocalNames {
        let public = "http://gate.test.example:8080".parse().unwrap();
        let pages = ["https://app.example.com".parse().unwrap()];
        LocalNames::new(listen.parse().unwrap(), &public, &pages)
    }

    fn request(lines: &[(&str, &str)]) -> Request {
        let mut request = Request::builder().uri_str("/api/ping");
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        request.finish()
    }

    fn refusal(local: Option<&LocalNames>, lines: &[(&str, &str)]) -> Option<&'static str> {
        check(&request(lines), local)
            .err()
            .map(|error| error.code().name())
    }

    #[test]
    fn a_host_is_named_once_and_can_be_read() {
        for host in ["a", "a.example:80", "a.example:", "[::1]:80", "127.0.0.1", ""] {
            assert_eq!(refusal(None, &[("host", host)]), None, "{host}");
        }
        for host in ["a b", "a/b", "u@a", "a:b", "a:99999", ":80", "a,b", "\"a\""] {
            assert_eq!(refusal(None, &[("host", host)]), Some("invalid-host"), "{host}");
        }
        assert_eq!(refusal(None, &[]), Some("invalid-host"));
        assert_eq!(
            refusal(None, &[("host", "a"), ("host", "a")]),
            Some("invalid-host")
        );
    }

    #[test]
    fn the_usual_hosts_are_known_at_a_glance_and_nothing_else_is() {
        let public = "https://gate.example.com".parse().unwrap();
        let usual = UsualHosts::new("127.0.0.1:8080".parse().unwrap(), &public);
        for host in ["gate.example.com", "127.0.0.1:8080"] {
            assert!(usual.know(&request(&[("host", host)])), "{host}");
            assert!(!usual.know(&request(&[("host", host), ("host", host)])), "{host}");
            assert!(
                !usual.know(&request(&[("host", host), ("origin", "null")])),
                "{host}"
            );
        }
        for host in ["", "gate.example.com:80", "evil.example"] {
            assert!(!usual.know(&request(&[("host", host)])), "{host}");
        }
        assert!(!usual.know(&request(&[])));
    }

    #[test]
    fn a_developers_machine_answers_to_its_own_names() {
        let local = names("127.0.0.1:8080");
        for host in [
            "localhost:8080",
            "LOCALHOST",
            "localhost.",
            "app.localhost",
            "127.0.0.1",
            "127.9.9.9:1",
            "[::1]:8080",
            "gate.test.example",
            "portcullis:8080",
        ] {
            assert_eq!(refusal(Some(&local), &[("host", host)]), None, "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.nip.io",
            "192.168.1.5",
            "0.0.0.0",
            "",
            "notlocalhost.example:8080",
        ] {
            assert_eq!(
                refusal(Some(&local), &[("host", host)]),
                Some("host-not-allowed"),
                "{host}"
            );
        }
        let exposed = names("0.0.0.0:8080");
        assert_eq!(refusal(Some(&exposed), &[("host", "192.168.1.5:8080")]), None);
        assert!(refusal(Some(&exposed), &[("host", "evil.example")]).is_some());
        let one = names("192.168.1.5:8080");
        assert_eq!(refusal(Some(&one), &[("host", "192.168.1.5:8080")]), None);
        assert!(refusal(Some(&one), &[("host", "192.168.1.6:8080")]).is_some());
    }

    #[test]
    fn a_developers_machine_answers_to_pages_of_its_own() {
        let local = names("127.0.0.1:8080");
        let origin = |origin: &str| refusal(Some(&local), &[("host", "localhost"), ("origin", origin)]);
        for known in [
            "http://localhost:3000",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "https://app.example.com",
            "http://gate.test.example:8080",
        ] {
            assert_eq!(origin(known), None, "{known}");
        }
        for foreign in [
            "https://evil.example",
            "null",
            "",
            "file://",
            "http://localhost.evil.example",
            "http://localhost@evil.example",
            "https://app.example.com.evil.example",
        ] {
            assert_eq!(origin(foreign), Some("origin-not-allowed"), "{foreign}");
        }
    }
}
