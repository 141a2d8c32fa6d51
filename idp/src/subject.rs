//! Pairwise subject identifiers (OpenID Connect Core section 8.1): two sectors cannot compare what they know of a person.

use signum_core::{Cx, DbError, Id, Random, Tx, params};

use crate::people::Person;

/// The person's `sub` in `sector`, made at first use.
pub(crate) async fn subject(tx: &Tx, random: &dyn Random, person: Id<Person>, sector: &str) -> Result<String, DbError> {
    // Nearly always it is there: one statement.
    if let Some(known) = read(tx, person, sector).await? {
        return Ok(known);
    }
    tx.exec(
        "INSERT INTO pairwise_subject (person, sector, sub) VALUES ($1, $2, $3) ON CONFLICT (person, sector) DO NOTHING",
        params![person, sector, random.token()],
    )
    .await?;
    read(tx, person, sector).await?.ok_or(DbError::NotFound)
}

async fn read(tx: &Tx, person: Id<Person>, sector: &str) -> Result<Option<String>, DbError> {
    let row = tx
        .opt(
            "SELECT sub FROM pairwise_subject WHERE person = $1 AND sector = $2",
            params![person, sector],
        )
        .await?;
    row.map(|row| row.get("sub")).transpose()
}

/// The person's `sub` in `sector`, outside of a transaction: a write only where it is the first.
pub(crate) async fn ensured(cx: &Cx, person: Id<Person>, sector: &str) -> Result<String, DbError> {
    match known_subject(cx, person, sector).await? {
        Some(known) => Ok(known),
        None => {
            let made = |tx: Tx| async move { subject(&tx, &*cx.random, person, sector).await };
            cx.db.run("subject.make", made).await
        }
    }
}

/// The person's `sub` in `sector` if there is one already.
pub(crate) async fn known_subject(cx: &Cx, person: Id<Person>, sector: &str) -> Result<Option<String>, DbError> {
    let row = cx
        .db
        .opt(
            "SELECT sub FROM pairwise_subject WHERE person = $1 AND sector = $2",
            params![person, sector],
        )
        .await?;
    row.map(|row| row.get("sub")).transpose()
}
