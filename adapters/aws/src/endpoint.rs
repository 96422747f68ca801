//! The address of a service that is not found by its region.

use std::net::{IpAddr, Ipv6Addr};

/// A checked address: scheme, host and perhaps a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: String,
    encrypted: bool,
    /// Unencrypted and on this machine, which only an emulator is.
    local: bool,
}

impl Endpoint {
    /// Reads `http` or `https`, a host and perhaps a port; a path is refused.
    pub fn parse(text: &str) -> Option<Self> {
        let url = text.strip_suffix('/').unwrap_or(text);
        let (encrypted, authority) = match url.strip_prefix("http://") {
            Some(authority) => (false, authority),
            None => (true, url.strip_prefix("https://")?),
        };
        let (host, port) = split(authority)?;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let named = !host.is_empty() && host.chars().all(fits);
        let reached = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
        let loopback = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        ((named || host.parse::<Ipv6Addr>().is_ok()) && reached).then(|| Self {
            url: url.to_owned(),
            encrypted,
            local: !encrypted && loopback,
        })
    }

    /// The address, without a slash at its end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether it is unencrypted and on this machine, which only an emulator is.
    pub fn is_local(&self) -> bool {
        self.local
    }

    /// Whether nobody on the way can read along: it is encrypted, or on this machine.
    pub fn is_trustworthy(&self) -> bool {
        self.encrypted || self.local
    }
}

/// Host and port; an IPv6 address stands in brackets.
fn split(authority: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, behind) = rest.split_once(']')?;
        host.parse::<Ipv6Addr>().ok()?;
        return match behind {
            "" => Some((host, None)),
            _ => Some((host, Some(behind.strip_prefix(':')?))),
        };
    }
    match authority.split_once(':') {
        Some((_, port)) if port.contains(':') => None,
        Some((host, port)) => Some((host, Some(port))),
        None => Some((authority, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::Endpoint;

    #[test]
    fn addresses_are_read_and_those_of_this_machine_are_known() {
        for (text, local, trustworthy) in [
            ("http://127.0.0.1:8000", true, true),
            ("http://localhost:8000/", true, true),
            ("http://[::1]:8000", true, true),
            ("https://localhost:8000", false, true),
            ("https://[2001:db8::1]", false, true),
            ("http://127.0.0.1.example.com", false, false),
            ("http://dynamodb:8000", false, false),
            ("https://dynamodb.eu-central-1.amazonaws.com", false, true),
        ] {
            assert_eq!(
                Endpoint::parse(text).map(|found| (found.is_local(), found.is_trustworthy())),
                Some((local, trustworthy)),
                "{text}"
            );
        }
        assert_eq!(
            Endpoint::parse("http://localhost:1/").unwrap().url(),
            "http://localhost:1"
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "localhost:8000",
            "ftp://localhost",
            "http://",
            "https://:8000",
            "http://host:port",
            "http://host:0",
            "http://host/path",
            "http://user@host",
            "http://ho st",
            "http://::1",
            "http://[::1",
            "http://[::1]8000",
            "http://[localhost]",
            "https://[a:b]",
        ] {
            assert_eq!(Endpoint::parse(text), None, "{text}");
        }
    }
}
