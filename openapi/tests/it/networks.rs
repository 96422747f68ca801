//! Networks of API keys: what the document says of them, and what is accepted.

use portcullis_core::api_keys::Cidr;
use portcullis_openapi::document;

#[test]
fn networks_have_the_pattern_of_what_is_accepted() {
    let document = document();
    let schema = &document["components"]["schemas"]["SetApiKeyNetworks"]["properties"]["allow_cidrs"];
    let pattern =
        regex::Regex::new(schema["items"]["pattern"].as_str().expect("a pattern")).expect("a pattern");
    let addresses = [
        "203.0.113.7",
        "0.0.0.0",
        "255.255.255.255",
        "256.0.0.0",
        "01.0.0.0",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.4 5",
        "::",
        ":::",
        ":",
        "1::",
        "::1",
        "1::2",
        "1::2::3",
        "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7::",
        "::2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:8:9",
        "1::3:4:5:6:7:8",
        "1::2:3:4:5:6:7:8",
        "12345::",
        "g::",
        "2001:DB8::a",
        "::1.2.3.4",
        "1::1.2.3.4",
        "1:2:3:4:5:6:1.2.3.4",
        "1:2:3:4:5:6:7:1.2.3.4",
        "1:2:3:4:5::1.2.3.4",
        "1:2:3:4:5:6::1.2.3.4",
        "::2:3:4:5:6:1.2.3.4",
        "::1:2:3:4:5:6:1.2.3.4",
        "1::3:4:5:6:1.2.3.4",
        "1:2::4:5:6:1.2.3.4",
        "1:2:3::5:6:1.2.3.4",
        "1:2:3:4::6:1.2.3.4",
        "1::1.2.3.4:5",
        "fd2d",
        "fe80::1%eth0",
        "",
        "x",
    ];
    let lengths = [
        "", "/0", "/8", "/08", "/32", "/33", "/99", "/100", "/128", "/129", "/+8", "/", "/8/8", "/ 8",
    ];
    let mut accepted = 0;
    for (address, length) in addresses
        .iter()
        .flat_map(|one| lengths.map(|length| (one, length)))
    {
        for text in [format!("{address}{length}"), format!(" \t{address}{length}\r\n")] {
            let parsed = Cidr::parse(&text);
            assert_eq!(pattern.is_match(&text), parsed.is_ok(), "{text:?}");
            accepted += usize::from(parsed.is_ok());
        }
    }
    assert!(accepted > 200, "{accepted}");
}
