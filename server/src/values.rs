//! Kinds of values that only the server's own settings use: networks, origins, sizes.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;
use portcullis_core::input::Region;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A range of IP addresses, such as `10.0.0.0/8`; a single address is a range of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

impl Network {
    /// Whether an address lies in it. An IPv4 address in IPv6 clothes counts as what it is.
    pub fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl Network {
    /// Whether it is wider than any network of one's own: 8 bits in IPv4, and 7 in IPv6, where private addresses begin
    /// with as many (RFC 1918, RFC 4193).
    pub fn is_boundless(self) -> bool {
        self.0.prefix_len() < if self.0.addr().is_ipv4() { 8 } else { 7 }
    }
}

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let network = text.parse::<IpNet>().map(|network| network.trunc());
        let single = || text.parse::<IpAddr>().map(IpNet::from);
        network
            .or_else(|_| single())
            .map(Self)
            .map_err(|_| "a network such as 10.0.0.0/8 or one address is expected")
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Scheme, host and perhaps a port: what a browser calls an origin, such as `https://gate.example.com`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin {
    secure: bool,
    host: String,
    port: Option<u16>,
}

impl Origin {
    /// The origin of a plain HTTP server that listens on this address.
    pub fn of(address: SocketAddr) -> Self {
        let host = match address.ip() {
            ip if ip.is_unspecified() => "localhost".to_owned(),
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        Self {
            secure: false,
            host,
            port: Some(address.port()).filter(|port| *port != 80),
        }
    }

    /// Whether it is reached over TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host, in lower case; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it names this machine.
    pub fn is_local(&self) -> bool {
        let address = self.host.trim_matches(['[', ']']);
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || address
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const ADVICE: &str = "an origin such as https://gate.example.com is expected, without a path";
        let text = text.to_ascii_lowercase();
        let (scheme, rest) = text.split_once("://").ok_or(ADVICE)?;
        let secure = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err(ADVICE),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
            Some((host, port)) => (host, Some(port.parse::<u16>().map_err(|_| ADVICE)?)),
            None => (rest, None),
        };
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let is_label =
            |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let good = address.map_or_else(
            || host.split('.').all(is_label),
            |address| address.parse::<Ipv6Addr>().is_ok(),
        );
        let standard = if secure { 443 } else { 80 };
        let port = port.filter(|port| *port != standard);
        good.then(|| Self {
            secure,
            host: host.to_owned(),
            port,
        })
        .ok_or(ADVICE)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// A number of bytes, such as `64KiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Size(u64);

const UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl Size {
    /// So many KiB.
    pub const fn kib(count: u64) -> Self {
        Self(count << 10)
    }

    /// The number of bytes.
    pub fn bytes(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for Size {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const ADVICE: &str = "a size such as 64KiB or 1MiB is expected";
        let unit = UNITS
            .iter()
            .find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, *bytes)));
        let (digits, bytes) = unit.ok_or(ADVICE)?;
        let plain = digits.chars().all(|c| c.is_ascii_digit());
        let count: u64 = digits.parse().ok().filter(|_| plain).ok_or(ADVICE)?;
        count.checked_mul(bytes).map(Self).ok_or(ADVICE)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |(_, bytes): &&(&str, u64)| self.0 != 0 && self.0.is_multiple_of(*bytes);
        let (unit, bytes) = UNITS.iter().find(whole).copied().unwrap_or(("B", 1));
        write!(f, "{}{unit}", self.0 / bytes)
    }
}

macro_rules! written_as_text {
    ($name:ident, $format:literal, $example:literal, $pattern:literal) => {
        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $format, "pattern": $pattern, "examples": [$example] })
            }
        }
    };
}

written_as_text!(
    Network,
    "ip-network",
    "10.0.0.0/8",
    "^[0-9a-fA-F.:]+(/[0-9]{1,3})?$"
);
written_as_text!(
    Origin,
    "origin",
    "https://gate.example.com",
    "^[hH][tT][tT][pP][sS]?://[^/?#@]+/?$"
);
written_as_text!(Size, "byte-size", "64KiB", "^[0-9]+([KMG]i)?B$");

/// Whether a text has a form.
type Takes = fn(&str) -> bool;

/// The forms of text that a pattern cannot state, by the word after `format`.
pub(crate) const FORMATS: [(&str, Takes); 5] = [
    ("byte-size", is::<Size>),
    ("country", is::<Region>),
    ("ip-network", is::<Network>),
    ("origin", is::<Origin>),
    ("socket-address", is::<SocketAddr>),
];

fn is<T: FromStr>(text: &str) -> bool {
    text.parse::<T>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_addresses_in_both_families() {
        let network: Network = "10.1.2.3/8".parse().unwrap();
        assert_eq!(network.to_string(), "10.0.0.0/8");
        assert!(network.contains("10.200.0.1".parse().unwrap()));
        assert!(network.contains("::ffff:10.200.0.1".parse().unwrap()));
        assert!(!network.contains("11.0.0.1".parse().unwrap()));
        let one: Network = "::1".parse().unwrap();
        assert_eq!(one.to_string(), "::1/128");
        assert!("10.0.0.0/33".parse::<Network>().is_err());
    }

    #[test]
    fn a_network_without_bounds_is_told_from_a_large_one() {
        let boundless = |text: &str| text.parse::<Network>().unwrap().is_boundless();
        for text in ["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/7", "2000::/3"] {
            assert!(boundless(text), "{text}");
        }
        for text in ["10.0.0.0/8", "fc00::/7", "127.0.0.1", "2400:cb00::/32"] {
            assert!(!boundless(text), "{text}");
        }
    }

    #[test]
    fn an_origin_is_normalised_and_has_no_path() {
        for (text, normal) in [
            ("HTTPS://Gate.Example.com/", "https://gate.example.com"),
            ("https://gate.example.com:443", "https://gate.example.com"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://[::1]", "http://[::1]"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), normal);
        }
        for wrong in [
            "gate.example.com",
            "*",
            "ftp://a",
            "https://a/b",
            "https://",
            "https://u@a",
            "https://a:99999",
            "http://a b",
        ] {
            assert!(wrong.parse::<Origin>().is_err(), "{wrong}");
        }
        assert!("http://[::1]:8080".parse::<Origin>().unwrap().is_local());
        assert!(!"https://gate.example.com".parse::<Origin>().unwrap().is_local());
    }

    #[test]
    fn a_size_prints_as_it_is_written() {
        for text in ["0B", "64KiB", "1MiB", "1500B"] {
            assert_eq!(text.parse::<Size>().unwrap().to_string(), text);
        }
        for wrong in ["64", "KiB", "-1B", "1KB", "99999999999GiB"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }
}
