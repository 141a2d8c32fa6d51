//! One SQL text for both engines: every room's migrations apply, twice over, and hold only portable types (core::db).

use signum_tests::database;

const ROOMS: &[&str] = &["ca", "idp", "signer"];

#[tokio::test]
async fn migrations_of_every_service_apply_once() {
    for room in ROOMS {
        let folder = tempfile::tempdir().unwrap();
        let db = database::open(&database::fresh(room, folder.path()).await).await;
        let all = [database::migrations("core"), database::migrations(room)].concat();
        assert!(all.len() >= 2, "{room} has no migration");
        let applied = db.migrate(&all).await.unwrap();
        assert_eq!(usize::try_from(applied).unwrap(), all.len(), "{room}");
        assert_eq!(db.migrate(&all).await.unwrap(), 0, "{room} a second time");
        db.close().await;
    }
}

/// Types and words that one engine knows and the other does not, or that they understand differently.
const NOT_PORTABLE: &[&str] = &[
    "INTEGER",
    "INT",
    "BLOB",
    "TIMESTAMP",
    "TIMESTAMPTZ",
    "DATETIME",
    "SERIAL",
    "BIGSERIAL",
    "JSON",
    "JSONB",
    "UUID",
    "REAL",
    "AUTOINCREMENT",
    "STRICT",
];

#[test]
fn columns_have_types_that_both_engines_know() {
    for room in ["core"].iter().chain(ROOMS) {
        for migration in database::migrations(room) {
            let code = migration
                .sql
                .lines()
                .map(|line| line.split("--").next().unwrap_or_default());
            let words = code.flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
            let foreign: Vec<_> = words.filter(|word| NOT_PORTABLE.contains(word)).collect();
            assert!(foreign.is_empty(), "{} says {foreign:?}", migration.name);
        }
    }
}
