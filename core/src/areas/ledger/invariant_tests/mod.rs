//! The invariants of the ledger over random schedules: two nodes, races, lost answers, a store that fails, clocks that jump.

mod model;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::{Amount, Currency, Money};
use portcullis_ports::storage::{Expect, Key, RecordStore as _, STORE_UNAVAILABLE, Scan as _, Write};
use proptest::prelude::*;

use self::model::{Model, Move};
use super::testing::{LedgerBed, ledger_on, main, payment, reason, subject};
use super::*;
use crate::foundation::testing::Node;

const NAMES: [&str; 2] = ["ada", "bob"];
const CODES: [&str; 2] = ["USD", "JPY"];

/// How the store treats what comes next.
#[derive(Debug, Clone, Copy)]
enum Fault {
    None,
    /// So many calls are not done.
    Refused(usize),
    /// The next commit is done, and nobody is told.
    AnswerLost,
}

#[derive(Debug, Clone)]
enum Act {
    /// One commit by one node.
    Post(usize, usize, usize, Vec<Move>, Fault),
    /// Both nodes at once, to one customer.
    Race(usize, usize, Vec<Move>),
    House(usize, u8, u32, Fault),
    Fold(usize, Fault),
    /// So many hours pass.
    Wait(u16),
    /// The clock is set back by so many hours.
    Back(u8),
}

fn amounts() -> impl Strategy<Value = u32> {
    prop_oneof![1..=500_u32, Just(u32::MAX)]
}

/// What counts at once.
const AT_ONCE: [fn(u32) -> Move; 11] = [
    |net| Move::Sale(net, 0),
    |net| Move::Sale(net, 7),
    Move::SaleReversed,
    Move::Capture,
    Move::Refund,
    Move::RefundFailed,
    Move::Withdrawn,
    Move::Reinstated,
    Move::Credit,
    Move::WriteOff,
    Move::Adopted,
];

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        9 => (0..AT_ONCE.len(), amounts()).prop_map(|(at, amount)| AT_ONCE[at](amount)),
        1 => amounts().prop_map(Move::Debit),
        3 => amounts().prop_map(Move::Hold),
        1 => amounts().prop_map(Move::Usage),
        3 => (0..6_usize, amounts()).prop_map(|(at, amount)| Move::Settle(at, amount)),
        2 => (0..6_usize).prop_map(Move::Void),
    ]
}

fn faults() -> impl Strategy<Value = Fault> {
    prop_oneof![
        4 => Just(Fault::None),
        1 => (1..4_usize).prop_map(Fault::Refused),
        1 => Just(Fault::AnswerLost),
    ]
}

fn acts() -> impl Strategy<Value = Act> {
    let several = prop::collection::vec(moves(), 1..4);
    prop_oneof![
        8 => (0..2_usize, 0..2_usize, 0..2_usize, several, faults())
            .prop_map(|(node, who, currency, moves, fault)| Act::Post(node, who, currency, moves, fault)),
        2 => (0..2_usize, 0..2_usize, prop::collection::vec(moves(), 2..6))
            .prop_map(|(who, currency, moves)| Act::Race(who, currency, moves)),
        2 => (0..2_usize, 0..6_u8, amounts(), faults())
            .prop_map(|(node, kind, amount, fault)| Act::House(node, kind, amount, fault)),
        1 => (0..2_usize, faults()).prop_map(|(node, fault)| Act::Fold(node, fault)),
        1 => (1..100_u16).prop_map(Act::Wait),
        1 => (1..5_u8).prop_map(Act::Back),
    ]
}

fn currency(at: usize) -> Currency {
    Currency::parse(CODES[at]).unwrap()
}

fn amount(minor: u32, at: usize) -> Amount {
    Amount::new(Money::new(minor.into(), currency(at))).unwrap()
}

/// The transaction of a move; of one that ends what was never there, something that is refused.
fn transaction(step: &Move, at: usize, meant: Option<u64>) -> Transaction {
    let (main, money) = (main(), |minor: &u32| amount(*minor, at));
    let sale = |net: &u32| Sale::untaxed(money(net));
    let number = meant.unwrap_or(u64::MAX);
    match step {
        Move::Sale(net, 0) => Transaction::sale(&sale(net), payment()),
        Move::Sale(net, tax) => Transaction::sale(&Sale::taxed(money(net), money(tax)).unwrap(), payment()),
        Move::SaleReversed(net) => Transaction::sale_reversed(&sale(net), payment()),
        Move::Usage(net) => Transaction::sale(&sale(net), payment()).pending(),
        Move::Hold(minor) => Transaction::hold(&main, money(minor), payment()),
        Move::Capture(minor) => Transaction::capture(&main, money(minor), payment()),
        Move::Refund(minor) => Transaction::refund(&main, money(minor), payment()),
        Move::RefundFailed(minor) => Transaction::refund_failed(&main, money(minor), payment()),
        Move::Withdrawn(minor) => Transaction::dispute_withdrawn(&main, money(minor), payment()),
        Move::Reinstated(minor) => Transaction::dispute_reinstated(&main, money(minor), payment()),
        Move::Credit(minor) => Transaction::credit(money(minor), payment(), reason()),
        Move::Debit(minor) => Transaction::debit(money(minor), payment(), reason()),
        Move::WriteOff(minor) => Transaction::write_off(money(minor), payment(), reason()),
        Move::Adopted(minor) => Transaction::adopted(&main, money(minor), payment(), reason()),
        Move::Settle(_, minor) => Transaction::capture(&main, money(minor), payment()).settling(number),
        Move::Void(_) => Transaction::void(currency(at), number, payment()),
    }
}

type HouseConstructor = fn(&InstanceName, Amount, Cause) -> HouseTransaction;

const HOUSE: [(HouseConstructor, &str, &str); 6] = [
    (HouseTransaction::fee, "fees/main", "processor/main"),
    (HouseTransaction::fee_returned, "processor/main", "fees/main"),
    (HouseTransaction::unmatched, "processor/main", "suspense/main"),
    (
        HouseTransaction::unmatched_returned,
        "suspense/main",
        "processor/main",
    ),
    (HouseTransaction::payout, "bank", "processor/main"),
    (HouseTransaction::payout_returned, "processor/main", "bank"),
];

struct Run {
    beds: [LedgerBed; 2],
    model: Model,
}

impl Run {
    async fn new() -> Self {
        let Node { clock, memory, .. } = Node::default();
        let bed = async |seed| {
            let node = Node {
                shared: true,
                seed,
                ..Node::over(memory.clone(), clock.clone())
            };
            ledger_on(node).await
        };
        Self {
            beds: [bed(1).await, bed(2).await],
            model: Model::default(),
        }
    }

    fn set(&self, fault: Fault) {
        let store = &self.beds[0].base.store;
        match fault {
            Fault::None => {}
            Fault::Refused(calls) => store.fail_next(calls),
            Fault::AnswerLost => store.commit_then_fail_next(),
        }
    }

    /// Nothing more fails: a lost answer that nobody waited for is used up by a commit that changes nothing.
    async fn calm(&self) {
        let store = &self.beds[0].base.store;
        store.fail_next(0);
        let nothing = Write::Delete {
            key: Key {
                collection: LEDGER_HOUSE,
                partition: "nothing".to_owned(),
                sort: "nothing".to_owned(),
            },
            expect: Expect::Any,
        };
        // Its answer is the one that may be lost.
        drop(store.commit(&[nothing]).await);
    }

    async fn entries(&self, who: &Subject, at: usize) -> u64 {
        self.beds[0]
            .ledger
            .balance(who, currency(at))
            .await
            .unwrap()
            .entries
    }

    async fn post(&mut self, node: usize, of: (usize, usize), steps: &[Move], fault: Fault) {
        let who = subject(NAMES[of.0]);
        let meant: Vec<(Move, Option<u64>)> = steps
            .iter()
            .map(|step| (step.clone(), self.model.meant(of, step)))
            .collect();
        let transactions: Vec<Transaction> = meant
            .iter()
            .map(|(step, meant)| transaction(step, of.1, *meant))
            .collect();
        let allowed = self.model.allows(of, steps);
        let before = self.entries(&who, of.1).await;
        self.set(fault);
        let posted = self.beds[node].post(&who, &transactions).await;
        self.calm().await;
        let done = match posted {
            Ok(posted) => {
                let expected = before + 1..=before + steps.len() as u64;
                assert!(posted.iter().map(|one| one.number).eq(expected));
                true
            }
            // Whether it was done is looked up, as whoever posts has to.
            Err(error) if error.code() == STORE_UNAVAILABLE => self.entries(&who, of.1).await > before,
            Err(error) => {
                assert!(!allowed, "{error:?}");
                assert_eq!(error.code(), PENDING_ENTRY_ENDED);
                false
            }
        };
        assert!(allowed || !done, "something ended twice");
        if done {
            self.model.execute(of, &meant);
        }
    }

    /// Every move that can be done in any order is done once; nothing is ended here.
    async fn race(&mut self, of: (usize, usize), steps: &[Move]) {
        let ends = |step: &&Move| {
            !matches!(
                step,
                Move::Settle(..) | Move::Void(_) | Move::Hold(_) | Move::Usage(_)
            )
        };
        let steps: Vec<Move> = steps.iter().filter(ends).cloned().collect();
        let who = subject(NAMES[of.0]);
        let posted = join_all(steps.iter().enumerate().map(|(at, step)| {
            let (bed, who) = (&self.beds[at % 2], &who);
            async move { bed.post(who, &[transaction(step, of.1, None)]).await }
        }))
        .await;
        for posted in posted {
            posted.unwrap();
        }
        let steps: Vec<(Move, Option<u64>)> = steps.into_iter().map(|step| (step, None)).collect();
        self.model.execute(of, &steps);
    }

    async fn house(&mut self, node: usize, kind: u8, minor: u32, fault: Fault) {
        let (construct, debit, credit) = HOUSE[usize::from(kind)];
        let transaction = construct(&main(), amount(minor, 0), payment());
        let count = async |run: &Self| {
            let store = &run.beds[0].base.store;
            store.scan(&LEDGER_HOUSE, None, 1000).await.unwrap().records.len()
        };
        let before = count(self).await;
        self.set(fault);
        let posted = self.beds[node].post_house(&transaction).await;
        self.calm().await;
        let done = count(self).await > before;
        assert!(done || posted.is_err());
        if done {
            *self.model.house.entry((debit.to_owned(), 0)).or_default() += i128::from(minor);
            *self.model.house.entry((credit.to_owned(), 0)).or_default() -= i128::from(minor);
        }
    }

    async fn execute(&mut self, act: &Act) {
        match act {
            Act::Post(node, who, at, steps, fault) => self.post(*node, (*who, *at), steps, *fault).await,
            Act::Race(who, at, steps) => self.race((*who, *at), steps).await,
            Act::House(node, kind, minor, fault) => self.house(*node, *kind, *minor, *fault).await,
            Act::Fold(node, fault) => {
                self.set(*fault);
                let folded = self.beds[*node].ledger.fold().await;
                self.calm().await;
                assert!(folded.is_ok() || !matches!(fault, Fault::None));
            }
            Act::Wait(hours) => {
                let span = Duration::from_hours((*hours).into());
                self.beds[0].base.clock.advance(span);
            }
            Act::Back(hours) => self.beds[0]
                .base
                .clock
                .set_back(Duration::from_hours((*hours).into())),
        }
    }

    /// The days of every account of the house add up to what it holds.
    async fn check_days(&self) {
        let ledger = &self.beds[1].ledger;
        let mut held: BTreeMap<(String, Currency), Movement> = BTreeMap::new();
        for day in ledger.house_days("0", ":").await.unwrap() {
            let sum = held.entry((day.account.to_string(), day.currency)).or_default();
            for kind in day.kinds {
                *sum = sum.plus(kind.moved).unwrap();
            }
        }
        let totals = ledger.house_totals().await.unwrap();
        let used = totals
            .into_iter()
            .filter(|total| total.moved != Movement::default());
        let totals: BTreeMap<_, _> = used
            .map(|total| ((total.account.to_string(), total.currency), total.moved))
            .collect();
        assert_eq!(held, totals);
    }

    /// What must hold at every moment.
    async fn check(&self) {
        for bed in &self.beds {
            for ((who, at), account) in &self.model.accounts {
                let view = bed
                    .ledger
                    .balance(&subject(NAMES[*who]), currency(*at))
                    .await
                    .unwrap();
                let open = account.pending.iter().filter(|entry| entry.3);
                let (debits, credits) = open.fold((0, 0), |sums, entry| (sums.0 + entry.1, sums.1 + entry.2));
                assert_eq!(
                    (
                        i128::from(view.debits_posted),
                        i128::from(view.credits_posted),
                        i128::from(view.debits_pending),
                        i128::from(view.credits_pending),
                        view.entries,
                    ),
                    (account.debits, account.credits, debits, credits, account.entries),
                    "the balance is what was posted, and what is held is the sum of open holds"
                );
                let payable = (account.debits - account.credits - credits).max(0);
                assert_eq!(i128::from(view.payable), payable);
            }
        }
        self.check_days().await;
        // Numbers, hashes, sums, lines and totals, and that all accounts of a currency add up to zero.
        let bed = &self.beds[0];
        let summary = bed
            .ledgers()
            .verify_all(None, &mut |found| panic!("{found:?}"))
            .await
            .unwrap();
        let entries: u64 = self.model.accounts.values().map(|account| account.entries).sum();
        assert_eq!(summary.entries, entries);
        let house: BTreeMap<(String, usize), i128> = bed
            .ledger
            .house_totals()
            .await
            .unwrap()
            .into_iter()
            .map(|total| {
                let at = CODES
                    .iter()
                    .position(|code| *code == total.currency.as_str())
                    .unwrap();
                let net = i128::from(total.moved.debits) - i128::from(total.moved.credits);
                ((total.account.to_string(), at), net)
            })
            .filter(|(_, net)| *net != 0)
            .collect();
        let expected = self.model.house.iter().filter(|(_, net)| **net != 0);
        assert!(
            house.iter().eq(expected),
            "{house:?} is not {:?}",
            self.model.house
        );
        self.check_rows().await;
    }

    /// Every exported transaction adds up to zero, and every row has the currency of its account.
    async fn check_rows(&self) {
        let ledgers = self.beds[1].ledgers();
        for who in NAMES.map(subject) {
            for (subject, currency) in ledgers.accounts_of(&who).await.unwrap() {
                for entry in ledgers.entries_behind(&subject, currency, 0).await.unwrap() {
                    let rows = ExportLine::from(&entry).rows();
                    assert!(rows.iter().all(|row| row.currency == currency));
                    let sum: i64 = rows
                        .iter()
                        .filter(|row| !row.side.is_empty())
                        .map(|row| {
                            let minor = Money::parse(&row.amount, currency).unwrap().minor;
                            if row.side == "debit" { minor } else { -minor }
                        })
                        .sum();
                    assert_eq!(sum, 0);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_ledger_says_what_was_posted(acts in prop::collection::vec(acts(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut run = Run::new().await;
            for (at, act) in acts.iter().enumerate() {
                run.execute(act).await;
                if at % 8 == 7 {
                    run.check().await;
                }
            }
            run.check().await;
        });
    }
}
