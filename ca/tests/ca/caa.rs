//! Before a server is certified, the owner of its domain is asked in the DNS (RFC 8659; CA/B Forum BR section 3.2.2.8).

mod server;

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use signum_ca::{CaaError, ClockSource, Config, IssueError, Server, Subject};
use signum_core::params;

use self::server::{Said, Zone};
use crate::golden::{leaf, subjects};
use crate::house::{self, House, config, in_own_process, key};
use crate::issuance::serial;
use crate::office::{Office, refused as office_refuses};

const OURS: (u8, &str, &str) = (0, "issue", "pki.example.org");
const OTHERS: (u8, &str, &str) = (0, "issue", "ca.example.com");

fn asking(resolver: SocketAddr) -> Config {
    Config {
        caa_resolver: resolver.to_string(),
        caa_identifiers: vec!["pki.example.org".to_owned()],
        caa_timeout_seconds: 1,
        ..config()
    }
}

async fn open(dir: &Path) -> (House, Zone) {
    let zone = Zone::default();
    let house = house::open(dir, asking(zone.serve().await)).await;
    (house, zone)
}

fn server(names: &[&str]) -> Subject {
    Subject::TlsServer(Server {
        organization: "Ministria Shembull".to_owned(),
        locality: "Prishtinë".to_owned(),
        names: names.iter().map(|&name| name.to_owned()).collect(),
    })
}

async fn refused(house: &House, number: u8, names: &[&str]) -> CaaError {
    match house.service.issue_leaf(&leaf(number, server(names), &key())).await {
        Err(IssueError::Caa(error)) => error,
        other => panic!("{names:?}: {other:?}"),
    }
}

async fn issued(house: &House, number: u8, names: &[&str]) -> Vec<u8> {
    let asked = leaf(number, server(names), &key());
    house.service.issue_leaf(&asked).await.unwrap().certificate
}

/// Rows of certificates and intents under the TLS authority.
async fn rows(house: &House) -> usize {
    let sql = "SELECT serial FROM certificate WHERE profile = 'agency-tls'";
    house.cx.db.all(sql, vec![]).await.unwrap().len()
}

#[test]
fn a_server_is_certified_where_its_domain_names_this_ca_and_what_was_found_is_kept() {
    in_own_process(|dir| async move {
        let (house, zone) = open(&dir).await;
        zone.say("agency.example.org", Said::Caa(vec![OTHERS, OURS]));
        let names = ["www.agency.example.org", "free.example.org", "8.8.8.8"];
        let certificate = issued(&house, 1, &names).await;
        assert_eq!(
            zone.asked(),
            [
                "www.agency.example.org",
                "agency.example.org",
                "free.example.org",
                "example.org",
                "org"
            ]
        );
        let kept = house
            .cx
            .db
            .all(
                "SELECT name, found_at, records FROM caa_look WHERE issuer = 'tls' AND serial = $1 ORDER BY name",
                params![serial(&certificate)],
            )
            .await
            .unwrap();
        let kept: Vec<(String, Option<String>, String)> = kept
            .iter()
            .map(|row| {
                (
                    row.get("name").unwrap(),
                    row.get("found_at").unwrap(),
                    row.get("records").unwrap(),
                )
            })
            .collect();
        assert_eq!(
            kept,
            [
                ("free.example.org".to_owned(), None, String::new()),
                (
                    "www.agency.example.org".to_owned(),
                    Some("agency.example.org".to_owned()),
                    "0 issue \"ca.example.com\"\n0 issue \"pki.example.org\"".to_owned()
                ),
            ]
        );
        let sql = "SELECT detail FROM audit_event WHERE kind = 'certificate.reserved'";
        let events = house.cx.db.all(sql, vec![]).await.unwrap();
        let hashed = events
            .iter()
            .filter(|row| row.get::<String>("detail").unwrap().contains("caa_sha256"));
        assert_eq!(hashed.count(), 1, "of the server's certificate, of no other");
    });
}

#[test]
fn what_the_domain_forbids_leaves_no_intent_and_is_recorded_with_its_records() {
    in_own_process(|dir| async move {
        let (house, zone) = open(&dir).await;
        let critical = (128, "tbs", "of tomorrow");
        zone.say("others.example.org", Said::Caa(vec![OTHERS]));
        zone.say("nobody.example.org", Said::Caa(vec![(0, "issue", ";")]));
        zone.say("critical.example.org", Said::Caa(vec![OURS, critical]));
        for (number, name) in (1..).zip(["others.example.org", "nobody.example.org", "critical.example.org"]) {
            let below = format!("www.{name}");
            let error = refused(&house, number, &["free.example.org", &below]).await;
            assert!(
                matches!(&error, CaaError::Forbidden { name: n, at, .. } if *n == below && at == name),
                "{error:?}"
            );
        }
        assert_eq!(rows(&house).await, 0, "nothing was reserved");
        let sql = "SELECT detail FROM audit_event WHERE kind = 'certificate.refused'";
        let details = house.cx.db.all(sql, vec![]).await.unwrap();
        let details: Vec<Value> = details
            .iter()
            .map(|row| serde_json::from_str(&row.get::<String>("detail").unwrap()).unwrap())
            .collect();
        assert_eq!(details.len(), 3);
        let of_others = details.iter().find(|d| d["caa"]["at"] == "others.example.org").unwrap();
        assert_eq!(of_others["code"], "caa_forbids");
        assert_eq!(of_others["caa"]["name"], "www.others.example.org");
        assert_eq!(of_others["caa"]["records"][0], "0 issue \"ca.example.com\"");
    });
}

#[test]
fn a_look_up_that_fails_permits_nothing_and_the_same_request_may_come_again() {
    in_own_process(|dir| async move {
        let (house, zone) = open(&dir).await;
        let failures = [
            ("servfail", Said::Code(2)),
            ("refused", Said::Code(5)),
            ("unheard-of", Said::Code(11)),
            ("referral", Said::Referral),
            ("silent", Said::Silence),
            ("without-tag", Said::Raw(vec![0, 0, b'x'])),
            ("cut", Said::Raw(vec![0, 9, b'i'])),
            ("empty", Said::Raw(vec![])),
            ("circle", Said::Alias("circle.example.org", vec![])),
            ("astray", Said::Alias("silent.example.org", vec![])),
        ];
        for (number, (label, said)) in (1..).zip(failures) {
            let name = format!("{label}.example.org");
            zone.say(&name, said);
            let error = refused(&house, number, &["free.example.org", &name]).await;
            assert!(
                matches!(&error, CaaError::Unknown { at, .. } if *at == name),
                "{error:?}"
            );
        }
        // Where the set of the name itself would permit, what fails above it is not asked.
        zone.say("example.org", Said::Code(2));
        let error = refused(&house, 50, &["free.example.org"]).await;
        assert!(matches!(&error, CaaError::Unknown { at, .. } if at == "example.org"));
        assert_eq!(rows(&house).await, 0, "nothing was reserved");
        zone.say("free.example.org", Said::Caa(vec![OURS]));
        issued(&house, 50, &["free.example.org"]).await;
    });
}

#[test]
fn a_request_that_was_answered_before_is_answered_so_again_whatever_the_dns_says_now() {
    in_own_process(|dir| async move {
        let (house, zone) = open(&dir).await;
        let asked = leaf(1, server(&["www.example.org"]), &key());
        let first = house.service.issue_leaf(&asked).await.unwrap();
        for said in [Said::Code(2), Said::Caa(vec![OTHERS])] {
            zone.say("www.example.org", said);
            assert_eq!(
                house.service.issue_leaf(&asked).await.unwrap().certificate,
                first.certificate
            );
            refused(&house, 2, &["www.example.org"]).await;
        }
        assert_eq!(rows(&house).await, 1);
    });
}

#[test]
fn aliases_are_followed_and_answers_cut_short_are_asked_for_in_tcp() {
    in_own_process(|dir| async move {
        let (house, zone) = open(&dir).await;
        zone.say("long.example.org", Said::Long(vec![OTHERS]));
        zone.say("alias.example.org", Said::Alias("target.example.net", vec![OTHERS]));
        zone.say("target.example.net", Said::Caa(vec![OTHERS]));
        zone.say("apart.example.org", Said::Alias("target.example.net", vec![]));
        for (number, name) in (1..).zip(["long.example.org", "alias.example.org", "apart.example.org"]) {
            let error = refused(&house, number, &[name]).await;
            assert!(
                matches!(&error, CaaError::Forbidden { at, .. } if at == name),
                "{error:?}"
            );
        }
        zone.say("long.example.org", Said::Long(vec![OURS]));
        issued(&house, 4, &["long.example.org"]).await;
        // Where an alias leads to nothing, the climb goes on above the alias, not above its target.
        zone.say("example.net", Said::Caa(vec![OTHERS]));
        zone.say("bare.example.org", Said::Alias("bare.example.net", vec![]));
        zone.asked();
        issued(&house, 5, &["bare.example.org"]).await;
        assert_eq!(
            zone.asked(),
            ["bare.example.org", "bare.example.net", "example.org", "org"]
        );
    });
}

#[test]
fn nobody_is_asked_about_people_about_addresses_or_about_what_is_refused_anyway() {
    in_own_process(|dir| async move {
        let (house, zone) = open(&dir).await;
        for (number, (name, subject)) in (1..).zip(subjects()) {
            if name != "agency-tls" {
                house.service.issue_leaf(&leaf(number, subject, &key())).await.unwrap();
            }
        }
        issued(&house, 20, &["8.8.8.8", "2a00::1"]).await;
        let elsewhere = leaf(21, server(&["www.example.com"]), &key());
        assert!(matches!(
            house.service.issue_leaf(&elsewhere).await,
            Err(IssueError::Refused {
                code: "subject_malformed",
                ..
            })
        ));
        assert_eq!(zone.asked(), Vec::<String>::new());
    });
}

#[test]
fn a_desk_s_request_waits_for_a_domain_that_does_not_answer_and_ends_where_it_forbids() {
    in_own_process(async |dir| {
        let zone = Zone::default();
        let resolver = zone.serve().await;
        let mut office = Office::open_with(&dir, asking(resolver)).await;
        let agreed = async |office: &mut Office| {
            let request = office.server("desk-1");
            let id = office.create(&request).await.1["id"].as_str().unwrap().to_owned();
            let (status, answer) = office.approve(&id, "desk-2").await;
            assert_eq!(status, 200, "{answer}");
            (id, answer)
        };
        zone.say("www.example.org", Said::Code(2));
        let (waiting, answer) = agreed(&mut office).await;
        assert_eq!(answer["state"], "ready");
        office_refuses(office.collect(&waiting, "desk-1").await, 503, "caa_unknown");
        zone.say("www.example.org", Said::Caa(vec![OTHERS]));
        let (_, answer) = agreed(&mut office).await;
        assert_eq!(
            (&answer["state"], &answer["reason"]),
            (&"refused".into(), &"caa_forbids".into())
        );
        zone.say("www.example.org", Said::Caa(vec![OURS]));
        assert_eq!(office.collect(&waiting, "desk-1").await.0, 200, "the same request");
        assert_eq!(office.issued().await, 1);
    });
}

#[test]
fn a_resolver_without_sense_or_without_our_name_is_refused_and_only_a_test_does_without_one() {
    let asking = |resolver: &str, ours: &[&str]| Config {
        caa_resolver: resolver.to_owned(),
        caa_identifiers: ours.iter().map(|&name| name.to_owned()).collect(),
        ..Config::default()
    };
    for good in ["127.0.0.1:53", "[::1]:5353"] {
        assert_eq!(asking(good, &["pki.example.org"]).check(), Ok(()));
    }
    for bad in ["localhost:53", "127.0.0.1", "127.0.0.1:70000", "dns://127.0.0.1", " "] {
        let error = asking(bad, &["pki.example.org"]).check().unwrap_err();
        assert_eq!(error.field, "caa_resolver", "{bad}");
    }
    for ours in [
        &[][..],
        &["PKI.example.org"],
        &["pki.example.org", "localhost"],
        &["pki.example.org."],
    ] {
        let error = asking("127.0.0.1:53", ours).check().unwrap_err();
        assert_eq!(error.field, "caa_identifiers", "{ours:?}");
    }
    let real = |resolver: &str, domains: &[&str]| Config {
        name_prefix: "Signum".to_owned(),
        clock: ClockSource::Chrony,
        tls_domains: domains.iter().map(|&name| name.to_owned()).collect(),
        ..asking(resolver, &["pki.example.org"])
    };
    assert_eq!(real("", &["example.org"]).check().unwrap_err().field, "caa_resolver");
    assert!(real("", &[]).check().is_ok() && real("127.0.0.1:53", &["example.org"]).check().is_ok());
}

/// A name server that others run, from the Debian package dnsmasq-base.
struct Dnsmasq(Child);

impl Drop for Dnsmasq {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Dnsmasq {
    async fn start(dir: &Path) -> (Self, SocketAddr) {
        const PROGRAM: &str = "/usr/sbin/dnsmasq";
        assert!(Path::new(PROGRAM).exists(), "install the Debian package dnsmasq-base");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let conf = dir.join("dnsmasq.conf");
        // What is not below `org` is nobody's here: REFUSED. `broken` has a CAA record without a tag.
        let text = format!(
            "port={}\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\nno-daemon\nlocal=/org/\n\
             caa-record=ours.example.org,0,issue,pki.example.org\ncaa-record=others.example.org,0,issue,ca.example.com\n\
             caa-record=others.example.org,128,iodef,mailto:security@example.org\n\
             dns-rr=broken.example.org,257,00:00\n",
            address.port()
        );
        std::fs::write(&conf, text).unwrap();
        let child = Command::new(PROGRAM)
            .arg(format!("--conf-file={}", conf.display()))
            .arg("--pid-file=")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self(child);
        let mut turn = tokio::time::interval(Duration::from_millis(20));
        for _ in 0..500 {
            if tokio::net::TcpStream::connect(address).await.is_ok() {
                return (server, address);
            }
            turn.tick().await;
        }
        panic!("dnsmasq does not start");
    }
}

#[test]
fn a_name_server_that_others_wrote_is_understood() {
    in_own_process(|dir| async move {
        let (_dnsmasq, address) = Dnsmasq::start(&dir).await;
        let house = house::open(&dir, asking(address)).await;
        issued(
            &house,
            1,
            &["www.ours.example.org", "ours.example.org", "free.example.org"],
        )
        .await;
        let error = refused(&house, 2, &["www.others.example.org"]).await;
        assert!(
            matches!(&error, CaaError::Forbidden { records, .. } if records.len() == 2),
            "{error:?}"
        );
        let error = refused(&house, 3, &["broken.example.org"]).await;
        assert!(matches!(error, CaaError::Unknown { .. }), "{error:?}");
        let elsewhere = Config {
            tls_domains: vec!["example.net".to_owned()],
            ..asking(address)
        };
        let elsewhere = house::service(elsewhere, &house.cx, &house.token);
        let asked = leaf(4, server(&["www.example.net"]), &key());
        let error = elsewhere.issue_leaf(&asked).await.unwrap_err();
        assert!(matches!(error, IssueError::Caa(CaaError::Unknown { .. })), "{error:?}");
    });
}
