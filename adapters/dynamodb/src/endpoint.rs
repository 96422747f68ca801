//! The address of a service that is not found by its region.

use std::net::IpAddr;

/// A checked address: scheme, host and perhaps a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    url: String,
    /// Unencrypted and on this machine, which only an emulator is.
    local: bool,
}

impl Endpoint {
    /// Reads an address, or says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "an address such as https://dynamodb.eu-central-1.amazonaws.com is expected, not {text:?}"
            )
        };
        let (plain, rest) = match (text.strip_prefix("http://"), text.strip_prefix("https://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err(wrong()),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = split(authority).ok_or_else(wrong)?;
        let names_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
        let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
        if host.is_empty() || !host.chars().all(names_host) || !port_fits {
            return Err(wrong());
        }
        let loopback = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        Ok(Self {
            url: text.strip_suffix('/').unwrap_or(text).to_owned(),
            local: plain && loopback,
        })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn is_local(&self) -> bool {
        self.local
    }
}

/// Host and port; an IPv6 address stands in brackets.
fn split(authority: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, behind) = rest.split_once(']')?;
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
        for (text, local) in [
            ("http://127.0.0.1:8000", true),
            ("http://localhost:8000/", true),
            ("http://[::1]:8000", true),
            ("https://localhost:8000", false),
            ("http://dynamodb:8000", false),
            ("https://dynamodb.eu-central-1.amazonaws.com", false),
        ] {
            assert_eq!(
                Endpoint::parse(text).map(|found| found.is_local()),
                Ok(local),
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
        ] {
            assert!(Endpoint::parse(text).is_err(), "{text}");
        }
    }
}
