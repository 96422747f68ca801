//! The two lines of a new plugin in the manifest of its facade.

/// The manifest with a plugin among the default features and the dependencies, both in order; `None` if it has no such
/// lists.
pub(super) fn with(manifest: &str, plugin: &str, package: &str) -> Option<String> {
    let (head, rest) = manifest.split_once("\ndefault = [")?;
    let (defaults, rest) = rest.split_once(']')?;
    let (between, rest) = rest.split_once("\n[dependencies]\n")?;
    let quoted = format!("\"{plugin}\"");
    let known = defaults.split(',').map(str::trim).filter(|name| !name.is_empty());
    let mut defaults: Vec<&str> = known.chain([quoted.as_str()]).collect();
    defaults.sort_unstable();
    let defaults = defaults.join(", ");
    let line = format!("{plugin} = {{ package = \"{package}\", path = \"{plugin}\", optional = true }}\n");
    let earlier = |other: &&str| !other.trim().is_empty() && *other < line.as_str();
    let before: String = rest.split_inclusive('\n').take_while(earlier).collect();
    let after = rest.strip_prefix(&before)?;
    Some(format!(
        "{head}\ndefault = [{defaults}]{between}\n[dependencies]\n{before}{line}{after}"
    ))
}

#[cfg(test)]
mod tests {
    use super::with;

    fn manifest(plugins: &[&str]) -> String {
        let defaults: Vec<String> = plugins.iter().map(|name| format!("\"{name}\"")).collect();
        let line = |name: &&str| {
            format!("{name} = {{ package = \"p-{name}\", path = \"{name}\", optional = true }}\n")
        };
        let lines: String = plugins.iter().map(line).collect();
        format!(
            "[features]\n# All.\ndefault = [{}]\n\n[dependencies]\n{lines}\n[dev-dependencies]\na = \"1\"\n",
            defaults.join(", ")
        )
    }

    #[test]
    fn both_lists_stay_in_order_and_all_else_as_it_is() {
        for (new, all) in [
            ("a", ["a", "b", "d"]),
            ("c", ["b", "c", "d"]),
            ("d_e", ["b", "d", "d_e"]),
        ] {
            let package = format!("p-{new}");
            assert_eq!(with(&manifest(&["b", "d"]), new, &package), Some(manifest(&all)));
        }
        assert_eq!(with(&manifest(&[]), "a", "p-a"), Some(manifest(&["a"])));
    }

    #[test]
    fn a_manifest_without_the_lists_is_left_alone() {
        assert_eq!(with("[package]\n", "a", "p-a"), None);
        assert_eq!(with("[features]\ndefault = []\n", "a", "p-a"), None);
    }
}
