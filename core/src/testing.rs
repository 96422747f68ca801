//! What core tests stand on.
