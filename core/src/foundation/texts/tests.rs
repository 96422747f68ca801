//! Texts of a deployment's own, and what is refused of them.

use minijinja::context;

use super::*;

const GREETING: Template = Template {
    name: "greeting.email",
    built_in: &[
        (
            Language::EN,
            "Subject: Hello\n\nHello from {{ product }}, {{ name }}: {{ code }}\n",
        ),
        (
            Language::DE,
            "Subject: Hallo\n\nHallo von {{ product }}, {{ name }}: {{ code }}\n",
        ),
    ],
    samples: || vec![context! { name => "Ada", code => "000000" }],
};
const NOTE: Template = Template {
    name: "note.sms",
    built_in: &[
        (
            Language::EN,
            "{% if left %}{{ left }}{% else %}none{% endif %} left",
        ),
        (Language::DE, "noch {{ left }}"),
    ],
    samples: || vec![context! { left => 0 }, context! { left => 3 }],
};

fn file(path: &str, content: &str) -> TextFile {
    let (language, name) = path.split_once('/').unwrap();
    TextFile {
        language: language.parse().unwrap(),
        name: name.to_owned(),
        content: content.to_owned(),
    }
}

fn compile(files: &[TextFile]) -> Result<Texts, Vec<String>> {
    let compiled = Texts::compile([&GREETING, &NOTE].into_iter(), files, Language::EN, "Gate");
    compiled.map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

fn rendered(texts: &Texts, language: Option<Language>) -> (String, String) {
    let variables = BTreeMap::from([("name", "<Ada>"), ("code", "123456")]);
    let mail = texts.render(language, "greeting.email", variables).unwrap();
    (mail.subject, mail.text)
}

#[test]
fn a_person_reads_the_language_asked_for_or_the_default() {
    let texts = compile(&[]).unwrap();
    let german = ("Hallo".into(), "Hallo von Gate, <Ada>: 123456".into());
    let english = ("Hello".into(), "Hello from Gate, <Ada>: 123456".into());
    let asked = |header| texts.choose(&PreferredLanguages::of_header(header));
    assert_eq!(rendered(&texts, asked("fr, de-AT;q=0.5")), german);
    assert_eq!(rendered(&texts, asked("fr")), english);
    assert_eq!(rendered(&texts, "fr".parse().ok()), english, "no longer served");
}

#[test]
fn a_deployment_replaces_a_text_and_adds_a_language() {
    let own = "Subject: Hi\n\n{{ code }} for {{ name }}";
    let french = [
        file("fr/greeting.email", "Subject: Bonjour\n\n{{ code }}, {{ name }}"),
        file("fr/note.sms", "reste {{ left }}"),
        file("en/greeting.email", own),
    ];
    let texts = compile(&french).unwrap();
    assert_eq!(rendered(&texts, None), ("Hi".into(), "123456 for <Ada>".into()));
    let asked = texts.choose(&PreferredLanguages::of_header("fr"));
    assert_eq!(rendered(&texts, asked).0, "Bonjour");
}

#[test]
fn what_is_wrong_is_refused_with_its_file_and_line() {
    for (path, content, complaint) in [
        (
            "en/greeting.email",
            "Subject: a\n\n{{ code }\n",
            "en/greeting.email.txt, line 3: syntax error",
        ),
        (
            "de/greeting.email",
            "Subject: a\n\n{{ code }} {{ nmae }}\n",
            "de/greeting.email.txt, line 3: undefined value",
        ),
        (
            "en/greeting.email",
            "Hello {{ code }}",
            "en/greeting.email.txt, line 1: A mail begins with a line `Subject: `",
        ),
        (
            "en/greeting.email",
            "Subject: a\n\nHello",
            "en/greeting.email.txt: The code is missing.",
        ),
        (
            "en/greeting.email",
            "Subject: a\n",
            "en/greeting.email.txt: Nothing is left",
        ),
        (
            "en/note.sms",
            "{% if left %}{{ lfet }}{% else %}none{% endif %}",
            "en/note.sms.txt, line 1: undefined value",
        ),
        (
            "en/nothing.sms",
            "a",
            "en/nothing.sms.txt: There is no such text. Expected is one of `greeting.email.txt`, `note.sms.txt`.",
        ),
        ("fr/note.sms", "{{ left }}", "fr/greeting.email.txt: is missing."),
    ] {
        let errors = compile(&[file(path, content)]).map(drop).unwrap_err();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].starts_with(complaint), "{errors:?}");
    }
    let twice = [file("en/nothing.sms", "a"), file("de/note.sms", "{{")];
    assert_eq!(compile(&twice).map(drop).unwrap_err().len(), 2, "all at once");
}
