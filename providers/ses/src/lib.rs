//! Sends e-mail through Amazon SES.
