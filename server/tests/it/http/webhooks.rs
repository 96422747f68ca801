//! Webhooks of message senders: what is believed, what is refused, how much is read.

use portcullis_ports::notification::DeliveryState;

use super::client::Call;
use super::deployment::Deployment;

const MAIN: &str = "/webhooks/senders/main";

fn genuine<'a>(deployment: &'a Deployment, path: &str) -> Call<'a> {
    deployment.post(path).header("x-vendor-proof", "genuine")
}

#[tokio::test]
async fn a_verified_report_reaches_its_message() {
    let deployment = Deployment::start().await;
    deployment.person("ada@example.com").await;
    deployment.deliver().await;
    let id = deployment.post.ids().remove(0);
    assert_eq!(deployment.reported(&id).await, None);
    for mime in [
        "application/json",
        "application/x-www-form-urlencoded",
        "text/plain",
    ] {
        let call = genuine(&deployment, MAIN).body(mime, format!("{mime} 0 {id} delivered"));
        let answer = call.send().await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{mime}");
    }
    assert_eq!(deployment.reported(&id).await, Some(DeliveryState::Delivered));
}

#[tokio::test]
async fn the_vendor_is_checked_against_the_public_address_with_its_query() {
    let deployment = Deployment::start().await;
    let call = genuine(&deployment, &format!("{MAIN}?a=1&b=%20c")).header("host", "elsewhere.example.com");
    let answer = call.body("text/plain", "1 61 unknown sent").send().await;
    assert_eq!(answer.status, 204);
    let urls = deployment.post.urls.lock().unwrap().clone();
    assert_eq!(
        urls,
        ["https://gate.example.com/webhooks/senders/main?a=1&b=%20c"]
    );
}

#[tokio::test]
async fn a_path_that_is_no_text_is_refused_in_plain_words() {
    let deployment = Deployment::start().await;
    for path in ["/webhooks/senders/%ff", "/webhooks/%c3%28/main"] {
        let refused = deployment.post(path).send().await;
        let detail = "A part of the path is wrong: behind its percent signs is no text in UTF-8.";
        assert_eq!(
            (refused.status, refused.json()["detail"].as_str()),
            (400, Some(detail)),
            "{path}"
        );
    }
}

#[tokio::test]
async fn what_is_forged_or_unreadable_is_refused() {
    let deployment = Deployment::start().await;
    deployment.person("ada@example.com").await;
    deployment.deliver().await;
    let id = deployment.post.ids().remove(0);
    let forged = deployment.post(MAIN).header("x-vendor-proof", "forged");
    let forged = forged.body("text/plain", format!("1 0 {id} failed"));
    forged.refused(401, "webhook-not-verified").await;
    let garbage = genuine(&deployment, MAIN).body("text/plain", vec![0xff, 0xfe]);
    garbage.refused(400, "webhook-unreadable").await;
    genuine(&deployment, MAIN)
        .refused(400, "webhook-unreadable")
        .await;
    assert_eq!(deployment.reported(&id).await, None);
}

#[tokio::test]
async fn a_report_about_a_message_that_is_not_ours_is_taken() {
    let deployment = Deployment::start().await;
    for (event, age) in [(1, 2), (2, 61), (3, 7_000)] {
        let foreign = format!("{event} {age} not-ours delivered");
        let answer = genuine(&deployment, MAIN)
            .body("text/plain", foreign)
            .send()
            .await;
        assert_eq!(answer.status, 204, "{age} s old");
    }
}

/// Far more than a sender checks at once, all in flight together.
#[tokio::test]
async fn genuine_deliveries_pass_in_the_middle_of_a_flood_of_forged_ones() {
    let deployment = Deployment::start().await;
    deployment.person("ada@example.com").await;
    deployment.deliver().await;
    let id = deployment.post.ids().remove(0);
    let forged = (0..300).map(|_| async {
        let call = deployment.post(MAIN).header("x-vendor-proof", "forged");
        call.body("text/plain", "x".repeat(20_000)).send().await.status
    });
    let passing = (0..20).map(|event| {
        let report = format!("{event} 0 {id} delivered");
        genuine(&deployment, MAIN).body("text/plain", report).send()
    });
    let (refused, taken) = futures_util::future::join(
        futures_util::future::join_all(forged),
        futures_util::future::join_all(passing),
    )
    .await;
    assert!(refused.iter().all(|status| *status == 401));
    assert!(taken.iter().all(|answer| answer.status == 204));
    assert_eq!(deployment.reported(&id).await, Some(DeliveryState::Delivered));
}

#[tokio::test]
async fn an_address_without_webhook_is_not_found_and_its_body_is_not_read() {
    let deployment = Deployment::start().await;
    for path in [
        "/webhooks/senders/other",
        "/webhooks/store/main",
        "/webhooks/senders/MAIN",
    ] {
        let large = genuine(&deployment, path).body("text/plain", vec![b'x'; 300 * 1024]);
        large.refused(404, "not-found").await;
    }
    assert!(deployment.post.urls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_delivery_has_at_most_256_kib() {
    let deployment = Deployment::start().await;
    let most = genuine(&deployment, MAIN).body("text/plain", vec![b' '; 256 * 1024]);
    most.refused(400, "webhook-unreadable").await;
    let larger = genuine(&deployment, MAIN).body("text/plain", vec![b' '; 256 * 1024 + 1]);
    larger.refused(413, "body-too-large").await;
}
