//! The texts of a deployment, read from the folder that `product.texts` names.

use std::io::Error;
use std::path::Path;

use portcullis_core::compile_texts;
use portcullis_core::settings::Settings;
use portcullis_core::texts::{TextFile, Texts};

/// The largest file that is read, in bytes.
const LARGEST: u64 = 64 * 1024;
const LAYOUT: &str = "Expected are files such as `de/code.email.txt`.";

/// The texts that are built in, with those in the folder in their place if one is named.
///
/// # Errors
/// What is wrong with each of them.
pub(crate) fn compile(settings: &Settings) -> Result<Texts, Vec<String>> {
    let (mut files, mut errors) = (Vec::new(), Vec::new());
    if let Some(folder) = &settings.product.texts
        && let Err(error) = read_folder(Path::new(folder), &mut files, &mut errors)
    {
        errors.push(format!("The folder {folder} cannot be read: {error}."));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    compile_texts(&files, settings).map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

fn read_folder(folder: &Path, files: &mut Vec<TextFile>, errors: &mut Vec<String>) -> Result<(), Error> {
    for language in sorted(folder)? {
        for path in sorted(&folder.join(&language))? {
            let shown = format!("{language}/{path}");
            match read_file(&folder.join(&shown), &language, &path) {
                Ok(file) => files.push(file),
                Err(why) => errors.push(format!("{shown}: {why}")),
            }
        }
    }
    Ok(())
}

fn read_file(path: &Path, language: &str, name: &str) -> Result<TextFile, String> {
    let language = language.parse().map_err(|why| format!("`{language}` {why}."))?;
    let name = name.strip_suffix(".txt").ok_or(LAYOUT)?;
    let size = path.metadata().map_err(|error| format!("{error}."))?.len();
    if size > LARGEST {
        return Err(format!("It has {size} bytes. Expected are at most {LARGEST}."));
    }
    Ok(TextFile {
        language,
        name: name.to_owned(),
        content: std::fs::read_to_string(path).map_err(|error| format!("{error}."))?,
    })
}

/// The names in a folder, in order, without hidden ones.
fn sorted(folder: &Path) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for entry in folder.read_dir()? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(files: &[(&str, &str)]) -> Result<Texts, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let mut settings = Settings::default();
        settings.product.texts = Some(folder.path().display().to_string());
        compile(&settings)
    }

    #[test]
    fn a_folder_of_texts_is_read() {
        let own = "Subject: Hi\n\n{{ code }} {{ product }}\n";
        assert!(with(&[("de/code.email.txt", own), (".hidden", "")]).is_ok());
        let code_alone = with(&[("fr/code.email.txt", own)]).err().unwrap();
        assert!(
            code_alone[0].starts_with("fr/") && code_alone[0].contains("is missing"),
            "{code_alone:?}"
        );
        assert!(compile(&Settings::default()).is_ok());
    }

    #[test]
    fn what_is_wrong_is_said_with_file_line_and_remedy() {
        for (path, content, expected) in [
            (
                "de/code.email.txt",
                "Subject: Hi\n\n{{ cod }}\n",
                "de/code.email.txt, line 3: undefined value",
            ),
            (
                "de/code.email.txt",
                "Subject: Hi\n\n{% if %}\n",
                "de/code.email.txt, line 3: syntax error",
            ),
            (
                "de/cod.email.txt",
                "",
                "de/cod.email.txt: There is no such text. Expected is one of",
            ),
            (
                "German/code.email.txt",
                "",
                "German/code.email.txt: `German` is not a language",
            ),
            (
                "de/code.email.html",
                "",
                "de/code.email.html: Expected are files such as",
            ),
        ] {
            let errors = with(&[(path, content)]).err().unwrap();
            assert_eq!(errors.len(), 1, "{errors:?}");
            assert!(errors[0].starts_with(expected), "{errors:?}");
        }
        let mut settings = Settings::default();
        settings.product.texts = Some("/nowhere/at/all".into());
        assert!(compile(&settings).err().unwrap()[0].contains("/nowhere/at/all cannot be read"));
        let mut settings = Settings::default();
        settings.product.language = "fr".parse().unwrap();
        assert!(
            compile(&settings).err().unwrap()[0]
                .starts_with("fr: There are no texts in the default language.")
        );
    }
}
