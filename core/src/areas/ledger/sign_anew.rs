//! Signs anew what a signing key signed which is to be given up.

use portcullis_ports::Result;
use portcullis_ports::identity::Subject;
use portcullis_ports::money::Currency;
use portcullis_ports::storage::MAX_PAGE;

use super::Ledgers;
use super::lines::Total;
use super::records::{Balance, HouseEntry, LEDGER_HOUSE};
use crate::foundation::keyring::split_key_id;
use crate::foundation::table::{Batch, decode, set_aside_unreadable};

/// How many records one commit signs.
const CHUNK: usize = 90;

impl Ledgers {
    /// Signs everything anew that this key signed, with the one in use. What it did not sign stays as it is, also where it
    /// claims to be.
    ///
    /// # Errors
    /// Whatever the store answers. It may be done again.
    pub(crate) async fn sign_anew(&self, key: &str) -> Result<u64> {
        let mut signed = 0;
        let mut accounts = self.accounts();
        while let Some(page) = accounts.next_page().await? {
            for (subject, currency) in page {
                let context = &self.ledger.context;
                let again = || self.sign_balance(&subject, currency, key);
                signed += u64::from(context.retried(again).await?);
            }
        }
        for (account, currency) in self.ledger.lines.accounts().await? {
            let again = || self.ledger.lines.sign_total(&account, currency, key);
            signed += u64::from(self.ledger.context.retried(again).await?);
            let again = || self.ledger.lines.sign_sums(&account, currency, key);
            signed += self.ledger.context.retried(again).await?;
        }
        Ok(signed + self.sign_house(key).await?)
    }

    async fn sign_balance(&self, subject: &Subject, currency: Currency, key: &str) -> Result<bool> {
        let context = &self.ledger.context;
        let balances = context.table::<Balance>();
        let found = balances
            .find(&Balance::partition(subject), currency.as_str())
            .await;
        let Some(read) = set_aside_unreadable(found)?.filter(|read| is_by(key, &read.mac)) else {
            return Ok(false);
        };
        if !read.is_ours(&context.keyring)? {
            return Ok(false);
        }
        let mut balance = read.value.clone();
        balance.sign(&context.keyring)?;
        let mut batch = Batch::default();
        batch.replace(&read, &balance)?;
        context.commit(batch).await?;
        Ok(true)
    }

    /// Transactions of the house never change, so nobody is met.
    async fn sign_house(&self, key: &str) -> Result<u64> {
        let context = &self.ledger.context;
        let (mut signed, mut after) = (0, None);
        loop {
            let page = self.scan.scan(&LEDGER_HOUSE, after.as_deref(), MAX_PAGE).await?;
            let mut former = Vec::new();
            for record in page.records {
                let read = set_aside_unreadable(decode::<HouseEntry>(record).map(Some))?;
                if let Some(read) = read.filter(|read| is_by(key, &read.mac))
                    && read.is_ours(&context.keyring)?
                {
                    former.push(read);
                }
            }
            for chunk in former.chunks(CHUNK) {
                let mut batch = Batch::default();
                for read in chunk {
                    let mut entry = read.value.clone();
                    entry.sign(&context.keyring)?;
                    batch.replace(read, &entry)?;
                }
                context.commit(batch).await?;
                signed += chunk.len() as u64;
            }
            after = page.next;
            if after.is_none() {
                return Ok(signed);
            }
        }
    }
}

/// Whether a code claims to be by this key.
pub(super) fn is_by(key: &str, mac: &str) -> bool {
    split_key_id(mac).0 == key
}

impl super::lines::Lines {
    async fn sign_total(&self, account: &super::HouseAccount, currency: Currency, key: &str) -> Result<bool> {
        let Some(read) = self.read_total(account, currency).await? else {
            return Ok(false);
        };
        let keyring = &self.context().keyring;
        if !is_by(key, &read.mac) || !read.is_ours(keyring)? {
            return Ok(false);
        }
        let mut total: Total = read.value.clone();
        total.sign(keyring)?;
        let mut batch = Batch::default();
        batch.replace(&read, &total)?;
        self.context().commit(batch).await?;
        Ok(true)
    }
}
