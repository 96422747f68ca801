//! What people are sent: templates of the areas in every language, which a deployment may replace.

#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod language;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use portcullis_ports::{Error, Result};
use serde::Serialize;

pub use language::{Language, PreferredLanguages};

/// How the first line of a mail begins.
const SUBJECT: &str = "Subject: ";

/// One text that an area sends. Declared by [`template!`](crate::foundation::texts::template).
pub(crate) struct Template {
    /// The name with the channel, such as `code.email`. A mail has its subject in the first line.
    pub(crate) name: &'static str,
    /// The text in every language that is built in.
    pub(crate) built_in: &'static [(Language, &'static str)],
    /// Variables for every event that it tells of. No text may use others, and none may leave out a `code`.
    pub(crate) samples: fn() -> Vec<Value>,
}

/// A template with this name, from the files `texts/<language>/<name>.txt` beside the file that declares it.
macro_rules! template {
    ($name:literal, $samples:expr) => {
        $crate::foundation::texts::Template {
            name: $name,
            built_in: &[
                (
                    $crate::foundation::texts::Language::EN,
                    include_str!(concat!("texts/en/", $name, ".txt")),
                ),
                (
                    $crate::foundation::texts::Language::DE,
                    include_str!(concat!("texts/de/", $name, ".txt")),
                ),
            ],
            samples: $samples,
        }
    };
}
pub(crate) use template;

/// A text of the deployment's own, as it was read from `<language>/<name>.txt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    /// Its language.
    pub language: Language,
    /// Its name, such as `code.email`.
    pub name: String,
    /// The template.
    pub content: String,
}

/// Why the texts of a deployment cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextError {
    /// The file within the folder, such as `de/code.email.txt`.
    pub file: String,
    /// The line, where one is to blame.
    pub line: Option<usize>,
    /// What is wrong, and what to do.
    pub problem: String,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}, line {line}: {}", self.file, self.problem),
            None => write!(f, "{}: {}", self.file, self.problem),
        }
    }
}

/// A text as it is sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rendered {
    pub(crate) language: Language,
    /// Empty in text messages.
    pub(crate) subject: String,
    pub(crate) text: String,
}

/// Every template in every language.
pub struct Texts {
    product: String,
    default: Language,
    languages: BTreeMap<Language, Environment<'static>>,
}

impl Texts {
    /// Compiles the templates, those in `files` in place of those that are built in, and renders each with each of its
    /// samples.
    ///
    /// # Errors
    /// Everything that is wrong with `files`.
    pub(crate) fn compile<'a>(
        templates: impl Iterator<Item = &'a Template> + Clone,
        files: &[TextFile],
        default: Language,
        product: &str,
    ) -> Result<Self, Vec<TextError>> {
        let names: BTreeSet<&str> = templates.clone().map(|template| template.name).collect();
        let mut sources = BTreeMap::new();
        for template in templates.clone() {
            for (language, source) in template.built_in {
                sources.insert((*language, template.name), *source);
            }
        }
        let mut errors = Vec::new();
        for file in files {
            match names.get(file.name.as_str()) {
                Some(name) => drop(sources.insert((file.language, name), &file.content)),
                None => errors.push(error(file.language, &file.name, None, &unknown(&names))),
            }
        }
        let empty =
            environment(product).map_err(|wrong| vec![error(default, "", None, &explained(&wrong))])?;
        let mut languages = BTreeMap::<Language, Environment<'static>>::new();
        for ((language, name), source) in &sources {
            let environment = languages.entry(*language).or_insert_with(|| empty.clone());
            let name = (*name).to_owned();
            if let Err(wrong) = environment.add_template_owned(name.clone(), (*source).to_owned()) {
                errors.push(error(*language, &name, wrong.line(), &explained(&wrong)));
            }
        }
        for (language, environment) in &languages {
            for template in templates.clone() {
                if sources.contains_key(&(*language, template.name)) {
                    errors.extend(tried(*language, environment, template));
                } else {
                    let missing = "is missing. A language has a file for every text.";
                    errors.push(error(*language, template.name, None, missing));
                }
            }
        }
        if !languages.contains_key(&default) {
            errors.push(TextError {
                file: default.to_string(),
                line: None,
                problem:
                    "There are no texts in the default language. Choose another, or add a folder for it."
                        .to_owned(),
            });
        }
        if errors.is_empty() {
            Ok(Self {
                product: product.to_owned(),
                default,
                languages,
            })
        } else {
            Err(errors)
        }
    }

    /// The name of the product in them.
    pub(crate) fn product(&self) -> &str {
        &self.product
    }

    /// Whether there are texts in this language.
    pub(crate) fn has(&self, language: Language) -> bool {
        self.languages.contains_key(&language)
    }

    /// The first language asked for that there are texts in.
    pub(crate) fn choose(&self, preferred: &PreferredLanguages) -> Option<Language> {
        preferred.iter().find(|language| self.has(*language))
    }

    /// The same, or else the default language.
    pub(crate) fn language(&self, preferred: &PreferredLanguages) -> Language {
        self.choose(preferred).unwrap_or(self.default)
    }

    /// One text; in the default language where there are none in this one.
    ///
    /// # Errors
    /// Only if its variables are not among the samples.
    pub(crate) fn render(
        &self,
        language: Option<Language>,
        name: &str,
        variables: impl Serialize,
    ) -> Result<Rendered> {
        let language = language
            .filter(|language| self.has(*language))
            .unwrap_or(self.default);
        let environment = self.languages.get(&language);
        let environment = environment.ok_or_else(|| Error::internal("the default language has no texts"))?;
        render(language, environment, name, Value::from(Serde(variables)))
            .map_err(|wrong| Error::internal("a text cannot be written").with_source(wrong))
    }
}

fn environment(product: &str) -> std::result::Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    // Lines that hold nothing but a block leave no line behind.
    let mut syntax = SyntaxConfig::builder();
    environment.set_syntax(syntax.trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_global("product", product);
    Ok(environment)
}

fn render(
    language: Language,
    environment: &Environment<'static>,
    name: &str,
    variables: Value,
) -> std::result::Result<Rendered, minijinja::Error> {
    let whole = environment.get_template(name)?.render(variables)?;
    let whole = whole.trim();
    let (subject, text) = match whole.strip_prefix(SUBJECT) {
        Some(mail) if is_mail(name) => mail.split_once('\n').unwrap_or((mail, "")),
        _ => ("", whole),
    };
    Ok(Rendered {
        language,
        subject: subject.trim().to_owned(),
        text: text.trim_matches('\n').to_owned(),
    })
}

fn is_mail(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, channel)| channel == "email")
}

/// What is wrong with a template when it is rendered with its samples.
fn tried(language: Language, environment: &Environment<'static>, template: &Template) -> Option<TextError> {
    if environment.get_template(template.name).is_err() {
        return None;
    }
    let wrong = |line, problem: &str| Some(error(language, template.name, line, problem));
    for sample in (template.samples)() {
        let code = sample.get_attr("code").ok();
        let code = code.as_ref().and_then(Value::as_str).map(str::to_owned);
        match render(language, environment, template.name, sample) {
            Err(reason) => return wrong(reason.line(), &explained(&reason)),
            Ok(mail) if is_mail(template.name) && mail.subject.is_empty() => {
                return wrong(Some(1), "A mail begins with a line `Subject: ` and its subject.");
            }
            Ok(text) if text.text.is_empty() => return wrong(None, "Nothing is left of the text."),
            Ok(text) if code.as_ref().is_some_and(|code| !text.text.contains(code)) => {
                return wrong(None, "The code is missing. Write `{{ code }}` where it belongs.");
            }
            Ok(_) => {}
        }
    }
    None
}

fn error(language: Language, name: &str, line: Option<usize>, problem: &str) -> TextError {
    TextError {
        file: format!("{language}/{name}.txt"),
        line,
        problem: problem.to_owned(),
    }
}

fn explained(wrong: &minijinja::Error) -> String {
    let what = match wrong.detail() {
        Some(detail) => format!("{}: {detail}", wrong.kind()),
        None => wrong.kind().to_string(),
    };
    format!("{what}. Compare it with the text that is built in.")
}

fn unknown(names: &BTreeSet<&str>) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}.txt`")).collect();
    format!("There is no such text. Expected is one of {}.", names.join(", "))
}
