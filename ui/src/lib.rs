//! portcullis-ui
