//! Answers that went well: JSON with a status, and the session cookie where it changes.

use poem::http::StatusCode;
use poem::http::header::{CONTENT_TYPE, HeaderValue, LOCATION, SET_COOKIE};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::payload::Payload;
use poem_openapi::registry::{
    MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchemaRef, Registry,
};
use poem_openapi::types::Type;
use portcullis_core::use_case::Documented;
use portcullis_ports::Error;
use serde::Serialize;

use crate::problem::{Problem, Refusal};
use crate::{cookie, documented};

/// A use case that answers with 200, or with one of its problems.
pub(crate) type Answered<T, U = ()> = Result<Answer<T>, Refusal<U>>;

/// The media type of bodies and answers.
pub(crate) const JSON: &str = "application/json";

/// Most answers fit into this many bytes.
const USUAL_LENGTH: usize = 512;
/// Room for what is added to every answer on its way out.
const HEADERS: usize = 12;

/// 200 with a JSON body. Written by serde, whose form the tests compare with the schema.
pub(crate) struct Answer<T>(pub(crate) T);

impl<T: Serialize + Send> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let mut body = Vec::with_capacity(USUAL_LENGTH);
        match serde_json::to_writer(&mut body, &self.0) {
            Ok(()) => {
                let mut response = Response::builder().body(body);
                let headers = response.headers_mut();
                headers.reserve(HEADERS);
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
                response
            }
            Err(error) => {
                Problem(Error::internal("an answer cannot be written").with_source(error)).into_response()
            }
        }
    }
}

impl<T: Type + Documented + Send> Payload for Answer<T> {
    const CONTENT_TYPE: &'static str = JSON;

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        documented::register::<T>(registry);
    }
}

impl<T: Type + Documented> ApiResponse for Answer<T> {
    fn meta() -> MetaResponses {
        let content = vec![MetaMediaType {
            content_type: JSON,
            schema: T::schema_ref(),
        }];
        let done = MetaResponse {
            description: "Done.",
            status: Some(200),
            status_range: None,
            content,
            headers: vec![],
        };
        MetaResponses {
            responses: vec![done],
        }
    }

    fn register(registry: &mut Registry) {
        documented::register::<T>(registry);
    }
}

/// 202 with a JSON body: it was taken on, and is done later.
pub(crate) struct Accepted<T>(pub(crate) T);

impl<T: Serialize + Send> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        let mut response = Answer(self.0).into_response();
        if response.status() == StatusCode::OK {
            response.set_status(StatusCode::ACCEPTED);
        }
        response
    }
}

impl<T: Type + Documented> ApiResponse for Accepted<T> {
    fn meta() -> MetaResponses {
        let mut meta = Answer::<T>::meta();
        for response in &mut meta.responses {
            response.status = Some(202);
            response.description = "It was taken on, and is done later.";
        }
        meta
    }

    fn register(registry: &mut Registry) {
        documented::register::<T>(registry);
    }
}

/// 204: there is nothing to say.
pub(crate) struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        Response::builder().status(StatusCode::NO_CONTENT).finish()
    }
}

impl ApiResponse for NoContent {
    fn meta() -> MetaResponses {
        let done = MetaResponse {
            description: "Done; there is no body.",
            status: Some(204),
            status_range: None,
            content: vec![],
            headers: vec![],
        };
        MetaResponses {
            responses: vec![done],
        }
    }

    fn register(_: &mut Registry) {}
}

/// 303: the browser goes there.
pub(crate) struct SeeOther(pub(crate) String);

impl IntoResponse for SeeOther {
    fn into_response(self) -> Response {
        let Self(location) = self;
        Response::builder()
            .status(StatusCode::SEE_OTHER)
            .header(LOCATION, location)
            .finish()
    }
}

impl ApiResponse for SeeOther {
    fn meta() -> MetaResponses {
        let done = MetaResponse {
            description: "The browser is sent on.",
            status: Some(303),
            status_range: None,
            content: vec![],
            headers: vec![MetaHeader {
                name: "Location".to_owned(),
                description: Some("Where it goes.".to_owned()),
                required: true,
                deprecated: false,
                schema: String::schema_ref(),
            }],
        };
        MetaResponses {
            responses: vec![done],
        }
    }

    fn register(_: &mut Registry) {}
}

/// An answer after which the browser holds other cookies, or none.
pub(crate) struct WithCookie<T> {
    answer: Answer<T>,
    cookies: cookie::Changes,
}

impl<T> WithCookie<T> {
    pub(crate) fn new(body: T, cookies: cookie::Changes) -> Self {
        Self {
            answer: Answer(body),
            cookies,
        }
    }
}

impl<T: Serialize + Send> IntoResponse for WithCookie<T> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        for line in self.cookies.lines() {
            response.headers_mut().append(SET_COOKIE, line);
        }
        response
    }
}

impl<T: Type + Documented> ApiResponse for WithCookie<T> {
    fn meta() -> MetaResponses {
        let mut meta = Answer::<T>::meta();
        for response in &mut meta.responses {
            response.headers.push(MetaHeader {
                name: "Set-Cookie".to_owned(),
                description: Some(format!(
                    "Sets or clears the cookies of a browser: `{}` for its session, `{}` for the device.",
                    cookie::NAME,
                    cookie::DEVICE_NAME
                )),
                required: false,
                deprecated: false,
                schema: String::schema_ref(),
            });
        }
        meta
    }

    fn register(registry: &mut Registry) {
        documented::register::<T>(registry);
    }
}
