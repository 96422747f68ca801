//! portcullis-adapter-keyfile
