//! An amount of memory as an operator writes it: `16MiB`, or a number of bytes.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(u64);

/// Largest first, so that printing finds the shortest form.
const UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];
const ADVICE: &str = "an amount of memory such as 512KiB, 16MiB or 1GiB is expected";

impl ByteSize {
    /// So many times 1,024 bytes.
    pub const fn kibibytes(count: u64) -> Self {
        Self(count << 10)
    }

    /// So many times 1,048,576 bytes.
    pub const fn mebibytes(count: u64) -> Self {
        Self(count << 20)
    }

    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// The same as the length of something in memory: the longest possible where it would be longer.
    pub fn length(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for ByteSize {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (digits, factor) = UNITS
            .iter()
            .find_map(|(unit, factor)| text.strip_suffix(unit).map(|digits| (digits, *factor)))
            .unwrap_or((text, 1));
        let digits = digits.trim_end();
        if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit()) {
            return Err(ADVICE);
        }
        let count: u64 = digits.parse().map_err(|_| ADVICE)?;
        count.checked_mul(factor).map(Self).ok_or(ADVICE)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, factor) = UNITS
            .iter()
            .find(|(_, factor)| self.0 > 0 && self.0.is_multiple_of(*factor))
            .unwrap_or(&("B", 1));
        write!(f, "{}{unit}", self.0 / factor)
    }
}

impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading)
    }
}

struct Reading;

impl Visitor<'_> for Reading {
    type Value = ByteSize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount of memory such as 512KiB, 16MiB or 1GiB")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ByteSize, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<ByteSize, E> {
        Ok(ByteSize(bytes))
    }

    fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<ByteSize, E> {
        u64::try_from(bytes).map(ByteSize).map_err(|_| E::custom(ADVICE))
    }
}

impl JsonSchema for ByteSize {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("ByteSize")
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "integer"],
            "format": "byte-size",
            "pattern": "^[0-9]+ *(B|KiB|MiB|GiB)?$",
            "minimum": 0,
            "examples": ["64KiB"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::ByteSize;

    #[test]
    fn amounts_are_read_with_their_units() {
        for (text, bytes) in [
            ("16MiB", 16 << 20),
            ("1 GiB", 1 << 30),
            ("512KiB", 512 << 10),
            ("7B", 7),
            ("0", 0),
            ("4096", 4096),
        ] {
            assert_eq!(text.parse::<ByteSize>().map(ByteSize::bytes), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_advice() {
        for text in [
            "",
            "MiB",
            "-1",
            "1.5MiB",
            "16MB",
            "16 megabytes",
            "99999999999GiB",
        ] {
            let refused = text.parse::<ByteSize>().unwrap_err();
            assert!(refused.contains("16MiB"), "{text}");
        }
    }

    #[test]
    fn what_is_printed_reads_back() {
        for bytes in [0, 1, 1023, 1 << 10, 3 << 19, 16 << 20, 5 << 30, (1 << 30) + 1] {
            let size = ByteSize(bytes);
            assert_eq!(size.to_string().parse(), Ok(size));
        }
        assert_eq!(ByteSize::mebibytes(16).to_string(), "16MiB");
    }

    #[test]
    fn settings_take_a_number_or_text() {
        assert_eq!(serde_json::from_str::<ByteSize>("1024").unwrap().bytes(), 1024);
        assert_eq!(
            serde_json::from_str::<ByteSize>("\"1KiB\"").unwrap().bytes(),
            1024
        );
        assert!(serde_json::from_str::<ByteSize>("-1").is_err());
        assert!(serde_json::from_str::<ByteSize>("true").is_err());
    }
}
