//! Addresses of this service and of its panel, for messages that point to them and for third parties that send people back.

/// Makes links, where it is known at which address browsers reach the service.
///
/// The address comes from the configuration and never from a request: whoever could choose it would be sent the secrets
/// of others.
pub(crate) struct Links {
    panel: Option<String>,
    public_url: Option<String>,
}

impl Links {
    /// Each is scheme, host and port.
    pub(crate) fn new(panel: Option<String>, public_url: Option<String>) -> Self {
        Self { panel, public_url }
    }

    /// The route of this service at `path`.
    pub(crate) fn route(&self, path: &str) -> Option<String> {
        let base = self.public_url.as_deref()?.trim_end_matches('/');
        Some(format!("{base}{path}"))
    }

    /// The page at `path`.
    pub(crate) fn page(&self, path: &str) -> Option<String> {
        let panel = self.panel.as_deref()?.trim_end_matches('/');
        Some(format!("{panel}{path}"))
    }

    /// The page at `path`, with fields in the fragment: browsers keep it to themselves, so that it stands in no log of a
    /// server and in no `Referer`. The values must need no escaping, as ids and codes in base 32 do not.
    pub(crate) fn to(&self, path: &str, fields: &[(&str, &str)]) -> Option<String> {
        let page = self.page(path)?;
        let fields: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        Some(format!("{page}#{}", fields.join("&")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_stand_in_the_fragment() {
        let links = Links::new(Some("https://gate.example.com/".into()), None);
        let link = links.to("/page", &[("a", "1"), ("b", "2")]);
        assert_eq!(link.as_deref(), Some("https://gate.example.com/page#a=1&b=2"));
    }

    #[test]
    fn without_a_known_address_there_is_no_link() {
        let links = Links::new(None, Some("https://gate.example.com/".into()));
        assert_eq!(links.to("/page", &[]), None);
        assert_eq!(links.route("/x").as_deref(), Some("https://gate.example.com/x"));
    }
}
