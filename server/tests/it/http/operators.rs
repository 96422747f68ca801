//! Operators over HTTP: who passes with which credentials, and for how long.

use portcullis_core::Source;
use portcullis_core::ledger::{Cause, CauseId, Sale, Transaction};
use portcullis_core::operators::{GrantOperator, Named, Role};
use portcullis_ports::Clock as _;
use portcullis_ports::money::{Amount, Currency, Money};
use serde_json::{Value, json};

use super::client::{Person, code};
use super::deployment::Deployment;

const ME: &str = "/api/operator/me";
const LIST: &str = "/api/operator/operators";

fn command_line() -> Source {
    Source::internal("portcullis operators grant")
}

/// Somebody who signed in with an authenticator app, and their subject.
pub(super) async fn with_factor(deployment: &Deployment, email: &str) -> (Person, String) {
    let mut person = deployment.person(email).await;
    let (_, secret, _) = person.add_totp(deployment).await;
    deployment.later(31);
    let challenge = person.challenge(deployment).await;
    let body = json!({ "challenge_id": challenge, "totp_code": code(deployment, &secret) });
    let proven = deployment
        .post("/ui/mfa/totp/verify")
        .with_bearer(&person)
        .json(body)
        .ok()
        .await;
    proven["session_id"]
        .as_str()
        .unwrap()
        .clone_into(&mut person.session);
    deployment.later(31);
    let me = deployment.get("/ui/me").by(&person).ok().await;
    assert_eq!(me["operator_role"], Value::Null);
    let subject = me["user_sub"].as_str().unwrap().to_owned();
    (person, subject)
}

/// Gives somebody a role.
pub(super) async fn grant(deployment: &Deployment, subject: &str, role: Role) {
    let command = GrantOperator {
        whom: subject.parse().unwrap(),
        role,
    };
    let operators = &deployment.app.operators;
    operators.grant(command, &command_line()).await.unwrap();
}

#[tokio::test]
async fn an_operator_acts_until_the_role_is_revoked() {
    let deployment = Deployment::start().await;
    let (ada, subject) = with_factor(&deployment, "ada@example.com").await;
    deployment.get(ME).by(&ada).refused(403, "not-an-operator").await;
    grant(&deployment, &subject, Role::Support).await;
    assert_eq!(
        deployment.get(ME).by(&ada).ok().await,
        json!({
            "user_sub": subject,
            "role": "support",
            "roles": ["viewer", "support"],
            "granted_at": deployment.clock.now().seconds(),
        })
    );
    let me = deployment.get("/ui/me").by(&ada).ok().await;
    assert_eq!(me["operator_role"], "support");
    let refused = deployment
        .get(LIST)
        .by(&ada)
        .refused(403, "operator-role-required")
        .await;
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("needs the role `admin`")
    );
    grant(&deployment, &subject, Role::Admin).await;
    let listed = deployment.get(LIST).by(&ada).ok().await;
    assert_eq!(
        listed["operators"][0],
        json!({
            "user_sub": subject,
            "email": "ada@example.com",
            "role": "admin",
            "granted_at": deployment.clock.now().seconds(),
            "has_factor": true,
        })
    );
    let whom = Named::Subject(subject.parse().unwrap());
    deployment
        .app
        .operators
        .revoke(&whom, &command_line())
        .await
        .unwrap();
    deployment.get(ME).by(&ada).refused(403, "not-an-operator").await;
    deployment
        .get(LIST)
        .by(&ada)
        .refused(403, "not-an-operator")
        .await;
}

#[tokio::test]
async fn nobody_acts_with_less_than_a_session_of_the_operator() {
    let deployment = Deployment::start().await;
    let (ada, subject) = with_factor(&deployment, "ada@example.com").await;
    let (eve, _) = with_factor(&deployment, "eve@example.com").await;
    grant(&deployment, &subject, Role::Admin).await;
    for path in [ME, LIST] {
        deployment.get(path).refused(401, "unauthenticated").await;
        deployment
            .get(path)
            .with_bearer(&ada)
            .refused(401, "unauthenticated")
            .await;
        deployment
            .get(path)
            .by(&eve)
            .refused(403, "not-an-operator")
            .await;
        let mixed = Person {
            email: eve.email.clone(),
            bearer: eve.bearer.clone(),
            session: ada.session.clone(),
        };
        deployment
            .get(path)
            .by(&mixed)
            .refused(401, "session-ended")
            .await;
    }
    let grace = deployment.person("grace@example.com").await;
    let me = deployment.get("/ui/me").by(&grace).ok().await;
    grant(&deployment, me["user_sub"].as_str().unwrap(), Role::Admin).await;
    let refused = deployment
        .get(ME)
        .by(&grace)
        .refused(403, "operator-factor-required")
        .await;
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("add an authenticator app")
    );
    grace.add_totp(&deployment).await;
    deployment
        .get(ME)
        .by(&grace)
        .refused(403, "step-up-required")
        .await;
}

#[tokio::test]
async fn what_an_operator_sees_of_a_customer_stands_in_both_histories() {
    let deployment = Deployment::start().await;
    let (ada, operator) = with_factor(&deployment, "ada@example.com").await;
    grant(&deployment, &operator, Role::Viewer).await;
    let eve = deployment.person("eve@example.com").await;
    let me = deployment.get("/ui/me").by(&eve).ok().await;
    let customer = me["user_sub"].as_str().unwrap();
    let money = Money::new(1999, Currency::parse("EUR").unwrap());
    let sale = Sale::untaxed(Amount::new(money).unwrap());
    let order = Cause::Order(CauseId::parse("ord_1").unwrap());
    let ledger = &deployment.app.ledger;
    let (subject, transactions) = (customer.parse().unwrap(), [Transaction::sale(&sale, order)]);
    ledger.record(&subject, &transactions).await.unwrap();

    let path = format!("/api/operator/billing/customers/{customer}");
    let entries = format!("{path}/ledger?currency=EUR");
    for path in [&path, &entries] {
        deployment
            .get(path)
            .by(&eve)
            .refused(403, "not-an-operator")
            .await;
    }
    let seen = deployment.get(&path).by(&ada).ok().await;
    assert_eq!(
        (&seen["user_sub"], &seen["email"]),
        (&json!(customer), &json!("eve@example.com"))
    );
    assert_eq!(seen["balances"][0]["payable"], 1999);
    let page = deployment.get(&entries).by(&ada).ok().await;
    let postings = &page["entries"][0]["postings"];
    assert_eq!(
        postings,
        &json!([{ "debit": "customer", "credit": "revenue", "minor": 1999 }])
    );
    let nobody = "/api/operator/billing/customers/usr_nobody";
    deployment
        .get(nobody)
        .by(&ada)
        .refused(404, "customer-not-found")
        .await;

    let audit = &deployment.app.audit;
    let read = async |whose: &str, other: &str| {
        let mut entries = audit.entries(&whose.parse().unwrap()).await.unwrap();
        entries.retain(|entry| entry.event == "operator_customer_read");
        let told = entries
            .into_iter()
            .map(|mut entry| (entry.details.remove("read"), entry.details.remove(other)));
        told.collect::<Vec<_>>()
    };
    let both =
        |other: &str| ["balances", "ledger"].map(|read| (Some(read.to_owned()), Some(other.to_owned())));
    assert_eq!(read(&operator, "concerned").await, both(customer));
    assert_eq!(read(customer, "operator").await, both(&operator));
    assert_eq!(read("usr_nobody", "operator").await, []);
}
