//! Many rows with few statements, for work by the hundred thousand.

use super::{DbError, Tx, Value};

/// Rows in one statement: few enough for SQLite's limit of parameters, enough that the way to the server counts little.
const ROWS: usize = 64;

/// An `INSERT` of any number of rows. Statements live as long as the process, so each kind of row is made once:
/// `static ROWS: LazyLock<Insert> = LazyLock::new(|| Insert::new("INSERT INTO t (a, b)", 2, "ON CONFLICT DO NOTHING"));`
pub struct Insert {
    one: String,
    many: String,
    columns: usize,
}

impl Insert {
    /// `head` names table and columns, `tail` is what follows the values.
    pub fn new(head: &str, columns: usize, tail: &str) -> Self {
        let text = |rows: usize| {
            let row = |number: usize| {
                let first = number * columns + 1;
                let places: Vec<String> = (first..first + columns).map(|n| format!("${n}")).collect();
                format!("({})", places.join(", "))
            };
            let values: Vec<String> = (0..rows).map(row).collect();
            format!("{head} VALUES {} {tail}", values.join(", "))
        };
        Self {
            one: text(1),
            many: text(ROWS),
            columns,
        }
    }

    /// Inserts the rows, each of as many values as there are columns; tells how many there are now that were not there before.
    pub async fn rows(&'static self, tx: &Tx, rows: Vec<Vec<Value>>) -> Result<u64, DbError> {
        if rows.iter().any(|row| row.len() != self.columns) {
            return Err(DbError::Column {
                column: self.one.clone(),
                problem: format!("not {} values in a row", self.columns),
            });
        }
        let mut inserted = 0;
        for chunk in rows.chunks(ROWS) {
            if chunk.len() == ROWS {
                inserted += tx.exec(&self.many, chunk.concat()).await?;
                continue;
            }
            for row in chunk {
                inserted += tx.exec(&self.one, row.clone()).await?;
            }
        }
        Ok(inserted)
    }
}
