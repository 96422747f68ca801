//! One source of settings, and the merging of all of them by figment with the origin of every value.

use std::collections::BTreeMap;

use figment::value::{Dict, Map, Tag, Value as Tagged};
use figment::{Error, Figment, Metadata, Profile, Provider};
use serde_json::Value;

use super::path::Path;
use super::source::Source;

/// Values from one source, each with its place in it.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    name: &'static str,
    tree: Value,
    places: BTreeMap<Path, Source>,
    otherwise: Source,
}

impl Layer {
    /// An empty one. What has no place of its own counts as coming from `otherwise`.
    pub(crate) fn new(name: &'static str, otherwise: Source) -> Self {
        Self {
            name,
            tree: Value::Object(serde_json::Map::new()),
            places: BTreeMap::new(),
            otherwise,
        }
    }

    /// Sets a value, making tables on the way.
    pub(crate) fn set(&mut self, path: &Path, value: Value) {
        let mut node = &mut self.tree;
        for step in path.steps() {
            if !node.is_object() {
                *node = Value::Object(serde_json::Map::new());
            }
            let Some(table) = node.as_object_mut() else {
                return;
            };
            node = table.entry(step.clone()).or_insert(Value::Null);
        }
        *node = value;
    }

    /// Remembers where a value or table was written.
    pub(crate) fn mark(&mut self, path: &Path, source: Source) {
        self.places.insert(path.clone(), source);
    }

    /// Sets a value and remembers where it was written.
    pub(crate) fn put(&mut self, path: &Path, value: Value, source: Source) {
        self.set(path, value);
        self.mark(path, source);
    }

    /// What it holds.
    pub(crate) fn tree(&self) -> &Value {
        &self.tree
    }

    /// Where exactly this was written, if it was written here.
    pub(crate) fn place(&self, path: &Path) -> Option<&Source> {
        self.places.get(path)
    }

    fn nearest(&self, path: &Path) -> Option<&Source> {
        let mut path = path.clone();
        while !path.steps().is_empty() {
            if let Some(source) = self.places.get(&path) {
                return Some(source);
            }
            path = path.parent();
        }
        None
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let tree = Tagged::serialize(&self.tree)?;
        let dict = tree.into_dict().unwrap_or_default();
        Ok(Profile::Default.collect(dict))
    }
}

/// All layers as one tree.
#[derive(Debug, Clone)]
pub(crate) struct Merged {
    /// The values.
    pub(crate) tree: Value,
    layers: Vec<Layer>,
    owners: BTreeMap<Path, usize>,
}

/// Merges layers, later ones winning: tables are united, everything else is replaced.
///
/// # Errors
/// When figment cannot merge; the values come from parsed trees, so that would be a defect.
pub(crate) fn merge(layers: Vec<Layer>) -> Result<Merged, Box<Error>> {
    let figment = layers
        .iter()
        .fold(Figment::new(), |figment, layer| figment.merge(layer));
    let root = figment.find_value("").map_err(Box::new)?;
    let owner = |tag: Tag| {
        let name = &figment.get_metadata(tag)?.name;
        layers.iter().position(|layer| layer.name == name.as_ref())
    };
    let mut owners = BTreeMap::new();
    note_owners(&root, &Path::root(), &owner, &mut owners);
    let tree = serde_json::to_value(&root).map_err(|error| Box::new(Error::from(error.to_string())))?;
    Ok(Merged { tree, layers, owners })
}

fn note_owners(
    value: &Tagged,
    path: &Path,
    owner: &impl Fn(Tag) -> Option<usize>,
    owners: &mut BTreeMap<Path, usize>,
) {
    if let Tagged::Dict(_, dict) = value {
        for (key, inner) in dict {
            note_owners(inner, &path.child(key), owner, owners);
        }
    } else if let Some(layer) = owner(value.tag()) {
        owners.insert(path.clone(), layer);
    }
}

impl Merged {
    /// The value at a path.
    pub(crate) fn get(&self, path: &Path) -> Option<&Value> {
        at(&self.tree, path)
    }

    /// Who set the value there; for a table, who wrote it last.
    pub(crate) fn source(&self, path: &Path) -> Source {
        let mut leaf = path.clone();
        while !leaf.steps().is_empty() {
            if let Some(layer) = self.owners.get(&leaf).and_then(|index| self.layers.get(*index)) {
                let exact = layer.nearest(path).unwrap_or(&layer.otherwise);
                return exact.clone();
            }
            leaf = leaf.parent();
        }
        let mut written = self.layers.iter().rev();
        written
            .find_map(|layer| layer.place(path))
            .cloned()
            .unwrap_or(Source::Default)
    }

    /// The innermost table around something that is not there.
    pub(crate) fn around(&self, path: &Path) -> Option<Source> {
        let mut outer = path.parent();
        while !outer.steps().is_empty() {
            let mut written = self.layers.iter().rev();
            if let Some(source) = written.find_map(|layer| layer.place(&outer)) {
                return Some(source.clone());
            }
            outer = outer.parent();
        }
        None
    }

    /// Every layer, weakest first.
    pub(crate) fn layers(&self) -> &[Layer] {
        &self.layers
    }
}

/// The value at a path of a tree.
pub(crate) fn at<'a>(tree: &'a Value, path: &Path) -> Option<&'a Value> {
    path.steps().iter().try_fold(tree, |node, step| {
        let index = step.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        match index {
            Some(index) => node.get(index.parse::<usize>().ok()?),
            None => node.get(step),
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn layer(name: &'static str, path: &str, value: Value) -> Layer {
        let mut layer = Layer::new(name, Source::Default);
        layer.put(&Path::parse(path), value, Source::Flag(name));
        layer
    }

    #[test]
    fn later_layers_win_and_tables_are_united() {
        let merged = merge(vec![
            layer("one", "a.x", json!(1)),
            layer("two", "a.y", json!([1, 2])),
            layer("three", "a.y", json!([3])),
        ])
        .unwrap();
        assert_eq!(merged.tree, json!({"a": {"x": 1, "y": [3]}}));
        assert_eq!(merged.source(&Path::parse("a.x")), Source::Flag("one"));
        assert_eq!(merged.source(&Path::parse("a.y[0]")), Source::Flag("three"));
    }

    #[test]
    fn text_that_looks_like_a_number_stays_text() {
        let merged = merge(vec![layer("one", "a", json!("0900123"))]).unwrap();
        assert_eq!(merged.tree, json!({"a": "0900123"}));
    }
}
