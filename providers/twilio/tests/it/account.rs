//! Health: what the operator is told about the account.

use portcullis_ports::error::Kind;
use portcullis_ports::testkit::Fault;
use portcullis_provider_twilio::simulator;
use serde_json::json;

use crate::simulated_account::SimulatedAccount;

#[tokio::test]
async fn an_active_account_is_well_and_a_trial_is_named() {
    let simulated = SimulatedAccount::new();
    let connected = simulated.with_verify().await;
    let said = connected.probe.check().await.unwrap();
    assert_eq!(said, "the account is active; Verify takes our codes");
    simulated.twilio.set_account("active", "Trial");
    let said = simulated.plain().await.probe.check().await.unwrap();
    assert!(
        said.contains("trial") && said.contains("verified numbers"),
        "{said}"
    );
}

#[tokio::test]
async fn what_is_wrong_is_said_with_the_place_to_look() {
    let simulated = SimulatedAccount::new();
    let wrong_token = simulated
        .connect(json!({ "from": simulator::NUMBER, "auth_token": "wrong" }))
        .await;
    let error = wrong_token.probe.check().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    assert!(
        error.detail().contains("auth_token") && error.detail().contains("20003"),
        "{error}"
    );

    let other_service = json!({ "verify_service_sid": "VA00000000000000000000000000000002" });
    let error = simulated
        .connect(other_service)
        .await
        .probe
        .check()
        .await
        .unwrap_err();
    assert!(error.detail().contains("verify_service_sid"), "{error}");

    simulated.twilio.allow_custom_codes(false);
    let error = simulated.with_verify().await.probe.check().await.unwrap_err();
    assert!(error.detail().contains("Custom Verification Code"), "{error}");

    simulated.twilio.set_account("suspended", "Full");
    let error = simulated.plain().await.probe.check().await.unwrap_err();
    assert!(error.detail().contains("suspended"), "{error}");
}

#[tokio::test]
async fn a_standard_api_key_does_not_hide_the_account() {
    let simulated = SimulatedAccount::new();
    let sid = "SK00000000000000000000000000000001";
    simulated.twilio.add_api_key(sid, "key-secret");
    let settings = json!({
        "from": simulator::NUMBER,
        "api_key_sid": sid,
        "api_key_secret": "key-secret",
        "verify_service_sid": simulator::VERIFY_SERVICE,
    });
    assert!(simulated.connect(settings).await.probe.check().await.is_ok());
}

#[tokio::test]
async fn a_vendor_that_does_not_answer_is_unavailable() {
    let simulated = SimulatedAccount::new();
    let probe = simulated.plain().await.probe;
    for fault in [
        Fault::Refused,
        Fault::AnswerLost,
        Fault::Garbage,
        Fault::Answers(503, String::new()),
    ] {
        simulated.client.will(fault.clone());
        assert_eq!(
            probe.check().await.unwrap_err().kind(),
            Kind::Unavailable,
            "{fault:?}"
        );
    }
}
