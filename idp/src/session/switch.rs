//! Account switch: the session ends as a log-out ends it, and the interaction waits for a log-in again.

use signum_core::{Cx, DbError, Id};

use super::{Session, Why, end};
use crate::interaction::{self, Interaction};

/// Ends `session` and unties the interaction from it, in one transaction.
pub(crate) async fn switch_account(cx: &Cx, id: Id<Interaction>, session: Id<Session>) -> Result<(), DbError> {
    cx.db
        .run("account.switch", |tx| async move {
            end(&tx, cx, session, Why::AccountSwitch, None).await?;
            interaction::forget_session(&tx, id).await
        })
        .await
}
