//! A page of labels, values and tables, which is written as HTML and as PDF.

use portcullis_core::texts::Language;
use serde::Serialize;

/// A page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Sheet {
    pub(super) language: Language,
    /// What it is, such as `Receipt`.
    pub(super) title: String,
    /// Who gives it.
    pub(super) from: String,
    /// In the order in which they are read.
    pub(super) rows: Vec<Row>,
    /// Below them.
    pub(super) tables: Vec<Table>,
}

/// What was charged and paid, line by line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Table {
    /// The names of its columns.
    pub(super) head: Cells,
    pub(super) lines: Vec<Cells>,
}

/// One line of a table: a date, a text, and two amounts, which end at the right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Cells {
    pub(super) date: String,
    pub(super) text: String,
    pub(super) amounts: [String; 2],
}

/// A label with its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    pub(super) label: String,
    pub(super) value: String,
    /// Whether it is shown larger.
    pub(super) strong: bool,
}

impl Row {
    pub(super) fn plain(label: &str, value: impl Into<String>) -> Self {
        Self {
            label: label.to_owned(),
            value: value.into(),
            strong: false,
        }
    }

    pub(super) fn strong(label: &str, value: impl Into<String>) -> Self {
        Self {
            strong: true,
            ..Self::plain(label, value)
        }
    }
}
