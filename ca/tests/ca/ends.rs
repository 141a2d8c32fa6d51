//! Authorities that are revoked or come to their end, with the approval of two officers: what they still may, and what is told.

use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use der::Decode;
use openssl::hash::MessageDigest;
use signum_ca::ceremony::Kind as CeremonyKind;
use signum_ca::{
    ApprovalError, ApprovalKind, ApprovalRequest, AuthorityRevocation, Config, Manner, StatusError, TerminationError,
    TerminationState, authority_revocation, overview,
};
use signum_core::contract::{
    AskedBy, CertificateAuthority, ContractError, IssuedCertificate, LeafProfile, StatusAction, StatusChange,
    TimeStamping,
};
use signum_core::{Timestamp, params};
use signum_pki::ocsp::response::{ResponseStatus, Status};
use signum_pki::tsp::response::TimeStampResp;
use x509_cert::crl::CertificateList;

use crate::day::{Day, NOON, Wanted};
use crate::house::{self, House, config, in_own_process, key, pkcs10, request};
use crate::issuance::serial;
use crate::ocsp::{read, send, status};
use crate::officers::people::People;
use crate::presigned::{get, plain};

const DAY: Duration = Duration::from_secs(86_400);

/// A CA with officers.
pub struct Governed {
    pub house: House,
    pub people: People,
}

impl Governed {
    async fn empty(dir: &Path, config: Config) -> Self {
        let mut people = People::default();
        let (genesis, first, _) = people.in_force();
        let settings = Config {
            officers_genesis: genesis.to_string(),
            ..config
        };
        let house = house::empty(dir, settings).await;
        house.service.accept_officers(&first).await.unwrap();
        Self { house, people }
    }

    pub async fn open(dir: &Path) -> Self {
        let governed = Self::empty(dir, config()).await;
        governed.house.service.ceremony().await.unwrap();
        governed
    }

    /// One administrator asks, the other one agrees.
    async fn agreed(&mut self, subject: [u8; 32]) {
        self.agreed_to(ApprovalKind::CaRevocation, subject).await;
    }

    pub async fn agreed_to(&mut self, kind: ApprovalKind, subject: [u8; 32]) {
        let (cx, service) = (&self.house.cx, &self.house.service);
        let times = (cx.now(), Duration::from_secs(3_600));
        let asked = ApprovalRequest::new(kind, subject, "TEST", "admin-1", times, cx.random.as_ref());
        let gesture = self.people.gesture("admin-1", &asked.asked());
        service.ask_approval(&asked, &gesture).await.unwrap();
        let gesture = self.people.gesture("admin-2", &asked.approved());
        service.approve(&asked.hash(), "admin-2", &gesture).await.unwrap();
    }

    async fn certificate(&self, holder: &str) -> Vec<u8> {
        let sql = "SELECT certificate FROM certificate WHERE holder = $1 ORDER BY not_before DESC LIMIT 1";
        let row = self.house.cx.db.opt(sql, params![holder]).await.unwrap().unwrap();
        row.get("certificate").unwrap()
    }

    /// The revocation of an authority for a compromise, agreed to.
    async fn revocation(&mut self, authority: &str) -> StatusChange {
        let serial = serial(&self.certificate(authority).await);
        let change = StatusChange::new(&serial, StatusAction::Revoke { reason: 2 }, AskedBy::Operator);
        self.agreed(authority_revocation(&change)).await;
        change
    }

    async fn issue(&self, number: u8, profile: LeafProfile) -> Result<IssuedCertificate, ContractError> {
        self.house.service.issue(request(number, profile, pkcs10(&key()))).await
    }

    async fn refuses(&self, number: u8, code: &str) {
        let before = self.reserved().await;
        match self.issue(number, LeafProfile::CitizenSignature).await {
            Err(ContractError::Refused { code: got, .. }) => assert_eq!(got, code),
            other => panic!("{other:?}"),
        }
        assert_eq!(self.reserved().await, before, "no intent, so nothing was signed");
    }

    async fn reserved(&self) -> usize {
        let sql = "SELECT serial FROM certificate WHERE issuer = 'qsig'";
        self.house.cx.db.all(sql, vec![]).await.unwrap().len()
    }

    async fn list(&self, path: &str) -> CertificateList {
        let asked = Request::builder().uri(path).body(Body::empty()).unwrap();
        CertificateList::from_der(&send(&self.house, asked).await.2).unwrap()
    }

    async fn says_good(&self, question: &[u8]) -> bool {
        matches!(
            read(&get(&self.house.service, question).await).responses[0].status,
            Status::Good(_)
        )
    }
}

#[test]
fn a_revoked_authority_certifies_nobody_and_nothing_it_certified_is_told_good() {
    in_own_process(|dir| async move {
        let mut ca = Governed::open(&dir).await;
        let issued = ca.issue(1, LeafProfile::CitizenSignature).await.unwrap();
        ca.house.service.presign_due().await.unwrap();
        let question = plain(&issued, MessageDigest::sha1());
        assert!(ca.says_good(&question).await, "from the table");
        assert!(ca.says_good(&question).await, "from memory");
        let change = ca.revocation("qsig").await;
        let done = ca.house.service.revoke_authority(&change).await.unwrap();
        assert_eq!(done, AuthorityRevocation::Done);
        ca.refuses(2, "authority_revoked").await;
        assert_eq!(ca.house.audited("certificate.refused").await, 1);
        ca.issue(3, LeafProfile::CitizenAuthentication).await.unwrap();

        // Neither now, nor by what is signed in advance from now on, nor after a restart.
        assert!(!ca.says_good(&question).await);
        ca.house.clock.advance(Duration::from_secs(20));
        assert!(ca.house.service.presign_due().await.unwrap() >= 1);
        let answer = read(&get(&ca.house.service, &question).await);
        let Status::Revoked(info) = &answer.responses[0].status else {
            panic!("{answer:?}")
        };
        assert_eq!(info.reason, Some(x509_cert::ext::pkix::CrlReason::CaCompromise));
        let settings = Config {
            officers_genesis: ca.house.service.officers().await.unwrap().hash().to_string(),
            ..config()
        };
        ca.house.service = house::service(settings, &ca.house.cx, &ca.house.token);
        let started = ca.house.service.ceremony().await.unwrap();
        assert!(started.certificate("ocsp-qsig").is_none() && started.certificate("ocsp-auth").is_some());
        assert!(!ca.says_good(&question).await);
        ca.refuses(4, "authority_revoked").await;
    });
}

#[test]
fn a_certificates_own_revocation_keeps_its_date_and_reason_under_a_revoked_authority() {
    in_own_process(|dir| async move {
        let mut ca = Governed::open(&dir).await;
        let issued = ca.issue(1, LeafProfile::CitizenSignature).await.unwrap();
        let at = ca.house.now();
        ca.house.service.revoke(&serial(&issued.certificate), 4).await.unwrap();
        ca.house.clock.advance(DAY);
        let change = ca.revocation("qsig").await;
        ca.house.service.revoke_authority(&change).await.unwrap();
        let question = plain(&issued, MessageDigest::sha256());
        let answer = read(&get(&ca.house.service, &question).await);
        let Status::Revoked(info) = &answer.responses[0].status else {
            panic!("{answer:?}")
        };
        assert_eq!(info.reason, Some(x509_cert::ext::pkix::CrlReason::Superseded));
        let since = info.revocation_time.to_unix_duration().as_secs();
        assert_eq!(i64::try_from(since).unwrap(), at.seconds());
    });
}

#[test]
fn units_of_a_revoked_authority_stamp_nothing() {
    in_own_process(|dir| async move {
        let mut ca = Governed::open(&dir).await;
        let query = signum_pki::tsp_request(&[7; 32], &[0x80; 16]).unwrap();
        let status = |der: Vec<u8>| TimeStampResp::from_der(&der).unwrap().status.status;
        assert_eq!(status(ca.house.service.time_stamp(&query).await.unwrap()), 0);
        let change = ca.revocation("tsa").await;
        ca.house.service.revoke_authority(&change).await.unwrap();
        ca.house.clock.advance(Duration::from_secs(5));
        assert_eq!(status(ca.house.service.time_stamp(&query).await.unwrap()), 2);
    });
}

#[test]
fn below_a_revoked_root_nobody_is_certified() {
    in_own_process(|dir| async move {
        let mut ca = Governed::open(&dir).await;
        let issued = ca.issue(1, LeafProfile::CitizenSignature).await.unwrap();
        let question = plain(&issued, MessageDigest::sha1());
        assert!(ca.says_good(&question).await);
        let change = ca.revocation("root").await;
        ca.house.service.revoke_authority(&change).await.unwrap();
        ca.refuses(2, "authority_revoked").await;
        assert!(!ca.says_good(&question).await);
    });
}

#[test]
fn an_authority_ends_by_revoking_everything_and_its_last_list_has_no_end() {
    in_own_process(|dir| async move {
        let mut ca = Governed::open(&dir).await;
        let service = ca.house.service.clone();
        let issued = ca.issue(1, LeafProfile::CitizenSignature).await.unwrap();
        service.presign_due().await.unwrap();
        let question = plain(&issued, MessageDigest::sha1());
        let revoke = service.termination("qsig", Manner::Revoke).await.unwrap();
        let refused = service.decide_termination(&revoke).await;
        assert!(matches!(
            refused,
            Err(TerminationError::Approval(ApprovalError::NotAsked(_)))
        ));
        assert!(matches!(
            service.terminate("qsig").await,
            Err(TerminationError::NotDecided)
        ));
        assert!(matches!(
            service.termination("nobody", Manner::Revoke).await,
            Err(TerminationError::Unknown)
        ));
        ca.agreed(revoke.hash()).await;
        let expire = service.termination("qsig", Manner::Expire).await.unwrap();
        let other = service.decide_termination(&expire).await;
        assert!(
            matches!(other, Err(TerminationError::Approval(ApprovalError::NotAsked(_)))),
            "another end was not agreed to"
        );
        service.decide_termination(&revoke).await.unwrap();
        assert_eq!(ca.house.audited("authority.end_decided").await, 1);
        ca.refuses(2, "authority_ending").await;
        assert!(ca.says_good(&question).await, "until it is revoked");

        assert_eq!(service.terminate("qsig").await.unwrap(), TerminationState::Ended);
        let last = ca.list("/crl/qsig/0.crl").await.tbs_cert_list;
        let end = last.next_update.unwrap().to_unix_duration().as_secs();
        assert_eq!(end, 253_402_300_799, "99991231235959Z");
        assert_eq!(
            last.revoked_certificates.unwrap().len(),
            2,
            "the leaf and the responder"
        );
        assert_eq!(ca.house.audited("authority.ended").await, 1);
        assert_eq!(status(&get(&service, &question).await), ResponseStatus::Unauthorized);
        // Again, by the job and at a start: nothing more.
        assert_eq!(service.terminate("qsig").await.unwrap(), TerminationState::Ended);
        assert_eq!(ca.house.audited("authority.ended").await, 1);
        assert!(service.ceremony().await.unwrap().certificate("ocsp-qsig").is_none());
        service.presign_due().await.unwrap();
        ca.refuses(3, "authority_ended").await;
        assert!(service.termination("qsig", Manner::Revoke).await.is_ok());
        let again = service.decide_termination(&revoke).await;
        assert!(matches!(again, Err(TerminationError::Approval(ApprovalError::Spent))));
    });
}

#[test]
fn an_authority_may_end_when_its_last_certificate_has_expired() {
    in_own_process(|dir| async move {
        let mut ca = Governed::open(&dir).await;
        let service = ca.house.service.clone();
        let issued = ca.issue(1, LeafProfile::CitizenSignature).await.unwrap();
        let expire = service.termination("qsig", Manner::Expire).await.unwrap();
        ca.agreed(expire.hash()).await;
        service.decide_termination(&expire).await.unwrap();
        let TerminationState::Waiting { living: 1, until } = service.terminate("qsig").await.unwrap() else {
            panic!("it waits for the leaf")
        };
        // It answers for what it certified until then, by new responders too.
        ca.house.clock.advance(40 * DAY);
        let own = service.renew_own_keys().await.unwrap();
        assert!(own.iter().any(|step| step.holder == "ocsp-qsig" && step.made));
        let question = plain(&issued, MessageDigest::sha1());
        assert!(ca.says_good(&question).await);
        ca.refuses(2, "authority_ending").await;
        ca.house.clock.set(until.unwrap().plus(DAY));
        let job = service
            .jobs()
            .into_iter()
            .find(|job| job.name == "ca.authority_end")
            .unwrap();
        assert!(job.every <= Duration::from_secs(60));
        assert_eq!(service.terminate("qsig").await.unwrap(), TerminationState::Ended);
        let last = ca.list("/crl/qsig/0.crl").await.tbs_cert_list;
        assert_eq!(last.next_update.unwrap().to_unix_duration().as_secs(), 253_402_300_799);
        assert_eq!(ca.house.audited("authority.ended").await, 1);
    });
}

#[test]
fn where_the_root_is_offline_an_approved_revocation_leads_to_the_ceremony_and_is_never_lost() {
    in_own_process(|dir| async move {
        let offline = Config {
            offline_root: true,
            ..config()
        };
        let mut ca = Governed::empty(&dir, offline).await;
        let mut day = Day::new(&dir);
        ca.house.clock.set(Timestamp::from_seconds(NOON));
        day.whole_hierarchy(&ca.house).await;
        let service = ca.house.service.clone();
        service.ceremony().await.unwrap();
        let issued = ca.issue(1, LeafProfile::CitizenSignature).await.unwrap();
        service.presign_due().await.unwrap();
        let question = plain(&issued, MessageDigest::sha1());
        assert!(ca.says_good(&question).await);
        // The root is on no list of its own.
        let root = ca.revocation("root").await;
        assert!(matches!(service.revoke_authority(&root).await, Err(StatusError::Root)));

        let change = ca.revocation("qsig").await;
        let AuthorityRevocation::Ceremony { authority, reason } = service.revoke_authority(&change).await.unwrap()
        else {
            panic!("the root's key is not here")
        };
        assert_eq!((authority.as_str(), reason), ("qsig", "ca-compromise"));
        ca.refuses(2, "authority_ending").await;
        let due = overview(&ca.house.cx).await.unwrap().ceremonies;
        assert_eq!(due.len(), 1);
        assert_eq!(due[0].authority, "qsig");
        let twice = service.revoke_authority(&change).await;
        assert!(matches!(twice, Err(StatusError::Approval(ApprovalError::Spent))));

        ca.house.clock.advance(Duration::from_secs(3_000));
        let state = service.root_state().await.unwrap();
        let wanted = Wanted {
            root: Some(&state),
            authorities: &["qsig".to_owned()],
            ..Wanted::new(CeremonyKind::Revoke, "signum-root")
        };
        let folder = day.whole("revoke", wanted).await;
        service.import_ceremony(&folder, day.genesis).await.unwrap();
        assert_eq!(overview(&ca.house.cx).await.unwrap().ceremonies, []);
        ca.refuses(3, "authority_revoked").await;
        // An import tells of a time before: what memory has ends with what the replica knows of its authorities.
        ca.house.clock.advance(Duration::from_secs(61));
        assert!(!ca.says_good(&question).await);
        service.presign_due().await.unwrap();
        assert!(!ca.says_good(&question).await);
    });
}

#[test]
fn a_successor_of_a_revoked_authority_answers_by_responders_of_its_own() {
    in_own_process(|dir| async move {
        let mut day = Day::new(&dir);
        let settings = Config {
            offline_root: true,
            ..config()
        };
        let house = house::empty(&dir, settings.clone()).await;
        house.clock.set(Timestamp::from_seconds(NOON));
        day.whole_hierarchy(&house).await;
        house.service.ceremony().await.unwrap();
        let qsig = ["qsig".to_owned()];
        let state = house.service.root_state().await.unwrap();
        let wanted = Wanted {
            root: Some(&state),
            authorities: &qsig,
            ..Wanted::new(CeremonyKind::Revoke, "signum-root")
        };
        let revoked = day.whole("revoke", wanted).await;
        house.service.import_ceremony(&revoked, day.genesis).await.unwrap();
        let names = Config {
            generation: 2,
            ..crate::day::config()
        };
        let state = house.service.root_state().await.unwrap();
        let wanted = Wanted {
            config: Some(&names),
            root: Some(&state),
            authorities: &qsig,
            ..Wanted::new(CeremonyKind::ReKey, "signum-ca")
        };
        let keys = day.whole("re-key", wanted).await;
        let request = [("qsig".to_owned(), keys.read("out/qsig.p10").unwrap())];
        let wanted = Wanted {
            config: Some(&names),
            root: Some(&state),
            requests: &request,
            ..Wanted::new(CeremonyKind::Sign, "signum-root")
        };
        let signed = day.whole("sign-2", wanted).await;
        house.service.import_ceremony(&signed, day.genesis).await.unwrap();
        // The service starts anew: the responder that the old key certified is not one of the new authority.
        let service = house::service(settings, &house.cx, &house.token);
        service.ceremony().await.unwrap();
        let asked = crate::house::request(1, LeafProfile::CitizenSignature, pkcs10(&key()));
        let issued = service.issue(asked).await.unwrap();
        let question = plain(&issued, MessageDigest::sha1());
        let answer = get(&service, &question).await;
        assert!(matches!(read(&answer).responses[0].status, Status::Good(_)));
        let responder = service.ceremony().await.unwrap();
        let responder = openssl::x509::X509::from_der(responder.certificate("ocsp-qsig").unwrap()).unwrap();
        let issuer = openssl::x509::X509::from_der(&issued.chain[0]).unwrap();
        assert!(responder.verify(&issuer.public_key().unwrap()).unwrap());
    });
}
