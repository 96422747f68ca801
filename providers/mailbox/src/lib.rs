//! portcullis-provider-mailbox
