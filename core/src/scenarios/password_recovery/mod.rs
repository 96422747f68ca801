//! Forgotten passwords: who learns what, what is used up when, and what ends.

mod factors;
mod intruders;

use std::sync::Arc;

use portcullis_ports::identity::UNAUTHENTICATED;
use portcullis_ports::notification::{Destination, SuppressionCause};
use portcullis_ports::{Clock as _, Result, Timestamp};

use crate::areas::accounts::WRONG_CREDENTIALS;
use crate::areas::challenges::Started;
use crate::areas::password_recovery::*;
use crate::areas::sessions::{Identified, SESSION_ENDED, SignedIn, StartSession};
use crate::foundation::limit::Limit;
use crate::foundation::proof::{CHALLENGE_ENDED, WRONG_CODE};
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::foundation::testing::{Bearer, PASSWORD, elsewhere, home, secret};
use crate::foundation::texts::PreferredLanguages;
use crate::services::budgets::TOO_MANY_SENDS;
use crate::services::security_notifications::SecurityEvent;
use crate::services::suppressions::SuppressionView;
use crate::settings::Settings;
use crate::testing::{World, observed, two_nodes_with, world, world_with};

const ADA: &str = "ada@example.com";
const PHONE: &str = "+15005550006";
const NEW: &str = "harbour-lamp-thistle";

/// Where a mail leads: the handle of its link, and the code in it.
fn link(text: &str) -> (String, String) {
    let fragment = text.split_once("/reset-password#challenge_id=").unwrap().1;
    let fragment = fragment.split_whitespace().next().unwrap();
    let (handle, code) = fragment.split_once("&code=").unwrap();
    (handle.to_owned(), code.to_owned())
}

fn other_than(code: &str) -> &'static str {
    if code == "111111" { "222222" } else { "111111" }
}

impl World {
    async fn start(&self, email: &str, source: &Source) -> Result<RecoveryStarted> {
        let command = StartRecovery {
            username: email.parse().unwrap(),
        };
        self.app.password_recovery.start(command, source).await
    }

    async fn started(&self, email: &str) -> String {
        self.start(email, &home()).await.unwrap().challenge_id.into()
    }

    async fn verify(&self, handle: &str, code: &str) -> Result<RecoveryProgress> {
        let command = VerifyRecovery {
            username: None,
            challenge_id: secret(handle),
            confirmation_code: secret(code),
            transport: session_transport(),
        };
        self.app.password_recovery.verify(command, &home()).await
    }

    async fn confirm(&self, handle: &str, code: &str, password: &str) -> Result<()> {
        let command = ConfirmRecovery {
            username: None,
            challenge_id: secret(handle),
            confirmation_code: secret(code),
            new_password: secret(password),
            transport: session_transport(),
        };
        self.app
            .password_recovery
            .confirm(command, &home())
            .await
            .map(drop)
    }

    async fn recovery_totp(&self, handle: &str, code: &str) -> Result<RecoveryProgress> {
        let command = ProveTotp {
            username: None,
            challenge_id: secret(handle),
            totp_code: secret(code),
        };
        self.app.password_recovery.prove_totp(command, &home()).await
    }

    async fn signs_in_with(&self, email: &str, password: &str) -> bool {
        let command = crate::areas::accounts::SignIn {
            email: email.parse().unwrap(),
            password: secret(password),
        };
        match self.app.accounts.sign_in(command, &home()).await {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error.code(), WRONG_CREDENTIALS);
                false
            }
        }
    }

    /// Somebody whose address is proven, with a session.
    async fn proven(&self, email: &str) -> (Identified, SignedIn) {
        let who = self.sign_up(email).await;
        let command = crate::areas::accounts::VerifyEmail {
            email: Some(email.parse().unwrap()),
            sign_up_id: None,
            password: None,
            code: secret(&self.newest_code(email).await),
        };
        self.app.accounts.verify_email(command, &home()).await.unwrap();
        let session = self.session(&who).await;
        self.wait(31);
        (who, session)
    }

    /// The newest code to that address, whatever notices came after it.
    async fn newest_code(&self, address: &str) -> String {
        self.newest_to(address).await;
        let sent = self.post.sent();
        let newest = sent.into_iter().rev();
        let code = newest
            .filter(|message| message.to.address() == address)
            .find_map(|message| message.code);
        code.unwrap()
    }

    async fn mails_to(&self, address: &str) -> usize {
        self.newest_to(address).await;
        let sent = self.post.sent();
        sent.iter()
            .filter(|message| message.to.address() == address)
            .count()
    }
}

#[tokio::test]
async fn every_address_is_answered_alike_for_the_same_work() {
    let (world, store) = observed(Settings::default()).await;
    world.proven("proven@example.com").await;
    world.sign_up("unproven@example.com").await;
    world.proven("bounced@example.com").await;
    let mut batch = Batch::default();
    let bounced = Destination::Email("bounced@example.com".parse().unwrap());
    let view = SuppressionView {
        to: String::new(),
        cause: SuppressionCause::Bounce,
        since: Timestamp::from_seconds(0),
        detail: String::new(),
        source: "main".into(),
    };
    world
        .app
        .suppressions
        .add(&mut batch, &bounced, view)
        .await
        .unwrap();
    world.app.context.commit(batch).await.unwrap();
    world.newest_to("proven@example.com").await;
    let before = world.post.sent().len();
    let mut seen = Vec::new();
    for name in ["nobody", "proven", "unproven", "bounced"] {
        store.work();
        let started = world
            .start(&format!("{name}@example.com"), &home())
            .await
            .unwrap();
        let start = store.work();
        world.app.password_recovery.dispatch().await.unwrap();
        store.work();
        let guessed = world.verify(&started.challenge_id, "no code").await.unwrap_err();
        assert_eq!(guessed.code(), WRONG_CODE, "{name}");
        let verify = store.work();
        let factor = world
            .recovery_totp(&started.challenge_id, "123456")
            .await
            .unwrap_err();
        assert_eq!(factor.code(), RECOVERY_CODE_FIRST, "{name}");
        let prove = store.work();
        let answer = (
            started.status,
            started.delivery_medium,
            started.required_factors,
            started.expires_at - world.clock.now().seconds(),
        );
        seen.push((answer, start, verify, prove));
    }
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:#?}");
    world.newest_to("proven@example.com").await;
    let sent = world.post.sent();
    let mut to: Vec<_> = sent[before..]
        .iter()
        .map(|message| message.to.address())
        .collect();
    to.sort_unstable();
    assert_eq!(to, ["proven@example.com", "unproven@example.com"]);
}

#[tokio::test]
async fn the_code_sets_a_new_password_and_ends_everything_else() {
    let world = world().await;
    let (ada, session) = world.proven(ADA).await;
    let token = world.app.accounts.refresh(&session).await.unwrap();
    let handle = world.started(ADA).await;
    let code = world.newest_code(ADA).await;
    world.wait(1);
    assert!(world.verify(&handle, &code).await.unwrap().complete);
    world.confirm(&handle, &code, NEW).await.unwrap();
    assert!(!world.signs_in_with(ADA, PASSWORD).await);
    assert!(world.signs_in_with(ADA, NEW).await);
    let bearer = Bearer(token.access_token);
    let refused = world
        .app
        .accounts
        .identify(&bearer, None, &home())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), UNAUTHENTICATED);
    let sessions = &world.app.sessions;
    let over = sessions
        .again(&session.session.id, &["x".to_owned()], session_transport(), None)
        .await;
    assert_eq!(over.err().unwrap().code(), SESSION_ENDED);
    let told = world.newest_to(ADA).await;
    assert!(told.text.contains("A new password was set"), "{}", told.text);
    let history = world.app.audit.entries(&ada.subject).await.unwrap();
    let names: Vec<_> = history.iter().map(|entry| entry.event.as_str()).collect();
    assert!(names.contains(&"password_recovery_start"), "{names:?}");
    assert!(names.contains(&"password_recovery_confirm"), "{names:?}");
    let again = world.confirm(&handle, &code, PASSWORD).await.unwrap_err();
    assert_eq!(again.code(), CHALLENGE_ENDED);
}

fn session_transport() -> crate::areas::sessions::Transport {
    crate::areas::sessions::Transport::Header
}

#[tokio::test]
async fn a_new_password_is_judged_after_the_code_and_where_hashes_are_computed() {
    let world = world().await;
    world.proven(ADA).await;
    let handle = world.started(ADA).await;
    let code = world.newest_code(ADA).await;
    let judged = || world.hasher.tasks.swap(0, std::sync::atomic::Ordering::SeqCst);
    judged();
    let wrong = world.confirm(&handle, other_than(&code), NEW).await.unwrap_err();
    assert_eq!((wrong.code(), judged()), (WRONG_CODE, 0), "no work for a guess");
    let unknown = world.started("nobody@example.com").await;
    let wrong = world.confirm(&unknown, &code, NEW).await.unwrap_err();
    assert_eq!((wrong.code(), judged()), (WRONG_CODE, 0));
    let weak = world.confirm(&handle, &code, "password1234").await.unwrap_err();
    assert_eq!(
        (weak.code(), judged()),
        (crate::areas::accounts::WEAK_PASSWORD, 1)
    );
    world.confirm(&handle, &code, NEW).await.unwrap();
    assert_eq!(judged(), 1);
}

#[tokio::test]
async fn the_link_leads_back_without_the_handle_of_whoever_started() {
    let world = world().await;
    world.proven(ADA).await;
    let handle = world.started(ADA).await;
    let (mailed, code) = link(&world.newest_to(ADA).await.text);
    assert_ne!(mailed, handle);
    let crossed = world.confirm(&handle, &code, NEW).await.unwrap_err();
    assert_eq!(
        crossed.code(),
        WRONG_CODE,
        "the code of the link opens the link only"
    );
    world.confirm(&mailed, &code, NEW).await.unwrap();
    assert!(world.signs_in_with(ADA, NEW).await);
    let digits = world.post.sent();
    let digits = digits.iter().find_map(|message| {
        message
            .text
            .contains("new password. Enter")
            .then(|| message.code.clone())
    });
    let late = world
        .verify(&handle, &digits.unwrap().unwrap())
        .await
        .unwrap_err();
    assert_eq!(late.code(), CHALLENGE_ENDED, "what was started before is void");
}

#[tokio::test]
async fn wrong_codes_end_one_recovery_and_neither_its_link_nor_another() {
    let world = world().await;
    world.proven(ADA).await;
    let stranger = world.start(ADA, &elsewhere(7)).await.unwrap().challenge_id;
    let mail = world.newest_to(ADA).await;
    let code = mail.code.clone().unwrap();
    let own = world.started(ADA).await;
    let own_code = world.newest_code(ADA).await;
    for _ in 0..5 {
        let wrong = world.verify(&stranger, other_than(&code)).await.unwrap_err();
        assert_eq!(wrong.code(), WRONG_CODE);
    }
    let late = world.verify(&stranger, &code).await.unwrap_err();
    assert_eq!(late.code(), CHALLENGE_ENDED);
    assert!(world.verify(&own, &own_code).await.unwrap().complete);
    let (mailed, long) = link(&mail.text);
    assert!(world.verify(&mailed, &long).await.unwrap().complete);
}

#[tokio::test]
async fn guesses_at_the_same_time_are_all_counted() {
    let world = world().await;
    world.proven(ADA).await;
    let handle = world.started(ADA).await;
    let code = world.newest_code(ADA).await;
    let guesses = (0..12).map(|_| world.verify(&handle, other_than(&code)));
    let refused = futures_util::future::join_all(guesses).await;
    let compared = refused
        .iter()
        .filter(|one| one.as_ref().err().is_some_and(|error| error.code() == WRONG_CODE));
    assert_eq!(compared.count(), 5);
}

#[tokio::test]
async fn strangers_use_up_neither_the_mails_of_a_known_network_nor_the_links_they_caused() {
    let world = world().await;
    world.proven(ADA).await;
    let before = world.mails_to(ADA).await;
    let most = world.app.settings().budgets.sends_per_destination.most;
    for network in 0..u8::try_from(most + 3).unwrap() {
        world.start(ADA, &elsewhere(network)).await.unwrap();
    }
    assert_eq!(world.mails_to(ADA).await - before, most as usize);
    let (mailed, code) = link(&world.newest_to(ADA).await.text);
    assert!(
        world.verify(&mailed, &code).await.unwrap().complete,
        "the mail still leads back"
    );
    let own = world.started(ADA).await;
    let code = world.newest_code(ADA).await;
    assert_eq!(world.mails_to(ADA).await - before, most as usize + 1);
    world.confirm(&own, &code, NEW).await.unwrap();
}

#[tokio::test]
async fn a_network_waits_between_two_mails_to_one_address_only() {
    let world = world().await;
    world.started("nobody@example.com").await;
    let early = world.start("nobody@example.com", &home()).await.unwrap_err();
    assert_eq!(early.code(), TOO_MANY_SENDS);
    world.started("somebody@example.com").await;
    world.start("nobody@example.com", &elsewhere(1)).await.unwrap();
    world.wait(31);
    world.started("nobody@example.com").await;
}

#[tokio::test]
async fn of_two_confirmations_at_once_one_wins_whichever_way_they_came() {
    let world = world().await;
    world.proven(ADA).await;
    let handle = world.started(ADA).await;
    let mail = world.newest_to(ADA).await;
    let code = mail.code.clone().unwrap();
    let (mailed, long) = link(&mail.text);
    let tries = [
        (&handle, &code, "harbour-lamp-thistle"),
        (&handle, &code, "meadow-anvil-quartz"),
        (&mailed, &long, "copper-violin-drift"),
    ];
    let done = futures_util::future::join_all(
        tries.map(|(handle, code, password)| world.confirm(handle, code, password)),
    )
    .await;
    assert_eq!(done.iter().filter(|one| one.is_ok()).count(), 1, "{done:?}");
    for (one, (_, _, password)) in done.iter().zip(tries) {
        assert_eq!(one.is_ok(), world.signs_in_with(ADA, password).await);
    }
}

#[tokio::test]
async fn a_recovery_ends_by_itself_and_another_name_does_not_fit() {
    let mut settings = Settings::default();
    settings.accounts.recovery_lifetime = portcullis_ports::Span::minutes(20);
    let world = world_with(settings).await;
    world.proven(ADA).await;
    let handle = world.started(ADA).await;
    let code = world.newest_code(ADA).await;
    let half = |from| code.chars().skip(from).take(3).collect::<String>();
    let named = |username: &str| VerifyRecovery {
        username: Some(username.parse().unwrap()),
        challenge_id: secret(&handle),
        confirmation_code: secret(&format!(" {}-{} ", half(0), half(3))),
        transport: session_transport(),
    };
    let recovery = &world.app.password_recovery;
    let other = recovery
        .verify(named("eve@example.com"), &home())
        .await
        .unwrap_err();
    assert_eq!(other.code(), CHALLENGE_ENDED);
    recovery.verify(named("ADA@example.com"), &home()).await.unwrap();
    world.wait(20 * 60);
    let late = world.confirm(&handle, &code, NEW).await.unwrap_err();
    assert_eq!(late.code(), CHALLENGE_ENDED);
    assert!(world.signs_in_with(ADA, PASSWORD).await);
}

#[tokio::test]
async fn the_owner_gets_back_in_while_somebody_else_loops_on_another_node() {
    let mut settings = Settings::default();
    settings.budgets.session_starts = Limit::new(10_000, portcullis_ports::Span::minutes(10));
    let [(owner, store), (other, _)] = two_nodes_with(&settings).await;
    owner.proven(ADA).await;
    let thief = other
        .identified(&other.sign_in(ADA, &elsewhere(7)).await.unwrap())
        .await;
    let theirs = match other.app.challenges.start(&thief, StartSession::default()).await {
        Ok(Started::Granted(granted)) => granted,
        refused => panic!("{refused:?}"),
    };
    let handle = owner.started(ADA).await;
    let code = owner.newest_code(ADA).await;
    let looping = Arc::new(other);
    let other = Arc::clone(&looping);
    store.before_commits(move |_| {
        let (other, thief) = (Arc::clone(&looping), thief.clone());
        // Refused as soon as the owner got through.
        let start = async move { drop(other.app.challenges.start(&thief, StartSession::default()).await) };
        Some(Box::pin(start))
    });
    owner.confirm(&handle, &code, NEW).await.unwrap();
    assert!(owner.signs_in_with(ADA, NEW).await && !owner.signs_in_with(ADA, PASSWORD).await);
    owner.wait(1);
    for node in [&owner, &*other] {
        let sessions = &node.app.sessions;
        let resumed = sessions.resume(theirs.credential.expose(), None, &home()).await;
        let told = resumed.unwrap_err();
        assert_eq!(told.members(), [("reason", "password_recovered".to_owned())]);
    }
}

#[tokio::test]
async fn an_account_is_written_to_in_the_language_it_signed_up_in_and_a_stranger_in_that_of_the_request() {
    let world = world().await;
    let speaking = |languages| home().speaking(PreferredLanguages::of_header(languages));
    let sign_up = crate::areas::accounts::SignUp {
        email: ADA.parse().unwrap(),
        password: secret(PASSWORD),
        display_name: None,
    };
    let german = speaking("fr, de-DE;q=0.8");
    world.app.accounts.sign_up(sign_up, &german).await.unwrap();
    let mail = world.newest_to(ADA).await;
    assert!(mail.subject.contains("Bestätigen Sie"), "{}", mail.subject);
    assert!(mail.html.unwrap().contains("<html lang=\"de\">"));
    let verify = crate::areas::accounts::VerifyEmail {
        email: Some(ADA.parse().unwrap()),
        sign_up_id: None,
        password: None,
        code: secret(&world.code_to(ADA).await),
    };
    world.app.accounts.verify_email(verify, &home()).await.unwrap();

    world.start(ADA, &home()).await.unwrap();
    let mail = world.newest_to(ADA).await;
    assert!(mail.subject.contains("set a new password"), "{}", mail.subject);
    world.wait(120);
    world.start(ADA, &german).await.unwrap();
    let mail = world.newest_to(ADA).await;
    assert!(mail.subject.contains("Setzen Sie"), "{}", mail.subject);

    let (address, accounts) = (ADA.parse().unwrap(), &world.app.accounts);
    let account = accounts.directory.by_address(&address).await.unwrap();
    let subject = account.unwrap().subject.clone();
    let mut batch = Batch::default();
    let event = SecurityEvent::PasswordChanged;
    let notifications = &accounts.notifications;
    notifications.add(&mut batch, &subject, &event).await.unwrap();
    world.app.context.commit(batch).await.unwrap();
    let mail = world.newest_to(ADA).await;
    assert!(
        mail.text.starts_with("Das Passwort Ihres Kontos wurde geändert"),
        "{}",
        mail.text
    );
}
