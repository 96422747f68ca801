//! What the writer does between groups: moving the log into the file, removing what has expired, and giving back space.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use metrics::Counter;
use portcullis_ports::clock::Clock;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, MAIN_DB, Statement, params};

use crate::cache::{Name, RecordCache};
use crate::schema;

/// Under load a slice of expired records is removed this often.
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// How many expired records one slice removes: few enough that nobody notices.
const SLICE: usize = 200;
/// Under load the log is moved when it has so many pages (16 MiB), or reading and opening would slow down.
const LONG_LOG: u32 = 4096;
/// In a quiet moment it is moved from so many on (1 MiB); a shorter one is not worth two syncs.
const SHORT_LOG: u32 = 256;
/// If somebody held on to the log, it has to grow by so many pages before the next attempt.
const GROWTH: u32 = 1024;

/// So many free pages (1 MiB) stay in the file, and this part of all of them: they are used again.
const SPARE: u32 = 256;
const SPARE_PART: u32 = 8;
/// How many pages are given back at once: few enough that nobody who comes meanwhile notices.
const GIVEN_BACK: u32 = 128;

/// The connection of the writer, between groups.
pub(super) struct Upkeep<'c> {
    connection: &'c Connection,
    sweep: Statement<'c>,
    cache: &'c RecordCache,
    clock: &'c dyn Clock,
    /// The length of the log, told by the engine after every commit.
    log_pages: Arc<AtomicU32>,
    /// How long it was when it was last moved; zero once it starts again.
    moved_at: u32,
    swept: Instant,
    expired: Counter,
}

impl<'c> Upkeep<'c> {
    pub(super) fn new(
        connection: &'c Connection,
        cache: &'c RecordCache,
        clock: &'c dyn Clock,
        log_pages: Arc<AtomicU32>,
        expired: Counter,
    ) -> rusqlite::Result<Self> {
        let sweep = connection.prepare(
            "DELETE FROM records WHERE rowid IN (
                 SELECT rowid FROM records WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2
             ) RETURNING collection, partition, sort",
        )?;
        Ok(Self {
            connection,
            sweep,
            cache,
            clock,
            log_pages,
            moved_at: 0,
            swept: Instant::now(),
            expired,
        })
    }

    /// What cannot wait for a quiet moment.
    pub(super) fn under_load(&mut self) {
        if self.unmoved() >= LONG_LOG {
            self.move_log();
        }
        if self.swept.elapsed() >= SWEEP_EVERY {
            self.sweep();
        }
    }

    /// On a full disk the log may be all that can give room.
    pub(super) fn after_failure(&mut self) {
        if self.unmoved() > 0 {
            self.move_log();
        }
    }

    /// Tidies up, and says whether more is to be done at once.
    pub(super) fn at_leisure(&mut self, thoroughly: bool) -> bool {
        if self.sweep() || self.give_back() {
            // What is tidied up is written to the log first, which must not grow with it.
            if self.unmoved() >= LONG_LOG {
                self.move_log();
            }
            return true;
        }
        if self.unmoved() >= if thoroughly { 1 } else { SHORT_LOG } {
            self.move_log();
        }
        false
    }

    /// Shortens the file by some of its free pages, and says whether there may be more to give back. The file itself
    /// becomes shorter when the log is moved.
    fn give_back(&self) -> bool {
        match self.give_back_some() {
            Ok(more) => more,
            Err(error) => {
                tracing::warn!(%error, "the file of the store could not give back space");
                false
            }
        }
    }

    fn give_back_some(&self) -> rusqlite::Result<bool> {
        let number = |pragma: &str| -> rusqlite::Result<u32> {
            self.connection
                .query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0))
        };
        let free = number("freelist_count")?;
        // Most of the time there is nothing to do, and no more to ask.
        if free <= SPARE || !schema::gives_space_back(self.connection)? {
            return Ok(false);
        }
        let spare = SPARE.max(number("page_count")? / SPARE_PART);
        let surplus = free.saturating_sub(spare);
        if surplus == 0 {
            return Ok(false);
        }
        let count = surplus.min(GIVEN_BACK);
        // The engine moves one page with every step.
        let mut statement = self
            .connection
            .prepare(&format!("PRAGMA incremental_vacuum({count})"))?;
        let mut steps = statement.query([])?;
        while steps.next()?.is_some() {}
        // Fewer than asked for means that something keeps them; then it is no use to go on.
        Ok(surplus > count && number("freelist_count")? < free)
    }

    /// How many pages of the log wait to be moved, as far as an attempt could move them.
    fn unmoved(&mut self) -> u32 {
        let pages = self.log_pages.load(Ordering::Relaxed);
        if pages < self.moved_at {
            self.moved_at = 0;
        }
        if self.moved_at == 0 || pages >= self.moved_at + GROWTH {
            pages
        } else {
            pages - self.moved_at
        }
    }

    fn move_log(&mut self) {
        let moved = self
            .connection
            .wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::PASSIVE);
        if let Err(error) = moved {
            tracing::warn!(%error, "the log of the store could not be moved into its file");
        }
        self.moved_at = self.log_pages.load(Ordering::Relaxed);
    }

    /// Removes a slice of expired records, and says whether there may be more.
    fn sweep(&mut self) -> bool {
        self.swept = Instant::now();
        match self.remove_expired() {
            Ok(names) => {
                for [collection, partition, sort] in &names {
                    self.cache.forget(Name {
                        collection,
                        partition,
                        sort,
                    });
                }
                self.expired.increment(u64::try_from(names.len()).unwrap_or(0));
                names.len() >= SLICE
            }
            Err(error) => {
                tracing::warn!(%error, "expired records could not be removed");
                false
            }
        }
    }

    /// One statement, so it is done or undone as a whole.
    fn remove_expired(&mut self) -> rusqlite::Result<Vec<[String; 3]>> {
        let most = i64::try_from(SLICE).unwrap_or(i64::MAX);
        self.sweep
            .query_map(params![self.clock.now().millis(), most], |row| {
                Ok([row.get(0)?, row.get(1)?, row.get(2)?])
            })?
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use metrics::Counter;
    use portcullis_ports::Timestamp;
    use portcullis_ports::storage::{Collection, Key, Version};
    use portcullis_ports::testkit::FakeClock;
    use rusqlite::Connection;

    use super::{SLICE, Upkeep};
    use crate::cache::{Known, Name, OwnedName, RecordCache, Stored};
    use crate::{folder::Folder, schema};

    fn expiring(connection: &Connection, count: usize, end: Timestamp) {
        let sql = "INSERT INTO records VALUES ('things', 'p', ?1, 1, ?2, 'null')";
        let mut insert = connection.prepare(sql).unwrap();
        for n in 0..count {
            insert
                .execute((format!("{}-{n}", end.millis()), end.millis()))
                .unwrap();
        }
    }

    #[test]
    fn expired_records_leave_file_and_memory_in_slices() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::new(home.path().to_owned());
        folder.touch_database().unwrap();
        let connection = schema::open_writer(&folder.database()).unwrap();
        let clock = FakeClock::default();
        let now = portcullis_ports::Clock::now(&clock);
        expiring(&connection, SLICE + 50, now);
        expiring(&connection, 7, now + Duration::from_mins(1));
        let cache = RecordCache::new(1 << 20);
        let key = Key {
            collection: Collection {
                name: "things",
                table: "things",
                variable: "THINGS_TABLE",
            },
            partition: "p".to_owned(),
            sort: format!("{}-0", now.millis()),
        };
        let stored = Stored {
            version: Version(1),
            expires_at: Some(now),
            body: Arc::from("null"),
        };
        cache.settle(OwnedName::from(key.clone()), Some(stored));
        let mut upkeep = Upkeep::new(&connection, &cache, &clock, Arc::default(), Counter::noop()).unwrap();
        assert!(upkeep.at_leisure(false), "more than one slice has expired");
        assert!(!upkeep.at_leisure(false));
        assert_eq!(schema::count(&connection).unwrap(), 7);
        assert_eq!(cache.get(Name::from(&key)), Known::Nothing);
        clock.advance(Duration::from_mins(1));
        assert!(!upkeep.at_leisure(true));
        assert_eq!(schema::count(&connection).unwrap(), 0);
    }

    /// A file with so many records of 2 KB, all of which were deleted, and how large it was with them.
    fn emptied(folder: &Folder, old: bool) -> (Connection, u64) {
        folder.touch_database().unwrap();
        let file = folder.database();
        if old {
            // As a version without this has made it.
            let connection = schema::open_writer(&file).unwrap();
            connection
                .execute_batch("PRAGMA auto_vacuum = NONE; VACUUM;")
                .unwrap();
            assert!(!schema::gives_space_back(&connection).unwrap());
        }
        let connection = schema::open_writer(&file).unwrap();
        let mut insert = connection
            .prepare("INSERT INTO records VALUES ('things', 'p', ?1, 1, NULL, ?2)")
            .unwrap();
        let body = format!("\"{}\"", "x".repeat(2000));
        connection.execute_batch("BEGIN").unwrap();
        for n in 0..4000 {
            insert.execute((n.to_string(), &body)).unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
        drop(insert);
        connection
            .execute_batch("PRAGMA wal_checkpoint(PASSIVE); DELETE FROM records WHERE rowid % 100 > 0;")
            .unwrap();
        let bytes = file.metadata().unwrap().len();
        (connection, bytes)
    }

    #[test]
    fn the_file_becomes_shorter_when_records_go() {
        for old in [false, true] {
            let home = tempfile::tempdir().unwrap();
            let folder = Folder::new(home.path().to_owned());
            let (mut connection, before) = emptied(&folder, old);
            assert!(before > 8_000_000, "{before}");
            let pages = Arc::new(AtomicU32::new(0));
            let hook = Arc::clone(&pages);
            connection
                .wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, count| {
                    hook.store(u32::try_from(count).unwrap(), Ordering::Relaxed);
                    Ok(())
                }))
                .unwrap();
            let clock = FakeClock::default();
            let cache = RecordCache::new(1 << 20);
            let mut upkeep = Upkeep::new(&connection, &cache, &clock, pages, Counter::noop()).unwrap();
            let mut rounds = 0;
            while upkeep.at_leisure(true) {
                rounds += 1;
                assert!(rounds < 100, "it never ends");
            }
            assert!(rounds > 5, "it is done in slices: {rounds}");
            let after = folder.database().metadata().unwrap().len();
            assert!(after < 1_500_000, "{before} bytes before, {after} after");
            assert_eq!(schema::count(&connection).unwrap(), 40);
            let verdict: String = connection
                .query_row("PRAGMA integrity_check", [], |row| row.get(0))
                .unwrap();
            assert_eq!(verdict, "ok");
        }
    }
}
