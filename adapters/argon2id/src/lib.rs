//! portcullis-adapter-argon2id
