//! What the ports and the core must not know: libraries that do I/O, the clock, chance, vendors; and no OpenSSL anywhere.

use std::process::Command;

use super::assert_no_complaints;
use super::code::{uses_of, without_comments};
use super::project::{File, files, root};

/// Libraries that would bring I/O or HTTP; a name that ends in `-` stands for a family.
const IMPURE_LIBRARIES: &[&str] = &[
    "aws-", "figment", "hyper", "hyper-", "poem", "poem-", "reqwest", "rusqlite", "tokio", "tokio-",
];

/// Paths by which code reaches for the world instead of being handed it, and what to take instead.
const IMPURE_PATHS: &[(&str, &str)] = &[
    ("SystemTime::now", "take the time from the Clock port"),
    ("Instant::now", "take the time from the Clock port"),
    ("getrandom", "take chance from the Entropy port"),
    ("rand::", "take chance from the Entropy port"),
    ("std::env", "settings are handed in"),
    ("std::fs", "files belong to adapters"),
    ("TcpListener", "the network belongs to adapters and providers"),
    ("TcpStream", "the network belongs to adapters and providers"),
    ("ToSocketAddrs", "the network belongs to adapters and providers"),
    ("UdpSocket", "the network belongs to adapters and providers"),
];

/// Where a path is needed after all: a promise about real time can only be checked by measuring it, and the list of
/// skipped suites is a file that the test command names.
const EXCEPTIONS: [(&str, &str); 3] = [
    ("ports/src/testkit/", "Instant::now"),
    ("ports/src/testkit/skipped.rs", "std::env"),
    ("ports/src/testkit/skipped.rs", "std::fs"),
];

/// Vendors and their products, as words. What they have in common belongs to a port.
const VENDORS: &[&str] = &[
    "amazon", "aws", "ccbill", "cognito", "dhl", "dynamodb", "fcm", "fedex", "firebase", "kms", "paypal",
    "sendgrid", "sns", "stripe", "twilio", "ups", "usps",
];

/// Vendors whose name is also an ordinary abbreviation: found only where they are written as the vendor writes them.
const VENDORS_IN_CAPITALS: &[&str] = &["SES"];

/// A library in a dependency tree that the purity of `krate` forbids.
fn tree_complaint(krate: &str, library: &str) -> Option<String> {
    let forbidden = IMPURE_LIBRARIES.iter().any(|row| {
        if row.ends_with('-') {
            library.starts_with(row)
        } else {
            library == *row
        }
    });
    forbidden.then(|| format!("{krate} must not reach {library}: it stays pure in its default features"))
}

/// Where the code of a file reaches for the world.
fn source_complaints(file: &File) -> Vec<String> {
    let code = without_comments(file.text());
    let found = |(path, instead): &(&str, &str)| {
        let lines = uses_of(&code, path).into_iter();
        lines
            .map(|line| format!("{}:{line} names {path}: {instead}", file.path))
            .collect::<Vec<_>>()
    };
    let forbidden = |(path, _): &&(&str, &str)| {
        let excepted = |(place, used): &(&str, &str)| path == used && file.path.starts_with(place);
        !EXCEPTIONS.iter().any(excepted)
    };
    IMPURE_PATHS.iter().filter(forbidden).flat_map(found).collect()
}

/// Where a file names a vendor, comments included.
fn vendor_complaints(file: &File) -> Vec<String> {
    let mut complaints = Vec::new();
    for (line, text) in file.text().lines().enumerate() {
        for word in words(text) {
            let named = VENDORS.contains(&word.to_lowercase().as_str())
                || VENDORS_IN_CAPITALS.contains(&word.as_str());
            if named {
                complaints.push(format!(
                    "{}:{} names {word}: vendors are known to plugins only",
                    file.path,
                    line + 1
                ));
            }
        }
    }
    complaints
}

/// The words of a line; `snake_case` and `CamelCase` names are taken apart, `sign-ups` is one word.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut last_was_small = false;
    for c in line.chars() {
        let starts_new = c.is_uppercase() && last_was_small;
        if starts_new || !(c.is_alphanumeric() || c == '-') {
            words.push(String::new());
        }
        if (c.is_alphanumeric() || c == '-')
            && let Some(word) = words.last_mut()
        {
            word.push(c);
        }
        last_was_small = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A second TLS beside rustls in the lock file.
fn lock_complaints(lock: &str) -> Vec<String> {
    const FOREIGN: [&str; 4] = ["native-tls", "openssl", "openssl-src", "openssl-sys"];
    let names = lock
        .lines()
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    names
        .filter(|name| FOREIGN.contains(name))
        .map(|name| format!("Cargo.lock holds {name}: TLS is rustls; look for the feature that brought it in (cargo tree -i {name})"))
        .collect()
}

/// The libraries that a crate is built with when it is built alone, each with its features.
fn tree(krate: &str) -> Vec<(String, String)> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args([
            "tree",
            "--offline",
            "--locked",
            "--package",
            krate,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p} {f}",
        ])
        .output()
        .expect("cargo tree starts");
    assert!(
        output.status.success(),
        "cargo tree: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("cargo speaks UTF-8");
    let ends = |line: &str| {
        let (library, rest) = line.split_once(' ')?;
        let features = rest.rsplit(' ').next()?;
        Some((library.to_owned(), features.to_owned()))
    };
    text.lines().filter_map(ends).collect()
}

fn pure_sources() -> Vec<File> {
    let mut files = files();
    files.retain(|file| file.path.starts_with("ports/src/") || file.path.starts_with("core/src/"));
    assert!(files.len() > 10, "the sources of ports and core are found");
    files
}

#[test]
fn the_ports_and_the_core_are_built_without_io() {
    for krate in ["portcullis-ports", "portcullis-core"] {
        let libraries = tree(krate);
        assert!(
            libraries.iter().any(|(name, _)| name == krate),
            "cargo tree knows {krate}"
        );
        let complaints: Vec<String> = libraries
            .iter()
            .filter_map(|(library, _)| tree_complaint(krate, library))
            .collect();
        assert_no_complaints("impure dependencies", &complaints);
    }
}

#[test]
fn the_program_is_built_without_the_test_kit() {
    let libraries = tree("portcullis");
    let ports = libraries.iter().find(|(name, _)| name == "portcullis-ports");
    let (_, features) = ports.expect("the program is built on the ports");
    assert!(features.contains("openapi"), "the features are read: {features}");
    assert!(
        !features.split(',').any(|feature| feature == "testkit"),
        "simulators and fakes belong to tests: {features}"
    );
}

#[test]
fn the_ports_and_the_core_are_handed_the_world() {
    let complaints: Vec<String> = pure_sources().iter().flat_map(source_complaints).collect();
    assert_no_complaints("impure code", &complaints);
}

#[test]
fn the_ports_and_the_core_name_no_vendor() {
    let complaints: Vec<String> = pure_sources().iter().flat_map(vendor_complaints).collect();
    assert_no_complaints("vendors", &complaints);
}

#[test]
fn tls_is_rustls_and_nothing_else() {
    let files = files();
    let lock = files
        .iter()
        .find(|file| file.path == "Cargo.lock")
        .expect("Cargo.lock is committed");
    assert_no_complaints("foreign TLS", &lock_complaints(lock.text()));
}

#[test]
fn an_impure_library_is_found() {
    for library in [
        "tokio",
        "tokio-util",
        "aws-sdk-kms",
        "poem",
        "poem-openapi",
        "hyper",
        "reqwest",
        "figment",
        "rusqlite",
    ] {
        assert!(
            tree_complaint("portcullis-core", library).is_some_and(|said| said.contains(library)),
            "{library}"
        );
    }
    for library in ["serde", "poems", "portcullis-ports", "async-trait"] {
        assert_eq!(tree_complaint("portcullis-core", library), None);
    }
}

#[test]
fn impure_code_is_found_outside_comments() {
    let file = File::new(
        "core/src/x.rs",
        "// SystemTime::now\nlet t = SystemTime::now();\nuse std::{env, fmt};\nlet r: u8 = rand::random();\nlet i = Instant::now();\nuse std::net::{IpAddr, TcpStream};\n",
    );
    let said = source_complaints(&file).join("\n");
    for at in [
        "x.rs:2 names SystemTime::now",
        "x.rs:3 names std::env",
        "x.rs:4 names rand::",
        "x.rs:5 names Instant::now",
        "x.rs:6 names TcpStream",
    ] {
        assert!(said.contains(at), "{said}");
    }
    assert!(!said.contains("x.rs:1"), "{said}");
    let suite = "let began = Instant::now(); let now = SystemTime::now();";
    assert_eq!(
        source_complaints(&File::new("ports/src/testkit/x.rs", suite)).len(),
        1
    );
    assert_eq!(
        source_complaints(&File::new(
            "core/src/x.rs",
            "use std::sync::Arc; let operand = 1;"
        )),
        [""; 0]
    );
}

#[test]
fn a_vendor_is_found_in_names_and_in_comments() {
    for text in [
        "/// Like Stripe does.",
        "struct PayPalClient;".replace("PayPal", "Paypal").as_str(),
        "let dynamodb_table = 1;",
        "// a UPS label",
        "via SES",
    ] {
        assert_eq!(
            vendor_complaints(&File::new("core/src/x.rs", text)).len(),
            1,
            "{text}"
        );
    }
    for text in [
        "striped",
        "groups and sign-ups",
        "let session_ses = \"ses_01\";",
        "awsome",
    ] {
        assert_eq!(vendor_complaints(&File::new("core/src/x.rs", text)), [""; 0]);
    }
}

#[test]
fn a_second_tls_in_the_lock_file_is_found() {
    assert_eq!(
        lock_complaints("[[package]]\nname = \"openssl-sys\"\nversion = \"1\"\n").len(),
        1
    );
    assert_eq!(
        lock_complaints("[[package]]\nname = \"openssl-probe\"\nversion = \"1\"\n"),
        [""; 0]
    );
}
