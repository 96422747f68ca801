//! What a plugin brings beside itself: its simulator, and its set-up for tests.
//!
//! The first is compiled where simulators are, the second where the test kit is.

/// Compiles items where the feature `simulators` of this crate is on, whoever turned it on: the stand-in for a vendor. So a
/// plugin needs no feature of its own, and whoever runs or tests it none of its features.
///
/// `cargo fmt` does not look into macros: a module that is declared here is declared again behind `#[cfg(rustfmt)]`.
#[cfg(feature = "simulators")]
#[macro_export]
macro_rules! cfg_simulators {
    ($($item:item)*) => { $($item)* };
}

/// Nothing, without the feature `simulators`.
#[cfg(not(feature = "simulators"))]
#[macro_export]
macro_rules! cfg_simulators {
    ($($item:item)*) => {};
}

/// Compiles items where the feature `testkit` of this crate is on, whoever turned it on: what only tests need. So a plugin
/// needs no feature of its own, and whoever tests it none of its features.
///
/// `cargo fmt` does not look into macros: a module that is declared here is declared again behind `#[cfg(rustfmt)]`.
#[cfg(feature = "testkit")]
#[macro_export]
macro_rules! cfg_testkit {
    ($($item:item)*) => { $($item)* };
}

/// Nothing, without the feature `testkit`.
#[cfg(not(feature = "testkit"))]
#[macro_export]
macro_rules! cfg_testkit {
    ($($item:item)*) => {};
}

/// Submits how a plugin is made ready for the suite of its port: port, id, and a block that may await and gives a
/// [`SetUp`](crate::testkit::suite::SetUp), or `None` after it told [`skipped`](crate::testkit::skipped) what is missing.
/// Files go into the folder that it is given. The names of [`testkit`](crate::testkit) can be used in it. Nothing is
/// compiled without the feature `testkit`.
#[cfg(feature = "testkit")]
#[macro_export]
macro_rules! set_up {
    ($port:ty, $plugin:literal, |$folder:ident| $set_up:expr) => {
        $crate::testkit::suite::submit! {
            $crate::testkit::suite::PluginSuite {
                port: <$port as $crate::plugin::Port>::NAME,
                plugin: $plugin,
                run: |$folder: &::std::path::Path| {
                    use $crate::testkit::*;
                    type SetUp = $crate::testkit::suite::SetUp<$port>;
                    ::std::boxed::Box::pin($crate::testkit::suite::run::<$port>($plugin, async move { $set_up }))
                },
            }
        }
    };
}

/// Nothing, without the feature `testkit`.
#[cfg(not(feature = "testkit"))]
#[macro_export]
macro_rules! set_up {
    ($port:ty, $plugin:literal, |$folder:ident| $set_up:expr) => {};
}
