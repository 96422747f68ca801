//! Single values that cannot be meant, and what is said of them.

use crate::setup::{says, with_file, with_more};

#[test]
fn a_limit_with_one_wrong_part_is_told_of_once_beside_all_other_mistakes() {
    for limit in [
        "{ most = \"x\", window = \"1m\" }",
        "{ most = 0, window = \"1m\" }",
    ] {
        let text = format!("[budgets]\nattempts = {limit}\n[audit]\nkept = \"1d\"\n");
        let said = with_more(&text).mistakes();
        says(
            &said,
            &["budgets.attempts.most", "audit.failures_kept", "2 mistakes"],
        );
        assert!(!said.contains("Missing field"), "{said}");
    }
}

#[test]
fn failures_are_kept_no_longer_than_everything_else() {
    let with = |kept: &str| with_more(&format!("[audit]\nkept = \"30d\"\nfailures_kept = \"{kept}\"\n"));
    let said = with("31d").mistakes();
    says(
        &said,
        &["audit.failures_kept", "31d is longer than `audit.kept`, 30d"],
    );
    with("30d").validated();
}

#[test]
fn the_limit_of_bodies_has_bounds() {
    let with = |limit: &str| with_more("").variable("PORTCULLIS_SERVER__BODY_LIMIT", limit);
    for limit in ["0", "1023", "65MiB"] {
        says(
            &with(limit).mistakes(),
            &["server.body_limit", "Expected is 1KiB to 64MiB."],
        );
    }
    for limit in ["1KiB", "64MiB"] {
        with(limit).validated();
    }
}

#[test]
fn an_empty_choice_is_no_choice() {
    let said =
        with_file("server.public_url = \"https://gate.example.com\"\n[store]\nuse = \"\"\n").mistakes();
    says(
        &said,
        &[
            "portcullis.toml:3: store.use\n  No record store is selected.",
            "Set `use = \"main\"`",
        ],
    );
    assert!(!said.contains("[store.."), "{said}");
}

#[test]
fn a_file_that_is_no_text_is_said_to_be_so() {
    let path = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(path.path(), [0xff, 0xfe, 0x00]).unwrap();
    let variable = "PORTCULLIS_SERVER__METRICS_TOKEN_FILE";
    let said = with_more("")
        .variable(variable, path.path().to_str().unwrap())
        .mistakes();
    says(&said, &["which is not UTF-8 text.", "Encode it as text"]);
    assert!(!said.contains("let this user read it"), "{said}");
}
