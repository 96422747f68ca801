//! Accounts that gave way, and messages that were sent, after the backup.

use super::*;

#[tokio::test]
async fn an_account_that_gave_way_after_the_backup_does_not_come_back() {
    let world = world().await;
    let squatter = world.sign_up("ada@example.com").await;
    let copy = backup(&world).await;
    let directory = crate::services::directory::Directory::new(&world.app.context);
    let email = "ada@example.com".parse().unwrap();
    let claimed = directory.claimed(&email).await.unwrap().unwrap();
    let owner = crate::services::directory::Account {
        subject: "usr_0000000000000000000000000a".parse().unwrap(),
        ..claimed.account.as_ref().unwrap().value.clone()
    };
    let mut batch = Batch::default();
    claimed.pass_on_in(&mut batch, &owner).unwrap();
    batch.commit(world.store.as_ref()).await.unwrap();

    let replaced = Replaced::Readable(connected(&world.store));
    let (restored, _) = restore(&world, copy, replaced).await;
    let refused = sign_in(&restored, PASSWORD).await;
    assert_eq!(
        refused.unwrap_err().kind(),
        portcullis_ports::Kind::Unauthenticated
    );
    let again = restored.sign_up("ada@example.com").await;
    assert_ne!(again.subject, squatter.subject, "the address is free");
}

#[tokio::test]
async fn an_account_that_is_missing_in_the_replaced_store_comes_back() {
    let world = world().await;
    let ada = world.sign_up("ada@example.com").await;
    let copy = backup(&world).await;
    let directory = crate::services::directory::Directory::new(&world.app.context);
    let account = directory.account(&ada.subject).await.unwrap().unwrap();
    let mut batch = Batch::default();
    batch.remove(&account);
    batch.commit(world.store.as_ref()).await.unwrap();

    let replaced = Replaced::Readable(connected(&world.store));
    let (restored, _) = restore(&world, copy, replaced).await;
    sign_in(&restored, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_message_that_was_sent_after_the_backup_is_not_sent_again() {
    let settings = crate::settings::Settings::default();
    let world = crate::testing::world_with(settings).await;
    world.sign_up("ada@example.com").await;
    let waiting = async |store: &Arc<MemoryStore>| {
        let queue = crate::services::outbox::OUTBOX_QUEUE;
        store.scan(&queue, None, 100).await.unwrap().records.len()
    };
    let copy = backup(&world).await;
    assert_eq!(waiting(&copy).await, 1, "a mail waits");
    world.code_to("ada@example.com").await;
    assert_eq!(waiting(&world.store).await, 0, "it was sent");

    let replaced = Replaced::Readable(connected(&world.store));
    let (_, _) = restore(&world, Arc::clone(&copy), replaced).await;
    assert_eq!(waiting(&copy).await, 0);
}
