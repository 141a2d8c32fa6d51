//! Certificates at the command line of a CA with officers: one person alone gets none (S-02).

use signum_ca::{ApprovalError, ApprovalKind, CommandIssueError, LeafRequest, Official, Organization, Subject};
use signum_core::contract::{KeyOrigin, PersonName};

use crate::ends::Governed;
use crate::house::{in_own_process, key, pkcs10};
use crate::issuance::serial;

fn person(number: &str) -> PersonName {
    PersonName {
        given_name: "Ylbërë".to_owned(),
        surname: "Shembulli".to_owned(),
        personal_number: number.to_owned(),
    }
}

fn wanted(number: u8) -> LeafRequest {
    LeafRequest {
        idempotency_key: [number; 16],
        subject: Subject::Authentication(person("1234567892")),
        pkcs10: pkcs10(&key()),
        key_origin: KeyOrigin::Unknown,
        ends_by: None,
        desk: None,
    }
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T, CommandIssueError>) -> ApprovalError {
    match outcome {
        Err(CommandIssueError::Approval(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nobody_gets_a_certificate_by_command_alone_and_what_two_agreed_to_is_issued_once() {
    in_own_process(|dir| async move {
        let mut governed = Governed::open(&dir).await;
        let request = wanted(1);
        let (subject, summary) = governed.house.service.command_subject(&request, None).unwrap();
        assert!(
            !summary.contains("1234567892") && !summary.contains("Shembulli"),
            "{summary}"
        );
        let alone = governed.house.service.issue_by_command(&request, None).await;
        assert!(matches!(
            refusal(alone),
            ApprovalError::NotAsked(ApprovalKind::CaKeyUse)
        ));
        // An agreement to something else opens nothing either.
        governed.agreed_to(ApprovalKind::CaRevocation, subject).await;
        let other_kind = governed.house.service.issue_by_command(&request, None).await;
        assert!(matches!(
            refusal(other_kind),
            ApprovalError::NotAsked(ApprovalKind::CaKeyUse)
        ));

        governed.agreed_to(ApprovalKind::CaKeyUse, subject).await;
        let service = &governed.house.service;
        let changed = [
            LeafRequest {
                pkcs10: pkcs10(&key()),
                ..request.clone()
            },
            LeafRequest {
                subject: Subject::Authentication(person("1234567893")),
                ..request.clone()
            },
            LeafRequest {
                subject: Subject::Signature(person("1234567892")),
                ..request.clone()
            },
            LeafRequest {
                subject: Subject::OfficialSignature(Official {
                    person: person("1234567892"),
                    organization: Organization {
                        name: "TEST".to_owned(),
                        number: "810000001".to_owned(),
                    },
                    title: "TEST".to_owned(),
                }),
                ..request.clone()
            },
            LeafRequest {
                ends_by: Some(governed.house.now()),
                ..request.clone()
            },
        ];
        for changed in changed {
            let refused = service.issue_by_command(&changed, None).await;
            assert!(matches!(refusal(refused), ApprovalError::NotAsked(_)), "{changed:?}");
        }
        let followed = service.issue_by_command(&request, Some(&[1, 2])).await;
        assert!(matches!(refusal(followed), ApprovalError::NotAsked(_)));

        let issued = service.issue_by_command(&request, None).await.unwrap();
        assert_eq!(serial(&issued.certificate).len(), 17);
        let again = service.issue_by_command(&request, None).await;
        assert!(matches!(refusal(again), ApprovalError::Spent));
        assert_eq!(governed.house.audited("approval.spent").await, 1);
    });
}
