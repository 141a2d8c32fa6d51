//! The sandbox: anybody may register a client there, so it meets invented people alone, has no rights of its own, and nobody takes
//! it for the service whose name it bears.

use signum_core::audit::{self, Event};
use signum_core::{Cx, DbError, Id, Tx, params};

use super::{Client, Realm, Words};
use crate::people::Person;
use crate::scope::Scope;

/// Before every name of a client of the sandbox; Albanian, Serbian and English have the word in common.
const TEST: &str = "TEST · ";
/// Sectors of the sandbox begin so. No host name has a colon.
pub(super) const SECTOR: &str = "sandbox:";

/// What such a client is in force, whatever it registered.
pub(super) fn bounded(mut client: Client) -> Client {
    if client.realm != Realm::Sandbox {
        return client;
    }
    let name = every_language(client.name, &client.client_id);
    client.name = name
        .into_iter()
        .map(|(tag, text)| (tag, format!("{TEST}{text}")))
        .collect();
    client.purpose = every_language(client.purpose, "TEST");
    // Rights of its own (client_credentials) are granted by officers.
    if let Some(scope) = &mut client.metadata.scope {
        let of_people = |scope: &&str| Scope::ALL.iter().any(|known| known.name() == *scope);
        let kept: Vec<_> = scope.split(' ').filter(of_people).collect();
        *scope = kept.join(" ");
    }
    client.legal_basis_personal_number = false;
    client
}

/// What is missing in a language is said in another one: registrations in the sandbox need not be translated.
fn every_language(mut words: Words, otherwise: &str) -> Words {
    let known = words.get("en").or_else(|| words.values().next());
    let known = known.cloned().unwrap_or_else(|| otherwise.to_owned());
    for tag in ["sq", "sr-Latn", "en"] {
        words.entry(tag.to_owned()).or_insert_with(|| known.clone());
    }
    words
}

/// Whether a client of this sector may learn anything of this person.
pub(crate) async fn may_meet(cx: &Cx, sector: &str, person: Id<Person>) -> Result<bool, DbError> {
    if !sector.starts_with(SECTOR) {
        return Ok(true);
    }
    let sql = "SELECT person FROM sandbox_person WHERE person = $1";
    Ok(cx.db.opt(sql, params![person]).await?.is_some())
}

/// Lets clients of the sandbox meet this person, who must be invented.
pub async fn let_in(cx: &Cx, person: Id<Person>) -> Result<(), DbError> {
    cx.db
        .run("sandbox.let_in", |tx: Tx| async move {
            let sql = "INSERT INTO sandbox_person (person) VALUES ($1) ON CONFLICT (person) DO NOTHING";
            if tx.exec(sql, params![person]).await? == 1 {
                audit::record(&tx, cx, &Event::new("person.in_sandbox", person, serde_json::json!({}))).await?;
            }
            Ok(())
        })
        .await
}
