//! Registration desks over HTTP, on a real token: what officers sign is issued, and nothing else is.

mod refused;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use der::Decode;
use openssl::x509::X509;
use serde_json::{Value, json};
use signum_core::params;

use crate::house::{in_own_process, key, pkcs10, pkcs10_signed_by};
use crate::office::{APPROVAL, CERTIFICATE, Office, STATUS, challenge, citizen, refused};
use crate::officers::people::next;

#[test]
fn an_officers_signed_request_becomes_a_citizens_certificate() {
    in_own_process(async |dir| {
        let mut office = Office::open(&dir).await;
        let request = office.citizens("desk-1");
        let made = office.made(CERTIFICATE, &request);
        let again = made.body.clone();
        let (status, answer) = office
            .call_with("POST", "/v1/requests", Some("desk-1"), Some(made.body), "mine")
            .await;
        assert_eq!((status, &answer["state"]), (201, &json!("issued")), "{answer}");
        let id = answer["id"].as_str().unwrap();
        assert_eq!(id, hex::encode(made.id));
        // The same again is the same answer, and no second certificate.
        let (status, repeated) = office
            .call_with("POST", "/v1/requests", Some("desk-1"), Some(again), "mine")
            .await;
        assert_eq!((status, &repeated), (201, &answer));
        assert_eq!(office.issued().await, 1);
        let (status, pem) = office.collect(id, "desk-2").await;
        assert_eq!(status, 200);
        let chain = X509::stack_from_pem(pem.as_str().unwrap().as_bytes()).unwrap();
        assert_eq!(chain.len(), 2);
        assert!(chain[0].verify(&chain[1].public_key().unwrap()).unwrap());
        let serial = answer["serial"].as_str().unwrap();
        let row = office
            .house
            .cx
            .db
            .opt(
                "SELECT desk FROM certificate WHERE serial = $1",
                params![hex::decode(serial).unwrap()],
            )
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.get::<String>("desk").unwrap(), "desk-a");
        // Lists name nobody; looking names the person and is recorded.
        let (_, list) = office
            .call("GET", "/v1/requests?state=issued", Some("desk-2"), None)
            .await;
        assert_eq!(list["requests"].as_array().unwrap().len(), 1);
        assert!(!list.to_string().contains("Shembulli"));
        let (_, whole) = office
            .call("GET", &format!("/v1/requests/{id}"), Some("desk-2"), None)
            .await;
        let octets = URL_SAFE_NO_PAD.decode(whole["request"].as_str().unwrap()).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&octets).unwrap(), request);
        assert_eq!(office.house.audited("registration.read").await, 2);
        let audited = office
            .house
            .cx
            .db
            .all("SELECT detail FROM audit_event", params![])
            .await
            .unwrap();
        for row in audited {
            let detail: String = row.get("detail").unwrap();
            assert!(
                !detail.contains("1234567892") && !detail.contains("Shembulli"),
                "{detail}"
            );
        }
    });
}

#[test]
fn officials_seals_and_servers_take_two_officers_of_the_desk() {
    in_own_process(async |dir| {
        let mut office = Office::open(&dir).await;
        let official = json!({ "profile": "official-signature", "given_name": "Petar", "surname": "Primerović",
            "personal_number": "1234567892", "organization": "Ministria Shembull", "organization_number": "810000001",
            "title": "Drejtor" });
        let seal = json!({ "profile": "organization-seal", "organization": "Ministria Shembull",
            "organization_number": "810000001", "common_name": "Vula e Ministrisë" });
        let requests = [
            office.request(
                "desk-1",
                "desk-a",
                official,
                &pkcs10(&key()),
                &["identity-document", "employment"],
            ),
            office.request(
                "desk-1",
                "desk-a",
                seal,
                &pkcs10(&key()),
                &["register-extract", "mandate"],
            ),
            office.server("desk-1"),
        ];
        for (nth, request) in requests.iter().enumerate() {
            let (status, answer) = office.create(request).await;
            assert_eq!((status, &answer["state"]), (201, &json!("waiting")), "{answer}");
            let id = answer["id"].as_str().unwrap().to_owned();
            refused(office.collect(&id, "desk-1").await, 409, "state");
            refused(office.approve(&id, "desk-1").await, 403, "self_approval");
            // Of another desk there is nothing to see.
            refused(office.approve(&id, "desk-3").await, 404, "not_found");
            assert_eq!(office.issued().await, nth);
            // The options that the second officer is offered are for exactly this.
            let (_, whole) = office
                .call("GET", &format!("/v1/requests/{id}"), Some("desk-2"), None)
                .await;
            let mut octets = [0; 32];
            hex::decode_to_slice(&id, &mut octets).unwrap();
            let expected = URL_SAFE_NO_PAD.encode(challenge(APPROVAL, &octets));
            assert_eq!(whole["options"]["publicKey"]["challenge"], json!(expected));
            let (status, answer) = office.approve(&id, "desk-2").await;
            assert_eq!((status, &answer["state"]), (200, &json!("issued")), "{answer}");
            assert_eq!(answer["approved_by"], json!("desk-2"));
            refused(office.approve(&id, "desk-2").await, 409, "state");
            assert_eq!(office.collect(&id, "desk-1").await.0, 200);
        }
        // In the database nobody is two people either.
        let own = "UPDATE registration_request SET approver = officer";
        let none = "UPDATE registration_request SET approver = NULL";
        for sql in [own, none] {
            let written = office
                .house
                .cx
                .db
                .run::<_, signum_core::DbError, _, _>("test", |tx| async move { tx.exec(sql, params![]).await });
            assert!(written.await.is_err(), "{sql}");
        }
    });
}

#[test]
fn an_officer_who_is_taken_off_the_list_is_out_at_once_and_so_is_what_they_began() {
    in_own_process(async |dir| {
        let mut office = Office::open(&dir).await;
        let server = office.server("desk-1");
        let (_, answer) = office.create(&server).await;
        let id = answer["id"].as_str().unwrap().to_owned();
        let list = next(&office.officers, |list| {
            list.officers.retain(|officer| officer.id != "desk-1")
        });
        let signed = office.people.signed(list, &["admin-1", "admin-2"]);
        office.house.service.accept_officers(&signed).await.unwrap();
        let request = office.citizens("desk-1");
        refused(office.create(&request).await, 401, "not_logged_in");
        let (_, answer) = office.approve(&id, "desk-2").await;
        assert_eq!(
            (&answer["state"], &answer["reason"]),
            (&json!("refused"), &json!("not_of_desk"))
        );
        assert_eq!(office.issued().await, 0);
    });
}

#[test]
fn rejected_and_forgotten_requests_end_and_are_erased() {
    in_own_process(async |dir| {
        let mut office = Office::open(&dir).await;
        let mut ids = Vec::new();
        for _ in 0..2 {
            let server = office.server("desk-1");
            let (_, answer) = office.create(&server).await;
            ids.push(answer["id"].as_str().unwrap().to_owned());
        }
        let path = format!("/v1/requests/{}/rejection", ids[0]);
        let body = Some(json!({ "reason": "The mandate has ended" }));
        let (status, answer) = office.call("POST", &path, Some("desk-2"), body.clone()).await;
        assert_eq!((status, &answer["state"]), (200, &json!("rejected")), "{answer}");
        assert_eq!(answer["rejected_by"], json!("desk-2"));
        refused(office.approve(&ids[0], "desk-2").await, 409, "state");
        refused(office.call("POST", &path, Some("desk-2"), body).await, 409, "state");
        office.house.clock.advance(Duration::from_secs(7 * 86_400));
        office.log_in("desk-2").await;
        refused(office.approve(&ids[1], "desk-2").await, 410, "expired");
        tidy(&office).await;
        office.house.clock.advance(Duration::from_secs(31 * 86_400));
        tidy(&office).await;
        office.log_in("desk-2").await;
        for (id, state) in ids.iter().zip(["rejected", "expired"]) {
            let (_, whole) = office
                .call("GET", &format!("/v1/requests/{id}"), Some("desk-2"), None)
                .await;
            assert_eq!(
                (&whole["state"], &whole["request"]),
                (&json!(state), &json!("")),
                "{whole}"
            );
        }
    });
}

async fn tidy(office: &Office) {
    office.house.service.tidy_desks().await.unwrap();
}

#[test]
fn desks_suspend_reinstate_and_revoke_once_for_each_gesture() {
    in_own_process(async |dir| {
        let mut office = Office::open(&dir).await;
        let request = office.citizens("desk-1");
        let (_, answer) = office.create(&request).await;
        let serial = answer["serial"].as_str().unwrap().to_owned();
        let octets = hex::decode(&serial).unwrap();
        // Any desk suspends; the desk that registered reinstates.
        assert_eq!(
            office.change_status("desk-3", "desk-b", &serial, "suspend").await.0,
            200
        );
        refused(
            office.change_status("desk-3", "desk-b", &serial, "reinstate").await,
            403,
            "not_for_desks",
        );
        refused(
            office.change_status("desk-3", "desk-a", &serial, "reinstate").await,
            403,
            "not_of_desk",
        );
        let reinstate = office.status_change("desk-1", "desk-a", &serial, "reinstate");
        let path = "/v1/status-changes";
        let copy = reinstate.body.clone();
        let keyed = office
            .call_with("POST", path, Some("desk-1"), Some(reinstate.body), "once")
            .await;
        assert_eq!(keyed.0, 200, "{}", keyed.1);
        assert_eq!(
            office.change_status("desk-1", "desk-a", &serial, "suspend").await.0,
            200
        );
        // The old reinstatement, copied, does not lift the new suspension: nor with its own key, nor with another.
        assert_eq!(
            office
                .call_with("POST", path, Some("desk-1"), Some(copy.clone()), "once")
                .await
                .0,
            200
        );
        refused(
            office.call("POST", path, Some("desk-1"), Some(copy)).await,
            409,
            "replayed",
        );
        let states = "SELECT state, asked_by FROM certificate_status WHERE serial = $1 ORDER BY sequence";
        let rows = office.house.cx.db.all(states, params![octets.clone()]).await.unwrap();
        let words: Vec<String> = rows.iter().map(|row| row.get("state").unwrap()).collect();
        assert_eq!(words, ["suspended", "reinstated", "suspended"]);
        assert!(rows[0].get::<String>("asked_by").unwrap().contains("desk-3"));
        assert_eq!(office.change_status("desk-2", "desk-a", &serial, "revoke").await.0, 200);
        refused(
            office.change_status("desk-1", "desk-a", &serial, "reinstate").await,
            422,
            "status_refused",
        );
        // An authority's certificate is no desk's.
        let rows = office
            .house
            .cx
            .db
            .all("SELECT serial FROM certificate WHERE holder = 'qsig'", params![])
            .await
            .unwrap();
        let own = hex::encode(rows[0].get::<Vec<u8>>("serial").unwrap());
        refused(
            office.change_status("desk-1", "desk-a", &own, "revoke").await,
            403,
            "not_for_desks",
        );
    });
}

#[test]
fn a_certificate_that_the_hsm_did_not_sign_in_time_is_there_when_it_is_asked_for() {
    in_own_process(async |dir| {
        let mut office = Office::open(&dir).await;
        let request = office.citizens("desk-1");
        let (_, answer) = office.create(&request).await;
        let id = answer["id"].as_str().unwrap().to_owned();
        // As a crash between the CA's answer and ours would leave it.
        let ready = "UPDATE registration_request SET state = 'ready', serial = NULL, chain = NULL, closed_at = NULL";
        let write = office
            .house
            .cx
            .db
            .run::<_, signum_core::DbError, _, _>("test", |tx| async move { tx.exec(ready, params![]).await });
        write.await.unwrap();
        let (status, pem) = office.collect(&id, "desk-1").await;
        assert_eq!(status, 200);
        let leaf = X509::from_pem(pem.as_str().unwrap().as_bytes())
            .unwrap()
            .to_der()
            .unwrap();
        let leaf = x509_cert::Certificate::from_der(&leaf).unwrap();
        let serial = hex::encode(leaf.tbs_certificate().serial_number().as_bytes());
        assert_eq!(json!(serial), answer["serial"]);
        assert_eq!(office.issued().await, 1);
    });
}
