//! portcullis-adapter-header
