//! Where values come from: defaults, file, environment, options; who wins; what becomes of raw text.

use portcullis_ports::identity::Identity;
use portcullis_ports::keys::Keys;
use portcullis_ports::notification::Senders;
use portcullis_ports::passwords::Passwords;
use portcullis_ports::storage::Storage;

use crate::setup::{says, with_file, with_more};

const POST: &str =
    "[senders]\nuse = [\"post\"]\n[senders.post.fake_sender]\naccount = \"1\"\ntoken = \"from-the-file\"\n";
const ACCOUNT: &str = "senders.post.fake_sender.account";

#[test]
fn later_sources_win_and_each_value_knows_its_source() {
    let setup = with_more("[sessions]\nidle = \"20m\"\nlifetime = \"20d\"\nstep_up = \"20m\"\n")
        .variable("PORTCULLIS_SESSIONS__LIFETIME", "30d")
        .variable("PORTCULLIS_SESSIONS__STEP_UP", "30m")
        .flag("--step-up", "sessions.step_up", "40m");
    let shown = |path: &str| setup.shown(path);
    assert_eq!(
        shown("sessions.known_source_lifetime"),
        ("\"90d\"".into(), "default".into())
    );
    assert_eq!(
        shown("sessions.idle"),
        ("\"20m\"".into(), "portcullis.toml:5".into())
    );
    assert_eq!(
        shown("sessions.lifetime"),
        ("\"30d\"".into(), "PORTCULLIS_SESSIONS__LIFETIME".into())
    );
    assert_eq!(shown("sessions.step_up"), ("\"40m\"".into(), "--step-up".into()));
}

#[test]
fn a_list_is_replaced_and_a_table_is_united() {
    let setup = with_more("[budgets.attempts]\nmost = 3\n")
        .variable("PORTCULLIS_SERVER__TRUSTED_PROXIES", "10.0.0.0/8, 192.168.0.1");
    assert_eq!(
        setup.shown("server.trusted_proxies").0,
        "[\"10.0.0.0/8\", \"192.168.0.1\"]"
    );
    assert_eq!(setup.shown("budgets.attempts.most").0, "3");
    assert_eq!(
        setup.shown("budgets.attempts.window"),
        ("\"10m\"".into(), "default".into())
    );
    assert_eq!(setup.validated().server.trusted_proxies.len(), 2);
}

#[test]
fn variables_alone_are_enough() {
    let setup = with_file("")
        .variable("PORTCULLIS_SERVER__PUBLIC_URL", "https://gate.example.com")
        .variable("PORTCULLIS_STORE__USE", "main")
        .variable("PORTCULLIS_STORE__MAIN__EMBEDDED__FOLDER", "/data")
        .variable("portcullis_keys__use", "main")
        .variable("Portcullis_Keys__Main__Keyfile__File", "/keys.toml")
        .variable("PORTCULLIS_SENDERS__USE", "post")
        .variable("PORTCULLIS_SENDERS__POST__FAKE_SENDER__ACCOUNT", "7")
        .variable("FAKE_SENDER_TOKEN", "t");
    let config = setup.validated();
    assert_eq!(
        config.plugins.one::<Storage>().unwrap().name(),
        "store.main (embedded)"
    );
    assert_eq!(
        config.plugins.many::<Senders>()[0].name(),
        "senders.post (fake_sender)"
    );
    assert_eq!(
        setup.shown("keys.main.keyfile.file").1,
        "Portcullis_Keys__Main__Keyfile__File"
    );
}

#[test]
fn leading_zeros_survive() {
    let setup = with_more(POST).variable("PORTCULLIS_SENDERS__POST__FAKE_SENDER__ACCOUNT", "0900123");
    assert_eq!(setup.shown(ACCOUNT).0, "\"0900123\"");
    let setup = with_more(POST).variable("FAKE_SENDER_ACCOUNT", "0000");
    assert_eq!(
        setup.shown(ACCOUNT),
        ("\"0000\"".into(), "FAKE_SENDER_ACCOUNT".into())
    );
    let said = with_more("")
        .variable("PORTCULLIS_FACTORS__SMS_LIMIT", "03")
        .mistakes();
    says(
        &said,
        &[
            "PORTCULLIS_FACTORS__SMS_LIMIT: factors.sms_limit",
            "\"03\" is not accepted",
            "without leading zeros",
        ],
    );
}

#[test]
fn a_key_stands_in_a_variable_once() {
    let with = |json: &str| with_more("").variable("PORTCULLIS_BUDGETS__ATTEMPTS", json);
    assert_eq!(
        with(r#"{"most": 9, "window": "1m"}"#)
            .shown("budgets.attempts.most")
            .0,
        "9"
    );
    let said = with(r#"{"most": 9, "window": "1m", "most": 8}"#).mistakes();
    says(
        &said,
        &["PORTCULLIS_BUDGETS__ATTEMPTS: budgets.attempts\n  The key `most` stands twice in one table."],
    );
}

#[test]
fn a_secret_in_the_place_of_a_table_is_not_repeated() {
    for variable in [
        "PORTCULLIS_SENDERS__POST",
        "PORTCULLIS_SENDERS__POST__FAKE_SENDER",
    ] {
        let said = with_more("").variable(variable, "hunter2secretvalue").mistakes();
        assert!(!said.contains("hunter2") && said.contains(variable), "{said}");
    }
}

#[test]
fn truth_is_true_or_false() {
    let said = with_more("")
        .variable("PORTCULLIS_SERVER__DOCS", "yes")
        .mistakes();
    says(
        &said,
        &[
            "PORTCULLIS_SERVER__DOCS: server.docs",
            "\"yes\" is not accepted",
            "Expected is true or false.",
        ],
    );
    assert!(
        !with_more("")
            .variable("PORTCULLIS_SERVER__DOCS", "false")
            .validated()
            .server
            .docs
    );
}

#[test]
fn an_unknown_variable_is_a_mistake_with_a_suggestion() {
    let said = with_more("").variable("PORTCULLIS_SERVER_LISTEN", "x").mistakes();
    says(
        &said,
        &[
            "PORTCULLIS_SERVER_LISTEN\n  There is no setting of this name.\n  Did you mean PORTCULLIS_SERVER__LISTEN?",
        ],
    );
    let said = with_more(POST)
        .variable("PORTCULLIS_SENDERS__POST__FAKE_SENDER__REGOIN", "x")
        .mistakes();
    says(
        &said,
        &["Did you mean PORTCULLIS_SENDERS__POST__FAKE_SENDER__REGION?"],
    );
    let said = with_more("")
        .variable("PORTCULLIS_NOTHING__WE__KNOW_OF", "x")
        .mistakes();
    says(&said, &["two underscores", "portcullis config default"]);
    // One underscore is a slip, and not a name that something else has.
    let said = with_more("").variable("PORTCULLIS_SERVER_LISTEN", "x").mistakes();
    says(&said, &["Did you mean PORTCULLIS_SERVER__LISTEN?"]);
}

#[test]
fn variables_of_an_orchestrator_do_not_disturb() {
    let config = with_more("")
        .variable("PORTCULLIS_SERVICE_HOST", "10.0.0.1")
        .variable("PORTCULLIS_PORT", "tcp://10.0.0.1:8080")
        .variable("PORTCULLIS_PORT_8080_TCP_PROTO", "tcp")
        .variable("PATH", "/bin")
        .validated();
    assert!(!config.notes.join("\n").contains("is ignored"));
    let config = with_more("").variable("PORTCULLIS_PORT", "8080").validated();
    says(&config.notes.join("\n"), &["PORTCULLIS_PORT is ignored"]);
}

#[test]
fn a_variable_that_no_setting_could_have_is_told_and_ignored() {
    let config = with_more("").variable("PORTCULLIS_BIN", "x").validated();
    says(
        &config.notes.join("\n"),
        &["PORTCULLIS_BIN is ignored", "two underscores"],
    );
}

#[test]
fn a_secret_can_come_from_a_file_without_its_last_line_break() {
    let name = "PORTCULLIS_SERVER__METRICS_TOKEN_FILE";
    let setup = with_more("").variable_in_file(name, "a-long-enough-token\n");
    let token = setup.validated().server.metrics_token.unwrap();
    assert_eq!(token.expose(), "a-long-enough-token");
    let (value, source) = setup.shown("server.metrics_token");
    assert_eq!(value, "\"***\"");
    says(&source, &[name, "portcullis_server__metrics_token_file"]);
}

#[test]
fn a_field_called_file_is_not_mistaken_for_the_name_of_a_file() {
    let setup = with_more("").variable("PORTCULLIS_KEYS__MAIN__KEYFILE__FILE", "/elsewhere.toml");
    assert_eq!(setup.shown("keys.main.keyfile.file").0, "\"/elsewhere.toml\"");
}

#[test]
fn a_missing_file_is_named_with_its_variable() {
    let said = with_more("")
        .variable("PORTCULLIS_SERVER__METRICS_TOKEN_FILE", "/nowhere/token")
        .mistakes();
    says(
        &said,
        &[
            "PORTCULLIS_SERVER__METRICS_TOKEN_FILE: server.metrics_token",
            "/nowhere/token, which cannot be read",
        ],
    );
}

#[test]
fn a_value_and_its_file_together_are_a_mistake() {
    let said = with_more("")
        .variable("PORTCULLIS_SERVER__METRICS_TOKEN", "a-long-enough-token")
        .variable_in_file("PORTCULLIS_SERVER__METRICS_TOKEN_FILE", "another-long-token")
        .mistakes();
    says(
        &said,
        &["PORTCULLIS_SERVER__METRICS_TOKEN and PORTCULLIS_SERVER__METRICS_TOKEN_FILE set the same thing."],
    );
    let said = with_more(POST)
        .variable("FAKE_SENDER_TOKEN", "one")
        .variable_in_file("FAKE_SENDER_TOKEN_FILE", "two")
        .mistakes();
    says(
        &said,
        &["FAKE_SENDER_TOKEN and FAKE_SENDER_TOKEN_FILE set the same thing."],
    );
}

#[test]
fn former_names_set_our_own_fields_in_their_own_unit() {
    let setup = with_more("")
        .variable("UI_INACTIVITY_SECONDS", "1800")
        .variable("SMS_DEVICE_LIMIT", "2");
    assert_eq!(
        setup.shown("sessions.idle"),
        ("\"1800s\"".into(), "UI_INACTIVITY_SECONDS".into())
    );
    assert_eq!(setup.validated().settings.factors.sms_limit, 2);
    assert_eq!(
        setup.validated().settings.sessions.idle,
        portcullis_ports::Span::minutes(30)
    );
}

#[test]
fn former_names_set_the_fields_of_selected_plugins() {
    let setup = with_more(POST)
        .variable_in_file("FAKE_SENDER_TOKEN_FILE", "from-a-file\n")
        .variable("FAKE_SENDER_REST_SECONDS", "90")
        .variable("FAKE_SENDER_NIGHT", "1")
        .variable("FAKE_SENDER_REGION", "eu");
    assert_eq!(setup.shown("senders.post.fake_sender.rest").0, "\"90s\"");
    assert_eq!(setup.shown("senders.post.fake_sender.night").0, "true");
    says(
        &setup.shown("senders.post.fake_sender.token").1,
        &["FAKE_SENDER_TOKEN_FILE"],
    );
}

#[test]
fn former_names_of_plugins_that_are_not_used_and_empty_ones_mean_nothing() {
    with_more("")
        .variable("FAKE_SENDER_NIGHT", "nonsense")
        .validated();
    let setup = with_more(POST).variable("FAKE_SENDER_ACCOUNT", "");
    assert_eq!(setup.shown(ACCOUNT).0, "\"1\"");
}

#[test]
fn a_former_name_and_our_own_must_agree() {
    let own = "PORTCULLIS_SESSIONS__IDLE";
    with_more("")
        .variable(own, "15m")
        .variable("UI_INACTIVITY_SECONDS", "900")
        .validated();
    let said = with_more("")
        .variable(own, "15m")
        .variable("UI_INACTIVITY_SECONDS", "901")
        .mistakes();
    says(
        &said,
        &[
            "UI_INACTIVITY_SECONDS: sessions.idle\n  PORTCULLIS_SESSIONS__IDLE sets the same thing to another value.",
        ],
    );
}

#[test]
fn a_former_name_that_could_mean_two_instances_is_refused() {
    let two = "[senders]\nuse = [\"a\", \"b\"]\n[senders.a.fake_sender]\naccount = \"1\"\ntoken = \"one\"\n[senders.b.fake_sender]\naccount = \"2\"\n";
    let said = with_more(two).variable("FAKE_SENDER_TOKEN", "which").mistakes();
    says(
        &said,
        &[
            "FAKE_SENDER_TOKEN could also mean senders.a.fake_sender.token",
            "PORTCULLIS_SENDERS__B__FAKE_SENDER__TOKEN",
        ],
    );
    let setup = with_more(&format!("{two}token = \"two\"\n")).variable("FAKE_SENDER_TOKEN", "which");
    says(
        &setup.shown("senders.b.fake_sender.token").1,
        &["portcullis.toml:11"],
    );
}

#[test]
fn development_needs_nothing_and_keeps_everything_in_its_folder() {
    let setup = with_file("").development(None, &["header"]);
    let config = setup.validated();
    assert_eq!(
        config.plugins.one::<Storage>().unwrap().name(),
        "store.dev (embedded)"
    );
    assert_eq!(config.plugins.one::<Keys>().unwrap().name(), "keys.dev (keyfile)");
    assert_eq!(
        config.plugins.many::<Senders>()[0].name(),
        "senders.dev (mailbox)"
    );
    assert_eq!(
        config.plugins.many::<Identity>()[0].name(),
        "identity.header (header)"
    );
    let data = setup.path("data");
    let inside = |name: &str| format!("{:?}", data.join(name));
    assert_eq!(
        setup.shown("store.dev.embedded.folder"),
        (inside("store"), "portcullis dev".into())
    );
    assert_eq!(
        setup.shown("keys.dev.keyfile.file").0,
        inside("secrets/keys.toml")
    );
    assert_eq!(setup.shown("senders.dev.mailbox.folder").0, inside("mailbox"));
    assert_eq!(
        setup.shown("identity.use"),
        ("[\"header\"]".into(), "--identity".into())
    );
}

#[test]
fn development_respects_what_the_file_selects_unless_an_option_says_otherwise() {
    let file = "[store]\nuse = \"mine\"\n[store.mine.embedded]\nfolder = \"/mine\"\n";
    let setup = with_file(file).development(None, &[]);
    assert_eq!(
        setup.validated().plugins.one::<Storage>().unwrap().instance,
        "mine"
    );
    let setup = with_file(file).development(Some("embedded"), &[]);
    assert_eq!(setup.shown("store.use").1, "--store");
    assert_eq!(
        setup.shown("store.chosen.embedded.folder").0,
        format!("{:?}", setup.path("data/store"))
    );
    let said = with_file("").development(Some("sqlite"), &["headr"]).mistakes();
    says(
        &said,
        &[
            "--store: store.chosen.sqlite",
            "--identity: identity.headr.headr",
            "Did you mean `header`?",
        ],
    );
}

#[test]
fn the_password_hasher_may_be_tuned_without_being_selected() {
    let setup = with_more("[passwords.main.argon2id]\niterations = 3\n");
    assert_eq!(setup.shown("passwords.main.argon2id.iterations").0, "3");
    assert_eq!(
        setup.shown("passwords.use"),
        ("\"main\"".into(), "default".into())
    );
    assert_eq!(
        with_more("")
            .validated()
            .plugins
            .one::<Passwords>()
            .unwrap()
            .name(),
        "passwords.main (argon2id)"
    );
}
