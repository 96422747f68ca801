//! How the product presents itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::foundation::settings::SettingsTable;
use crate::foundation::texts::Language;

/// How the product presents itself.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Product {
    /// The name in messages, in authenticator apps and in the panel. Must not contain a colon.
    #[schemars(length(min = 1, max = 40), extend("pattern" = "^[^:]{1,40}$"))]
    pub name: String,
    /// The language of messages to people who asked for none that there are texts in, as two letters (ISO 639-1).
    pub language: Language,
    /// A folder with texts in place of those that are built in, as `<language>/<text>.txt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub texts: Option<String>,
}

impl Default for Product {
    fn default() -> Self {
        Self {
            name: "Portcullis".into(),
            language: Language::EN,
            texts: None,
        }
    }
}

impl SettingsTable for Product {
    const NAME: &'static str = "product";
}
