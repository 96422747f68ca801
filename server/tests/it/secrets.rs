//! No secret is ever printed, whatever it looks like and whatever is wrong around it.

use proptest::prelude::*;

use crate::setup::{Setup, says, with_more};

fn post(token: &str, rest: &str) -> Setup {
    let token = toml_edit::Value::from(token).to_string();
    with_more(&format!(
        "[senders]\nuse = [\"post\"]\n[senders.post.fake_sender]\naccount = \"1\"\ntoken = {token}\n{rest}\n"
    ))
}

#[test]
fn a_plugin_that_repeats_a_secret_is_silenced() {
    let said = post("bad-and-secret", "").mistakes();
    says(
        &said,
        &["senders.post.fake_sender.token", "A token never begins like …."],
    );
}

#[test]
fn a_secret_of_the_wrong_type_is_not_repeated() {
    let said = with_more("")
        .flag("--x", "server.metrics_token", 123_456_789_u64)
        .mistakes();
    says(&said, &["server.metrics_token", "This is a whole number."]);
    assert!(!said.contains("123456789"), "{said}");
}

#[test]
fn a_short_token_is_complained_about_without_being_shown() {
    let said = with_more("")
        .variable("PORTCULLIS_SERVER__METRICS_TOKEN", "swordfish")
        .mistakes();
    says(
        &said,
        &[
            "PORTCULLIS_SERVER__METRICS_TOKEN: server.metrics_token",
            "too easy to guess",
        ],
    );
    assert!(!said.contains("swordfish"), "{said}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_takes_effect_is_shown_without_secrets(token in "[!-~]{9}[ -~é€]{0,20}", metrics in "[!-~]{16,40}") {
        let setup = post(&token, "").variable("PORTCULLIS_SERVER__METRICS_TOKEN", &metrics);
        let shown = setup.loaded().shown().to_string();
        prop_assert!(!shown.contains(&token), "{}", shown);
        prop_assert!(!shown.contains(&metrics), "{}", shown);
        prop_assert!(shown.contains("token = \"***\""));
    }

    #[test]
    fn mistakes_are_told_without_secrets(token in "bad[!-~]{8,30}", hidden in "[!-~]{9,30}") {
        // A wrong value beside it, a secret that a stronger source hides, and a plugin that repeats what it was given.
        let said = post(&hidden, "rest = 5").variable("PORTCULLIS_SENDERS__POST__FAKE_SENDER__TOKEN", &token).mistakes();
        prop_assert!(!said.contains(&token), "{}", said);
        prop_assert!(!said.contains(&hidden), "{}", said);
        let said = post(&hidden, "").variable("PORTCULLIS_SENDERS__POST__FAKE_SENDER__TOKEN", &token).mistakes();
        prop_assert!(!said.contains(&token), "{}", said);
    }

    #[test]
    fn a_damaged_file_is_complained_about_without_secrets(at in 0..200_usize, damage in "[]\\[\"'=.{},#\\\\ \n]{1,3}") {
        let secret = "correct-horse";
        let mut text: Vec<char> = format!("[server]\nmetrics_token = \"{secret}-battery\"\n\n[product]\nname = \"x\"\n").chars().collect();
        let at = at % text.len();
        text.splice(at..=at, damage.chars());
        let text: String = text.into_iter().collect();
        let said = crate::setup::with_file(&text).mistakes();
        // Where the damage made a key of it, the key is named.
        prop_assert!(!said.contains(secret) || said.contains("no key"), "{}\n{}", text, said);
    }

    #[test]
    fn any_text_in_the_file_is_read_or_refused_without_a_panic(text in "\\PC{0,200}") {
        let setup = crate::setup::with_file(&text);
        prop_assert!(!setup.mistakes().is_empty());
    }

    #[test]
    fn any_variable_is_read_or_refused_without_a_panic(name in "[A-Z_]{0,40}", value in "\\PC{0,40}") {
        let setup = with_more("").variable(&format!("PORTCULLIS_{name}"), &value).development(None, &[]);
        let loaded = setup.loaded();
        prop_assert!(loaded.shown().entries.len() > 10);
    }
}
