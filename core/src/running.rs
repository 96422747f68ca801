//! What a server and its tools ask of an open application.

use std::sync::Arc;

use portcullis_ports::Clock;
use portcullis_ports::notification::Channel;
use portcullis_ports::storage::Scan;

use crate::app::App;
use crate::areas::ledger::Ledgers;
use crate::services::audit::Histories;
use crate::services::tasks::Worker;
use crate::settings::Settings;

impl App {
    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The time this deployment goes by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.context.clock
    }

    /// All histories; `scan` reads the store that this deployment uses.
    pub fn histories(&self, scan: Arc<dyn Scan>) -> Histories {
        Histories::new(&self.audit, scan)
    }

    /// The accounts of all customers; `scan` reads the store that this deployment uses.
    pub fn ledgers(&self, scan: Arc<dyn Scan>) -> Ledgers {
        Ledgers::new(&self.ledger, scan)
    }

    /// Sets the gauges that follow from the time at which they are read.
    pub fn record_gauges(&self) {
        self.context.guards.record_circuits();
    }

    /// Everything that works while the service runs.
    pub fn workers(&self) -> Vec<Arc<dyn Worker>> {
        let recovering = Arc::new(self.password_recovery.clone());
        let others = self.outbox.workers().into_iter().chain(self.tasks.workers());
        let api_keys = Arc::new(self.api_keys.clone());
        others.chain([recovering as Arc<dyn Worker>, api_keys]).collect()
    }

    /// The channels that have a sender.
    pub fn channels(&self) -> Vec<Channel> {
        self.outbox.channels()
    }
}
