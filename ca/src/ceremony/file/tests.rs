//! What a file may not be, whatever it means.
#![allow(clippy::unwrap_used)]
use super::*;

#[test]
fn anchors_merges_tags_and_second_documents_are_refused() {
    for text in [
        "form: &a signum-ceremony-1\nkind: *a\n",
        "<<: {form: x}\n",
        "form: !x signum-ceremony-1\n",
        "form: a\n---\nform: b\n",
        "",
        "[]",
    ] {
        assert!(CeremonyFile::parse(text).is_err(), "{text}");
    }
    assert!(
        CeremonyFile::parse(&"#".repeat(LONGEST + 1))
            .unwrap_err()
            .contains("long")
    );
}
