//! Runs that could not be read to their end, or whose commits were lost on the way.

use std::sync::Mutex;

use async_trait::async_trait;
use portcullis_ports::payments::{
    ActivityPage, ConnectedPayments, Cursor, EventPage, Holding, Reports, TimeSpan,
};
use portcullis_ports::storage::STORE_UNAVAILABLE;
use portcullis_ports::testkit::MemoryStore;
use portcullis_ports::{Result, Timestamp};

use super::*;

/// More lines than one page of the vendor holds.
const FEES: i64 = 15;

fn charge_fees(vendor: &FakePayments) {
    for _ in 0..FEES {
        vendor.charge_fee(usd(10).get());
    }
}

#[tokio::test]
async fn a_report_that_cannot_be_read_to_its_end_proves_no_absence() {
    let shop = shop().await;
    let theirs = reference(&paid(&shop).await);
    shop.vendor.lose(&theirs);
    charge_fees(&shop.vendor);
    shop.vendor.fail_reports_after(Some(1));
    let half = compare(&shop).await;
    assert_eq!(
        (half.state, half.lines, half.opened),
        (RunState::Incomplete, 10, 0)
    );
    assert!(half.reason.unwrap().contains("payments-unavailable"));
    assert!(open(&shop).await.is_empty());

    shop.vendor.fail_reports_after(None);
    let whole = compare(&shop).await;
    assert_eq!(
        (whole.state, whole.opened, whole.posted),
        (RunState::Complete, 1, 5)
    );
    assert_eq!(open(&shop).await[0].kind, DifferenceKind::MissingThere);
    assert_eq!(total(&shop, "fees/main").await, FEES * 10, "each is posted once");
}

#[tokio::test]
async fn less_than_is_booked_says_nothing_while_a_page_is_missing() {
    let shop = shop().await;
    let theirs = reference(&paid(&shop).await);
    shop.vendor.misreport(&theirs, usd(650).get());
    charge_fees(&shop.vendor);
    shop.vendor.fail_reports_after(Some(1));
    assert_eq!(compare(&shop).await.opened, 0);
    shop.vendor.fail_reports_after(None);
    assert_eq!(compare(&shop).await.opened, 1);
}

#[tokio::test]
async fn money_that_the_vendor_cannot_tell_of_is_not_called_missing() {
    let shop = shop().await;
    let theirs = reference(&paid(&shop).await);
    shop.vendor.leave_out(&theirs);
    shop.vendor.refuse_lookups(true);
    let run = compare(&shop).await;
    assert_eq!((run.state, run.opened), (RunState::Incomplete, 0));
    shop.vendor.refuse_lookups(false);
    let run = compare(&shop).await;
    assert_eq!(
        (run.state, run.opened),
        (RunState::Complete, 0),
        "asked, it shows it"
    );
    shop.vendor.lose(&theirs);
    assert_eq!(compare(&shop).await.opened, 1);
}

/// Reports during which the store fails, each time before the second page.
struct Interrupting {
    vendor: Arc<FakePayments>,
    store: Arc<MemoryStore>,
    /// Whether the commit that follows is done, or lost; none is touched without.
    fault: Mutex<Option<bool>>,
}

#[async_trait]
impl Reports for Interrupting {
    async fn activity(&self, span: &TimeSpan, after: Option<&Cursor>) -> Result<ActivityPage> {
        if after.is_some() {
            match self.fault.lock().unwrap().take() {
                Some(true) => self.store.commit_then_fail_next(),
                Some(false) => self.store.fail_next(1),
                None => {}
            }
        }
        self.vendor.activity(span, after).await
    }

    async fn events_since(&self, since: Timestamp, after: Option<&Cursor>) -> Result<EventPage> {
        self.vendor.events_since(since, after).await
    }

    async fn holdings(&self) -> Result<Vec<Holding>> {
        self.vendor.holdings().await
    }
}

#[tokio::test]
async fn a_commit_that_is_lost_between_pages_is_made_up_for_and_nothing_is_posted_twice() {
    for done in [true, false] {
        let node = Node::default();
        let vendor = FakePayments::new(node.clock.clone());
        let reports = Arc::new(Interrupting {
            vendor: vendor.clone(),
            store: node.memory.clone(),
            fault: Mutex::default(),
        });
        let connected = ConnectedPayments {
            reports: Some(reports.clone()),
            ..vendor.connected()
        };
        let world = Box::pin(world_connected(&node, Settings::default(), connected)).await;
        let shop = shop_in(world, vendor).await;
        charge_fees(&shop.vendor);
        shop.vendor.paid_elsewhere(usd(500).get(), nothing());
        *reports.fault.lock().unwrap() = Some(done);
        shop.world.wait(2);
        let reconciliation = &shop.world.app.reconciliation;
        let broken = reconciliation.run_now(&BeginReconciliation::default()).await;
        assert_eq!(broken.unwrap_err().code(), STORE_UNAVAILABLE);
        assert!(total(&shop, "fees/main").await < FEES * 10);
        let run = compare(&shop).await;
        assert_eq!((run.state, run.lines, run.opened), (RunState::Complete, 16, 1));
        assert_eq!(total(&shop, "fees/main").await, FEES * 10, "{done}");
        assert_eq!(compare(&shop).await.posted, 0);
        assert_eq!(open(&shop).await.len(), 1);
    }
}
