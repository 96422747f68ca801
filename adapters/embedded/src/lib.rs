//! portcullis-adapter-embedded
