//! What is said about mistakes in the file, each with its line, its problem and its remedy.

use crate::setup::{says, with_file, with_more};

#[test]
fn a_typing_slip_is_named_with_file_and_line_and_corrected() {
    let said = with_more("\n[sessions]\nidel = \"5m\"\n").mistakes();
    assert_eq!(
        said,
        "portcullis.toml:6: sessions.idel\n  There is no key `idel`.\n  Did you mean `idle`?\n\n\
         1 mistake in the configuration; nothing was started."
    );
}

#[test]
fn an_unknown_table_is_a_mistake() {
    let said = with_more("[acounts]\nx = 1\n").mistakes();
    says(
        &said,
        &[
            "portcullis.toml:4: acounts",
            "Did you mean `accounts`?",
            "1 mistake ",
        ],
    );
}

#[test]
fn a_wrong_type_says_what_was_given_and_what_is_expected() {
    let said = with_more(
        "[sessions]\nidle = 900\n[factors]\nsms_limit = 21\n[accounts]\nsign_up = \"opne\"\n[product]\nname = \"a:b\"\n",
    )
    .mistakes();
    says(
        &said,
        &[
            "portcullis.toml:5: sessions.idle\n  This is a whole number.\n  Expected is a length of time such as \"15m\".",
            "portcullis.toml:7: factors.sms_limit\n  21 is too large.\n  Expected is a whole number from 1 to 20.",
            "portcullis.toml:9: accounts.sign_up\n  \"opne\" is not one of the choices.\n  Did you mean `open`?",
            "portcullis.toml:11: product.name",
            "4 mistakes ",
        ],
    );
}

#[test]
fn an_element_of_a_list_has_its_own_line() {
    let said =
        with_file("[server]\ntrusted_proxies = [\n  \"10.0.0.0/8\",\n  \"10.0.0.0/99\",\n]\n").mistakes();
    says(
        &said,
        &[
            "portcullis.toml:4: server.trusted_proxies[1]",
            "such as \"10.0.0.0/8\"",
        ],
    );
}

#[test]
fn what_is_needed_is_named_with_table_variable_and_former_name() {
    let said =
        with_more("[senders]\nuse = [\"post\"]\n[senders.post.fake_sender]\naccount = \"1\"\n").mistakes();
    says(
        &said,
        &[
            "portcullis.toml:6: senders.post.fake_sender.token\n  `token` is needed here and not set.",
            "Set it in [senders.post.fake_sender], or set PORTCULLIS_SENDERS__POST__FAKE_SENDER__TOKEN or FAKE_SENDER_TOKEN",
            "or PORTCULLIS_SENDERS__POST__FAKE_SENDER__TOKEN_FILE to a file that holds it",
        ],
    );
}

#[test]
fn an_instance_that_is_not_used_may_be_incomplete_but_not_misspelled() {
    with_more("[senders.post.fake_sender]\naccount = \"1\"\n").validated();
    let said = with_more("[senders.post.fake_sender]\nacount = \"1\"\n").mistakes();
    says(
        &said,
        &[
            "portcullis.toml:5: senders.post.fake_sender.acount",
            "Did you mean `account`?",
        ],
    );
}

#[test]
fn a_syntax_error_has_line_and_column() {
    let said = with_file("[server]\nmetrics_token = \"hunter2-hunter2\nlisten = 1\n").mistakes();
    says(
        &said,
        &["portcullis.toml:2\n", "not valid TOML, at line 2, column "],
    );
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_file_that_is_named_must_exist() {
    let said = with_file("").config("elsewhere.toml").mistakes();
    says(
        &said,
        &[
            "--config\n",
            "elsewhere.toml cannot be read",
            "portcullis config default",
        ],
    );
}

#[test]
fn nothing_selected_says_what_to_select() {
    let said = with_file("").mistakes();
    says(
        &said,
        &[
            "not set: store.use\n  No record store is selected.",
            "Set `use = \"main\"` in [store] and give [store.main.",
            "its settings. Linked: dynamodb, embedded, fake_store.",
            "not set: keys.use\n  No key manager is selected.",
            "not set: server.public_url",
            "3 mistakes ",
        ],
    );
}

#[test]
fn a_plugin_that_is_not_linked_is_refused_with_those_that_are() {
    let said = with_file("[store]\nuse = \"main\"\n[store.main.embeded]\nfolder = \"/d\"\n").mistakes();
    says(
        &said,
        &[
            "portcullis.toml:3: store.main.embeded",
            "No plugin `embeded` is linked",
            "Did you mean `embedded`?",
        ],
    );
    let said = with_more("[senders]\nuse = [\"a\"]\n[senders.a.telepathy]\n").mistakes();
    says(
        &said,
        &[
            "The linked plugins are: dishonest_sender, fake_sender, mailbox",
            "`portcullis providers`",
        ],
    );
}

#[test]
fn an_instance_that_is_selected_must_be_there() {
    let said = with_file("[store]\nuse = \"mian\"\n[store.main.embedded]\nfolder = \"/d\"\n").mistakes();
    says(
        &said,
        &[
            "portcullis.toml:2: store.use",
            "There is no [store.mian.…].",
            "Did you mean `main`?",
        ],
    );
}

#[test]
fn an_instance_names_exactly_one_plugin() {
    let said =
        with_more("[senders]\nuse = [\"a\"]\n[senders.a.fake_sender]\n[senders.a.mailbox]\n").mistakes();
    says(
        &said,
        &[
            "portcullis.toml:6: senders.a",
            "names 2 plugins: fake_sender, mailbox",
        ],
    );
    let said = with_more("[senders]\nuse = [\"a\"]\n[senders.a]\n").mistakes();
    says(
        &said,
        &[
            "portcullis.toml:6: senders.a",
            "names no plugin",
            "[senders.a.dishonest_sender]",
        ],
    );
}

#[test]
fn an_instance_is_called_so_that_a_variable_can_name_it() {
    let said = with_more("[senders.Main-Post.dishonest_sender]\n").mistakes();
    says(
        &said,
        &[
            "senders.Main-Post",
            "cannot be the name of an instance",
            "lower-case letters",
        ],
    );
}

#[test]
fn a_sender_is_selected_once() {
    let said = with_more("[senders]\nuse = [\"a\", \"a\"]\n[senders.a.dishonest_sender]\n").mistakes();
    says(
        &said,
        &[
            "portcullis.toml:5: senders.use[1]",
            "\"a\" stands in the list twice",
            "1 mistake ",
        ],
    );
}

#[test]
fn plugins_for_development_are_refused_in_production() {
    let text = "[identity]\nuse = [\"dev\"]\n[identity.dev.header]\n[senders]\nuse = [\"dev\"]\n[senders.dev.mailbox]\nfolder = \"/m\"\n";
    let said = with_more(text).mistakes();
    says(
        &said,
        &[
            "portcullis.toml:5: identity.use[0]\n  `header` is for `portcullis dev` only.\n  Take it out",
            "portcullis.toml:8: senders.use[0]\n  `mailbox` is for `portcullis dev` only.\n  Choose one of: dishonest_sender, fake_sender",
        ],
    );
    with_more(text).development(None, &[]).validated();
}

#[test]
fn fields_that_contradict_each_other_are_found() {
    let said =
        with_more("[sessions]\nidle = \"10d\"\nlifetime = \"9d\"\n[outbox]\ntimeout = \"30s\"\n").mistakes();
    says(
        &said,
        &[
            "portcullis.toml:5: sessions.idle\n  10d is longer than `sessions.lifetime`, 9d.",
            "portcullis.toml:8: outbox.timeout\n  30s is not shorter than `outbox.lease`, 30s",
        ],
    );
}

#[test]
fn settings_that_switch_a_protection_off_are_refused() {
    let said =
        with_more("[budgets]\nattempts = { most = 8, window = \"0s\" }\n[sessions]\nstep_up = \"0s\"\n")
            .mistakes();
    says(
        &said,
        &[
            "portcullis.toml:5: budgets.attempts.window\n  Within no time nothing is counted",
            "portcullis.toml:7: sessions.step_up\n  No time at all",
        ],
    );
    let all = "server.public_url = \"https://gate.example.com\"\n";
    let rest = "[store]\nuse = \"m\"\n[store.m.embedded]\nfolder = \"/d\"\n[keys]\nuse = \"m\"\n[keys.m.keyfile]\nfile = \"/k\"\n";
    for (setting, problem) in [
        (
            "server.trusted_proxies = [\"0.0.0.0/0\"]",
            "0.0.0.0/0 is no network of proxies",
        ),
        (
            "server.trusted_proxies = [\"10.0.0.0/8\", \"::/0\"]",
            "::/0 is no network of proxies",
        ),
        ("server.log_level = \"inof\"", "This is not a log level."),
        (
            "server.log_level = \"info,portcullis_core=debgu\"",
            "This is not a log level.",
        ),
    ] {
        let said = with_file(&format!("{all}{setting}\n{rest}")).mistakes();
        says(&said, &["portcullis.toml:2: server.", problem]);
    }
}

#[test]
fn a_number_that_is_not_whole_or_out_of_range_is_told_so() {
    for (written, problem) in [
        ("3.0", "This is a number with a decimal point."),
        ("99999999999999999999", "The number is out of range."),
        ("\"3\"", "\"3\" is not accepted."),
    ] {
        let in_file = with_more(&format!("[factors]\nsms_limit = {written}\n")).mistakes();
        let variable = written.trim_matches('"');
        let setup = with_more("[factors]\nsms_limit = 3\n");
        let in_variable = setup.variable("PORTCULLIS_FACTORS__SMS_LIMIT", variable);
        says(
            &in_file,
            &[
                "portcullis.toml:5: factors.sms_limit",
                problem,
                "Expected is a whole number from 1 to 20",
            ],
        );
        if variable == written {
            says(
                &in_variable.mistakes(),
                &["PORTCULLIS_FACTORS__SMS_LIMIT: factors.sms_limit", problem],
            );
        } else {
            in_variable.validated();
        }
    }
}

#[test]
fn a_variable_that_adds_a_second_plugin_is_named() {
    let said =
        with_more("[senders]\nuse = [\"a\"]\n[senders.a.fake_sender]\naccount = \"1\"\ntoken = \"t\"\n")
            .variable("PORTCULLIS_SENDERS__A__MAILBOX__FOLDER", "/m")
            .mistakes();
    says(
        &said,
        &[
            "PORTCULLIS_SENDERS__A__MAILBOX__FOLDER: senders.a\n  The instance names 2 plugins: fake_sender, mailbox.",
        ],
    );
}

#[test]
fn without_a_sender_it_is_said_that_no_message_can_be_sent() {
    let notes = with_more("").validated().notes.join("\n");
    says(&notes, &["senders.use selects nothing: no message can be sent"]);
    assert_eq!(
        with_file("").development(None, &[]).validated().notes,
        Vec::<String>::new()
    );
}

#[test]
fn settings_that_hardly_protect_are_named() {
    let notes = with_more(
        "[budgets]\nattempts = { most = 1000000, window = \"10m\" }\n[passwords.main.argon2id]\nmemory = \"8KiB\"\n",
    )
    .validated()
    .notes
    .join("\n");
    says(
        &notes,
        &[
            "budgets.attempts lets 1000000 pass",
            "passwords.main (argon2id): `memory` and `iterations`",
        ],
    );
}

#[test]
fn what_an_editor_left_in_a_secret_is_named_and_not_made_part_of_it() {
    const TOKEN: &str = "PORTCULLIS_SERVER__METRICS_TOKEN";
    let with = |content: &str| with_more("").variable_in_file(&format!("{TOKEN}_FILE"), content);
    for (content, problem) in [
        ("0123456789abcdef\n\n", "ends with more than one line break"),
        ("0123456789abcdef\r\n\r\n", "ends with more than one line break"),
        ("\u{feff}0123456789abcdef\n", "begins with a byte order mark"),
        ("01234567\n89abcdef\n", "has a line break inside"),
        ("01234567\t89abcdef", "holds a control character"),
    ] {
        let said = with(content).mistakes();
        says(&said, &[TOKEN, problem, "printf"]);
        assert!(!said.contains("89abcdef"), "{said}");
    }
    for content in ["0123456789abcdef", "0123456789abcdef\n", "0123456789abcdef\r\n"] {
        with(content).validated();
    }
    let said = with_more("").variable(TOKEN, "01234567\n89abcdef").mistakes();
    says(&said, &["has a line break inside"]);
}

#[test]
fn what_a_plugin_finds_has_its_place_in_the_file() {
    let said = with_more(
        "[senders]\nuse = [\"post\"]\n[senders.post.fake_sender]\naccount = \"x\"\ntoken = \"t\"\nnight = true\n",
    )
    .mistakes();
    says(
        &said,
        &[
            "portcullis.toml:7: senders.post.fake_sender.account\n  Only digits are expected.",
            "portcullis.toml:6: senders.post.fake_sender.region\n  A region is needed to send at night.",
            "2 mistakes ",
        ],
    );
}

#[test]
fn plain_http_is_refused_in_production_except_on_this_machine() {
    let rest = "[store]\nuse = \"m\"\n[store.m.embedded]\nfolder = \"/d\"\n[keys]\nuse = \"m\"\n[keys.m.keyfile]\nfile = \"/k\"\n";
    let with_url = |url: &str| with_file(&format!("server.public_url = \"{url}\"\n{rest}"));
    says(
        &with_url("http://gate.example.com").mistakes(),
        &["portcullis.toml:1: server.public_url", "Use https"],
    );
    with_url("http://localhost:8080").validated();
    with_url("http://gate.example.com")
        .development(None, &[])
        .validated();
}

#[test]
fn all_mistakes_are_found_at_once_in_the_order_of_the_file() {
    let text = "[server]\nlisten = \"here\"\nlog_level = \"=\"\ncolour = 1\n\n[sessions]\nidle = \"1m\"\n\n\
        [store]\nuse = \"main\"\n[store.main.embedded]\nfolder = \"\"\nreaders = \"8\"\n\n\
        [senders]\nuse = [\"post\"]\n[senders.post.fake_sender]\naccount = \"x\"\nacount = \"1\"\ntoken = \"t\"\n";
    let said = with_file(text)
        .variable("PORTCULLIS_FACTORS__SMS_LIMIT", "three")
        .variable("PORTCULLIS_FACTOR__SMS_LIMIT", "3")
        .mistakes();
    let places: Vec<&str> = said
        .lines()
        .filter(|line| !line.starts_with(' ') && !line.is_empty())
        .collect();
    assert_eq!(
        places,
        [
            "portcullis.toml:1: server.public_url",
            "portcullis.toml:2: server.listen",
            "portcullis.toml:3: server.log_level",
            "portcullis.toml:4: server.colour",
            "portcullis.toml:7: sessions.idle",
            "portcullis.toml:13: store.main.embedded.readers",
            "portcullis.toml:18: senders.post.fake_sender.account",
            "portcullis.toml:19: senders.post.fake_sender.acount",
            "PORTCULLIS_FACTORS__SMS_LIMIT: factors.sms_limit",
            "PORTCULLIS_FACTOR__SMS_LIMIT",
            "not set: keys.use",
            "11 mistakes in the configuration; nothing was started.",
        ]
    );
}

#[test]
fn addresses_can_only_be_proven_where_mail_can_be_sent() {
    let said = with_more("[accounts]\nsign_up = \"verified\"\n").mistakes();
    says(
        &said,
        &[
            "portcullis.toml:5: accounts.sign_up",
            "no sender of e-mail is selected",
            "1 mistake ",
        ],
    );
}
