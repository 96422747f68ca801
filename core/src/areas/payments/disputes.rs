//! Answering a dispute, or giving it up.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use portcullis_ports::id::PaymentId;
use portcullis_ports::payments::{
    DisputeAcceptance, DisputeKind, DisputeOutcome, DisputeStatus, Disputes, Evidence, EvidenceDocument,
    EvidenceField, EvidenceFile, FileType,
};
use portcullis_ports::{Code, Error, Kind, Result};
use sha2::{Digest, Sha256};

use super::apply::apply_dispute;
use super::model::DisputeId;
use super::records::DisputeRecord;
use super::settle::Follow;
use super::views::PaymentView;
use super::{PAYMENT_NOT_FOUND, Payments, actions, events};
use crate::areas::operators::Operator;
use crate::foundation::guard::GuardedPayments;
use crate::foundation::input::refused;
use crate::foundation::source::Source;
use crate::foundation::table::Batch;
use crate::services::audit::Event;

/// The bank decides already, has decided, or cannot be answered.
pub const DISPUTE_CLOSED: Code = Code::new(
    "dispute-closed",
    Kind::Conflict,
    "This dispute cannot be answered any more.",
);
/// The vendor did not take it.
pub const DISPUTE_NOT_ANSWERED: Code = Code::new(
    "dispute-not-answered",
    Kind::Unavailable,
    "The payment vendor did not take the answer. Nothing is lost: try again.",
);

/// A file that proves something about a dispute. It is handed on to the vendor, and nothing of it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct DisputeFile {
    file_type: FileType,
    bytes: Arc<[u8]>,
}

impl DisputeFile {
    /// The most bytes that all files of one answer hold together.
    pub const MOST: usize = 4_500_000;

    /// A file of a type that vendors take, as what it holds says.
    ///
    /// # Errors
    /// A sentence that says what would be right.
    pub fn new(bytes: Vec<u8>) -> std::result::Result<Self, &'static str> {
        let file_type = FileType::of(&bytes);
        Ok(Self {
            file_type: file_type.ok_or("A whole PDF, PNG or JPEG file is expected.")?,
            bytes: bytes.into(),
        })
    }
}

impl fmt::Debug for DisputeFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DisputeFile({:?}, {} bytes)", self.file_type, self.bytes.len())
    }
}

/// What is said about a dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DisputeAnswer {
    /// Evidence; the bank gets it once `submit` is set, and nothing can be added then.
    Evidence {
        /// What is said, by what it is about.
        texts: BTreeMap<EvidenceField, String>,
        /// What proves it, by what it shows.
        files: BTreeMap<EvidenceDocument, DisputeFile>,
        /// Whether it is final.
        submit: bool,
    },
    /// It is given up, for good.
    Accept,
}

impl DisputeAnswer {
    fn files(&self) -> &BTreeMap<EvidenceDocument, DisputeFile> {
        static NONE: BTreeMap<EvidenceDocument, DisputeFile> = BTreeMap::new();
        match self {
            Self::Evidence { files, .. } => files,
            Self::Accept => &NONE,
        }
    }

    /// Refuses files that the vendor does not take, or more of them.
    fn require_taken(&self, instance: &GuardedPayments, not_offered: impl FnOnce() -> Error) -> Result<()> {
        let files = self.files();
        if files.is_empty() {
            return Ok(());
        }
        let terms = instance.disputes().and_then(Disputes::files);
        let terms = terms.ok_or_else(not_offered)?;
        let most = terms.most_bytes.min(DisputeFile::MOST);
        let bytes: usize = files.values().map(|file| file.bytes.len()).sum();
        if files.len() > terms.most || bytes > most {
            let advice = format!(
                "at most {} files of {most} bytes together are expected",
                terms.most
            );
            return Err(refused("/files", &advice));
        }
        Ok(())
    }
}

impl Payments {
    /// Answers a dispute.
    ///
    /// # Errors
    /// `payment-not-found`, also for a dispute of another payment; `dispute-closed`; `not-offered-here`;
    /// `dispute-not-answered`.
    pub async fn answer_dispute(
        &self,
        operator: &Operator,
        (id, dispute): (&PaymentId, &DisputeId),
        answer: &DisputeAnswer,
        source: &Source,
    ) -> Result<PaymentView> {
        self.step_up.require(actions::MOVE_MONEY, &operator.who).await?;
        let owner = self.owner(id).await?.ok_or_else(|| PAYMENT_NOT_FOUND.error())?;
        let read = self.read(&owner.subject, id).await?;
        let known = read.dispute(dispute).ok_or_else(|| PAYMENT_NOT_FOUND.error())?;
        let instance = self.vendors.named(&read.payment().instance)?;
        self.answerable(instance, known, answer)?;
        let event = Event::info(events::DISPUTE_ANSWER, source)
            .with("payment", id)
            .with("dispute", dispute)
            .with("accepted", *answer == DisputeAnswer::Accept)
            .with("files", answer.files().len());
        let asked = (event.name(), None);
        self.note_asked(read.payment(), operator, &event, asked).await?;
        let outcome = self.send_answer(instance, known, answer).await?;
        let (DisputeOutcome::Done(picture) | DisputeOutcome::Pending(picture)) = outcome else {
            let looked = self.look(&owner.subject, id, source, Follow::Task).await?;
            let taken = looked.rows.disputes.iter().find(|one| one.id == *dispute);
            return match taken
                .filter(|taken| taken.status != known.status || taken.answered != known.answered)
            {
                Some(_) => Ok(PaymentView::of(&looked.rows, None)),
                None => Err(DISPUTE_NOT_ANSWERED.error()),
            };
        };
        self.context
            .retried(|| async {
                let mut batch = Batch::default();
                self.context.lock_subject(&mut batch, &owner.subject).await;
                let now = self.read(&owner.subject, id).await?;
                if now.payment() != read.payment() || now.dispute(dispute) != Some(known) {
                    // The answer may be older than what was written down meanwhile.
                    drop(batch);
                    let looked = self.look(&owner.subject, id, source, Follow::Task).await?;
                    return Ok(PaymentView::of(&looked.rows, None));
                }
                let read = now;
                let (mut rows, mut movements) = (read.rows(), Vec::new());
                apply_dispute(
                    &mut rows,
                    &picture,
                    &*self.context,
                    self.context.now(),
                    &mut movements,
                )?;
                self.write(&mut batch, &read, &mut rows, &movements, source, Follow::Task)
                    .await?;
                self.context.commit(batch).await?;
                Ok(PaymentView::of(&rows, None))
            })
            .await
    }

    fn answerable(
        &self,
        instance: &GuardedPayments,
        dispute: &DisputeRecord,
        answer: &DisputeAnswer,
    ) -> Result<()> {
        let takes = |one: &GuardedPayments| one.disputes().is_some_and(Disputes::takes_evidence);
        if *answer == DisputeAnswer::Accept {
            if instance.disputes().is_none() {
                return Err(self
                    .vendors
                    .not_offered("disputes", |one| one.disputes().is_some()));
            }
        } else if !takes(instance) {
            return Err(self.vendors.not_offered("evidence", takes));
        }
        answer.require_taken(instance, || {
            let takes = |one: &GuardedPayments| one.disputes().is_some_and(|one| one.files().is_some());
            self.vendors.not_offered("files as evidence", takes)
        })?;
        let contested = dispute.kind != DisputeKind::BankReturn;
        if contested && dispute.status == DisputeStatus::NeedsResponse {
            return Ok(());
        }
        Err(DISPUTE_CLOSED.error())
    }

    async fn send_answer(
        &self,
        instance: &GuardedPayments,
        dispute: &DisputeRecord,
        answer: &DisputeAnswer,
    ) -> Result<DisputeOutcome> {
        let theirs = dispute.theirs.clone();
        Ok(match answer {
            DisputeAnswer::Accept => {
                let key = self.dispute_key(instance, dispute, "accept")?;
                let order = DisputeAcceptance {
                    dispute: theirs,
                    key,
                    resend: false,
                };
                instance.accept_dispute(&order).await
            }
            DisputeAnswer::Evidence { texts, files, submit } => {
                // The same words under the same key are the same answer; other words are another.
                let hash = |file: &DisputeFile| HEXLOWER.encode(&Sha256::digest(&file.bytes));
                let hashes: BTreeMap<_, _> = files.iter().map(|(about, file)| (about, hash(file))).collect();
                let said = serde_json::to_string(&(texts, submit, &hashes))
                    .map_err(|error| Error::internal("evidence cannot be written").with_source(error))?;
                let handed = files.iter().zip(hashes.values()).map(|((about, file), hash)| {
                    Ok(EvidenceFile {
                        about: *about,
                        file_type: file.file_type,
                        bytes: Arc::clone(&file.bytes),
                        key: self.dispute_key(instance, dispute, &format!("file {hash}"))?,
                    })
                });
                let order = Evidence {
                    dispute: theirs,
                    key: self.dispute_key(instance, dispute, &said)?,
                    resend: false,
                    texts: texts.clone(),
                    files: handed.collect::<Result<_>>()?,
                    submit: *submit,
                };
                instance.answer_dispute(&order).await
            }
        })
    }
}
