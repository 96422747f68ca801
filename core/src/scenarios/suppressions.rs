//! Destinations that must not be written to: who is told, what still goes, how it ends.

use portcullis_ports::notification::DeliveryNews;

use crate::areas::accounts::{ResendVerification, SignUp, SignedUp};
use crate::areas::challenges::SendEmailCode;
use crate::areas::factors::{AddEmail, AddPhone};
use crate::foundation::lane::Lane;
use crate::foundation::testing::{PASSWORD, home, secret};
use crate::services::outbox::MessageStatus;
use crate::services::suppressions::*;
use crate::services::testing::vendor::{Heard, destination, suppression};
use crate::settings::Settings;
use crate::testing::World;
use portcullis_ports::notification::SuppressionCause;

const ADA: &str = "ada@example.com";
const PHONE: &str = "+15005550006";

async fn heard() -> Heard<World> {
    Heard::<World>::open(Settings::default()).await
}

async fn verified_sign_up() -> Heard<World> {
    let accounts = crate::areas::accounts::Settings {
        sign_up: crate::settings::SignUpMode::Verified,
        ..crate::areas::accounts::Settings::default()
    };
    Heard::<World>::open(Settings {
        accounts,
        ..Settings::default()
    })
    .await
}

fn sign_up(email: &str) -> SignUp {
    SignUp {
        email: email.parse().unwrap(),
        password: secret(PASSWORD),
        display_name: None,
    }
}

impl Heard<World> {
    async fn in_force(&self, to: &str) -> Vec<SuppressionCause> {
        let found = self
            .deployment
            .app
            .suppressions
            .find(&destination(to))
            .await
            .unwrap();
        found.into_iter().map(|view| view.cause).collect()
    }

    async fn sent_to(&self, to: &str) -> usize {
        for lane in [Lane::Codes, Lane::Notices] {
            self.deployment.app.outbox.drain(lane).await.unwrap();
        }
        let sent = self.deployment.post.sent();
        sent.iter().filter(|message| message.to.address() == to).count()
    }
}

#[tokio::test]
async fn a_person_is_told_why_and_what_to_do() {
    let heard = heard().await;
    let who = heard.deployment.sign_up(ADA).await;
    let who = heard.deployment.session(&who).await;
    heard.suppress("eve@example.com", SuppressionCause::Bounce).await;
    heard.suppress(PHONE, SuppressionCause::OptOut).await;
    let email = AddEmail {
        email: "eve@example.com".parse().unwrap(),
        label: None,
    };
    let refused = heard
        .deployment
        .app
        .factors
        .add_email(&who, email)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ADDRESS_SUPPRESSED);
    assert_eq!(refused.fields()[0].pointer, "/email");
    assert_eq!(
        refused.detail(),
        "Messages to e***@example.com are refused: it rejected mail on 2026-09-21. Use another address or ask support."
    );
    let phone = AddPhone {
        phone_e164: PHONE.parse().unwrap(),
        label: None,
    };
    let refused = heard
        .deployment
        .app
        .factors
        .add_phone(&who, phone.clone())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ADDRESS_SUPPRESSED);
    assert!(
        refused
            .detail()
            .contains("asked for no more messages on 2026-09-21. Use another number"),
        "{}",
        refused.detail()
    );
    // A refusal used nothing up.
    heard
        .deployment
        .app
        .suppressions
        .lift(&destination(PHONE))
        .await
        .unwrap();
    heard.deployment.app.factors.add_phone(&who, phone).await.unwrap();
}

#[tokio::test]
async fn open_sign_up_refuses_an_address_that_bounces_and_takes_one_that_complained() {
    let heard = heard().await;
    heard.suppress("gone@example.com", SuppressionCause::Bounce).await;
    let refused = heard
        .deployment
        .app
        .accounts
        .sign_up(sign_up("gone@example.com"), &home())
        .await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), ADDRESS_SUPPRESSED);
    assert_eq!(refused.fields()[0].pointer, "/email");
    let told = "Messages to this address are refused. Use another address or ask support.";
    assert_eq!(
        refused.detail(),
        told,
        "strangers learn neither why nor since when"
    );
    heard.suppress(ADA, SuppressionCause::Complaint).await;
    heard.deployment.sign_up(ADA).await;
    assert_eq!(heard.sent_to(ADA).await, 1, "the code was asked for");
}

#[tokio::test]
async fn verified_sign_up_answers_alike_and_sends_nothing() {
    for cause in [SuppressionCause::Bounce, SuppressionCause::OptOut] {
        let heard = verified_sign_up().await;
        heard.suppress(ADA, cause).await;
        for email in [ADA, "free@example.com"] {
            let answer = heard
                .deployment
                .app
                .accounts
                .sign_up(sign_up(email), &home())
                .await;
            assert!(
                matches!(answer.unwrap(), SignedUp::VerificationSent { .. }),
                "{email}"
            );
        }
        heard.deployment.wait(60);
        let again = ResendVerification {
            email: Some(ADA.parse().unwrap()),
            sign_up_id: None,
        };
        heard
            .deployment
            .app
            .accounts
            .resend_verification(again, &home())
            .await
            .unwrap();
        assert_eq!(
            (heard.sent_to(ADA).await, heard.sent_to("free@example.com").await),
            (0, 1)
        );
    }
}

#[tokio::test]
async fn a_notice_never_makes_what_caused_it_fail() {
    for cause in [
        SuppressionCause::Bounce,
        SuppressionCause::Complaint,
        SuppressionCause::OptOut,
    ] {
        let heard = heard().await;
        let who = heard.deployment.sign_up(ADA).await;
        let who = heard.deployment.session(&who).await;
        let code = heard.deployment.code_to(ADA).await;
        let proof = crate::areas::accounts::VerifyEmail {
            email: Some(ADA.parse().unwrap()),
            sign_up_id: None,
            password: None,
            code: secret(&code),
        };
        heard
            .deployment
            .app
            .accounts
            .verify_email(proof, &home())
            .await
            .unwrap();
        heard.suppress(ADA, cause).await;
        heard.deployment.enrol_totp(&who).await;
        assert_eq!(heard.sent_to(ADA).await, 1, "{cause:?}: the code of before");
    }
}

#[tokio::test]
async fn what_was_queued_before_is_withheld_and_says_so() {
    let heard = heard().await;
    heard.deployment.sign_up(ADA).await;
    let id = heard
        .deployment
        .app
        .outbox
        .waiting_ids(Lane::Codes)
        .await
        .remove(0);
    heard.suppress(ADA, SuppressionCause::Bounce).await;
    assert_eq!(heard.sent_to(ADA).await, 0);
    let view = heard.deployment.app.outbox.message(&id).await.unwrap();
    assert_eq!(view.delivery, MessageStatus::Withheld);
    assert_eq!(
        view.attempts[0].detail,
        "suppressed: bounce on 2026-09-21, reported by main"
    );
}

#[tokio::test]
async fn a_code_goes_to_the_other_address_if_one_is_suppressed() {
    let heard = heard().await;
    let who = heard.deployment.sign_up(ADA).await;
    let session = heard.deployment.session(&who).await;
    for email in ["one@example.com", "two@example.com"] {
        let command = AddEmail {
            email: email.parse().unwrap(),
            label: None,
        };
        let begun = heard
            .deployment
            .app
            .factors
            .add_email(&session, command)
            .await
            .unwrap();
        let proof = crate::areas::challenges::VerifyCode {
            challenge_id: secret(&begun.challenge_id),
            code: secret(&heard.deployment.code_to(email).await),
        };
        heard
            .deployment
            .app
            .factors
            .confirm_email(&session, proof)
            .await
            .unwrap();
        heard.deployment.wait(31);
    }
    heard.suppress("one@example.com", SuppressionCause::Bounce).await;
    let challenge = heard.deployment.challenge(&who).await;
    let command = SendEmailCode {
        challenge_id: secret(&challenge.challenge_id),
        email_device_id: None,
    };
    let sent = heard
        .deployment
        .app
        .challenges
        .send_email(&who, command.clone())
        .await
        .unwrap();
    assert_eq!(sent.sent_to, ["t***@example.com"]);
    heard.suppress("two@example.com", SuppressionCause::Bounce).await;
    heard.deployment.wait(31);
    let refused = heard.deployment.app.challenges.send_email(&who, command).await;
    assert_eq!(refused.unwrap_err().code(), ADDRESS_SUPPRESSED);
}

#[tokio::test]
async fn a_welcome_takes_back_an_opt_out_and_nothing_else() {
    let heard = heard().await;
    heard.suppress(PHONE, SuppressionCause::OptOut).await;
    heard.suppress(PHONE, SuppressionCause::Bounce).await;
    let to = destination(PHONE);
    heard
        .hear("hello", 0, DeliveryNews::Welcome { to })
        .await
        .unwrap();
    assert_eq!(heard.in_force(PHONE).await, [SuppressionCause::Bounce]);
}

#[tokio::test]
async fn the_order_of_arrival_does_not_matter() {
    let heard = heard().await;
    let opt_out = suppression(PHONE, SuppressionCause::OptOut);
    let welcome = DeliveryNews::Welcome {
        to: destination(PHONE),
    };
    heard.hear("welcome", 10, welcome.clone()).await.unwrap();
    heard.hear("before", 20, opt_out.clone()).await.unwrap();
    assert!(heard.in_force(PHONE).await.is_empty());
    heard.hear("after", 5, opt_out).await.unwrap();
    assert_eq!(heard.in_force(PHONE).await, [SuppressionCause::OptOut]);
    heard.hear("late", 8, welcome).await.unwrap();
    assert_eq!(heard.in_force(PHONE).await, [SuppressionCause::OptOut]);
}

#[tokio::test]
async fn an_operator_finds_and_lifts() {
    let heard = heard().await;
    let suppressions = &heard.deployment.app.suppressions;
    let to = destination(ADA);
    assert_eq!(
        suppressions.lift(&to).await.unwrap_err().code(),
        SUPPRESSION_NOT_FOUND
    );
    heard.suppress(ADA, SuppressionCause::Complaint).await;
    heard.deployment.wait(1);
    heard.suppress(PHONE, SuppressionCause::Bounce).await;
    let listed = suppressions.list().await.unwrap();
    let shown: Vec<_> = listed
        .iter()
        .map(|view| (view.to.as_str(), view.source.as_str()))
        .collect();
    assert_eq!(shown, [("+*********06", "main"), ("a***@example.com", "main")]);
    suppressions.lift(&to).await.unwrap();
    assert_eq!(suppressions.list().await.unwrap().len(), 1);
    assert_eq!(
        suppressions.lift(&to).await.unwrap_err().code(),
        SUPPRESSION_NOT_FOUND
    );
}

#[tokio::test]
async fn the_store_does_not_hold_the_address() {
    let heard = heard().await;
    heard.suppress(ADA, SuppressionCause::Bounce).await;
    let table = heard.deployment.app.context.table::<Suppressed>();
    let mut found = 0;
    for shard in Suppressed::SHARDS {
        for record in table.all(shard).await.unwrap() {
            found += 1;
            let text = serde_json::to_string(&record.value).unwrap();
            assert!(!text.contains(ADA), "{text}");
        }
    }
    assert_eq!(found, 1);
}
