//! The transcript, its changes, and the auditor who signs it.

use super::*;

#[test]
fn a_transcript_changed_in_one_octet_of_any_line_is_found_out() {
    in_own_process(|dir| async move {
        let mut day = Day::new(&dir);
        let folder = day.whole("root", Wanted::new(Kind::Root, ROOT)).await;
        assert_eq!(problems(&folder, day.genesis), Vec::<String>::new());
        let good = folder.read(Folder::TRANSCRIPT).unwrap();
        let mut begin = 0;
        for line in good.split_inclusive(|octet| *octet == b'\n') {
            for place in [begin, begin + line.len() / 2, begin + line.len() - 1] {
                let mut changed = good.clone();
                changed[place] ^= 1;
                folder.write(Folder::TRANSCRIPT, &changed).unwrap();
                assert!(!problems(&folder, day.genesis).is_empty(), "octet {place}");
            }
            begin += line.len();
        }
        // The end cut off.
        let cut = good.len() - good.split_inclusive(|octet| *octet == b'\n').next_back().unwrap().len();
        folder.write(Folder::TRANSCRIPT, &good[..cut]).unwrap();
        assert!(!problems(&folder, day.genesis).is_empty());
        folder.write(Folder::TRANSCRIPT, &good).unwrap();
        // Everything that lies beside it.
        for file in [
            Folder::CEREMONY,
            Folder::APPROVALS,
            Folder::OFFICERS,
            Folder::AUDITOR,
            Folder::COUNTERSIGNATURE,
            "out/root.der",
            "out/root.crl",
            "out/transcript.sq.txt",
            "out/transcript.en.html",
        ] {
            let good = folder.read(file).unwrap();
            let mut changed = good.clone();
            let place = good.len() - 12;
            changed[place] ^= 1;
            folder.write(file, &changed).unwrap();
            assert!(!problems(&folder, day.genesis).is_empty(), "{file}");
            folder.write(file, &good).unwrap();
        }
        assert_eq!(problems(&folder, day.genesis), Vec::<String>::new());
        assert!(!problems(&folder, ListHash([1; 32])).is_empty());
    });
}

#[test]
fn the_auditors_signature_is_the_pinned_auditors_over_this_transcript() {
    in_own_process(|dir| async move {
        let mut day = Day::new(&dir);
        let folder = day.whole("root", Wanted::new(Kind::Root, ROOT)).await;
        let good = folder.read(Folder::COUNTERSIGNATURE).unwrap();
        std::fs::remove_file(folder.path(Folder::COUNTERSIGNATURE)).unwrap();
        assert_eq!(problems(&folder, day.genesis), ["the auditor's signature is missing"]);
        // Somebody else's, whose certificate lies in the CMS.
        let mine = std::mem::replace(&mut day.auditor, Day::new(&dir).auditor);
        day.countersign(&folder);
        let said = ["the auditor's signature does not verify over this transcript"];
        assert_eq!(problems(&folder, day.genesis), said);
        let pretended = folder.read(Folder::AUDITOR).unwrap();
        folder.write(Folder::AUDITOR, &day.auditor.1.to_der().unwrap()).unwrap();
        assert_eq!(
            problems(&folder, day.genesis),
            ["the auditor's certificate is not the one that the ceremony file names"]
        );
        folder.write(Folder::AUDITOR, &pretended).unwrap();
        folder.write(Folder::COUNTERSIGNATURE, &good).unwrap();
        assert_eq!(problems(&folder, day.genesis), Vec::<String>::new());
        // What the command line of OpenSSL says of it.
        let pem = dir.join("auditor.pem");
        std::fs::write(&pem, mine.1.to_pem().unwrap()).unwrap();
        let openssl = Command::new("openssl")
            .args([
                "cms",
                "-verify",
                "-binary",
                "-inform",
                "DER",
                "-nointern",
                "-noverify",
                "-out",
                "/dev/null",
            ])
            .arg("-in")
            .arg(folder.path(Folder::COUNTERSIGNATURE))
            .arg("-content")
            .arg(folder.path(Folder::TRANSCRIPT))
            .arg("-certfile")
            .arg(&pem)
            .output()
            .unwrap();
        assert!(openssl.status.success(), "{}", String::from_utf8_lossy(&openssl.stderr));
    });
}

#[test]
fn two_ceremonies_of_one_file_differ_in_keys_and_signatures_alone() {
    in_own_process(|dir| async move {
        let mut day = Day::new(&dir);
        let first = day.draft("one", Wanted::new(Kind::Root, ROOT), |text| text);
        day.approve(&first, &["op-1", "op-2"]);
        let a = day.hold(&first, ROOT).await.unwrap();
        // The same token without the key, a machine that remembers nothing, the same chance.
        Token::open(day.token(ROOT)).unwrap().destroy("root-g1").unwrap();
        (day.spent, day.random) = (dir.join("spent-2"), Repeatable::new());
        let b = day.hold(&copy(&first, &dir.join("two")), ROOT).await.unwrap();
        assert_ne!(a, b);
        assert_eq!(structure(&a), structure(&b));
        assert_eq!(differences(&a, &b), []);
    });
}
