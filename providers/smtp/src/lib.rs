//! Sends e-mail through any SMTP server.
