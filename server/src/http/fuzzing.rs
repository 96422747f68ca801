//! What fuzzing asks of the parsers: entry points that fail when a promise does not hold.

use std::net::{IpAddr, SocketAddr};

use poem::http::{HeaderMap, HeaderValue};

use super::address::client;

/// Nobody but a trusted proxy can say for whom a request is: without one the client is the peer, and with one it is an
/// address that a line names, or the proxy itself.
///
/// # Panics
/// When that does not hold.
pub fn forwarded(peer: IpAddr, lines: &[&str]) {
    let peer = peer.to_canonical();
    let mut headers = HeaderMap::new();
    for line in lines {
        if let Ok(value) = HeaderValue::from_str(line) {
            headers.append("x-forwarded-for", value);
        }
    }
    assert_eq!(client(peer, &headers, &[]), peer);
    let everybody: Vec<_> = ["0.0.0.0/0", "::/0"]
        .iter()
        .filter_map(|network| network.parse().ok())
        .collect();
    let found = client(peer, &headers, &everybody);
    let is_named = || {
        let mut entries = lines.iter().flat_map(|line| line.split(','));
        entries.any(|entry| {
            let entry = entry.trim();
            let with_port = || entry.parse::<SocketAddr>().ok().map(|address| address.ip());
            let bracketed = || entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
            let named: Option<IpAddr> = entry.parse().ok().or_else(with_port).or_else(bracketed);
            named.map(|address| address.to_canonical()) == Some(found)
        })
    };
    assert!(found == peer || is_named(), "an address that nobody named");
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_client_is_the_peer_or_somebody_a_proxy_named(peer: IpAddr, lines in proptest::collection::vec("[0-9a-f:.,\\[\\] ]{0,40}", 0..4)) {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            super::forwarded(peer, &lines);
        }
    }
}
