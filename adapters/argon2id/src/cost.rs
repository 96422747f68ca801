//! What a hash costs: memory, passes over it and lanes, and the bounds that hold for settings and stored hashes alike.

use std::borrow::Cow;
use std::fmt;

use portcullis_ports::plugin::ConfigError;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

const KIB_PER_MIB: u32 = 1024;
const KIB_PER_GIB: u32 = 1024 * 1024;
/// What Argon2 needs for one lane, in KiB.
const KIB_PER_LANE: u32 = 8;

const MAX_MEMORY: u32 = KIB_PER_GIB;
const MAX_ITERATIONS: u32 = 64;
const MAX_PARALLELISM: u32 = 16;
/// The least memory, and the least memory times iterations, that OWASP's Password Storage Cheat Sheet allows, in KiB.
const WEAK_MEMORY: u32 = 7 * KIB_PER_MIB;
const WEAK_WORK: u64 = 35 * KIB_PER_MIB as u64;
/// Memory times iterations, in KiB: some seconds on a slow machine.
const MAX_WORK: u64 = 8 * KIB_PER_GIB as u64;

/// The parameters of a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) memory: Memory,
    pub(crate) iterations: u32,
    pub(crate) parallelism: u32,
}

impl Cost {
    /// Whether a stolen hash would soon be guessed.
    pub(crate) fn is_weak(&self) -> bool {
        self.memory.0 < WEAK_MEMORY || u64::from(self.memory.0) * u64::from(self.iterations) < WEAK_WORK
    }

    /// Everything that is out of bounds, by field.
    pub(crate) fn mistakes(&self) -> Vec<ConfigError> {
        let mut found = Vec::new();
        if !(KIB_PER_LANE..=MAX_MEMORY).contains(&self.memory.0) {
            found.push(ConfigError::at(
                "memory",
                format!("8KiB to 1GiB is expected, not {}", self.memory),
            ));
        }
        if !(1..=MAX_ITERATIONS).contains(&self.iterations) {
            found.push(ConfigError::at(
                "iterations",
                format!("1 to {MAX_ITERATIONS} is expected, not {}", self.iterations),
            ));
        }
        if !(1..=MAX_PARALLELISM).contains(&self.parallelism) {
            found.push(ConfigError::at(
                "parallelism",
                format!("1 to {MAX_PARALLELISM} is expected, not {}", self.parallelism),
            ));
        }
        if !found.is_empty() {
            return found;
        }
        if self.memory.0 < KIB_PER_LANE * self.parallelism {
            found.push(ConfigError::at(
                "memory",
                format!(
                    "at least 8KiB for each of the {} lanes is expected",
                    self.parallelism
                ),
            ));
        }
        if u64::from(self.memory.0) * u64::from(self.iterations) > MAX_WORK {
            found.push(ConfigError::at(
                "iterations",
                format!(
                    "memory times iterations may be 8GiB at most, and {} × {} is more",
                    self.memory, self.iterations
                ),
            ));
        }
        found
    }
}

/// An amount of memory: `"19MiB"`, or a number of KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Memory(pub(crate) u32);

impl Memory {
    /// So many KiB.
    pub const fn kib(kib: u32) -> Self {
        Self(kib)
    }

    /// So many MiB.
    pub const fn mib(mib: u32) -> Self {
        Self(mib.saturating_mul(KIB_PER_MIB))
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let factor = match text.strip_prefix(digits)?.trim().to_ascii_lowercase().as_str() {
            "" | "kib" => 1,
            "mib" => KIB_PER_MIB,
            "gib" => KIB_PER_GIB,
            _ => return None,
        };
        digits.parse::<u32>().ok()?.checked_mul(factor).map(Self)
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            kib if kib > 0 && kib.is_multiple_of(KIB_PER_GIB) => write!(f, "{}GiB", kib / KIB_PER_GIB),
            kib if kib > 0 && kib.is_multiple_of(KIB_PER_MIB) => write!(f, "{}MiB", kib / KIB_PER_MIB),
            kib => write!(f, "{kib}KiB"),
        }
    }
}

impl Serialize for Memory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Memory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Amount)
    }
}

struct Amount;

impl Visitor<'_> for Amount {
    type Value = Memory;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount of memory such as \"19MiB\", or a number of KiB")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Memory, E> {
        Memory::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }

    fn visit_u64<E: de::Error>(self, kib: u64) -> Result<Memory, E> {
        u32::try_from(kib)
            .map(Memory)
            .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(kib), &self))
    }

    fn visit_i64<E: de::Error>(self, kib: i64) -> Result<Memory, E> {
        u32::try_from(kib)
            .map(Memory)
            .map_err(|_| E::invalid_value(de::Unexpected::Signed(kib), &self))
    }
}

impl JsonSchema for Memory {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Memory")
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": ["string", "integer"],
            "pattern": "^[0-9]+ *([KkMmGg]i[Bb])?$",
            "examples": ["19MiB", "46MiB"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_with_and_without_a_unit() {
        for (text, kib) in [
            ("19MiB", 19 * 1024),
            ("19456", 19 * 1024),
            (" 512 KiB ", 512),
            ("1gib", 1024 * 1024),
            ("0", 0),
        ] {
            assert_eq!(Memory::parse(text), Some(Memory(kib)), "{text}");
        }
        for wrong in [
            "",
            "MiB",
            "19MB",
            "1.5MiB",
            "-1MiB",
            "9999999GiB",
            "19 M i B",
            "19MiB19",
        ] {
            assert_eq!(Memory::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_printed_reads_back() {
        for kib in [0, 8, 1000, 1024, 19 * 1024, 1024 * 1024, 1024 * 1024 + 1] {
            assert_eq!(Memory::parse(&Memory(kib).to_string()), Some(Memory(kib)));
        }
    }

    #[test]
    fn bounds_hold_for_each_parameter_and_for_the_whole() {
        let cost = |kib, iterations, parallelism| Cost {
            memory: Memory(kib),
            iterations,
            parallelism,
        };
        let fields = |cost: Cost| -> Vec<_> { cost.mistakes().into_iter().map(|m| m.field).collect() };
        for good in [
            cost(8, 1, 1),
            cost(19 * 1024, 2, 1),
            cost(KIB_PER_GIB, 8, 4),
            cost(128, 64, 16),
        ] {
            assert!(fields(good).is_empty(), "{good:?}");
        }
        assert_eq!(fields(cost(7, 0, 17)), ["memory", "iterations", "parallelism"]);
        assert_eq!(fields(cost(u32::MAX, u32::MAX, u32::MAX)).len(), 3);
        assert_eq!(fields(cost(8, 1, 2)), ["memory"]);
        assert_eq!(fields(cost(KIB_PER_GIB, 9, 1)), ["iterations"]);
    }
}
