//! The tables of settings of all areas and services, as the configuration has them.

use portcullis_ports::selection::Selection;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::areas::step_up::{RequireFor, StepUpRules};
use crate::areas::{
    accounts, api_keys, challenges, closures, factors, forward_auth, orders, payments, sessions,
    step_up_actions,
};
use crate::foundation::cache;
use crate::foundation::product::Product;
use crate::foundation::settings::CheckedTable;
use crate::services::known_devices::KnownDeviceRules;
use crate::services::{ServiceSettings, audit, budgets, epochs, outbox, sms_spend};

pub use crate::areas::accounts::SignUpMode;
pub use crate::foundation::settings::SettingError;

/// Declares the tables, once each.
macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident: $table:ty,)+) => {
        /// All tables of the core. Each is declared by who goes by it.
        #[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        #[schemars(transform = name_actions)]
        pub struct Settings {
            $($(#[$doc])* pub $name: $table,)+
        }

        impl Settings {
            fn tables(&self) -> Vec<&dyn CheckedTable> {
                vec![$(&self.$name),+]
            }
        }
    };
}

tables! {
    /// How the product presents itself.
    product: Product,
    /// Accounts with e-mail address and password.
    accounts: accounts::Settings,
    /// What follows a complete sign-in.
    sessions: sessions::Settings,
    /// Short-lived records that collect proofs.
    challenges: challenges::Settings,
    /// Authenticator apps, phone numbers, e-mail addresses and recovery codes.
    factors: factors::Settings,
    /// How often something may be tried or sent.
    budgets: budgets::Settings,
    /// Delivery of messages.
    outbox: outbox::Settings,
    /// What a node keeps in memory.
    cache: cache::Settings,
    /// The history of every account.
    audit: audit::Settings,
    /// The brake on the bill for text messages.
    sms_spend: sms_spend::Settings,
    /// Payments.
    billing: payments::Settings,
    /// Orders.
    orders: orders::Settings,
    /// The closing of accounts.
    closures: closures::Settings,
    /// API keys.
    api_keys: api_keys::Settings,
    /// Applications behind a reverse proxy.
    forward_auth: forward_auth::Settings,
}

impl Settings {
    /// What the services go by, of their own tables and of those of areas.
    pub(crate) fn services(&self) -> ServiceSettings<'_> {
        ServiceSettings {
            audit: &self.audit,
            budgets: &self.budgets,
            outbox: &self.outbox,
            sms_spend: &self.sms_spend,
            zone: &self.billing.time_zone,
            epochs: epochs::Lifetimes {
                access_token: self.accounts.access_token_lifetime.get(),
                session: self.sessions.lifetime.get(),
            },
            known_devices: KnownDeviceRules {
                lifetime: self.sessions.known_source_lifetime.get(),
                trust_days: self.factors.trusted_device_days,
                require: self.factors.require,
            },
            lifetimes: budgets::Lifetimes {
                recovery: self.accounts.recovery_lifetime,
                known_source: self.sessions.known_source_lifetime,
            },
        }
    }

    pub(crate) fn step_up_rules(&self) -> StepUpRules {
        StepUpRules {
            oldest: self.sessions.step_up.get(),
            require_for: self.factors.require_for.clone(),
            actions: step_up_actions(),
        }
    }

    /// Every broken rule that the schema cannot state.
    pub fn errors(&self) -> Vec<SettingError> {
        self.tables().iter().flat_map(|table| table.check()).collect()
    }

    /// Every broken rule between the settings and the plugins that are used.
    pub fn plugin_errors(&self, plugins: &Selection) -> Vec<SettingError> {
        self.tables()
            .iter()
            .flat_map(|table| table.check_plugins(plugins))
            .collect()
    }

    /// One sentence about every setting that leaves little of a protection.
    pub fn notes(&self) -> Vec<String> {
        self.tables().iter().flat_map(|table| table.notes()).collect()
    }
}

/// Lists the sensitive actions of all areas below `factors.require_for`, each with what it is and its default.
fn name_actions(schema: &mut Schema) {
    let Some(table) = schema.pointer_mut("/properties/factors/properties/require_for") else {
        return;
    };
    let Some(shape) = table.get("additionalProperties").cloned() else {
        return;
    };
    let default = serde_json::to_value(RequireFor::DEFAULT).unwrap_or_default();
    let (mut properties, mut defaults) = (Map::new(), Map::new());
    for action in step_up_actions() {
        let mut shape = shape.clone();
        shape["description"] = Value::from(format!("{}.", action.summary));
        shape["default"] = default.clone();
        properties.insert(action.name.to_owned(), shape);
        defaults.insert(action.name.to_owned(), default.clone());
    }
    table["properties"] = properties.into();
    table["additionalProperties"] = false.into();
    for place in [
        "/properties/factors/properties/require_for/default",
        "/properties/factors/default/require_for",
    ] {
        if let Some(default) = schema.pointer_mut(place) {
            *default = Value::Object(defaults.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use portcullis_ports::Span;

    use super::*;
    use crate::foundation::limit::Limit;

    #[test]
    fn the_defaults_protect() {
        assert!(Settings::default().errors().is_empty());
        assert_eq!(Settings::default().notes(), Vec::<String>::new());
    }

    #[test]
    fn every_action_of_an_area_can_be_set_and_no_other() {
        let schema = portcullis_ports::plugin::schema::<Settings>();
        let table = schema
            .pointer("/properties/factors/properties/require_for")
            .unwrap();
        let listed: Vec<&String> = table["properties"].as_object().unwrap().keys().collect();
        let declared: Vec<&str> = step_up_actions().iter().map(|action| action.name).collect();
        assert_eq!(listed, declared);
        assert!(declared.contains(&"add_factor"));
        assert_eq!(table["additionalProperties"], false);
        assert_eq!(table["properties"]["add_factor"]["default"], "any");
    }

    #[test]
    fn no_time_at_all_is_an_error_wherever_it_stands() {
        let mut settings = Settings::default();
        settings.budgets.attempts.window = Span::seconds(0);
        settings.sessions.step_up = Span::seconds(0);
        let errors = settings.errors().into_iter();
        let paths: Vec<String> = errors.map(|error| error.path).collect();
        assert_eq!(paths, ["sessions.step_up", "budgets.attempts.window"]);
    }

    #[test]
    fn what_hardly_protects_is_pointed_out() {
        let mut settings = Settings::default();
        settings.budgets.attempts = Limit::new(1_000_000, Span::minutes(10));
        settings.budgets.sign_in_per_source = Limit::new(600, Span::seconds(1));
        settings.budgets.send_interval = Span::seconds(0);
        settings.sessions.idle = Span::days(365);
        // Long, and no protection.
        settings.outbox.kept = Span::days(36_500);
        let notes = settings.notes().join("\n");
        for path in [
            "budgets.attempts lets",
            "budgets.sign_in_per_source lets",
            "budgets.send_interval is 0s",
            "sessions.idle is 365d",
        ] {
            assert!(notes.contains(path), "{notes}");
        }
        assert_eq!(notes.lines().count(), 4, "{notes}");
    }
}
