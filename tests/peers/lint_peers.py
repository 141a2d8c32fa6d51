#!/usr/bin/env python3
"""Our linter beside pkilint: what pkilint reports at WARNING or above, ours must refuse.

usage: lint_peers.py FOLDER [--all]

FOLDER is what the test lint::kill_matrix of signum-ca writes when SIGNUM_CORPUS names it: certificates, and index.tsv with
file, profile, change and the rules of ours that the certificate breaks. A finding of pkilint on a certificate that ours lets
pass fails, but for the named exceptions. Every certificate that ours lets pass is judged, and of those that it refuses every
fifth, which tells how far the two agree; all of them with --all.
"""

import sys
from collections import Counter
from multiprocessing import Pool
from pathlib import Path

from pkilint_inside import certificate_findings

ALL = sys.argv[2:] == ["--all"]
FOLDER = Path(sys.argv[1] if len(sys.argv) == 2 or ALL else sys.exit(__doc__))

# What pkilint reports and we issue all the same, and why. (profile, finding): reason
EXCEPTIONS = {
    ("tsu", "etsi.en_319_412_2.gen-4.3.10-1.eku_extension_is_critical"):
        "RFC 3161 section 2.3 requires the extendedKeyUsage of a TSU to be critical",
    ("root-", "pkix.authority_key_identifier_extension_absent"):
        "the corpus bears no real signatures, so pkilint does not see that the root is self-signed; pki_judges.py shows it one that is",
    ("short-lived-signature", "etsi.en_319_412_2.gen-4.3.11-2.crldp_extension_missing"):
        "a short-term certificate has no status; RFC 9608 section 2 forbids a CRL address beside noRevAvail",
    ("short-lived-signature", "etsi.en_319_412_2.gen-4.4.1-8.ocsp_aia_access_method_absent"):
        "a short-term certificate has no status; RFC 9608 section 2 forbids an OCSP address beside noRevAvail",
}


def kinds(profile, change):
    """As what pkilint is to read a certificate of ours."""
    if profile.startswith("agency-tls"):
        return ["BR OV-FINAL-CERTIFICATE", "ETSI OVCP-FINAL-CERTIFICATE"]
    if profile.startswith("issuing-tls-ca"):
        return ["BR INTERNAL-UNCONSTRAINED-TLS-CA"]
    if profile.startswith(("root", "issuing-ca", "ocsp-responder")):
        return ["PKIX"]
    if profile.startswith(("tsu", "organization-seal")):
        return ["ETSI NCP-LEGAL-PERSON-CERTIFICATE"]
    if change == "EU mode":
        return ["ETSI QCP-N-QSCD-EIDAS-FINAL-CERTIFICATE"]
    if profile.endswith("-qscd"):
        return ["ETSI QCP-N-QSCD-NON-EIDAS-FINAL-CERTIFICATE"]
    return ["ETSI NCP-NATURAL-PERSON-CERTIFICATE"]


def judge(row):
    file, profile, change, rules = row
    found = [code for kind in kinds(profile, change) for _, code in certificate_findings(kind, FOLDER / file)]
    surprises = [c for c in found if not any(profile.startswith(p) and c == code for p, code in EXCEPTIONS)]
    return profile, change, rules, surprises


def main():
    rows = [line.split("\t") for line in (FOLDER / "index.tsv").read_text().splitlines()]
    accepted, refused = [row for row in rows if not row[3]], [row for row in rows if row[3]]
    with Pool(2) as pool:
        judged = pool.map(judge, accepted + (refused if ALL else refused[::5]), chunksize=25)
    missed = [(profile, change, codes) for profile, change, rules, codes in judged if codes and not rules]
    for profile, change, codes in missed:
        print(f"MISSED {profile}: {change}: pkilint reports {', '.join(sorted(set(codes)))}")
    counts = Counter((bool(rules), bool(codes)) for _, _, rules, codes in judged)
    print((FOLDER / "kill-matrix.txt").read_text().rstrip())
    print(f"{len(judged)} certificates: {counts[True, True]} refused by both, {counts[True, False]} by ours alone, "
          f"{counts[False, True]} by pkilint alone, {counts[False, False]} by neither")
    for (profile, code), reason in EXCEPTIONS.items():
        print(f"exception {profile} {code}: {reason}")
    return 1 if missed or not accepted or not refused else 0


if __name__ == "__main__":
    sys.exit(main())
