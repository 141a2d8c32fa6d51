//! SQLite's writer: one connection, lent to one transaction at a time, and one COMMIT for those that came together.
//!
//! SQLite takes one writer at a time and flushes the disk at every COMMIT. So one task owns the connection: it begins a
//! transaction, gives each who waits its turn as a savepoint of it, and commits when those have had their turn who stood in the
//! queue as the first had finished. Alone, a transaction is committed at once.
//!
//! Nothing is told before the COMMIT that covers it, a refusal included: it may follow from what others of the group wrote. What
//! is undone takes nothing of the others with it. A COMMIT that fails is told to all of its group, and nobody's work is kept.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::DbError;
use super::sqlite::{Connection, closed};

/// Whoever waits longer for a turn is told that the database is away.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// As a rule.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// So many waits in vain in a row, and the file counts as away.
const WAITS_FOR_A_LOCK: u32 = 2;

/// The queue of writers.
#[derive(Clone)]
pub(super) struct Writer(mpsc::UnboundedSender<Asked>);

enum Asked {
    Turn(Turn),
    Close(oneshot::Sender<()>),
}

type Turn = oneshot::Sender<Result<Member, DbError>>;

/// A transaction whose turn it is. Dropped on its way, it is undone.
pub(super) struct Member(Option<Lent>);

struct Lent {
    connection: Connection,
    back: oneshot::Sender<Returned>,
}

struct Returned {
    connection: Connection,
    end: End,
    /// Nobody listens when the caller went away.
    told: Option<Told>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Keep,
    Undo,
}

/// How the COMMIT went.
type Outcome = Result<(), Arc<str>>;
type Told = oneshot::Sender<Outcome>;

impl Writer {
    /// `patience`: how long a transaction waits for another process's lock.
    pub fn open(connection: Connection, patience: Duration) -> Self {
        let (asking, queue) = mpsc::unbounded_channel();
        let owner = Owner {
            connection: Some(connection),
            patience,
            queue,
            closing: None,
        };
        // A task of its own: no caller's going away stops it between two statements.
        tokio::spawn(owner.serve());
        Self(asking)
    }

    pub async fn begin(&self) -> Result<Member, DbError> {
        let (turn, given) = oneshot::channel();
        self.0.send(Asked::Turn(turn)).map_err(|_| closed())?;
        match tokio::time::timeout(LONGEST_WAIT, given).await {
            Ok(given) => given.map_err(|_| closed())?,
            Err(_) => Err(DbError::Unavailable("the writer is busy".to_owned())),
        }
    }

    /// Returns when those who stood in the queue have had their turn and the connection is closed.
    pub async fn close(&self) {
        let (told, closed) = oneshot::channel();
        if self.0.send(Asked::Close(told)).is_ok() {
            let _closed_before = closed.await;
        }
    }
}

impl Member {
    pub fn connection(&self) -> Result<&Connection, DbError> {
        self.0.as_ref().map(|lent| &lent.connection).ok_or_else(closed)
    }

    /// Returns when the COMMIT has covered it.
    pub async fn commit(self) -> Result<(), DbError> {
        self.end(End::Keep).await
    }

    /// Undone at once; returns when what it may have read of others is committed, and fails when that is lost.
    pub async fn rollback(self) -> Result<(), DbError> {
        self.end(End::Undo).await
    }

    async fn end(mut self, end: End) -> Result<(), DbError> {
        let (told, outcome) = oneshot::channel();
        self.give_back(end, Some(told));
        match outcome.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(why)) => Err(DbError::Unavailable(format!("commit: {why}"))),
            Err(_) => Err(DbError::Unavailable("the commit was never made".to_owned())),
        }
    }

    fn give_back(&mut self, end: End, told: Option<Told>) {
        if let Some(Lent { connection, back }) = self.0.take() {
            // Without its owner the connection is dropped, which rolls back.
            let _owner_gone = back.send(Returned { connection, end, told });
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.give_back(End::Undo, None);
    }
}

/// The task that owns the connection.
struct Owner {
    /// None while it is lent.
    connection: Option<Connection>,
    patience: Duration,
    queue: mpsc::UnboundedReceiver<Asked>,
    closing: Option<oneshot::Sender<()>>,
}

impl Owner {
    /// Group after group, until it is asked to close or all who could ask are gone.
    async fn serve(mut self) {
        let mut in_vain = 0;
        while let Some(first) = self.next_asked().await {
            let mut told = Vec::new();
            let outcome = match self.begin().await {
                Ok(()) => self.group(first, &mut told).await,
                Err(error) => {
                    in_vain += 1;
                    self.turn_away(first, error, in_vain);
                    continue;
                }
            };
            in_vain = 0;
            let outcome = outcome.map_err(|error| Arc::from(error.to_string()));
            if let Err(error) = &outcome {
                tracing::error!(%error, "the transactions of one COMMIT are lost");
                let _ended = self.run("ROLLBACK");
            }
            for one in told {
                let _gone = one.send(outcome.clone());
            }
        }
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close()
        {
            tracing::warn!(%error, "the database was not closed well");
        }
        if let Some(told) = self.closing.take() {
            let _gone = told.send(());
        }
    }

    /// Nobody waits for the lock again behind somebody who waited in vain.
    fn turn_away(&mut self, first: Turn, error: DbError, in_vain: u32) {
        let error = match error {
            DbError::Conflict { message } if in_vain >= WAITS_FOR_A_LOCK => DbError::Unavailable(message),
            other => other,
        };
        if let DbError::Unavailable(why) = &error {
            for _ in 0..self.queue.len() {
                let Some(next) = self.queue.try_recv().ok().and_then(|asked| self.turn(asked)) else {
                    break;
                };
                let _gone = next.send(Err(DbError::Unavailable(why.clone())));
            }
        }
        let _gone = first.send(Err(error));
    }

    async fn next_asked(&mut self) -> Option<Turn> {
        match self.closing {
            Some(_) => None,
            None => self.queue.recv().await.and_then(|asked| self.turn(asked)),
        }
    }

    fn turn(&mut self, asked: Asked) -> Option<Turn> {
        match asked {
            Asked::Turn(turn) => Some(turn),
            Asked::Close(told) => {
                self.closing = Some(told);
                None
            }
        }
    }

    /// From after BEGIN to COMMIT. Whoever is to be told of the end is in `told`.
    async fn group(&mut self, first: Turn, told: &mut Vec<Told>) -> Result<(), DbError> {
        // The first needs no savepoint: to undo it alone is to undo everything.
        if self.lend(first, told).await? == End::Undo {
            // A full disk has done so already.
            let _ended = self.run("ROLLBACK");
            return Ok(());
        }
        let mut savepoint = "SAVEPOINT member";
        for _ in 0..self.queue.len() {
            let Some(next) = self.queue.try_recv().ok().and_then(|asked| self.turn(asked)) else {
                break;
            };
            self.run(savepoint)?;
            savepoint = "RELEASE member; SAVEPOINT member";
            if self.lend(next, told).await? == End::Undo {
                self.run("ROLLBACK TO member")?;
            }
        }
        self.apart(|connection| connection.batch("COMMIT")).await
    }

    async fn lend(&mut self, turn: Turn, told: &mut Vec<Told>) -> Result<End, DbError> {
        let connection = self.connection.take().ok_or_else(closed)?;
        let (back, returned) = oneshot::channel();
        // Dropped here, when whoever asked is gone already, it comes back undone.
        drop(turn.send(Ok(Member(Some(Lent { connection, back })))));
        let returned = returned.await.map_err(|_| closed())?;
        self.connection = Some(returned.connection);
        told.extend(returned.told);
        Ok(returned.end)
    }

    /// Another process's lock is waited for on a thread of its own; as a rule there is no such process.
    async fn begin(&mut self) -> Result<(), DbError> {
        const BEGIN: &str = "BEGIN IMMEDIATE";
        match self.run(BEGIN) {
            Err(DbError::Conflict { .. }) => {
                let patience = self.patience;
                self.apart(move |connection| {
                    connection.wait(patience)?;
                    let begun = connection.batch(BEGIN);
                    connection.wait(Duration::ZERO)?;
                    begun
                })
                .await
            }
            other => other,
        }
    }

    fn run(&self, sql: &'static str) -> Result<(), DbError> {
        self.connection.as_ref().ok_or_else(closed)?.batch(sql)
    }

    /// What waits, for the disk above all, keeps no other task waiting.
    async fn apart(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<(), DbError> + Send + 'static,
    ) -> Result<(), DbError> {
        let connection = self.connection.take().ok_or_else(closed)?;
        let (connection, done) = tokio::task::spawn_blocking(move || {
            let done = work(&connection);
            (connection, done)
        })
        .await
        .map_err(|_| closed())?;
        self.connection = Some(connection);
        done
    }
}
