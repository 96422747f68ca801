//! The composition root of Portcullis: it reads the configuration, picks plugins, connects them and runs the service.
//!
//! It is a library so that tests link exactly the plugins that the program links.

// Each facade names its plugins; naming the facades keeps the linker from dropping all of them.
use portcullis_adapters as _;
use portcullis_providers as _;

pub mod cli;
mod commands;
pub mod compose;
pub mod config;
pub mod doctor;
pub mod egress;
pub mod environment;
pub mod exit;
pub mod http;
mod live;
pub mod logging;
mod nearest;
mod open_files;
pub mod plugins;
pub mod reference;
pub mod run;
pub mod settings;
#[cfg_attr(not(feature = "simulators"), path = "no_simulators.rs")]
mod simulators;
pub mod system;
mod texts;
pub mod values;
pub mod worker;
