//! Why PayPal refused, as the port has it.

use portcullis_ports::payments::{DeclineClass, Failure};

use crate::wire::{Capture, Processor, Refusal};

/// The class of an issue of PayPal: what would help.
fn class(code: &str) -> DeclineClass {
    match code {
        "PAYER_ACTION_REQUIRED" | "ORDER_NOT_APPROVED" => DeclineClass::Authenticate,
        "TRANSACTION_LIMIT_EXCEEDED" | "PENDING_CAPTURE" | "REFUND_FAILED_INSUFFICIENT_FUNDS" => {
            DeclineClass::RetryLater
        }
        "INSTRUMENT_DECLINED"
        | "TRANSACTION_REFUSED"
        | "PAYER_CANNOT_PAY"
        | "PAYER_ACCOUNT_RESTRICTED"
        | "PAYER_ACCOUNT_LOCKED_OR_CLOSED"
        | "PAYMENT_SOURCE_DECLINED_BY_PROCESSOR"
        | "PAYMENT_SOURCE_CANNOT_BE_USED"
        | "PAYMENT_SOURCE_INFO_CANNOT_BE_VERIFIED"
        | "CARD_EXPIRED"
        | "REFERENCED_CARD_EXPIRED"
        | "INVALID_EXPIRY_DATE"
        | "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING"
        | "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED"
        // The stored method is dead: its payer took it away at PayPal.
        | "AGREEMENT_ALREADY_CANCELLED"
        | "BILLING_AGREEMENT_NOT_FOUND"
        | "TOKEN_ID_NOT_FOUND"
        | "TOKEN_EXPIRED" => DeclineClass::OtherMethod,
        "PREVIOUS_TRANSACTION_REFERENCE_HAS_CHARGEBACK" => DeclineClass::Never,
        _ => DeclineClass::OurSide,
    }
}

/// Why a request was refused.
pub(crate) fn failure(refusal: &Refusal) -> Failure {
    let code = refusal.code();
    let code = if code.is_empty() { "refused" } else { code };
    let traceable = !refusal.debug_id.is_empty()
        && refusal.debug_id.len() <= 40
        && refusal.debug_id.bytes().all(|c| c.is_ascii_alphanumeric());
    let detail = if traceable {
        format!("PayPal refused it; its support finds it as {}", refusal.debug_id)
    } else {
        "PayPal refused it".to_owned()
    };
    Failure::new(class(code), code, detail)
}

/// Why money that was asked for did not come, though PayPal made an object of the attempt.
pub(crate) fn of_capture(capture: &Capture) -> Failure {
    of_processor(
        &capture.processor_response,
        capture
            .status_details
            .reason
            .as_deref()
            .unwrap_or(&capture.status),
    )
}

/// What a card's bank said, or else this word of PayPal's.
pub(crate) fn of_processor(said: &Processor, otherwise: &str) -> Failure {
    let Some(code) = said.response_code.as_deref() else {
        let detail = "the payer's bank or PayPal's review refused it";
        return Failure::new(DeclineClass::OtherMethod, otherwise, detail);
    };
    let class = match (said.payment_advice_code.as_deref(), code) {
        (_, "5650") => DeclineClass::Authenticate,
        // What the bank advises goes before what its code says.
        (Some("02"), _) | (None | Some("01"), "0500" | "5120" | "9100") => DeclineClass::RetryLater,
        (Some("03" | "21"), _) | (_, "5150" | "5160" | "9500" | "9520") => DeclineClass::Never,
        _ => DeclineClass::OtherMethod,
    };
    Failure::new(class, code, "the card's bank refused it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bank_says_what_would_help_and_its_advice_goes_first() {
        use DeclineClass as C;
        for (code, advice, expected) in [
            ("5120", None, C::RetryLater),
            ("5120", Some("03"), C::Never),
            ("9520", None, C::Never),
            ("9520", Some("02"), C::RetryLater),
            ("5650", Some("02"), C::Authenticate),
            ("5400", None, C::OtherMethod),
            ("code of tomorrow", None, C::OtherMethod),
        ] {
            let said = Processor {
                response_code: Some(code.to_owned()),
                payment_advice_code: advice.map(str::to_owned),
            };
            let failure = of_processor(&said, "DECLINED");
            assert_eq!(
                (failure.class, failure.code.as_str()),
                (expected, code),
                "{advice:?}"
            );
        }
    }

    #[test]
    fn a_refusal_is_told_by_its_issue_and_quotes_nothing() {
        let body = br#"{"name":"UNPROCESSABLE_ENTITY","message":"Ada's card","debug_id":"90957fca61718",
            "details":[{"issue":"AGREEMENT_ALREADY_CANCELLED","description":"of ada@example.com"}]}"#;
        let failure = failure(&serde_json::from_slice(body).unwrap());
        assert_eq!(failure.class, DeclineClass::OtherMethod);
        assert_eq!(failure.code, "AGREEMENT_ALREADY_CANCELLED");
        assert!(failure.detail.contains("90957fca61718") && !failure.detail.contains("ada"));
    }
}
