//! Sends text messages through Twilio.
