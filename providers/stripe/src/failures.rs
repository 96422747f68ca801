//! Stripe's codes as what would help: its table of decline codes, and its advice, which wins.
//!
//! Source: "Decline codes" and "Error codes" of Stripe's documentation.

use portcullis_ports::payments::{CUSTOMER_GONE, DeclineClass, Failure};

use crate::wire::Refusal;

/// Why something was refused.
pub(crate) fn failure(refusal: &Refusal) -> Failure {
    let code = refusal.decline_code.as_deref().or(refusal.code.as_deref());
    let code = code.unwrap_or(if refusal.kind.is_empty() {
        "refused"
    } else {
        &refusal.kind
    });
    if code == "resource_missing" && refusal.param.as_deref() == Some("customer") {
        return Failure::new(
            DeclineClass::OurSide,
            CUSTOMER_GONE,
            "Stripe does not have the customer: it was deleted there, or is of another account or mode",
        );
    }
    let class = class(refusal, code);
    let detail = match class {
        DeclineClass::RetryLater => "the bank refused it, and may take it later",
        DeclineClass::OtherMethod => "the bank refused the method",
        DeclineClass::Authenticate => "the bank wants the payer to confirm",
        DeclineClass::Never => "the bank refused it for good",
        DeclineClass::OurSide => "Stripe refused the request",
    };
    match (&refusal.param, class) {
        (Some(param), DeclineClass::OurSide) if is_word(param) => {
            Failure::new(class, code, format!("{detail}, at the field {param}"))
        }
        _ => Failure::new(class, code, detail),
    }
}

/// A failure that only a reason is told of, such as that of a refund.
pub(crate) fn of_reason(reason: Option<&str>) -> Failure {
    let code = reason.unwrap_or("unknown");
    Failure::new(
        DeclineClass::OurSide,
        code,
        "Stripe could not hand the money over",
    )
}

fn class(refusal: &Refusal, code: &str) -> DeclineClass {
    if is_authentication(code) || refusal.code.as_deref().is_some_and(is_authentication) {
        return DeclineClass::Authenticate;
    }
    match refusal.advice_code.as_deref() {
        Some("try_again_later") => return DeclineClass::RetryLater,
        Some("do_not_try_again") => return DeclineClass::Never,
        Some("confirm_card_data") => return DeclineClass::OtherMethod,
        _ => {}
    }
    match code {
        "insufficient_funds"
        | "try_again_later"
        | "issuer_not_available"
        | "processing_error"
        | "reenter_transaction"
        | "card_velocity_exceeded"
        | "withdrawal_count_limit_exceeded"
        | "generic_decline"
        | "do_not_honor"
        | "card_declined"
        | "call_issuer"
        | "no_action_taken"
        | "payment_method_microdeposit_verification_amounts_mismatch"
        | "payment_method_microdeposit_verification_amounts_invalid"
        | "payment_method_microdeposit_verification_descriptor_code_mismatch" => DeclineClass::RetryLater,
        "lost_card"
        | "stolen_card"
        | "pickup_card"
        | "restricted_card"
        | "fraudulent"
        | "merchant_blacklist"
        | "revocation_of_all_authorizations"
        | "revocation_of_authorization"
        | "stop_payment_order"
        | "security_violation" => DeclineClass::Never,
        "resource_missing" if matches!(refusal.param.as_deref(), Some("payment_method")) => {
            DeclineClass::OtherMethod
        }
        "debit_not_authorized"
        | "account_closed"
        | "no_account"
        | "bank_account_restricted"
        | "invalid_account"
        | "expired_card"
        | "incorrect_number"
        | "invalid_number"
        | "incorrect_cvc"
        | "invalid_cvc"
        | "incorrect_zip"
        | "invalid_expiry_month"
        | "invalid_expiry_year"
        | "card_not_supported"
        | "currency_not_supported"
        | "new_account_information_available"
        | "payment_method_provider_decline"
        | "payment_method_unactivated"
        | "payment_method_microdeposit_verification_attempts_exceeded"
        | "payment_method_microdeposit_verification_timeout"
        | "payment_method_microdeposit_failed"
        | "bank_account_unverified"
        | "bank_account_declined" => DeclineClass::OtherMethod,
        // A code that is not known here yet: of a payer's method, or of our request.
        _ if refusal.kind == "card_error" => DeclineClass::OtherMethod,
        _ => DeclineClass::OurSide,
    }
}

fn is_authentication(code: &str) -> bool {
    matches!(
        code,
        "authentication_required"
            | "authentication_not_handled"
            | "payment_intent_authentication_failure"
            | "setup_intent_authentication_failure"
    )
}

/// Whether a text is the name of a field, and nothing that somebody wrote.
fn is_word(text: &str) -> bool {
    text.len() <= 60
        && text
            .bytes()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || b"_[]".contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: &str, code: &str, decline: Option<&str>, advice: Option<&str>) -> DeclineClass {
        let refusal = Refusal {
            kind: kind.to_owned(),
            code: Some(code.to_owned()),
            decline_code: decline.map(str::to_owned),
            advice_code: advice.map(str::to_owned),
            ..Refusal::default()
        };
        failure(&refusal).class
    }

    #[test]
    fn a_decline_says_what_would_help() {
        use DeclineClass as C;
        for (code, decline, advice, class) in [
            ("card_declined", Some("insufficient_funds"), None, C::RetryLater),
            ("card_declined", Some("generic_decline"), None, C::RetryLater),
            (
                "card_declined",
                Some("generic_decline"),
                Some("do_not_try_again"),
                C::Never,
            ),
            ("card_declined", Some("stolen_card"), None, C::Never),
            (
                "card_declined",
                Some("stolen_card"),
                Some("try_again_later"),
                C::RetryLater,
            ),
            ("card_declined", Some("a_code_of_tomorrow"), None, C::OtherMethod),
            ("expired_card", None, None, C::OtherMethod),
            (
                "authentication_required",
                Some("authentication_required"),
                None,
                C::Authenticate,
            ),
            (
                "authentication_required",
                None,
                Some("try_again_later"),
                C::Authenticate,
            ),
        ] {
            assert_eq!(
                of("card_error", code, decline, advice),
                class,
                "{code} {decline:?}"
            );
        }
        assert_eq!(
            of("invalid_request_error", "amount_too_small", None, None),
            C::OurSide
        );
    }
}
