//! Over real TLS: clients that prove themselves by a certificate, and tokens that work with it alone (RFC 8705, RFC 9440).

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Client as Http, RequestBuilder};
use serde_json::{Value, json};
use signum_core::http::serve_tls;
use signum_core::http::tls::{self, ClientCertificates, Identity, TlsListener};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::agency::agree;
use super::certificate::{Made, made, with_dns};
use super::world::{VERIFIER, World, encode, words};
use crate::client_auth::AuthMethod;
use crate::clients::{self, GrantType, Metadata, Profile, Realm, Registration};
use crate::jose::Algorithm;
use crate::jose::test_keys::TestKey;

const RP_CALLBACK: &str = "https://agency.example.org/cb";

/// The provider with both of its ports.
struct Port {
    world: World,
    address: String,
    /// Whose certificates name clients.
    authority: Made,
    /// A proxy that may speak of others' certificates.
    proxy: Made,
    server: Made,
    folder: tempfile::TempDir,
    _stop: DropGuard,
}

impl Port {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [authority, proxy, server] = [("authority", true), ("proxy", false), ("localhost", false)]
            .map(|(name, authority)| made(name, None, authority));
        let file = |name: &str, octets: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, octets).unwrap();
            path.display().to_string()
        };
        let (authorities, proxies) = (file("authorities", &authority.pem()), file("proxies", &proxy.pem()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let world = World::with(|config| {
            config.mtls.public_url = address.clone();
            config.mtls.client_authorities = authorities;
            config.mtls.proxies = proxies;
        })
        .await;
        let stop = CancellationToken::new();
        let settings = tls::server(identity(&folder, &server), ClientCertificates::Asked).unwrap();
        let listener = TlsListener::new(listener, settings).unwrap();
        let router = world.service.mtls_router().unwrap();
        tokio::spawn(serve_tls("idp-mtls", listener, router, stop.clone()));
        Self {
            world,
            address,
            authority,
            proxy,
            server,
            folder,
            _stop: stop.drop_guard(),
        }
    }

    /// What speaks with the port and shows this certificate.
    fn http(&self, shown: &Made) -> Http {
        let servers = vec![self.server.der().into()];
        let config = tls::client(identity(&self.folder, shown), servers).unwrap();
        Http::builder().use_preconfigured_tls(config).build().unwrap()
    }

    fn without_certificate(&self) -> Http {
        Http::builder().danger_accept_invalid_certs(true).build().unwrap()
    }

    /// The status and the JSON of a form's answer.
    async fn form(&self, http: &Http, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        answer(http.post(format!("{}{path}", self.address)).form(fields)).await
    }

    async fn tokens(&self, http: &Http, id: &str) -> (u16, Value) {
        let fields = [("grant_type", "client_credentials"), ("client_id", id)];
        self.form(http, "/token", &fields).await
    }

    async fn register(&self, id: &str, change: impl FnOnce(&mut Metadata)) {
        let mut metadata = Metadata {
            redirect_uris: vec![RP_CALLBACK.to_owned()],
            grant_types: vec![
                GrantType::AuthorizationCode,
                GrantType::RefreshToken,
                GrantType::ClientCredentials,
            ],
            scope: Some("openid profile registry:read".to_owned()),
            tls_client_certificate_bound_access_tokens: true,
            ..Metadata::default()
        };
        change(&mut metadata);
        let registration = Registration {
            client_id: id.to_owned(),
            profile: Profile::Fapi2,
            realm: Realm::Production,
            name: words(id),
            purpose: words("To show the land register"),
            metadata,
            secret: None,
            legal_basis_personal_number: false,
        };
        clients::put(&self.world.cx, registration).await.unwrap();
    }

    async fn register_by_name(&self, id: &str) {
        self.register(id, |metadata| {
            metadata.token_endpoint_auth_method = AuthMethod::TlsClientAuth;
            metadata.tls_client_auth_subject_dn = Some("CN=agency".to_owned());
        })
        .await;
    }
}

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let reply = request.send().await.unwrap();
    let status = reply.status().as_u16();
    (status, reply.json().await.unwrap_or_default())
}

fn identity(folder: &tempfile::TempDir, of: &Made) -> Identity {
    let (certificate, key) = (folder.path().join("own.pem"), folder.path().join("own.key"));
    std::fs::write(&certificate, of.pem()).unwrap();
    std::fs::write(&key, of.key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    Identity::read(&certificate, &key).unwrap()
}

/// `{"keys": [...]}` with the certificate's key and the certificate.
fn published(of: &Made) -> Value {
    let key = TestKey {
        key: of.key.clone(),
        alg: Algorithm::Es256,
        kid: "tls".to_owned(),
    };
    let mut jwk = key.jwk();
    jwk["x5c"] = json!([STANDARD.encode(of.der())]);
    json!({"keys": [jwk]})
}

#[tokio::test]
async fn a_certificate_of_a_configured_authority_proves_the_client_it_names_and_nobody_else() {
    let port = Port::open().await;
    port.register_by_name("agency").await;
    let right = made("agency", Some(&port.authority), false);
    let (status, tokens) = port.tokens(&port.http(&right), "agency").await;
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(tokens["token_type"], "Bearer", "as RFC 8705 section 3 says");
    let stranger = made("authority", None, true);
    for (name, wrong) in [
        ("another name", made("other", Some(&port.authority), false)),
        ("of itself", made("agency", None, false)),
        ("of another authority", made("agency", Some(&stranger), false)),
        ("the authority itself", made("agency", None, true)),
    ] {
        let (status, told) = port.tokens(&port.http(&wrong), "agency").await;
        assert_eq!((status, &told["error"]), (401, &json!("invalid_client")), "{name}");
    }
    assert_eq!(port.tokens(&port.without_certificate(), "agency").await.0, 401);
    assert_eq!(port.tokens(&port.http(&right), "nobody").await.0, 401);
    let mut plain = port.world.browser();
    let fields = [("grant_type", "client_credentials"), ("client_id", "agency")];
    let refused = plain.post_form("/token", &fields);
    assert_eq!(refused.await.status, 401, "nothing is shown on the plain port");
    port.world.advance(2_000);
    assert_eq!(port.tokens(&port.http(&right), "agency").await.0, 401, "it is over");
}

#[tokio::test]
async fn a_client_is_also_known_by_an_alternative_name_and_then_by_no_subject() {
    let port = Port::open().await;
    port.register("agency", |metadata| {
        metadata.token_endpoint_auth_method = AuthMethod::TlsClientAuth;
        metadata.tls_client_auth_san_dns = Some("rp.agency.example.org".to_owned());
    })
    .await;
    let right = with_dns("any", &port.authority, "rp.agency.example.org");
    assert_eq!(port.tokens(&port.http(&right), "agency").await.0, 200);
    for wrong in [
        with_dns("any", &port.authority, "agency.example.org"),
        made("rp.agency.example.org", Some(&port.authority), false),
    ] {
        assert_eq!(port.tokens(&port.http(&wrong), "agency").await.0, 401);
    }
}

#[tokio::test]
async fn a_certificate_of_its_own_making_proves_a_client_that_registered_it() {
    let port = Port::open().await;
    let own = made("whatever", None, false);
    port.register("agency", |metadata| {
        metadata.token_endpoint_auth_method = AuthMethod::SelfSignedTlsClientAuth;
        metadata.jwks = Some(published(&own));
    })
    .await;
    assert_eq!(port.tokens(&port.http(&own), "agency").await.0, 200);
    for wrong in [
        made("whatever", None, false),
        made("whatever", Some(&port.authority), false),
    ] {
        assert_eq!(port.tokens(&port.http(&wrong), "agency").await.0, 401);
    }
    assert_eq!(port.tokens(&port.without_certificate(), "agency").await.0, 401);
}

/// Pushed, agreed to and redeemed with the client's certificate.
async fn of_a_person(port: &Port, http: &Http) -> Value {
    let pushed = [
        ("client_id", "agency"),
        ("redirect_uri", RP_CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("state", "state-0123456789"),
        ("nonce", "nonce-0123456789"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    let (status, told) = port.form(http, "/par", &pushed).await;
    assert_eq!(status, 201, "{told}");
    let uri = told["request_uri"].as_str().unwrap();
    let address = format!(
        "/authorize?{}",
        encode(&[("client_id", "agency"), ("request_uri", uri)])
    );
    let mut browser = port.world.enrolled().await;
    let code = agree(&mut browser, &address).await.redirected("code").unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "agency"),
        ("code", &code),
        ("redirect_uri", RP_CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let (status, tokens) = port.form(http, "/token", &fields).await;
    assert_eq!(status, 200, "{tokens}");
    tokens
}

#[tokio::test]
async fn tokens_about_a_person_work_with_the_certificate_they_were_issued_to_alone() {
    let port = Port::open().await;
    port.register_by_name("agency").await;
    let own = made("agency", Some(&port.authority), false);
    let http = port.http(&own);
    let tokens = of_a_person(&port, &http).await;
    let token = tokens["access_token"].as_str().unwrap();
    let userinfo = async |http: &Http| {
        let request = http.get(format!("{}/userinfo", port.address));
        answer(request.bearer_auth(token)).await
    };
    assert_eq!(userinfo(&http).await.0, 200);
    // Its next certificate, of the same name and authority, is another one.
    let next = port.http(&made("agency", Some(&port.authority), false));
    assert_eq!(userinfo(&next).await.0, 401);
    assert_eq!(userinfo(&port.without_certificate()).await.0, 401);
    assert_eq!(port.world.browser().userinfo(token).await.status, 401);
    let fields = [("client_id", "agency"), ("token", token)];
    let (status, told) = port.form(&http, "/introspect", &fields).await;
    assert_eq!((status, &told["active"]), (200, &json!(true)));
    let thumbprint = crate::client_auth::TlsCertificate {
        der: own.der(),
        chained: true,
    };
    assert_eq!(told["cnf"], json!({"x5t#S256": thumbprint.thumbprint()}));
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", "agency"),
        ("refresh_token", refresh),
    ];
    // The client proves itself by its name, so a renewed certificate may refresh (RFC 8705 section 4): new tokens are bound to that.
    let (status, renewed) = port.form(&next, "/token", &fields).await;
    assert_eq!(status, 200, "{renewed}");
    assert_eq!(userinfo(&http).await.0, 200);
    let token = renewed["access_token"].as_str().unwrap();
    let asked = |http: &Http| http.get(format!("{}/userinfo", port.address)).bearer_auth(token);
    assert_eq!(answer(asked(&next)).await.0, 200);
    assert_eq!(answer(asked(&http)).await.0, 401);
}

#[tokio::test]
async fn a_proxy_that_is_pinned_may_tell_the_certificate_and_nobody_else_may() {
    let port = Port::open().await;
    port.register_by_name("agency").await;
    let own = made("agency", Some(&port.authority), false);
    let header = format!(":{}:", STANDARD.encode(own.der()));
    let ask = async |http: Http| {
        let fields = [("grant_type", "client_credentials"), ("client_id", "agency")];
        let request = http.post(format!("{}/token", port.address)).form(&fields);
        answer(request.header("client-cert", &header)).await.0
    };
    assert_eq!(ask(port.http(&port.proxy)).await, 200);
    assert_eq!(ask(port.http(&made("proxy", None, false))).await, 401);
    assert_eq!(ask(port.http(&made("other", Some(&port.authority), false))).await, 401);
    assert_eq!(ask(port.without_certificate()).await, 401);
    assert_eq!(port.tokens(&port.http(&port.proxy), "agency").await.0, 401);
}

#[tokio::test]
async fn the_port_is_told_in_the_metadata_and_serves_programs_alone() {
    let port = Port::open().await;
    let metadata = port
        .world
        .browser()
        .get("/.well-known/openid-configuration")
        .await
        .json();
    assert_eq!(metadata["tls_client_certificate_bound_access_tokens"], true);
    for (member, alias) in metadata["mtls_endpoint_aliases"].as_object().unwrap() {
        let path = alias.as_str().unwrap().strip_prefix(&port.address).unwrap();
        assert!(metadata[member].as_str().unwrap().ends_with(path), "{member}");
    }
    assert!(metadata["mtls_endpoint_aliases"]["token_endpoint"].is_string());
    let http = port.http(&made("x", None, false));
    for page in [
        "/",
        "/login",
        "/authorize",
        "/account",
        "/logout",
        "/jwks",
        "/token/",
        "//token",
    ] {
        let request = http.get(format!("{}{page}", port.address));
        assert_eq!(answer(request).await.0, 404, "{page}");
    }
}

#[tokio::test]
async fn without_the_port_its_methods_are_not_offered() {
    let world = World::new().await;
    let metadata = world.browser().get("/.well-known/openid-configuration").await.json();
    assert!(metadata.get("mtls_endpoint_aliases").is_none());
    let methods = metadata["token_endpoint_auth_methods_supported"].to_string();
    assert!(!methods.contains("tls_client_auth"), "{methods}");
    assert_ne!(metadata["tls_client_certificate_bound_access_tokens"], true);
}
