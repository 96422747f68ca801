//! What holds when all is quiet: both sides have the same books.

use std::collections::BTreeMap;

use portcullis_core::collections;
use portcullis_core::payments::{Finding, PaymentView, Purpose, RefundState, Status};
use portcullis_ports::money::Currency;
use portcullis_ports::payments::{DisputeStatus, RefundStatus};

use super::play::{Play, locked};

impl Play {
    /// Whatever is open has a task that looks after it, whatever went wrong until now.
    pub(super) async fn nothing_is_forgotten(&self) {
        for shop in &self.shops {
            shop.node.store.heal();
        }
        let tasks = self.tasks().await;
        let planned = |id: &str| tasks.iter().any(|body| body.contains(id));
        for payment in self.mine(0).await {
            let payment = self.shop(0).get(&payment).await;
            let mut refunds = payment.refunds.iter();
            let open = !payment.status.is_final() || refunds.any(|refund| refund.state.reserves());
            assert!(
                !open || planned(payment.id.as_str()),
                "nobody looks after it: {payment:#?}"
            );
        }
    }

    /// The bodies of all tasks.
    async fn tasks(&self) -> Vec<String> {
        let tasks = collections().into_iter().find(|one| one.name == "tasks").unwrap();
        let scan = &self.shop(0).node.scan;
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = scan.scan(&tasks, after.as_deref(), 200).await.unwrap();
            found.extend(page.records.into_iter().map(|record| record.body.to_string()));
            after = page.next;
            if after.is_none() {
                return found;
            }
        }
    }

    pub(super) async fn check(&self) -> std::collections::BTreeSet<&'static str> {
        assert_eq!(
            self.vendor.acted_twice(),
            [],
            "nobody is charged or paid back twice"
        );
        let mut held: BTreeMap<Currency, i64> = BTreeMap::new();
        let mine = self.mine(0).await;
        for line in &mine {
            let payment = self.shop(0).get(line).await;
            for shop in &self.shops {
                let there = shop.get(line).await;
                assert_eq!(
                    format!("{payment:?}"),
                    format!("{there:?}"),
                    "every node shows the same"
                );
            }
            self.agrees(&payment);
            self.remember(&payment);
            // What comes back after it was given up holds nothing any more: its money will be to the payer's credit.
            if !payment.status.is_final()
                && !payment.late
                && payment.purpose == Purpose::Balance
                && payment.captured.minor == 0
            {
                *held.entry(payment.amount.currency).or_default() += payment.amount.minor;
            }
        }
        for there in self.vendor.payments() {
            let ours = there.ours.unwrap().payment;
            assert!(
                mine.iter().any(|payment| payment.id == ours),
                "the vendor was asked for nothing that is not written down: {ours}"
            );
        }
        let shop = self.shop(0);
        for balance in shop.node.app.ledger.balances(shop.ada.subject()).await.unwrap() {
            let expected = held.get(&balance.currency).copied().unwrap_or_default();
            assert_eq!(
                i64::try_from(balance.credits_pending).unwrap(),
                expected,
                "holds are those of open payments"
            );
        }
        let ledgers = shop.node.app.ledgers(shop.node.scan.clone());
        let mut findings = Vec::new();
        let told = &mut |finding: &portcullis_core::ledger::Finding| findings.push(format!("{finding:?}"));
        ledgers.verify_all(None, told).await.unwrap();
        assert!(
            findings.is_empty(),
            "all accounts add up to nothing, and every chain holds: {findings:#?}"
        );
        locked(&self.seen).clone()
    }

    /// A payment as it stands here is as it stands there.
    fn agrees(&self, payment: &PaymentView) {
        assert!(
            !matches!(
                payment.status,
                Status::Sending | Status::Capturing | Status::Unknown
            ),
            "{payment:#?}"
        );
        let pictures = self.vendor.payments();
        let ours = pictures
            .iter()
            .filter(|one| one.ours.as_ref().is_some_and(|ours| ours.payment == payment.id));
        assert_eq!(
            payment.captured.minor,
            self.vendor.captured_for(&payment.id),
            "what was taken is booked: {payment:#?}"
        );
        let refunds = ours.clone().flat_map(|one| &one.refunds);
        let given: i64 = refunds
            .filter(|refund| refund.status == RefundStatus::Succeeded)
            .map(|refund| refund.amount.minor)
            .sum();
        assert_eq!(
            payment.refunded.minor, given,
            "what was given back is booked: {payment:#?}"
        );
        let missing: i64 = ours
            .flat_map(|one| &one.disputes)
            .map(|dispute| dispute.withdrawn.minor - dispute.reinstated.minor)
            .sum();
        let seen: i64 = payment.disputes.iter().map(|dispute| dispute.missing.minor).sum();
        assert_eq!(seen, missing, "what banks took is booked: {payment:#?}");
        let too_much = payment.findings.contains(&Finding::GivenBackTooMuch);
        assert!(
            given + missing <= payment.captured.minor || too_much,
            "what the vendor gave back beyond what was taken is shown: {payment:#?}"
        );
        for refund in &payment.refunds {
            assert!(
                !matches!(refund.state, RefundState::Sending | RefundState::Unknown),
                "{payment:#?}"
            );
        }
    }

    /// What is seen to have happened.
    fn remember(&self, payment: &PaymentView) {
        let balance = payment.purpose == Purpose::Balance;
        let lost = payment
            .disputes
            .iter()
            .any(|dispute| dispute.status == DisputeStatus::Lost && dispute.missing.minor > 0);
        let won = payment
            .disputes
            .iter()
            .any(|dispute| dispute.status == DisputeStatus::Won);
        let facts = [
            (
                "a capture of a part",
                payment.captured.minor > 0 && payment.captured != payment.amount,
            ),
            ("a dispute of a balance that was lost", balance && lost),
            ("a dispute that was won", won),
            (
                "a payment that was called off",
                payment.status == Status::Canceled,
            ),
            ("a purchase that was contested and lost", !balance && lost),
            (
                "a refund that came back",
                payment.refunds.iter().any(|refund| refund.state.is_void()),
            ),
            (
                "a refund that was made at the vendor",
                payment.findings.contains(&Finding::RefundFromElsewhere),
            ),
            (
                "a second currency",
                payment.amount.currency.to_string() == "EUR" && payment.captured.minor > 0,
            ),
            ("money that came late", payment.late),
            ("the balance paid", balance && payment.captured.minor > 0),
        ];
        let mut seen = locked(&self.seen);
        seen.extend(facts.into_iter().filter(|(_, is)| *is).map(|(what, _)| what));
    }
}
