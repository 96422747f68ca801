//! The words on receipts and statements, in the languages that are built in.

use portcullis_core::ledger::EntryKind;
use portcullis_core::texts::Language;

/// The words of one language.
pub(super) struct Words {
    pub(super) language: Language,
    pub(super) receipt: &'static str,
    pub(super) number: &'static str,
    pub(super) date: &'static str,
    pub(super) payer: &'static str,
    pub(super) subject: &'static str,
    pub(super) description: &'static str,
    pub(super) reference: &'static str,
    pub(super) balance: &'static str,
    pub(super) purchase: &'static str,
    pub(super) invoice: &'static str,
    pub(super) method: &'static str,
    pub(super) amount: &'static str,
    pub(super) refund: &'static str,
    pub(super) contested: &'static str,
    pub(super) kept: &'static str,
    pub(super) statement: &'static str,
    pub(super) days: &'static str,
    pub(super) owed_before: &'static str,
    pub(super) owed_after: &'static str,
    pub(super) nothing: &'static str,
    pub(super) what: &'static str,
    pub(super) moved: &'static str,
    pub(super) owed: &'static str,
    pub(super) invoice_title: &'static str,
    pub(super) invoice_number: &'static str,
    pub(super) pay_until: &'static str,
    pub(super) customer: &'static str,
    pub(super) net: &'static str,
    pub(super) total: &'static str,
    pub(super) carried: &'static str,
    pub(super) paid: &'static str,
    pub(super) rolled_over: &'static str,
    pub(super) given_back: &'static str,
    pub(super) due: &'static str,
    pub(super) state: &'static str,
    pub(super) void: &'static str,
}

const EN: Words = Words {
    language: Language::EN,
    receipt: "Receipt",
    number: "Receipt number",
    date: "Date",
    payer: "Paid by",
    subject: "Customer number",
    description: "For",
    reference: "Order",
    balance: "Payment of the balance",
    purchase: "Purchase",
    invoice: "Payment of an invoice",
    method: "Paid with",
    amount: "Amount paid",
    refund: "Refunded on {date}",
    contested: "Taken back by the bank",
    kept: "Paid after refunds",
    statement: "Statement",
    days: "Days (UTC)",
    owed_before: "Owed before, {currency}",
    owed_after: "Owed at the end, {currency}",
    nothing: "Nothing was charged or paid in these days.",
    what: "What",
    moved: "Amount",
    owed: "Owed",
    invoice_title: "Invoice",
    invoice_number: "Invoice number",
    pay_until: "Pay until",
    customer: "Customer",
    net: "Net amount",
    total: "Total",
    carried: "From earlier invoices",
    paid: "Paid",
    rolled_over: "Asked for with the next invoice",
    given_back: "Given back",
    due: "Amount due",
    state: "State",
    void: "taken back",
};

const DE: Words = Words {
    language: Language::DE,
    receipt: "Quittung",
    number: "Quittungsnummer",
    date: "Datum",
    payer: "Bezahlt von",
    subject: "Kundennummer",
    description: "Für",
    reference: "Bestellung",
    balance: "Zahlung des offenen Betrags",
    purchase: "Einkauf",
    invoice: "Zahlung einer Rechnung",
    method: "Bezahlt mit",
    amount: "Gezahlter Betrag",
    refund: "Erstattet am {date}",
    contested: "Von der Bank zurückgeholt",
    kept: "Gezahlt nach Erstattungen",
    statement: "Kontoauszug",
    days: "Tage (UTC)",
    owed_before: "Vorher offen, {currency}",
    owed_after: "Am Ende offen, {currency}",
    nothing: "In diesen Tagen wurde nichts berechnet oder gezahlt.",
    what: "Was",
    moved: "Betrag",
    owed: "Offen",
    invoice_title: "Rechnung",
    invoice_number: "Rechnungsnummer",
    pay_until: "Zu zahlen bis",
    customer: "Kunde",
    net: "Nettobetrag",
    total: "Gesamtbetrag",
    carried: "Aus früheren Rechnungen",
    paid: "Bezahlt",
    rolled_over: "Wird mit der nächsten Rechnung verlangt",
    given_back: "Erstattet",
    due: "Offen",
    state: "Stand",
    void: "zurückgenommen",
};

/// The words of a language; English where there are none.
pub(super) fn words(language: Language) -> &'static Words {
    if language == Language::DE { &DE } else { &EN }
}

/// What happened, as it stands on statements. What never lies on the account of a customer has no word for customers.
pub(super) fn happened(words: &Words, kind: EntryKind) -> &'static str {
    let (en, de) = match kind {
        EntryKind::Sale => ("Purchase", "Einkauf"),
        EntryKind::SaleReversed => ("Purchase taken back", "Einkauf zurückgenommen"),
        EntryKind::SaleRestored => ("Purchase stands again", "Einkauf gilt wieder"),
        EntryKind::Hold => ("Payment begun", "Zahlung begonnen"),
        EntryKind::Capture => ("Payment", "Zahlung"),
        EntryKind::Void => ("Payment called off", "Zahlung abgebrochen"),
        EntryKind::Refund => ("Refund", "Erstattung"),
        EntryKind::RefundFailed => ("Refund that came back", "Zurückgekommene Erstattung"),
        EntryKind::DisputeWithdrawn => ("Taken back by the bank", "Von der Bank zurückgeholt"),
        EntryKind::DisputeReinstated => ("Given back by the bank", "Von der Bank zurückgegeben"),
        EntryKind::WriteOff => ("Debt given up", "Erlassene Schuld"),
        EntryKind::Credit => ("Credit", "Gutschrift"),
        EntryKind::Debit => ("Charge", "Belastung"),
        EntryKind::Adopted => ("Payment matched later", "Später zugeordnete Zahlung"),
        EntryKind::Fee
        | EntryKind::FeeReturned
        | EntryKind::Unmatched
        | EntryKind::UnmatchedReturned
        | EntryKind::Payout
        | EntryKind::PayoutReturned => (kind.as_str(), kind.as_str()),
    };
    if words.language == Language::DE { de } else { en }
}
