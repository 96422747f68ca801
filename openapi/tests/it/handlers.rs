//! Handlers: whoever takes a command hands it to a use case, and declares the problems of that one.

use std::fs;
use std::path::Path;

use regex::Regex;

/// The name of every handler with the command that it takes and the type of its answer.
fn handlers() -> Vec<(String, String, String)> {
    let handler =
        Regex::new(r"(?s)async fn (\w+)\(\s*&self,([^{]*?)\)\s*->\s*([^{]*?)\s*\{").expect("a pattern");
    let command = Regex::new(r"Body<(\w+)>").expect("a pattern");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let source = fs::read_to_string(&path).unwrap_or_default();
        for handler in handler.captures_iter(&source) {
            if let Some(command) = command.captures(&handler[2]) {
                found.push((
                    handler[1].to_owned(),
                    command[1].to_owned(),
                    handler[3].to_owned(),
                ));
            }
        }
    }
    found
}

#[test]
fn a_handler_declares_the_use_case_whose_command_it_takes() {
    let handlers = handlers();
    assert!(handlers.len() > 30, "{handlers:?}");
    for (name, command, answer) in handlers {
        // Last among the parameters of the answer or of its refusal.
        let declared = [format!(", {command}>"), format!("Refusal<{command}>")];
        assert!(
            declared.iter().any(|declared| answer.contains(declared)),
            "{name} takes {command} and answers with {answer}"
        );
    }
}
