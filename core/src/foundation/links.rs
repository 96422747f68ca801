//! Addresses of pages of the panel, for messages that point to them.

/// Makes links, where it is known at which address browsers reach the panel.
///
/// The address comes from the configuration and never from a request: whoever could choose it would be sent the secrets
/// of others.
pub(crate) struct Links {
    panel: Option<String>,
}

impl Links {
    /// `panel` is scheme, host and port.
    pub(crate) fn new(panel: Option<String>) -> Self {
        Self { panel }
    }

    /// The page at `path`, with fields in the fragment: browsers keep it to themselves, so that it stands in no log of a
    /// server and in no `Referer`. The values must need no escaping, as ids and codes in base 32 do not.
    pub(crate) fn to(&self, path: &str, fields: &[(&str, &str)]) -> Option<String> {
        let panel = self.panel.as_deref()?.trim_end_matches('/');
        let fields: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        Some(format!("{panel}{path}#{}", fields.join("&")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_stand_in_the_fragment() {
        let links = Links::new(Some("https://gate.example.com/".into()));
        let link = links.to("/page", &[("a", "1"), ("b", "2")]);
        assert_eq!(link.as_deref(), Some("https://gate.example.com/page#a=1&b=2"));
    }

    #[test]
    fn without_a_known_address_there_is_no_link() {
        assert_eq!(Links::new(None).to("/page", &[]), None);
    }
}
