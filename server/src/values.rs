//! Kinds of values that only the server's own settings use, and the forms of text that a schema names.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;
use portcullis_core::input::Region;
use portcullis_ports::{ByteSize, Endpoint};
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

impl TryFrom<String> for Network {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl JsonSchema for Network {
    fn schema_name() -> Cow<'static, str> {
        "Network".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "ip-network",
            "pattern": "^[0-9a-fA-F.:]+(/[0-9]{1,3})?$",
            "examples": ["10.0.0.0/8"],
        })
    }
}

/// Whether a text has a form.
type Takes = fn(&str) -> bool;

/// The forms of text that a pattern cannot state, by the word after `format`.
pub(crate) const FORMATS: [(&str, Takes); 5] = [
    ("byte-size", is::<ByteSize>),
    ("country", is::<Region>),
    ("ip-network", is::<Network>),
    ("origin", is::<Endpoint>),
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
}
