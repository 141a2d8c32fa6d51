//! People's data at rest (requirement 21): whoever has the database learns nobody's name or number, and whoever writes to it cannot
//! give one person another one's data.

use signum_core::db::Row;
use signum_core::{DbError, Id, params};

use super::world::{World, add_person, authorize_query, new_person, start};
use crate::people::{PeopleError, Person, Standing, list_keys, reseal, set_standing, standing, wish_for_key};
use crate::{StartError, people};

/// Every text and every octet string of the whole database.
async fn everything(world: &World) -> String {
    let sql = match world.is_postgres() {
        true => "SELECT CAST(table_name AS TEXT) AS name FROM information_schema.tables WHERE table_schema = 'public'",
        false => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    };
    let mut all = String::new();
    for table in world.cx.db.all(sql, vec![]).await.unwrap() {
        let table: String = table.get("name").unwrap();
        let columns: &'static str = Box::leak(
            match world.is_postgres() {
                true => format!(
                    "SELECT CAST(column_name AS TEXT) AS name, CAST(data_type AS TEXT) AS kind FROM information_schema.columns WHERE table_name = '{table}'"
                ),
                false => format!("SELECT name, type AS kind FROM pragma_table_info('{table}')"),
            }
            .into_boxed_str(),
        );
        for column in world.cx.db.all(columns, vec![]).await.unwrap() {
            let (name, kind): (String, String) = (column.get("name").unwrap(), column.get("kind").unwrap());
            let values: &'static str =
                Box::leak(format!("SELECT {name} AS v FROM {table} WHERE {name} IS NOT NULL").into_boxed_str());
            for row in world.cx.db.all(values, vec![]).await.unwrap() {
                all += &value(&row, &kind.to_lowercase());
                all.push('\n');
            }
        }
    }
    all
}

fn value(row: &Row, kind: &str) -> String {
    match kind {
        "text" => row.get::<String>("v").unwrap(),
        "bytea" => String::from_utf8_lossy(&row.get::<Vec<u8>>("v").unwrap()).into_owned(),
        _ => String::new(),
    }
}

#[tokio::test]
async fn no_name_number_or_date_of_birth_is_anywhere_in_the_database_of_a_provider_in_use() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    browser
        .sign_in(&authorize_query(&[
            ("client_id", "signer"),
            ("redirect_uri", super::world::OTHER_CALLBACK),
            ("scope", "openid profile personal_number representee_list"),
            ("claims", r#"{"id_token":{"given_name":null,"birthdate":null}}"#),
        ]))
        .await;
    // An activation that is under way keeps a challenge.
    let code = people::activation_code(&world.cx, world.person.id).await.unwrap();
    let mut other = world.browser();
    let page = other.get(&format!("/activate/{code}")).await;
    assert!(page.body.contains("Testa"));
    let options = other
        .post_json(
            &format!("/activate/{code}/options"),
            &page.csrf(),
            &serde_json::Value::Null,
        )
        .await;
    assert_eq!(options.status, 200, "{}", options.body);
    let all = everything(&world).await;
    assert!(all.contains("demo-rp"), "the search finds what is there");
    for known in ["Testa", "Shembulli", "1234567892", "1990-02-28"] {
        let line = all.lines().find(|line| line.contains(known));
        assert_eq!(line, None, "{known}");
    }
}

#[tokio::test]
async fn two_peoples_data_that_somebody_exchanged_in_the_database_do_not_open() {
    let world = World::new().await;
    let second = add_person(&world.service, "Provo", "1234567893").await;
    let sql = "SELECT data FROM person WHERE id = $1";
    let data = async |id| -> Vec<u8> {
        let row = world.cx.db.opt(sql, params![id]).await.unwrap().unwrap();
        row.get("data").unwrap()
    };
    let (one, other) = (data(world.person.id).await, data(second.id).await);
    let set = "UPDATE person SET data = $1 WHERE id = $2";
    world.write(set, params![&other, world.person.id]).await;
    world.write(set, params![&one, second.id]).await;
    for id in [world.person.id, second.id] {
        let found = world.people().find(id).await;
        assert!(
            matches!(&found, Err(DbError::Column { column, .. }) if column == "person.data"),
            "{:?}",
            found.map(|_| ())
        );
    }
}

#[tokio::test]
async fn a_number_whose_look_up_value_was_moved_to_another_person_finds_nobody() {
    let world = World::new().await;
    let second = add_person(&world.service, "Provo", "1234567893").await;
    assert_eq!(
        world.people().find_by_number("1234567893").await.unwrap().unwrap().id,
        second.id
    );
    assert!(world.people().find_by_number("1234567894").await.unwrap().is_none());
    let sql = "SELECT look_up FROM person WHERE id = $1";
    let row = world.cx.db.opt(sql, params![second.id]).await.unwrap().unwrap();
    let look_up: String = row.get("look_up").unwrap();
    let set = "UPDATE person SET look_up = $1 WHERE id = $2";
    world.write(set, params!["gone", second.id]).await;
    world.write(set, params![look_up, world.person.id]).await;
    assert!(world.people().find_by_number("1234567893").await.is_err());
}

#[tokio::test]
async fn the_key_is_replaced_while_everything_goes_on_and_the_old_one_is_needed_no_more() {
    let world = World::new().await;
    let second = add_person(&world.service, "Provo", "1234567893").await;
    // Another replica, which learns of the new key only by what it reads.
    let replica = start(&world.cx, &world.hsm, &world.csrf).await;
    wish_for_key(&world.cx, None).await.unwrap();
    reseal::run(world.people()).await.unwrap();
    let keys = list_keys(&world.cx).await.unwrap();
    assert_eq!(
        keys.iter()
            .map(|key| (key.epoch, key.rows, key.retired))
            .collect::<Vec<_>>(),
        [(1, 0, true), (2, 2, false)]
    );
    for register in [world.people(), replica.people()] {
        let found = register.find(second.id).await.unwrap().unwrap();
        assert_eq!(
            (found.given_name.as_str(), found.personal_number.as_str()),
            ("Provo", "1234567893")
        );
        assert!(register.find_by_number("1234567893").await.unwrap().is_some());
        assert!(matches!(
            register.add(new_person("X", "1234567893")).await,
            Err(PeopleError::AlreadyThere)
        ));
    }
    assert_eq!(world.audit("people_key.retired").await.0, 1);
    // A run without a wish changes nothing.
    reseal::run(world.people()).await.unwrap();
    assert_eq!(list_keys(&world.cx).await.unwrap(), keys);
}

#[tokio::test]
async fn a_row_that_somebody_changed_keeps_no_other_under_the_old_key() {
    let world = World::new().await;
    add_person(&world.service, "Provo", "1234567893").await;
    let spoil = "UPDATE person SET data = $1 WHERE id = $2";
    let sql = "SELECT data FROM person WHERE id = $1";
    let row = world.cx.db.opt(sql, params![world.person.id]).await.unwrap().unwrap();
    let mut data: Vec<u8> = row.get("data").unwrap();
    *data.last_mut().unwrap() ^= 1;
    world.write(spoil, params![data, world.person.id]).await;
    wish_for_key(&world.cx, None).await.unwrap();
    reseal::run(world.people()).await.unwrap();
    let keys = list_keys(&world.cx).await.unwrap();
    let rows: Vec<_> = keys.iter().map(|key| (key.rows, key.retired)).collect();
    assert_eq!(rows, [(1, false), (1, false)]);
}

#[tokio::test]
async fn the_same_number_is_refused_also_while_its_row_is_under_a_replaced_key() {
    let world = World::new().await;
    wish_for_key(&world.cx, None).await.unwrap();
    // The next key is there and no row is under it yet.
    reseal::next_generation(world.people()).await.unwrap();
    let twice = world.people().add(new_person("X", "1234567892")).await;
    assert!(matches!(twice, Err(PeopleError::AlreadyThere)));
    let found = world.people().find_by_number("1234567892").await.unwrap();
    assert_eq!(found.unwrap().id, world.person.id);
}

/// As the migration leaves a person of before.
async fn lay_in_clear(world: &World, id: Id<Person>, number: &'static str) {
    let clear = "UPDATE person SET data = NULL, key_epoch = NULL, look_up = $2 WHERE id = $1";
    world.write(clear, params![id, hex::encode(id.bytes())]).await;
    add_clear_row(world, id, number).await;
}

async fn add_clear_row(world: &World, id: Id<Person>, number: &'static str) {
    let row = "INSERT INTO person_in_clear (person, given_name, family_name, personal_number, birthdate)
        VALUES ($1, 'Testa', 'Shembulli', $2, '1990-02-28')";
    world.write(row, params![id, number]).await;
}

async fn rows_in_clear(world: &World) -> usize {
    let sql = "SELECT person FROM person_in_clear";
    world.cx.db.all(sql, vec![]).await.unwrap().len()
}

async fn refused_start(world: &World) -> PeopleError {
    let deps = crate::Deps {
        cx: world.cx.clone(),
        hsm: world.hsm.clone(),
        csrf: world.csrf.clone(),
    };
    match crate::Service::new(crate::Config::at(super::world::ISSUER), deps).await {
        Err(StartError::People(error)) => error,
        Err(other) => panic!("another refusal: {other}"),
        Ok(_) => panic!("it started"),
    }
}

#[tokio::test]
async fn rows_that_lay_in_clear_are_sealed_at_the_next_start() {
    let world = World::new().await;
    let id = world.person.id;
    let second = add_person(&world.service, "Provo", "1234567893").await;
    lay_in_clear(&world, id, "1234567892").await;
    lay_in_clear(&world, second.id, "1234567893").await;
    assert!(world.people().find(id).await.is_err());
    let again = start(&world.cx, &world.hsm, &world.csrf).await;
    assert_eq!(again.people().find(id).await.unwrap().unwrap().given_name, "Testa");
    for (number, whose) in [("1234567892", id), ("1234567893", second.id)] {
        let found = again.people().find_by_number(number).await.unwrap();
        assert_eq!(found.unwrap().id, whose);
    }
    assert_eq!(rows_in_clear(&world).await, 0);
    assert!(!everything(&world).await.contains("1234567892"));
}

#[tokio::test]
async fn a_row_laid_in_clear_beside_sealed_people_is_not_sealed_and_the_provider_does_not_start() {
    let world = World::new().await;
    let second = add_person(&world.service, "Provo", "1234567893").await;
    lay_in_clear(&world, second.id, "1234567894").await;
    let refused = refused_start(&world).await;
    assert!(
        matches!(refused, PeopleError::InClear { rows: 1, first } if first == second.id),
        "{refused}"
    );
    assert_eq!(rows_in_clear(&world).await, 1);
    let sql = "SELECT data FROM person WHERE id = $1";
    let row = world.cx.db.opt(sql, params![second.id]).await.unwrap().unwrap();
    assert_eq!(row.get::<Option<Vec<u8>>>("data").unwrap(), None, "no oracle");
    // Nor beside the sealed data of the same person.
    world.write("DELETE FROM person_in_clear", vec![]).await;
    add_clear_row(&world, world.person.id, "1234567895").await;
    assert!(matches!(refused_start(&world).await, PeopleError::InClear { .. }));
}

#[tokio::test]
async fn one_number_twice_in_clear_names_both_rows_and_seals_none() {
    let world = World::new().await;
    let second = add_person(&world.service, "Provo", "1234567893").await;
    lay_in_clear(&world, world.person.id, "1234567892").await;
    lay_in_clear(&world, second.id, "1234567892").await;
    let refused = refused_start(&world).await;
    let text = refused.to_string();
    assert!(matches!(refused, PeopleError::Twice(..)), "{text}");
    for id in [world.person.id, second.id] {
        assert!(text.contains(&id.to_string()), "{text}");
    }
    assert!(!text.contains("1234567892"));
    assert_eq!(rows_in_clear(&world).await, 2);
}

#[tokio::test]
async fn a_row_without_data_does_not_abort_sealing_the_others_anew() {
    let world = World::new().await;
    let second = add_person(&world.service, "Provo", "1234567893").await;
    let spoil = "UPDATE person SET data = NULL WHERE id = $1";
    world.write(spoil, params![world.person.id]).await;
    wish_for_key(&world.cx, None).await.unwrap();
    reseal::run(world.people()).await.unwrap();
    let keys = list_keys(&world.cx).await.unwrap();
    assert_eq!(keys[1].rows, 1);
    assert!(!keys[0].retired);
    assert!(world.people().find(second.id).await.unwrap().is_some());
}

#[tokio::test]
async fn a_key_is_not_retired_on_the_word_of_a_column_while_data_are_sealed_under_it() {
    let world = World::new().await;
    let second = add_person(&world.service, "Provo", "1234567893").await;
    let lie = "UPDATE person SET key_epoch = 2 WHERE id = $1";
    world.write(lie, params![second.id]).await;
    assert_eq!(list_keys(&world.cx).await.unwrap()[0].rows, 2, "the data count");
    wish_for_key(&world.cx, None).await.unwrap();
    reseal::run(world.people()).await.unwrap();
    let sql = "SELECT id FROM person WHERE substr(data, 1, 5) = $1";
    let under_second = world.cx.db.all(sql, params![vec![1_u8, 0, 0, 0, 2]]).await.unwrap();
    assert_eq!(under_second.len(), 2, "it is sealed anew as well");
    // Data that do not open and lie about their key keep it.
    let data: Vec<u8> = [1, 0, 0, 0, 1].into_iter().chain([7; 80]).collect();
    let spoil = "UPDATE person SET data = $1 WHERE id = $2";
    world.write(spoil, params![data, second.id]).await;
    world.write("UPDATE people_key SET retired_at = NULL", vec![]).await;
    reseal::run(world.people()).await.unwrap();
    let keys = list_keys(&world.cx).await.unwrap();
    assert_eq!((keys[0].rows, keys[0].retired), (1, false));
}

#[tokio::test]
async fn people_added_while_another_replica_replaces_the_key_are_sealed_with_the_newest() {
    let world = World::new().await;
    let replica = start(&world.cx, &world.hsm, &world.csrf).await;
    for round in 0..4 {
        wish_for_key(&world.cx, None).await.unwrap();
        let number = format!("123456780{round}");
        let (added, doubled, made) = tokio::join!(
            replica.people().add(new_person("Provo", &number)),
            world.people().add(new_person("Provo", &number)),
            reseal::run(world.people())
        );
        made.unwrap();
        let done = [added.is_ok(), doubled.is_ok()];
        assert_eq!(done.into_iter().filter(|ok| *ok).count(), 1, "one of two: {done:?}");
    }
    reseal::run(world.people()).await.unwrap();
    let keys = list_keys(&world.cx).await.unwrap();
    let (newest, before) = keys.split_last().unwrap();
    assert_eq!((newest.epoch, newest.rows), (5, 5));
    assert!(before.iter().all(|key| key.retired && key.rows == 0), "{keys:?}");
    for round in 0..4 {
        let number = format!("123456780{round}");
        assert!(replica.people().find_by_number(&number).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn with_another_token_the_provider_does_not_start_instead_of_sealing_under_two_keys() {
    let world = World::new().await;
    world.hsm.forget_mac_keys();
    let deps = crate::Deps {
        cx: world.cx.clone(),
        hsm: world.hsm.clone(),
        csrf: world.csrf.clone(),
    };
    let refused = crate::Service::new(crate::Config::at(super::world::ISSUER), deps).await;
    assert!(matches!(refused, Err(StartError::People(PeopleError::Hsm(_)))));
    // The label is there, and another key under it.
    let sql = "SELECT object FROM people_key";
    let row = world.cx.db.opt(sql, vec![]).await.unwrap().unwrap();
    let uri = signum_hsm_shim::KeyUri::new("signum-idp", &row.get::<String>("object").unwrap());
    signum_hsm_shim::Hsm::make_mac_key(&*world.hsm, &uri).await.unwrap();
    let deps = crate::Deps {
        cx: world.cx.clone(),
        hsm: world.hsm.clone(),
        csrf: world.csrf.clone(),
    };
    let refused = crate::Service::new(crate::Config::at(super::world::ISSUER), deps).await;
    assert!(matches!(refused, Err(StartError::People(PeopleError::Key(_)))));
}

#[tokio::test]
async fn who_is_not_active_is_logged_out_everywhere_and_neither_logs_in_nor_activates() {
    let world = World::new().await;
    let mut browser = world.logged_in().await;
    set_standing(&world.cx, world.person.id, Standing::Suspended)
        .await
        .unwrap();
    let (_, detail) = world.audit("session.ended").await;
    assert!(detail.contains("person not active"), "{detail}");
    let reply = browser.get("/account").await;
    assert!(reply.location().starts_with("/authorize?"), "{}", reply.location());
    let code = people::activation_code(&world.cx, world.person.id).await.unwrap();
    assert_eq!(world.browser().get(&format!("/activate/{code}")).await.status, 410);
    assert_eq!(
        standing::of(&world.cx, world.person.id).await.unwrap(),
        Some(Standing::Suspended)
    );
    let login = browser
        .get(&format!("/authorize?{}", authorize_query(&[])))
        .await
        .location();
    assert_eq!(browser.use_passkey(&login).await.status, 403);
    assert!(world.audit("login.refused").await.1.contains("person_not_active"));
    set_standing(&world.cx, world.person.id, Standing::Active)
        .await
        .unwrap();
    let back = browser.reach_consent(&authorize_query(&[])).await;
    assert!(back.contains("code="), "agreed before: {back}");
}
