//! What may happen in a schedule, and how often it is drawn.

use proptest::prelude::*;

/// One thing that happens, by the numbers of what it happens to.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// Something is put on the balance.
    Owe(i64),
    /// A payment is begun: of the balance or a purchase, with the stored card or one that is entered, held or not.
    Begin {
        balance: bool,
        stored: bool,
        later: bool,
        euros: bool,
        minor: i64,
    },
    /// The same key is sent again.
    Repeat(usize),
    Complete(usize),
    Cancel(usize),
    Capture(usize, i64),
    Void(usize),
    Refund(usize, i64),
    /// What payers and banks do.
    Pays(usize),
    Fails(usize),
    SucceedsLate(usize),
    RefundFails(usize),
    RefundAtVendor(usize, i64),
    Disputes(usize, bool),
    Decides(usize, bool),
    /// A debt or a purchase is paid and contested, and the bank decides; perhaps otherwise later.
    Contested {
        balance: bool,
        won: bool,
        again: bool,
    },
    /// Money is held, and a part of it is captured.
    Held(i64),
    /// A payment is given up, and its money comes all the same.
    Late,
    /// What goes wrong with the next call of the vendor.
    Vendor(u8),
    /// The next commit is lost, or done without an answer.
    Store(bool),
    /// Some of what the vendor posted arrives: every n-th, the newest first or not.
    Events(usize, bool),
    Wait(u16),
    Watch,
    /// In the middle of the next call of the vendor: before it acts, or before its answer is read.
    Meanwhile(bool, Box<Act>),
}

/// Whatever clients, operators, payers, banks and machines do.
fn plain() -> impl Strategy<Value = Act> {
    let at = || 0_usize..4;
    let minor = || 50_i64..3_000;
    let begin = (
        any::<bool>(),
        any::<bool>(),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.2),
        minor(),
    );
    prop_oneof![
        2 => minor().prop_map(Act::Owe),
        5 => begin.prop_map(|(balance, stored, later, euros, minor)| Act::Begin { balance, stored, later, euros, minor }),
        1 => at().prop_map(Act::Repeat),
        4 => at().prop_map(Act::Complete),
        1 => at().prop_map(Act::Cancel),
        2 => (at(), minor()).prop_map(|(at, minor)| Act::Capture(at, minor)),
        1 => at().prop_map(Act::Void),
        4 => (at(), minor()).prop_map(|(at, minor)| Act::Refund(at, minor)),
        6 => at().prop_map(Act::Pays),
        1 => at().prop_map(Act::Fails),
        1 => at().prop_map(Act::SucceedsLate),
        1 => at().prop_map(Act::RefundFails),
        1 => (at(), minor()).prop_map(|(at, minor)| Act::RefundAtVendor(at, minor)),
        2 => (at(), any::<bool>()).prop_map(|(at, inquiry)| Act::Disputes(at, inquiry)),
        2 => (at(), any::<bool>()).prop_map(|(at, won)| Act::Decides(at, won)),
        1 => (any::<bool>(), any::<bool>(), any::<bool>())
            .prop_map(|(balance, won, again)| Act::Contested { balance, won, again }),
        1 => minor().prop_map(Act::Held),
        1 => Just(Act::Late),
        5 => any::<u8>().prop_map(Act::Vendor),
        2 => any::<bool>().prop_map(Act::Store),
        3 => (1_usize..4, any::<bool>()).prop_map(|(every, newest)| Act::Events(every, newest)),
        2 => (1_u16..400).prop_map(Act::Wait),
        3 => Just(Act::Watch),
    ]
}

/// What happens while somebody waits for the vendor. Nobody waits longer than a call may take before it is made.
fn meanwhile() -> impl Strategy<Value = Act> {
    let before = prop_oneof![
        3 => (1_u16..25).prop_map(Act::Wait).boxed(),
        5 => plain().prop_filter("time passes slowly", |act| !matches!(act, Act::Wait(_))).boxed(),
    ];
    prop_oneof![
        before.prop_map(|act| Act::Meanwhile(true, Box::new(act))),
        plain().prop_map(|act| Act::Meanwhile(false, Box::new(act))),
    ]
}

/// Acts, each with the number of the node that it happens at.
pub(super) fn schedules() -> impl Strategy<Value = Vec<(usize, Act)>> {
    let act = prop_oneof![5 => plain().boxed(), 1 => meanwhile().boxed()];
    prop::collection::vec((0_usize..2, act), 4..40)
}
