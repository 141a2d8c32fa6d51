//! Test people: fictional, with a user name, a password and the level that their log-in reaches.

use anyhow::Result;
use serde::Serialize;
use signum_core::Id;
use signum_idp::Level;
use signum_idp::people::{NewPerson, Person, Register};

/// A person of the test log-in.
#[derive(Clone, Debug, Serialize)]
pub struct TestPerson {
    pub username: String,
    pub password: String,
    pub level: Level,
    #[serde(skip)]
    pub person: Id<Person>,
}

/// User name, password, level, given name, family name, personal number. The letters are there to be carried unharmed.
const PEOPLE: [(&str, &str, Level, &str, &str, &str); 4] = [
    ("arta", "arta-test", Level::High, "Artë", "Shembulli", "9000000001"),
    (
        "besim",
        "besim-test",
        Level::Substantial,
        "Besim",
        "Çështja",
        "9000000002",
    ),
    (
        "djordje",
        "djordje-test",
        Level::Substantial,
        "Đorđe",
        "Primjerović",
        "9000000003",
    ),
    (
        "liridon",
        "liridon-test",
        Level::Low,
        "Liridon",
        "Shembulli",
        "9000000004",
    ),
];

/// Adds those who are not there yet, and as many people more, `load-0` and on, for load.
pub async fn add(register: &Register, more: usize) -> Result<Vec<TestPerson>> {
    let mut all = Vec::new();
    let named = PEOPLE.map(|(username, password, level, given, family, number)| {
        let [username, password, given, family, number] =
            [username, password, given, family, number].map(str::to_owned);
        (username, password, level, given, family, number)
    });
    let load = (0..more).map(|n| {
        let (given, family, number) = ("Load".to_owned(), "Shembulli".to_owned(), format!("91{n:08}"));
        (
            format!("load-{n}"),
            format!("load-{n}-test"),
            Level::Substantial,
            given,
            family,
            number,
        )
    });
    for (username, password, level, given_name, family_name, personal_number) in named.into_iter().chain(load) {
        let person = match register.find_by_number(&personal_number).await? {
            Some(person) => person.id,
            None => {
                let new = NewPerson {
                    given_name,
                    family_name,
                    personal_number,
                    birthdate: "1990-02-28".to_owned(),
                };
                register.add(new).await?.id
            }
        };
        all.push(TestPerson {
            username,
            password,
            level,
            person,
        });
    }
    Ok(all)
}
