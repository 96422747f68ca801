//! A session that ends while its request is under way changes nothing any more, wherever it was ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use portcullis_ports::id::DeviceId;

use super::*;
use crate::App;
use crate::areas::accounts::ChangePassword;
use crate::areas::sessions::{RevokeSession, SESSION_ENDED};
use crate::foundation::testing::{Observed, PASSWORD, elsewhere};
use crate::testing::two_nodes;

const OTHER_PHONE: &str = "+15005550009";

/// What an intruder does with a session of somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    AddTotp,
    ConfirmTotp,
    RemoveTotp,
    AddPhone,
    ConfirmPhone,
    BeginRemoval,
    ConfirmRemoval,
    Regenerate,
    ChangePassword,
    EndOthers,
    EndOwner,
}

const ACTS: [Act; 11] = [
    Act::AddTotp,
    Act::ConfirmTotp,
    Act::RemoveTotp,
    Act::AddPhone,
    Act::ConfirmPhone,
    Act::BeginRemoval,
    Act::ConfirmRemoval,
    Act::Regenerate,
    Act::ChangePassword,
    Act::EndOthers,
    Act::EndOwner,
];

/// How the owner ends that session.
#[derive(Debug, Clone, Copy)]
enum End {
    One,
    Others,
}

/// Everything that an act needs is prepared: the intruder is one request away from it.
struct Scene {
    owner: Arc<World>,
    here: SignedIn,
    intruder: World,
    store: Arc<Observed>,
    there: SignedIn,
    app: DeviceId,
    pending_app: TotpBegun,
    phone: DeviceId,
    pending_phone: (ContactBegun, String),
    removal: RemovalBegun,
    recovery_code: String,
}

async fn scene() -> Scene {
    let [(owner, _), (intruder, store)] = two_nodes().await;
    let here = owner.session(&owner.sign_up("ada@example.com").await).await;
    let token = intruder.sign_in("ada@example.com", &elsewhere(1)).await.unwrap();
    let there = intruder.session(&intruder.identified(&token).await).await;
    let confirmed = enrol_phone(&owner, &here, PHONE).await;
    owner.enrol_totp(&here).await;
    let app = owner.app.factors.totp_devices(&here).await.unwrap().devices[0]
        .device_id
        .clone();
    let factors = &intruder.app.factors;
    let pending_app = factors.add_totp(&there, AddTotp::default()).await.unwrap();
    let begun = factors.add_phone(&there, phone(OTHER_PHONE)).await.unwrap();
    let code = intruder.code_to(OTHER_PHONE).await;
    let removal = factors
        .begin_phone_removal(&there, confirmed.device.clone())
        .await
        .unwrap();
    Scene {
        owner: Arc::new(owner),
        here,
        intruder,
        store,
        there,
        app,
        pending_app,
        phone: confirmed.device,
        pending_phone: (begun, code),
        removal,
        recovery_code: confirmed.recovery_codes[0].clone(),
    }
}

impl Scene {
    async fn act(&self, act: Act) -> Result<()> {
        let App {
            factors,
            accounts,
            sessions,
            ..
        } = &*self.intruder.app;
        let there = &self.there;
        match act {
            Act::AddTotp => factors.add_totp(there, AddTotp::default()).await.map(drop),
            Act::ConfirmTotp => {
                let command = ConfirmTotp {
                    device_id: self.pending_app.device_id.clone(),
                    totp_code: secret(&self.intruder.totp(&self.pending_app.secret)),
                };
                factors.confirm_totp(there, command).await.map(drop)
            }
            Act::RemoveTotp => {
                factors
                    .remove_totp(there, self.app.clone(), RemoveTotp::default())
                    .await
            }
            Act::AddPhone => factors.add_phone(there, phone("+15005550008")).await.map(drop),
            Act::ConfirmPhone => {
                let (begun, code) = &self.pending_phone;
                let command = answer(&begun.challenge_id, code);
                factors.confirm_phone(there, command).await.map(drop)
            }
            Act::BeginRemoval => factors
                .begin_phone_removal(there, self.phone.clone())
                .await
                .map(drop),
            Act::ConfirmRemoval => {
                let command = ConfirmRemoval {
                    challenge_id: secret(&self.removal.challenge_id),
                    code: secret(&self.recovery_code),
                    factor: Some(ProofKind::Recovery),
                };
                factors.confirm_phone_removal(there, command).await
            }
            Act::Regenerate => factors
                .regenerate_recovery_codes(there, FactorKind::Totp)
                .await
                .map(drop),
            Act::ChangePassword => {
                let command = ChangePassword {
                    current_password: secret(PASSWORD),
                    new_password: secret("walnut-ferry-lantern"),
                };
                accounts.change_password(there, command).await.map(drop)
            }
            Act::EndOthers => sessions.revoke_others(there).await.map(drop),
            Act::EndOwner => {
                let session_id = self.here.session.id.clone();
                sessions.revoke(there, RevokeSession { session_id }).await
            }
        }
    }

    /// The owner ends the session of the intruder before the intruder's commit of that number.
    fn end_before(&self, commit: usize, how: End) -> Arc<AtomicBool> {
        let ended = Arc::new(AtomicBool::new(false));
        let (told, count) = (Arc::clone(&ended), AtomicUsize::new(0));
        let (owner, here, there) = (
            Arc::clone(&self.owner),
            self.here.clone(),
            self.there.session.id.clone(),
        );
        self.store.before_commits(move |_| {
            if count.fetch_add(1, Ordering::SeqCst) != commit {
                return None;
            }
            let (owner, here, there) = (Arc::clone(&owner), here.clone(), there.clone());
            let told = Arc::clone(&told);
            Some(Box::pin(async move {
                let sessions = &owner.app.sessions;
                match how {
                    End::Others => sessions.revoke_others(&here).await.map(drop).unwrap(),
                    End::One => sessions
                        .revoke(&here, RevokeSession { session_id: there })
                        .await
                        .unwrap(),
                }
                told.store(true, Ordering::SeqCst);
            }))
        });
        ended
    }
}

#[tokio::test]
async fn nothing_is_changed_by_a_session_that_ended_before_the_commit() {
    for act in ACTS {
        for how in [End::One, End::Others] {
            let mut commits = 0;
            loop {
                let scene = Box::pin(scene()).await;
                let ended = scene.end_before(commits, how);
                let done = scene.act(act).await;
                if !ended.load(Ordering::SeqCst) {
                    assert!(done.is_ok() && commits > 0, "{act:?}: {done:?}");
                    break;
                }
                let refused = done.err().map(|error| error.code());
                assert_eq!(
                    refused,
                    Some(SESSION_ENDED),
                    "{act:?} at commit {commits} after {how:?}"
                );
                let kept = scene.owner.app.sessions.lineage(&scene.here).await;
                assert!(kept.is_ok(), "{act:?}: the session of the owner");
                commits += 1;
            }
        }
    }
}
