//! From the sandbox to production: one officer asks, another one agrees, once, and what they saw is what is in force.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use signum_core::Tx;
use signum_core::params;
use signum_gesture::options::request_options;
use signum_gesture::{Authenticator, Officer, RelyingParty};
use signum_softauth::{Algorithm, Credential, SoftAuthenticator};

use super::registration::{ask, basic, registered};
use super::world::World;
use crate::clients::look;
use crate::clients::promotion::{self, Officers, PromotionError, PromotionRequest, Terms};
use crate::clients::{Realm, Status};

const ORIGIN: &str = "https://officers.example.org";

fn law(legal_basis: Option<&str>) -> Terms<'_> {
    Terms {
        legal_basis,
        ..Terms::default()
    }
}

/// Officers `a`, `b` and `c` with their authenticators.
struct Office {
    authenticators: Vec<(String, SoftAuthenticator)>,
    officers: Officers,
}

impl Office {
    fn new() -> Self {
        let rp = RelyingParty {
            id: "officers.example.org".to_owned(),
            origin: ORIGIN.to_owned(),
        };
        let mut authenticators = Vec::new();
        let mut listed = Vec::new();
        for id in ["a", "b", "c"] {
            let mut soft = SoftAuthenticator::new();
            soft.credentials
                .push(Credential::make(Algorithm::Es256, &rp.id, b"officer").unwrap());
            let credential = &soft.credentials[0];
            listed.push(Officer {
                id: id.to_owned(),
                name: None,
                relying_party: rp.clone(),
                authenticator: Authenticator {
                    credential_id: credential.id.clone(),
                    cose_key: credential.cose_key().unwrap(),
                    aaguid: [0; 16],
                    backup_eligible: false,
                    counter: 0,
                },
            });
            authenticators.push((id.to_owned(), soft));
        }
        Self {
            authenticators,
            officers: Officers::of(listed).unwrap(),
        }
    }

    fn gesture(&mut self, id: &str, challenge: &[u8; 32]) -> Value {
        let (_, soft) = self.authenticators.iter_mut().find(|(known, _)| known == id).unwrap();
        let rp = RelyingParty {
            id: "officers.example.org".to_owned(),
            origin: ORIGIN.to_owned(),
        };
        let ids = [soft.credentials[0].id.clone()];
        soft.get(&request_options(challenge, &rp, &ids), ORIGIN).unwrap()
    }

    async fn asked(&mut self, world: &World, client: &str, basis: Option<&str>) -> (PromotionRequest, [u8; 32]) {
        let request = promotion::draft(&world.cx, client, "a", law(basis), 24).await.unwrap();
        let gesture = self.gesture("a", &request.asked());
        let id = promotion::ask(&world.cx, &self.officers, &request, &gesture)
            .await
            .unwrap();
        (request, id)
    }

    async fn approved(&mut self, world: &World, request: &PromotionRequest, by: &str) -> Result<(), PromotionError> {
        let gesture = self.gesture(by, &request.approved());
        let made = promotion::approve(&world.cx, &self.officers, &request.hash(), by, &gesture).await;
        made.map(drop)
    }
}

/// A client that may be promoted: named in every language.
fn complete() -> Value {
    let mut document = basic();
    for (tag, name) in [("sq", "Tatimet"), ("sr-Latn", "Porezi"), ("en", "Taxes")] {
        document[format!("client_name#{tag}")] = json!(name);
        document[format!("purpose#{tag}")] = json!("To show your taxes");
    }
    document
}

async fn realm(world: &World, id: &str) -> Realm {
    look::one(&world.cx, id).await.unwrap().unwrap().realm
}

fn id(told: &Value) -> &str {
    told["client_id"].as_str().unwrap()
}

#[tokio::test]
async fn two_officers_bring_a_client_to_production_where_real_people_meet_it() {
    let world = World::new().await;
    let mut office = Office::new();
    let told = registered(&world, &complete()).await;
    let (request, hash) = office.asked(&world, id(&told), Some("Law 04/L-001, article 7")).await;
    assert_eq!(promotion::waiting(&world.cx).await.unwrap(), [(hash, request.clone())]);
    assert_eq!(realm(&world, id(&told)).await, Realm::Sandbox);
    office.approved(&world, &request, "b").await.unwrap();
    let now = look::one(&world.cx, id(&told)).await.unwrap().unwrap();
    assert_eq!(now.realm, Realm::Production);
    assert_eq!(now.legal_basis.as_deref(), Some("Law 04/L-001, article 7"));
    let found = crate::clients::find(&world.cx, id(&told)).await.unwrap().unwrap();
    assert_eq!(found.sector, "new.example.org");
    assert_eq!(found.name["en"], "Taxes", "no TEST any more");
    assert!(promotion::waiting(&world.cx).await.unwrap().is_empty());
    let (_, detail) = world.audit("client.promoted").await;
    assert!(
        detail.contains(r#""requester":"a""#) && detail.contains(r#""approver":"b""#),
        "{detail}"
    );
}

#[tokio::test]
async fn a_client_whose_networks_officers_agreed_to_gets_tokens_there_alone() {
    let world = World::new().await;
    let mut office = Office::new();
    let told = registered(&world, &complete()).await;
    let listed = ["192.0.2.0/24".to_owned(), "2001:db8:5::/48".to_owned()];
    let terms = Terms {
        token_networks: Some(&listed),
        ..Terms::default()
    };
    let request = promotion::draft(&world.cx, id(&told), "a", terms, 24).await.unwrap();
    let gesture = office.gesture("a", &request.asked());
    let mut forged = request.clone();
    forged.token_networks.push("0.0.0.0/0".to_owned());
    let refused = promotion::ask(&world.cx, &office.officers, &forged, &gesture).await;
    assert!(
        matches!(refused, Err(PromotionError::Gesture { .. })),
        "the list is signed"
    );
    promotion::ask(&world.cx, &office.officers, &request, &gesture)
        .await
        .unwrap();
    office.approved(&world, &request, "b").await.unwrap();
    let secret = told["client_secret"].as_str().unwrap();
    let ask_from = async |path: &str, from: Option<&str>| {
        let fields = [("grant_type", "authorization_code"), ("code", "x"), ("token", "x")];
        let credentials = STANDARD.encode(format!("{}:{secret}", id(&told)));
        let request = http::Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", format!("Basic {credentials}"))
            .body(axum::body::Body::from(super::world::encode(&fields)))
            .unwrap();
        let mut program = world.browser();
        program.address = from.map(|from| from.parse().unwrap());
        let reply = program.send(request).await;
        (
            reply.status,
            reply.json()["error"].as_str().unwrap_or_default().to_owned(),
        )
    };
    for from in ["192.0.2.200", "::ffff:192.0.2.7", "2001:db8:5:9::1"] {
        assert_ne!(ask_from("/token", Some(from)).await.1, "invalid_client", "{from}");
    }
    for from in [Some("192.0.3.1"), Some("2001:db8:6::1"), Some("198.51.100.1"), None] {
        let refused = ask_from("/token", from).await;
        assert_eq!(refused, (401, "invalid_client".to_owned()), "{from:?}");
    }
    let (_, detail) = world.audit("client.authentication_refused").await;
    assert!(detail.contains("network not agreed to"), "{detail}");
    assert_eq!(
        ask_from("/revoke", Some("198.51.100.1")).await.0,
        200,
        "tokens alone are bounded"
    );
    // The owner's own change lifts nothing, and the next promotion keeps what is not said anew.
    let now = look::one(&world.cx, id(&told)).await.unwrap().unwrap();
    assert_eq!(now.token_networks, listed);
    for bad in ["10.0.0.0/33", "example.org", "10.0.0.0/8 0.0.0.0/0", "", "10.0.0.0/+8"] {
        let listed = [bad.to_owned()];
        let terms = Terms {
            token_networks: Some(&listed),
            ..Terms::default()
        };
        let other = registered(&world, &complete()).await;
        let draft = promotion::draft(&world.cx, id(&other), "a", terms, 24).await;
        assert!(matches!(draft, Err(PromotionError::Malformed(_))), "{bad}");
    }
}

#[tokio::test]
async fn nobody_agrees_to_what_they_asked_for_neither_by_the_code_nor_by_the_database() {
    let world = World::new().await;
    let mut office = Office::new();
    let told = registered(&world, &complete()).await;
    let (request, hash) = office.asked(&world, id(&told), None).await;
    assert!(matches!(
        office.approved(&world, &request, "a").await,
        Err(PromotionError::SelfApproval)
    ));
    let write = |tx: Tx| async move {
        let sql = "UPDATE client_promotion SET approver = 'a', approver_gesture = '{}', spent_at = 1 WHERE id = $1";
        tx.exec(sql, params![hash]).await
    };
    assert!(
        world.cx.db.run("test.forge", write).await.is_err(),
        "the database refuses it too"
    );
    assert_eq!(realm(&world, id(&told)).await, Realm::Sandbox);
    assert!(
        world
            .audit("client.promotion_refused")
            .await
            .1
            .contains("self_approval")
    );
}

#[tokio::test]
async fn gestures_of_others_for_others_and_by_nobody_promote_nothing() {
    let world = World::new().await;
    let mut office = Office::new();
    let (told, other) = (
        registered(&world, &complete()).await,
        registered(&world, &complete()).await,
    );
    let (request, hash) = office.asked(&world, id(&told), None).await;
    let (another, _) = office.asked(&world, id(&other), None).await;
    let wrong = [
        ("of another request", office.gesture("b", &another.approved())),
        ("a request's own", office.gesture("b", &request.asked())),
        ("of another officer", office.gesture("c", &request.approved())),
        ("none", json!({})),
    ];
    for (name, gesture) in &wrong {
        let made = promotion::approve(&world.cx, &office.officers, &hash, "b", gesture).await;
        assert!(matches!(made, Err(PromotionError::Gesture { .. })), "{name}: {made:?}");
    }
    let good = office.gesture("b", &request.approved());
    let stranger = promotion::approve(&world.cx, &office.officers, &hash, "mallory", &good).await;
    assert!(matches!(stranger, Err(PromotionError::UnknownOfficer(_))));
    let nobody = promotion::approve(&world.cx, &Officers::default(), &hash, "b", &good).await;
    assert!(matches!(nobody, Err(PromotionError::NoOfficers)));
    let unknown = promotion::approve(&world.cx, &office.officers, &[7; 32], "b", &good).await;
    assert!(matches!(unknown, Err(PromotionError::UnknownRequest)));
    assert_eq!(realm(&world, id(&told)).await, Realm::Sandbox);
}

#[tokio::test]
async fn a_request_that_somebody_wrote_into_the_database_opens_nothing() {
    let world = World::new().await;
    let mut office = Office::new();
    let told = registered(&world, &complete()).await;
    let (mut request, _) = office.asked(&world, id(&told), None).await;
    request.legal_basis = Some("none at all".to_owned());
    let (hash, text) = (request.hash(), json!(request).to_string());
    let text = &text;
    let write = |tx: Tx| async move {
        let sql = "UPDATE client_promotion SET id = $1, request = $2 WHERE requester = 'a'";
        tx.exec(sql, params![hash, text]).await
    };
    world.cx.db.run("test.forge", write).await.unwrap();
    let made = office.approved(&world, &request, "b").await;
    assert!(matches!(made, Err(PromotionError::Forged)), "{made:?}");
    assert_eq!(realm(&world, id(&told)).await, Realm::Sandbox);
}

#[tokio::test]
async fn an_approval_is_of_what_was_seen_while_it_lives_and_once() {
    let world = World::new().await;
    let mut office = Office::new();
    let told = registered(&world, &complete()).await;
    let (request, _) = office.asked(&world, id(&told), None).await;
    // Its owner leads people elsewhere meanwhile.
    let mut changed = complete();
    changed["client_id"] = told["client_id"].clone();
    changed["redirect_uris"] = json!(["https://evil.example.org/cb"]);
    let token = told["registration_access_token"].as_str();
    let path = format!("/register/{}", id(&told));
    let put = ask(&world, "PUT", &path, token, Some(&changed)).await;
    assert_eq!(put.status, 200, "{}", put.body);
    assert!(matches!(
        office.approved(&world, &request, "b").await,
        Err(PromotionError::Changed)
    ));
    let (request, _) = office.asked(&world, id(&told), None).await;
    world.advance(24 * 3_600);
    assert!(matches!(
        office.approved(&world, &request, "b").await,
        Err(PromotionError::Expired)
    ));
    let (request, _) = office.asked(&world, id(&told), None).await;
    office.approved(&world, &request, "b").await.unwrap();
    assert!(matches!(
        office.approved(&world, &request, "c").await,
        Err(PromotionError::Spent)
    ));
}

#[tokio::test]
async fn a_client_that_people_could_not_read_of_or_that_is_stopped_is_not_promoted() {
    let world = World::new().await;
    let told = registered(&world, &basic()).await;
    let draft = promotion::draft(&world.cx, id(&told), "a", law(None), 24).await;
    assert!(matches!(draft, Err(PromotionError::Rule(_))), "{draft:?}");
    let told = registered(&world, &complete()).await;
    for hours in [0, 8 * 24] {
        assert!(
            promotion::draft(&world.cx, id(&told), "a", law(None), hours)
                .await
                .is_err(),
            "{hours}"
        );
    }
    assert!(
        promotion::draft(&world.cx, id(&told), "a", law(Some(" ")), 24)
            .await
            .is_err()
    );
    assert!(crate::clients::stop(&world.cx, id(&told), "op", "test").await.unwrap());
    let draft = promotion::draft(&world.cx, id(&told), "a", law(None), 24).await;
    assert!(matches!(draft, Err(PromotionError::UnknownClient)));
    let draft = promotion::draft(&world.cx, "demo-rp", "a", law(None), 24).await;
    assert!(matches!(draft, Err(PromotionError::NothingToPromote)));
}

#[tokio::test]
async fn in_production_its_owner_proposes_and_officers_decide() {
    let world = World::new().await;
    let mut office = Office::new();
    let told = registered(&world, &complete()).await;
    let (request, _) = office.asked(&world, id(&told), None).await;
    office.approved(&world, &request, "b").await.unwrap();
    let path = format!("/register/{}", id(&told));
    let mut changed = complete();
    changed["client_id"] = told["client_id"].clone();
    changed["redirect_uris"] = json!(["https://new.example.org/elsewhere"]);
    let put = ask(
        &world,
        "PUT",
        &path,
        told["registration_access_token"].as_str(),
        Some(&changed),
    )
    .await;
    assert_eq!(
        (put.status, &put.json()["change_proposed"]),
        (200, &json!(true)),
        "{}",
        put.body
    );
    assert_eq!(put.json()["redirect_uris"], told["redirect_uris"], "not in force");
    let next = put.json();
    let gone = ask(
        &world,
        "DELETE",
        &path,
        next["registration_access_token"].as_str(),
        None,
    )
    .await;
    assert_eq!(gone.status, 403, "people rely on it: the operator stops it");
    let (request, _) = office.asked(&world, id(&told), None).await;
    office.approved(&world, &request, "c").await.unwrap();
    let read = ask(&world, "GET", &path, next["registration_access_token"].as_str(), None).await;
    assert_eq!(read.json()["redirect_uris"], changed["redirect_uris"]);
    assert!(read.json().get("change_proposed").is_none());
    assert_eq!(
        look::one(&world.cx, id(&told)).await.unwrap().unwrap().status,
        Status::Active
    );
}

#[test]
fn two_officers_with_one_authenticator_are_refused() {
    let office = Office::new();
    let text = |officers: Vec<Officer>| Officers::of(officers).is_ok();
    let listed = |id: &str, of: usize| {
        let credential = &office.authenticators[of].1.credentials[0];
        Officer {
            id: id.to_owned(),
            name: None,
            relying_party: RelyingParty {
                id: "x".to_owned(),
                origin: "https://x".to_owned(),
            },
            authenticator: Authenticator {
                credential_id: credential.id.clone(),
                cose_key: credential.cose_key().unwrap(),
                aaguid: [0; 16],
                backup_eligible: false,
                counter: 0,
            },
        }
    };
    assert!(text(vec![listed("a", 0), listed("b", 1)]));
    assert!(!text(vec![listed("a", 0), listed("b", 0)]));
    assert!(!text(vec![listed("a", 0), listed("a", 1)]));
}

#[tokio::test]
async fn plain_http_is_for_the_sandbox_and_for_applications_alone() {
    let world = World::new().await;
    let mut office = Office::new();
    for (profile, address, may) in [
        ("gov-basic", "http://new.localhost:8080/cb", false),
        ("gov-basic", "https://new.example.org/cb", true),
        ("native", "http://127.0.0.1/cb", true),
    ] {
        let mut document = complete();
        document["profile"] = json!(profile);
        document["redirect_uris"] = json!([address]);
        let told = registered(&world, &document).await;
        let draft = promotion::draft(&world.cx, id(&told), "a", law(None), 24).await;
        match may {
            true => drop(draft.unwrap()),
            false => assert!(matches!(draft, Err(PromotionError::Rule(_))), "{profile} {address}"),
        }
    }
    // A change in production is held to the same rule.
    let told = registered(&world, &complete()).await;
    let (request, _) = office.asked(&world, id(&told), None).await;
    office.approved(&world, &request, "b").await.unwrap();
    let mut document = complete();
    document["client_id"] = told["client_id"].clone();
    document["redirect_uris"] = json!(["http://new.localhost:8080/cb"]);
    let path = format!("/register/{}", id(&told));
    let token = told["registration_access_token"].as_str();
    let proposed = ask(&world, "PUT", &path, token, Some(&document)).await;
    assert_eq!(proposed.status, 200, "{}", proposed.body);
    let draft = promotion::draft(&world.cx, id(&told), "a", law(None), 24).await;
    assert!(matches!(draft, Err(PromotionError::Rule(_))));
}
