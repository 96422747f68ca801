//! portcullis-openapi
