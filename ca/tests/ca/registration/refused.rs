//! What is refused at a desk: changed subjects, other officers, missing evidence, other log-ins.

use super::*;

#[test]
fn a_subject_that_was_changed_after_the_gesture_is_refused() {
    in_own_process(async |dir| {
        let mut office = Office::open(&dir).await;
        let request = office.citizens("desk-1");
        let made = office.made(CERTIFICATE, &request);
        // On the way.
        let mut changed = request.clone();
        changed["subject"]["personal_number"] = json!("1234567899");
        let mut body = made.body.clone();
        body["request"] = json!(URL_SAFE_NO_PAD.encode(changed.to_string()));
        refused(
            office.call("POST", "/v1/requests", Some("desk-1"), Some(body)).await,
            403,
            "gesture_refused",
        );
        // In the database, between the first officer and the second.
        let server = office.server("desk-1");
        let (_, answer) = office.create(&server).await;
        let id = answer["id"].as_str().unwrap().to_owned();
        let mut changed = server.clone();
        changed["subject"]["names"] = json!(["login.example.org"]);
        let octets = changed.to_string().into_bytes();
        let write = office.house.cx.db.run::<_, signum_core::DbError, _, _>("test", |tx| {
            let octets = octets.clone();
            async move {
                tx.exec("UPDATE registration_request SET request = $1", params![octets])
                    .await
            }
        });
        write.await.unwrap();
        let (status, answer) = office.approve(&id, "desk-2").await;
        assert_eq!(
            (status, &answer["state"], &answer["reason"]),
            (200, &json!("refused"), &json!("forged")),
            "{answer}"
        );
        assert_eq!(office.issued().await, 0);
        assert_eq!(office.house.audited("registration.refused").await, 2);
    });
}

#[test]
fn other_officers_other_desks_and_copied_requests_are_refused() {
    in_own_process(async |dir| {
        let mut office = Office::open(&dir).await;
        // A copy under another idempotency key, also of another officer's session.
        let request = office.citizens("desk-1");
        let made = office.made(CERTIFICATE, &request);
        let answer = office
            .call("POST", "/v1/requests", Some("desk-1"), Some(made.body.clone()))
            .await;
        assert_eq!(answer.0, 201);
        refused(
            office
                .call("POST", "/v1/requests", Some("desk-1"), Some(made.body.clone()))
                .await,
            409,
            "replayed",
        );
        refused(
            office
                .call("POST", "/v1/requests", Some("desk-2"), Some(made.body))
                .await,
            403,
            "other_officer",
        );
        // An idempotency key for two requests.
        let keyed = |office: &mut Office| {
            let request = office.citizens("desk-1");
            office.made(CERTIFICATE, &request).body
        };
        let (one, two) = (keyed(&mut office), keyed(&mut office));
        assert_eq!(
            office
                .call_with("POST", "/v1/requests", Some("desk-1"), Some(one), "k")
                .await
                .0,
            201
        );
        let second = office
            .call_with("POST", "/v1/requests", Some("desk-1"), Some(two), "k")
            .await;
        refused(second, 422, "idempotency_mismatch");
        // A desk that is not the officer's; an officer's name with another's gesture.
        let elsewhere = office.request(
            "desk-3",
            "desk-a",
            citizen("1234567892"),
            &pkcs10(&key()),
            &["identity-document"],
        );
        refused(office.create(&elsewhere).await, 403, "not_of_desk");
        let mut borrowed = office.citizens("desk-2");
        let made = office.made(CERTIFICATE, &borrowed);
        borrowed["officer"] = json!("desk-1");
        let mut body = office.made(CERTIFICATE, &borrowed).body;
        body["credential"] = made.body["credential"].clone();
        refused(
            office.call("POST", "/v1/requests", Some("desk-1"), Some(body)).await,
            403,
            "gesture_refused",
        );
        // A gesture for another purpose.
        let request = office.citizens("desk-1");
        let body = office.made(STATUS, &request).body;
        refused(
            office.call("POST", "/v1/requests", Some("desk-1"), Some(body)).await,
            403,
            "gesture_refused",
        );
        // Yesterday's.
        let request = office.citizens("desk-1");
        office.house.clock.advance(Duration::from_secs(601));
        office.log_in("desk-1").await;
        refused(office.create(&request).await, 422, "stale");
        assert_eq!(office.issued().await, 2);
    });
}

#[test]
fn missing_evidence_and_keys_that_are_not_the_applicants_are_refused() {
    in_own_process(async |dir| {
        let mut office = Office::open(&dir).await;
        let mut bare = office.citizens("desk-1");
        bare["evidence"] = json!([]);
        refused(office.create(&bare).await, 422, "evidence_missing");
        let mut server = office.server("desk-1");
        server["evidence"].as_array_mut().unwrap().pop();
        refused(office.create(&server).await, 422, "evidence_missing");
        let unproven = pkcs10_signed_by(&key(), &key());
        let request = office.request(
            "desk-1",
            "desk-a",
            citizen("1234567892"),
            &unproven,
            &["identity-document"],
        );
        refused(office.create(&request).await, 422, "no_proof_of_possession");
        let own = pkcs10(&key());
        let request = office.request("desk-1", "desk-a", citizen("1234567892"), &own, &["identity-document"]);
        assert_eq!(office.create(&request).await.1["state"], json!("issued"));
        let request = office.request("desk-1", "desk-a", citizen("1234567899"), &own, &["identity-document"]);
        refused(office.create(&request).await, 422, "key_in_use");
        let mut misspelt = office.citizens("desk-1");
        misspelt["subject"]["personal_number"] = json!("12");
        refused(office.create(&misspelt).await, 422, "person_malformed");
        let mut strange = office.citizens("desk-1");
        strange["subject"]["address"] = json!("somewhere");
        refused(office.create(&strange).await, 400, "malformed");
        let mut domain = office.server("desk-1");
        domain["subject"]["names"] = json!(["www.example.com"]);
        refused(office.create(&domain).await, 422, "subject_malformed");
        assert_eq!(office.issued().await, 1);
    });
}

#[test]
fn nobody_gets_in_without_a_gesture_of_the_log_in_key() {
    in_own_process(async |dir| {
        let mut office = Office::open(&dir).await;
        let (status, document) = office.call("GET", "/openapi.json", None, None).await;
        assert_eq!((status, &document["openapi"]), (200, &json!("3.1.0")));
        // Every address of the document is there, and closed.
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let address = path.replace("{id}", &"00".repeat(32));
                let address = format!("{address}?state=waiting");
                let body = Some(json!({ "officer": "x", "credential": {}, "reason": "x", "request": "AA" }));
                let (status, problem) = office.call(&method.to_uppercase(), &address, None, body).await;
                let open = operation["security"] == json!([]);
                assert_eq!(status, if open { 403 } else { 401 }, "{method} {path}: {problem}");
            }
        }
        // An administrator without a desk, and a key that agrees, do not log in.
        let options = office
            .call(
                "POST",
                "/v1/session/options",
                None,
                Some(json!({ "officer": "desk-1" })),
            )
            .await
            .1;
        let challenge = URL_SAFE_NO_PAD
            .decode(options["publicKey"]["challenge"].as_str().unwrap())
            .unwrap();
        let agreeing = office.people.gesture("desk-1", &challenge.try_into().unwrap());
        let form = json!({ "officer": "desk-1", "credential": agreeing.to_json() });
        refused(
            office.call("POST", "/v1/session", None, Some(form)).await,
            403,
            "login_refused",
        );
        let clerk = office
            .call(
                "POST",
                "/v1/session/options",
                None,
                Some(json!({ "officer": "nobody" })),
            )
            .await;
        refused(clerk, 403, "login_refused");
        // A log-in is used once, and its token ends.
        let options = office
            .call(
                "POST",
                "/v1/session/options",
                None,
                Some(json!({ "officer": "desk-1" })),
            )
            .await
            .1;
        let credential = office.people.log_in("desk-1", &options);
        let form = json!({ "officer": "desk-1", "credential": credential });
        assert_eq!(
            office.call("POST", "/v1/session", None, Some(form.clone())).await.0,
            200
        );
        refused(
            office.call("POST", "/v1/session", None, Some(form)).await,
            403,
            "login_refused",
        );
        assert_eq!(office.call("DELETE", "/v1/session", Some("desk-2"), None).await.0, 204);
        refused(
            office
                .call("GET", "/v1/requests?state=issued", Some("desk-2"), None)
                .await,
            401,
            "not_logged_in",
        );
        office.house.clock.advance(Duration::from_secs(600));
        refused(
            office
                .call("GET", "/v1/requests?state=issued", Some("desk-1"), None)
                .await,
            401,
            "not_logged_in",
        );
    });
}
