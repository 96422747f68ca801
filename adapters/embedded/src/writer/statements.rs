//! The statements of the writer, prepared once.

use portcullis_ports::Timestamp;
use portcullis_ports::storage::{Expect, Version, Write};
use rusqlite::{Connection, OptionalExtension as _, Statement, params};

use crate::cache::Name;
use crate::schema::version;

/// What a write does to the file, each with its expectation in the statement itself: one visit instead of two.
pub(crate) struct Statements<'c> {
    begin: Statement<'c>,
    end: Statement<'c>,
    undo: Statement<'c>,
    put: Statement<'c>,
    create: Statement<'c>,
    replace: Statement<'c>,
    advance: Statement<'c>,
    remove: Statement<'c>,
    remove_present: Statement<'c>,
    remove_version: Statement<'c>,
    state: Statement<'c>,
    reserve: Statement<'c>,
}

/// The state of a record as far as expectations need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) version: Version,
    pub(crate) expires_at: Option<Timestamp>,
}

const INSERT: &str = "
    INSERT INTO records (collection, partition, sort, version, expires_at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (collection, partition, sort) DO UPDATE
    SET version = excluded.version, expires_at = excluded.expires_at, body = excluded.body";
const UPDATE: &str = "
    UPDATE records SET version = ?4, expires_at = ?5, body = ?6
    WHERE collection = ?1 AND partition = ?2 AND sort = ?3";
const DELETE: &str = "DELETE FROM records WHERE collection = ?1 AND partition = ?2 AND sort = ?3";

impl<'c> Statements<'c> {
    pub(crate) fn prepare(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            begin: connection.prepare("BEGIN IMMEDIATE")?,
            end: connection.prepare("COMMIT")?,
            undo: connection.prepare("ROLLBACK")?,
            put: connection.prepare(INSERT)?,
            create: connection.prepare(&format!("{INSERT} WHERE records.expires_at <= ?7"))?,
            replace: connection.prepare(&format!("{UPDATE} AND (expires_at IS NULL OR expires_at > ?7)"))?,
            advance: connection.prepare(&format!(
                "{UPDATE} AND (expires_at IS NULL OR expires_at > ?7) AND version = ?8"
            ))?,
            remove: connection.prepare(DELETE)?,
            remove_present: connection
                .prepare(&format!("{DELETE} AND (expires_at IS NULL OR expires_at > ?4)"))?,
            remove_version: connection.prepare(&format!(
                "{DELETE} AND (expires_at IS NULL OR expires_at > ?4) AND version = ?5"
            ))?,
            state: connection.prepare(
                "SELECT version, expires_at FROM records WHERE collection = ?1 AND partition = ?2 AND sort = ?3",
            )?,
            reserve: connection.prepare("UPDATE marks SET reserved = ?1")?,
        })
    }

    pub(crate) fn begin(&mut self) -> rusqlite::Result<()> {
        self.begin.execute([]).map(drop)
    }

    pub(crate) fn end(&mut self) -> rusqlite::Result<()> {
        self.end.execute([]).map(drop)
    }

    pub(crate) fn undo(&mut self) -> rusqlite::Result<()> {
        self.undo.execute([]).map(drop)
    }

    /// Does a write if its expectation holds, and says whether it did. A put gets `version`.
    pub(crate) fn apply(
        &mut self,
        write: &Write,
        version: Version,
        now: Timestamp,
    ) -> rusqlite::Result<bool> {
        let name = Name::from(write.key());
        let (collection, partition, sort) = (name.collection, name.partition, name.sort);
        let now = now.millis();
        let changed = match write {
            Write::Put {
                body,
                expires_at,
                expect,
                ..
            } => {
                let version = number(version);
                let end = expires_at.map(Timestamp::millis);
                let body: &str = body;
                match expect {
                    Expect::Any => self
                        .put
                        .execute(params![collection, partition, sort, version, end, body])?,
                    Expect::Absent => self
                        .create
                        .execute(params![collection, partition, sort, version, end, body, now])?,
                    Expect::Present => self
                        .replace
                        .execute(params![collection, partition, sort, version, end, body, now])?,
                    Expect::Version(old) => {
                        let old = number(*old);
                        self.advance
                            .execute(params![collection, partition, sort, version, end, body, now, old])?
                    }
                }
            }
            Write::Delete { expect, .. } => match expect {
                Expect::Present => self
                    .remove_present
                    .execute(params![collection, partition, sort, now])?,
                Expect::Version(old) => {
                    let old = number(*old);
                    self.remove_version
                        .execute(params![collection, partition, sort, now, old])?
                }
                // Nothing to remove is fine for these; that there is nothing visible was checked before.
                Expect::Any | Expect::Absent => {
                    self.remove.execute(params![collection, partition, sort])?;
                    1
                }
            },
            Write::Check { .. } => 1,
        };
        Ok(changed > 0)
    }

    /// The state of a record in the file.
    pub(crate) fn state(&mut self, name: Name<'_>) -> rusqlite::Result<Option<State>> {
        self.state
            .query_row(params![name.collection, name.partition, name.sort], |row| {
                Ok(State {
                    version: version(row.get(0)?),
                    expires_at: row.get::<_, Option<i64>>(1)?.map(Timestamp::from_millis),
                })
            })
            .optional()
    }

    /// Notes that every version below `end` may be in use.
    pub(crate) fn reserve(&mut self, end: i64) -> rusqlite::Result<()> {
        self.reserve.execute([end]).map(drop)
    }
}

/// A version as the file holds it. Versions that we give out fit; one that a caller made up matches nothing.
fn number(version: Version) -> i64 {
    i64::try_from(version.0).unwrap_or(-1)
}
