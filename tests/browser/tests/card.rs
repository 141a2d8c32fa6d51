//! A page in headless Chromium meets an eID card: our extension, card-agent, pcscd, vpcd, the virtual card. What the page gets
//! is judged by OpenSSL.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use openssl::base64::{decode_block, encode_block};
use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::x509::X509;
use serde_json::{Value, json};
use signum_browser::running::executable;
use signum_browser::session::{Session, WithCard};
use signum_vcard::person::Person;
use signum_vcard::stack::{Inserted, Stack};
use signum_vcard::{Card, Store, test_issuer};
use tempfile::TempDir;

const CHALLENGE: &str = "12345678123456781234567812345678912356789123";

/// Sends one message as web-eid.js does; gives its answer, acknowledgement seen.
const WEB_EID: &str = "const web = message => new Promise(resolve => {
    let acknowledged = false;
    window.addEventListener('message', function heard(event) {
        const action = event.data?.action;
        if (action === `${message.action}-ack`) acknowledged = true;
        if (action === `${message.action}-success` || action === `${message.action}-failure`) {
            window.removeEventListener('message', heard);
            resolve({ acknowledged, ...event.data });
        }
    });
    window.postMessage(message, '*');
});";

struct Desk {
    stack: Stack,
    person: Person,
    folder: TempDir,
    _card: Inserted,
}

impl Desk {
    fn with_card() -> Option<Self> {
        if let Some(missing) = Stack::missing() {
            assert!(std::env::var_os("SIGNUM_TEST_CARD").is_none(), "{missing}");
            eprintln!("skipped: {missing}");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let card = folder.path().join("card");
        Store::create(&card).unwrap();
        test_issuer::personalise(&mut Card::open(&card).unwrap(), &test_issuer::HOLDER).unwrap();
        let stack = Stack::start().unwrap();
        let inserted = stack.insert(&beside("vcard"), &card, 0).unwrap();
        Some(Self {
            person: Person::new(&folder.path().join("person")).unwrap(),
            stack,
            folder,
            _card: inserted,
        })
    }

    /// A browser with extension and host, as `assemble.sh` and `card-agent install` make them.
    async fn browser(&self) -> Session {
        let (extension, home) = (self.folder.path().join("extension"), self.folder.path().join("home"));
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../clients/extension/assemble.sh");
        assert!(Command::new(script).arg(&extension).status().unwrap().success());
        let mut install = Command::new(beside("card-agent"));
        install.args(["install", "--browser", "chromium", "--home"]).arg(&home);
        assert!(install.output().unwrap().status.success());
        let host = home.join(".config/chromium/NativeMessagingHosts/signum.card_agent.json");
        let environment = [
            ("PCSCLITE_CSOCK_NAME", self.stack.socket().into_os_string()),
            ("PATH", self.person.path().into()),
            ("SIGNUM_CARD_DEVELOPMENT", "localhost".into()),
        ];
        Session::open_with_card(&WithCard {
            extension: &extension.join("chromium"),
            host: &host,
            environment: environment.map(|(name, value)| (name.to_owned(), value)).into(),
        })
        .await
        .unwrap()
    }

    async fn ask(&self, browser: &Session, answers: &[&str], message: &Value) -> Value {
        self.person.answers(answers).unwrap();
        let answer = browser.evaluate(&format!("{WEB_EID}; return web({message});")).await;
        let answer = answer.unwrap().unwrap();
        assert_eq!(answer["acknowledged"], true);
        assert!(
            self.person.asked_everything().unwrap(),
            "{}",
            self.person.shown().unwrap()
        );
        answer
    }
}

fn beside(name: &str) -> PathBuf {
    let program = executable().with_file_name(name);
    assert!(program.exists(), "first: cargo build --workspace");
    program
}

/// An empty page on a port of its own; its origin.
fn page() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut stream = stream;
            let head = BufReader::new(&stream).lines().map_while(Result::ok);
            head.take_while(|line| !line.is_empty()).for_each(drop);
            let body = "<!doctype html><title>page</title>";
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    origin
}

fn sha384(octets: &[u8]) -> Vec<u8> {
    hash(MessageDigest::sha384(), octets).unwrap().to_vec()
}

fn verifies(certificate: &Value, digest: &[u8], signature: &Value) -> bool {
    let certificate = X509::from_der(&decode_block(certificate.as_str().unwrap()).unwrap()).unwrap();
    let signature = decode_block(signature.as_str().unwrap()).unwrap();
    let (r, s) = signature.split_at(48);
    let (r, s) = (BigNum::from_slice(r).unwrap(), BigNum::from_slice(s).unwrap());
    let key = certificate.public_key().unwrap().ec_key().unwrap();
    EcdsaSig::from_private_components(r, s)
        .unwrap()
        .verify(digest, &key)
        .unwrap()
}

#[tokio::test]
async fn a_page_logs_in_and_signs_with_the_card_through_extension_and_agent() {
    let Some(desk) = Desk::with_card() else { return };
    let browser = desk.browser().await;
    let origin = page();
    browser.goto(&origin).await.unwrap();

    let status = desk
        .ask(
            &browser,
            &[],
            &json!({ "action": "web-eid:status", "libraryVersion": "2.1.0" }),
        )
        .await;
    assert_eq!(status["action"], "web-eid:status-success", "{status}");
    assert!(status["nativeApp"].as_str().unwrap().starts_with("2.") && status["library"] == "2.1.0");

    // The page names another origin; what is signed is the browser's.
    let lang = json!({ "lang": "en" });
    let authenticate = json!({
        "action": "web-eid:authenticate", "challengeNonce": CHALLENGE, "options": lang, "origin": "https://bank.example",
    });
    let begun = Instant::now();
    let token = desk.ask(&browser, &["1234"], &authenticate).await;
    println!("log-in through page, extension, agent and card: {:?}", begun.elapsed());
    assert_eq!(
        (&token["action"], &token["format"]),
        (&json!("web-eid:authenticate-success"), &json!("web-eid:1.0"))
    );
    let signed = |origin: &str| {
        let both = [sha384(origin.as_bytes()), sha384(CHALLENGE.as_bytes())].concat();
        verifies(&token["unverifiedCertificate"], &sha384(&both), &token["signature"])
    };
    assert!(signed(&origin) && !signed("https://bank.example"));
    assert!(desk.person.shown().unwrap().contains(&format!("SETDESC {origin}")));

    let show = json!({ "action": "web-eid:get-signing-certificate", "options": lang });
    let shown = desk.ask(&browser, &["yes"], &show).await;
    let digest = sha384(b"a document");
    let sign = json!({
        "action": "web-eid:sign", "certificate": shown["certificate"], "hash": encode_block(&digest),
        "hashFunction": "SHA-384", "options": lang,
    });
    let signature = desk.ask(&browser, &["12345"], &sign).await;
    assert_eq!(signature["signatureAlgorithm"]["hashFunction"], "SHA-384");
    assert!(verifies(&shown["certificate"], &digest, &signature["signature"]));

    // One wrong PIN is one try; cancelling is told by the code that web-eid.js knows.
    let cancelled = desk.ask(&browser, &["9999", "cancel"], &authenticate).await;
    assert_eq!(cancelled["action"], "web-eid:authenticate-failure");
    assert_eq!(cancelled["error"]["code"], "ERR_WEBEID_USER_CANCELLED");
    assert!(desk.person.shown().unwrap().contains("Tries left: 2"));
    let short = json!({ "action": "web-eid:authenticate", "challengeNonce": "short" });
    let refused = desk.ask(&browser, &[], &short).await;
    assert_eq!(refused["error"]["code"], "ERR_WEBEID_NATIVE_INVALID_ARGUMENT");
    browser.close().await.unwrap();
}

#[tokio::test]
async fn a_page_in_a_frame_gets_no_answer() {
    let Some(desk) = Desk::with_card() else { return };
    let browser = desk.browser().await;
    browser.goto(&page()).await.unwrap();
    let frame = "const frame = document.createElement('iframe');
        const loaded = new Promise(done => frame.onload = done);
        frame.src = location.href;
        document.body.append(frame);
        await loaded;
        let heard = 0;
        frame.contentWindow.addEventListener('message', event => { if (event.data.action?.includes('-')) heard += event.data.action.endsWith('-ack') ? 1 : 0; });
        frame.contentWindow.eval(\"postMessage({ action: 'web-eid:status', libraryVersion: '2' }, '*')\");";
    // The top page asks after the frame did and is answered: had the frame been heard, its acknowledgement would be here, too.
    let body = format!(
        "{frame} {WEB_EID}; const top = await web({{ action: 'web-eid:status', libraryVersion: '2' }}); return [heard, top.action];"
    );
    let heard = browser.evaluate(&body).await.unwrap().unwrap();
    assert_eq!(heard, json!([0, "web-eid:status-success"]));
    browser.close().await.unwrap();
}
