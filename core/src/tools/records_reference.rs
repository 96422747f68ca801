//! The reference of what is stored: a fold over everything that areas declare.

use crate::areas::families;
use crate::foundation::area::{Family, Restored};

const HEAD: &str = "# What is stored\n\n\
    Generated from what the areas declare. One line per family of records: its name in keys and logs, the variable that \
    gives it a table of its own, how the records of one person are found, whether it holds texts sealed by the key \
    manager, its types of records with their versions, and whether `portcullis restore` takes it from the backup or from the store that is replaced.\n\n\
    | Family | Variable | Personal data | Sealed | Types | After a restore |\n|---|---|---|---|---|---|\n";

/// A page in Markdown with one line per family of records: where it lives, whose data it is, what is sealed in it, and what
/// a restored store has of it.
pub fn records_reference() -> String {
    let mut families: Vec<&Family> = families().collect();
    families.sort_by_key(|family| family.collection.name);
    let lines = families.into_iter().map(line);
    std::iter::once(HEAD.to_owned()).chain(lines).collect()
}

fn line(family: &Family) -> String {
    let restored = match family.restored {
        Restored::Backup => "as backed up",
        Restored::Replaced => "as in the replaced store",
        Restored::Nothing => "empty",
    };
    let shapes = family.shapes.iter();
    let shapes: Vec<String> = shapes
        .map(|shape| format!("{} {}", shape.name, shape.version))
        .collect();
    format!(
        "| `{}` | `{}` | {} | {} | {} | {restored} |\n",
        family.collection.name,
        family.collection.variable,
        family.personal.describe(),
        if family.sealed.is_some() { "yes" } else { "" },
        shapes.join(", "),
    )
}
