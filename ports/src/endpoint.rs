//! The address of a service as an operator writes it: `https://gate.example.com`, `http://127.0.0.1:8000`.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Scheme, host and perhaps a port: what a browser calls an origin. In lower case, and without the port that the scheme
/// stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Endpoint {
    text: String,
    host: String,
    secure: bool,
    local: bool,
}

const ADVICE: &str = "an address such as https://gate.example.com is expected, without a path";

impl Endpoint {
    /// A plain HTTP server that listens on this address.
    pub fn listening(address: SocketAddr) -> Self {
        let ip = address.ip();
        let host = match ip {
            _ if ip.is_unspecified() => "localhost".to_owned(),
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        let text = match address.port() {
            80 => format!("http://{host}"),
            port => format!("http://{host}:{port}"),
        };
        Self {
            text,
            host,
            secure: false,
            local: ip.is_unspecified() || ip.is_loopback(),
        }
    }

    /// The address, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host, in lower case; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is reached over TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether it names this machine.
    pub fn is_local(&self) -> bool {
        self.local
    }

    /// Whether it is unencrypted and on this machine, which only an emulator is.
    pub fn is_emulator(&self) -> bool {
        self.local && !self.secure
    }

    /// Whether nobody on the way can read along: it is encrypted, or on this machine.
    pub fn is_trustworthy(&self) -> bool {
        self.secure || self.local
    }
}

impl FromStr for Endpoint {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The standard of browsers mends much that is a slip here: `https:host`, `https:\\host`, a line break.
        let (_, rest) = text.split_once("://").ok_or(ADVICE)?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let odd = |c: char| matches!(c, '/' | '\\' | '?' | '#' | '@' | '%');
        let invisible = |c: char| c.is_whitespace() || c.is_control();
        if authority.contains(odd) || authority.ends_with(':') || text.contains(invisible) {
            return Err(ADVICE);
        }
        let url = Url::parse(text).map_err(|_| ADVICE)?;
        let named = |host: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            host.split('.')
                .all(|label| !label.is_empty() && label.chars().all(fits))
        };
        let local = match url.host().ok_or(ADVICE)? {
            Host::Domain(name) if named(name) => name == "localhost" || name.ends_with(".localhost"),
            Host::Domain(_) => return Err(ADVICE),
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        let secure = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(ADVICE),
        };
        if url.port() == Some(0) {
            return Err(ADVICE);
        }
        Ok(Self {
            text: url.origin().ascii_serialization(),
            host: url.host_str().unwrap_or_default().to_owned(),
            secure,
            local,
        })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Endpoint {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        endpoint.text
    }
}

impl JsonSchema for Endpoint {
    fn schema_name() -> Cow<'static, str> {
        "Endpoint".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "origin",
            "pattern": "^[hH][tT][tT][pP][sS]?://[^/?#@]+/?$",
            "examples": ["https://gate.example.com"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Endpoint {
        text.parse().unwrap_or_else(|_| panic!("{text} is an address"))
    }

    #[test]
    fn an_address_is_normalised() {
        for (text, normal) in [
            ("HTTPS://Gate.Example.com/", "https://gate.example.com"),
            ("https://gate.example.com:443", "https://gate.example.com"),
            ("http://gate.example.com:80/", "http://gate.example.com"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://[::1]", "http://[::1]"),
            ("http://its_emulator:8000", "http://its_emulator:8000"),
            ("http://localhost:1/", "http://localhost:1"),
        ] {
            assert_eq!(parse(text).to_string(), normal);
            assert_eq!(parse(normal), parse(text));
        }
    }

    #[test]
    fn addresses_of_this_machine_are_known_and_which_can_be_trusted() {
        for (text, local, emulator, trustworthy) in [
            ("http://127.0.0.1:8000", true, true, true),
            ("http://localhost:8000/", true, true, true),
            ("http://[::1]:8000", true, true, true),
            ("https://localhost:8000", true, false, true),
            ("https://[2001:db8::1]", false, false, true),
            ("http://127.0.0.1.example.com", false, false, false),
            ("http://emulator:8000", false, false, false),
            ("https://store.eu-central-1.example.com", false, false, true),
            ("https://gate.example.com", false, false, true),
        ] {
            let endpoint = parse(text);
            let found = (
                endpoint.is_local(),
                endpoint.is_emulator(),
                endpoint.is_trustworthy(),
            );
            assert_eq!(found, (local, emulator, trustworthy), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "*",
            "gate.example.com",
            "localhost:8000",
            "https:gate.example.com",
            "ftp://localhost",
            "ftp://a",
            "http://",
            "https://",
            "https:///a",
            "https://:8000",
            "https://*",
            "https://*.example.com",
            "https://a..b",
            "http://host:port",
            "http://host:",
            "http://host:0",
            "https://a:99999",
            "http://host/path",
            "https://a/b",
            "http://host?",
            "http://host#",
            "http://host/?a",
            "http://user@host",
            "https://u@a",
            "http://@host",
            "http://ho st",
            "http://a b",
            "http://ho\tst",
            " http://host",
            "http://::1",
            "http://[::1",
            "http://[::1]8000",
            "http://[localhost]",
            "https://[a:b]",
        ] {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_server_is_reached_where_it_listens() {
        for (address, expected) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("0.0.0.0:8080", "http://localhost:8080"),
            ("[::]:80", "http://localhost"),
            ("[::1]:8080", "http://[::1]:8080"),
        ] {
            let endpoint = Endpoint::listening(address.parse().unwrap());
            assert_eq!(endpoint.as_str(), expected);
        }
    }
}
