//! The control panel: its files, its page for every address of its own, and what is left for all others.

use std::collections::HashMap;
use std::time::Duration;

use poem::endpoint::make_sync;
use poem::error::NotFoundError;
use poem::http::Method;
use poem::http::StatusCode;
use poem::http::header::{ACCEPT, HeaderMap, LOCATION};
use poem::web::Html;
use poem::{Endpoint, EndpointExt as _, IntoResponse as _, Request, Response};
use portcullis_openapi::Resource;

use super::files::File;
use super::security::VendorPolicy;
use super::watched::Watched;

/// The page of the panel.
const PAGE: &str = "index.html";
/// The folder with files that are named after their contents.
const HASHED: &str = "assets/";

/// The page on which a password is changed.
const PASSWORD_PAGE: &str = "/password";

/// Pages on which scripts of payment vendors run, which have a policy of their own. The panel enters and leaves them by loading
/// a page, because a document keeps the policy that it came with: no other page runs such a script.
const VENDOR_PAGES: [&str; 2] = ["/billing/pay", "/billing/add-method"];

/// The first part of every path that belongs to programs: no page is shown there.
const NOT_PAGES: [&str; 14] = [
    ".well-known",
    "api",
    "assets",
    "auth",
    "dev",
    "docs",
    "healthz",
    "metrics",
    "openapi",
    "openapi.json",
    "openapi.yaml",
    "problems",
    "readyz",
    "ui",
];

const WITHOUT_PANEL: &str = "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<title>Portcullis</title>
</head>
<body>
<h1>Portcullis</h1>
<p>This program was built without the control panel. The API is described at <a href=\"/docs\">/docs</a>.</p>
</body>
</html>
";

/// The files of the panel, each at its path, and its page at the root.
pub(super) fn resources() -> Vec<Resource> {
    let mut hashed = HashMap::new();
    let mut resources = Vec::new();
    for (path, asset) in portcullis_ui::paths().filter_map(|path| Some((path, portcullis_ui::asset(path)?))) {
        let file = File::of_the_panel(asset);
        match path.strip_prefix(HASHED) {
            Some(name) => {
                hashed.insert(name, file);
            }
            None if path == PAGE => resources.push(Resource::get("/", file)),
            None => resources.push(Resource::get(format!("/{path}"), file)),
        }
    }
    if !hashed.is_empty() {
        // One route for all, so that meters do not grow with every version.
        resources.push(Resource::get("/assets/{file}", Hashed(hashed)));
    }
    if portcullis_ui::is_included() {
        // Where password managers lead people: W3C, A Well-Known URL for Changing Passwords.
        resources.push(Resource::get(
            "/.well-known/change-password",
            make_sync(change_password),
        ));
    } else {
        resources.push(Resource::get(
            "/",
            make_sync(|_| Html(WITHOUT_PANEL).into_response()),
        ));
    }
    resources
}

fn change_password(_: Request) -> Response {
    Response::builder()
        .status(StatusCode::FOUND)
        .header(LOCATION, PASSWORD_PAGE)
        .finish()
}

/// Files by their name in the folder of hashed names.
struct Hashed(HashMap<&'static str, File>);

impl Endpoint for Hashed {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let name = request.raw_path_param("param0").unwrap_or_default();
        let file = self.0.get(name).ok_or(NotFoundError)?;
        Ok(file.answer(request.headers()))
    }
}

/// Answers every path that nothing else answers: people get the page of the panel, which knows its own addresses;
/// programs get a problem.
pub(super) struct Elsewhere {
    page: Option<Watched<Page>>,
    nothing: Watched<poem::endpoint::BoxEndpoint<'static, Response>>,
}

impl Elsewhere {
    /// `vendors` is what payment vendors need on their pages, if there are any.
    pub(super) fn new(limit: Duration, vendors: Option<VendorPolicy>) -> Self {
        let page = portcullis_ui::asset(PAGE).map(|asset| Page {
            file: File::of_the_panel(asset),
            vendors,
        });
        let nothing = make_sync(|_| Err::<Response, poem::Error>(NotFoundError.into())).boxed();
        Self {
            page: page.map(|page| Watched::new("panel", page, limit)),
            nothing: Watched::new("unmatched", nothing, limit),
        }
    }
}

/// The page of the panel, with the policy of its address.
struct Page {
    file: File,
    vendors: Option<VendorPolicy>,
}

impl Endpoint for Page {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let mut response = self.file.answer(request.headers());
        if let Some(policy) = &self.vendors
            && VENDOR_PAGES.contains(&request.uri().path())
        {
            policy.set(response.headers_mut());
        }
        Ok(response)
    }
}

impl Endpoint for Elsewhere {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        match &self.page {
            Some(page) if is_for_a_person(&request) => page.call(request).await,
            _ => self.nothing.call(request).await,
        }
    }
}

fn is_for_a_person(request: &Request) -> bool {
    let first = request.uri().path().split('/').nth(1).unwrap_or_default();
    matches!(*request.method(), Method::GET | Method::HEAD)
        && !NOT_PAGES.contains(&first)
        && wants_page(request.headers())
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}
