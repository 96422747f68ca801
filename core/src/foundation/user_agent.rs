//! What a user agent tells about a device, in words for its owner.

use woothee::parser::Parser;

/// The kind of device, and the browser with its operating system. Honest about what it does not know.
pub(crate) fn describe_device(user_agent: &str) -> (String, String) {
    // "HTTP Library" is the parser's word for any program that names itself.
    let Some(seen) = Parser::new()
        .parse(user_agent)
        .filter(|seen| seen.name != "HTTP Library")
    else {
        let name = user_agent.split(['/', ' ']).next().unwrap_or_default();
        let program = if name.is_empty() {
            "Unknown program".to_owned()
        } else {
            name.chars().take(40).collect()
        };
        return ("Unknown device".into(), program);
    };
    let device = match seen.category {
        "pc" => "Computer",
        "smartphone" | "mobilephone" => "Phone",
        "appliance" => "Console",
        "crawler" => "Robot",
        _ => "Unknown device",
    };
    let known = |text: &str| !text.is_empty() && text != "UNKNOWN";
    let browser = match (known(seen.name), known(seen.os)) {
        (true, true) => format!("{} on {}", seen.name, seen.os),
        (true, false) => seen.name.to_owned(),
        (false, true) => format!("A program on {}", seen.os),
        (false, false) => "Unknown program".to_owned(),
    };
    (device.into(), browser)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_with_its_system() {
        let agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36";
        assert_eq!(
            describe_device(agent),
            ("Computer".into(), "Chrome on Windows 10".into())
        );
    }

    #[test]
    fn an_unknown_program_is_called_by_its_own_name() {
        assert_eq!(
            describe_device("acme-sync/2.1"),
            ("Unknown device".into(), "acme-sync".into())
        );
        assert_eq!(
            describe_device(""),
            ("Unknown device".into(), "Unknown program".into())
        );
    }
}
