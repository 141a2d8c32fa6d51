#!/usr/bin/env python3
"""Outside judges of what the CA emits: pkilint, OpenSSL, GnuTLS, rfc3161-client, pyHanko.

usage: pki_judges.py FOLDER

FOLDER is what `Service::export` of signum-ca writes: root.pem, auth.pem, qsig.pem, tsa.pem, ocsp-*.pem, tsu.pem, *.crl,
leaf-<n>-<name>.pem with leaf-<n>-<name>.ocsp beside it, stamp.data, stamp.tsq, stamp.tsr. The name of a leaf says what it
is: it contains `authentication` or `signature`, `qscd` when the policy is QCP-n-qscd, and `revoked` or `suspended`.
Run it within five minutes of writing: status answers hold no longer. One line a check; the exit code is 1 when anything but the named exceptions was found.
"""

import asyncio
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

BIN = Path(sys.executable).parent
FOLDER = Path(sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__))

# What may be found, and why. (file prefix, rule code): reason
EXCEPTIONS = {
    ("tsu", "etsi.en_319_412_2.gen-4.3.10-1.eku_extension_is_critical"):
        "RFC 3161 section 2.3 requires the extendedKeyUsage of a TSU to be critical",
}

# Linting a certificate under Kosovo's law as one under EU law must bring exactly this finding (reference/ca.md).
NOT_EIDAS = "etsi.en_319_412_5.qcs-5.01.qc_cc_legislation_qualified_statement_present"

ISSUER = {"authentication": "auth", "signature": "qsig"}


def path(name):
    return str(FOLDER / name)


def issuer_of(leaf):
    return next(ca for word, ca in ISSUER.items() if word in leaf)


def lint(tool, *arguments):
    """Findings at or above WARNING as (severity, code)."""
    command = [str(BIN / tool), "lint", "-s", "WARNING", "-f", "JSON", *arguments]
    run = subprocess.run(command, capture_output=True, text=True)
    try:
        results = json.loads(run.stdout)["results"]
    except (ValueError, KeyError):
        return [("FATAL", (run.stderr or run.stdout).strip()[-300:] or "no output")]
    return [(f["severity"], f["code"]) for r in results for f in r["finding_descriptions"]]


def judged(name, findings):
    """Splits findings of a file into surprises and named exceptions."""
    excused = [c for _, c in findings if any(name.startswith(p) and c == code for p, code in EXCEPTIONS)]
    return [f"{s} {c}" for s, c in findings if c not in excused], excused


def linted(name, tool, *arguments):
    return lambda: judged(name, lint(tool, *arguments))


def not_eidas(file):
    """The trick: as an EU certificate it has exactly one fault, that it says whose law it is under."""
    def check():
        findings = lint("lint_etsi_cert", "-t", "QCP-N-QSCD-EIDAS-FINAL-CERTIFICATE", file)
        return ([], [NOT_EIDAS]) if [c for _, c in findings] == [NOT_EIDAS] else ([f"found {findings}"], [])
    return check


def command(*words, wants=None):
    """Exit code 0 and, if given, words in the output."""
    def check():
        run = subprocess.run(words, capture_output=True, text=True)
        said = run.stdout + run.stderr
        if run.returncode == 0 and all(want in said for want in wants or []):
            return [], []
        return [f"exit {run.returncode}: {' '.join(said.split())[-300:]}"], []
    return check


def rfc3161_client():
    from cryptography import x509
    from rfc3161_client import VerifierBuilder, decode_timestamp_response
    response = decode_timestamp_response((FOLDER / "stamp.tsr").read_bytes())
    load = lambda name: x509.load_pem_x509_certificate((FOLDER / name).read_bytes())
    verifier = (VerifierBuilder().add_root_certificate(load("root.pem"))
                .add_intermediate_certificate(load("tsa.pem")).tsa_certificate(load("tsu.pem")).build())
    verifier.verify_message(response, (FOLDER / "stamp.data").read_bytes())
    return [], []


def asn1(kind, name):
    from asn1crypto import pem
    data = (FOLDER / name).read_bytes()
    return kind.load(pem.unarmor(data)[2] if pem.detect(data) else data)


def pyhanko_context():
    from asn1crypto import crl, ocsp, x509
    from pyhanko_certvalidator import ValidationContext
    return ValidationContext(
        trust_roots=[asn1(x509.Certificate, "root.pem")],
        other_certs=[asn1(x509.Certificate, f"{ca}.pem") for ca in ("auth", "qsig", "tsa")],
        crls=[asn1(crl.CertificateList, f"{ca}.crl") for ca in ("root", "tsa")],
        ocsps=[asn1(ocsp.OCSPResponse, file.name) for file in sorted(FOLDER.glob("leaf-*.ocsp"))],
        allow_fetching=False, revocation_mode="hard-fail", moment=datetime.now(timezone.utc),
    )


def pyhanko_leaf(leaf):
    def check():
        from asn1crypto import x509
        from pyhanko_certvalidator import CertificateValidator, errors
        usage = {"digital_signature"} if "authentication" in leaf else {"non_repudiation"}
        validator = CertificateValidator(asn1(x509.Certificate, f"{leaf}.pem"), validation_context=pyhanko_context())
        good = "revoked" not in leaf and "suspended" not in leaf
        try:
            asyncio.run(validator.async_validate_usage(usage))
        except errors.RevokedError as error:
            return ([str(error)] if good else []), []
        return ([] if good else ["accepted although revoked"]), []
    return check


def pyhanko_stamp():
    import hashlib
    from asn1crypto import tsp
    from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
    token = asn1(tsp.TimeStampResp, "stamp.tsr")["time_stamp_token"]["content"]
    digest = hashlib.sha256((FOLDER / "stamp.data").read_bytes()).digest()
    status = asyncio.run(validate_tst_signed_data(token, pyhanko_context(), lambda _: digest))
    whole = status["intact"] and status["valid"] and status["trust_problem_indic"] is None
    return ([] if whole else ["not intact, not valid or not trusted"]), []


def guarded(check):
    def run():
        try:
            return check()
        except Exception as error:  # a judge that cannot read what we made has judged
            return [f"{type(error).__name__}: {error}"], []
    return run


def checks():
    root = path("root.pem")
    authorities = ["auth", "qsig", "tsa"]
    responders = [f"ocsp-{ca}" for ca in authorities]
    leaves = sorted(file.stem for file in FOLDER.glob("leaf-*.pem"))
    issuers = [(leaf, issuer_of(leaf)) for leaf in leaves] + [("tsu", "tsa")] + list(zip(responders, authorities))
    for name in ["root", *authorities, *responders, "tsu", *leaves]:
        yield f"pkilint RFC 5280          {name}", linted(name, "lint_pkix_cert", path(f"{name}.pem"))
    for name, issuer in [(ca, "root") for ca in authorities] + issuers:
        files = path(f"{issuer}.pem"), path(f"{name}.pem")
        yield f"pkilint issuer/subject    {name}", linted(name, "lint_pkix_signer_signee_cert_chain", *files)
    for leaf in leaves:
        file = path(f"{leaf}.pem")
        kind = "QCP-N-QSCD-NON-EIDAS-FINAL-CERTIFICATE" if "qscd" in leaf else "NCP-NATURAL-PERSON-CERTIFICATE"
        yield f"pkilint ETSI {kind[:12]} {leaf}", linted(leaf, "lint_etsi_cert", "-t", kind, file)
        if "qscd" in leaf:
            yield f"pkilint not an EU one     {leaf}", not_eidas(file)
    yield "pkilint ETSI NCP-LEGAL    tsu", linted("tsu", "lint_etsi_cert", "-t", "NCP-LEGAL-PERSON-CERTIFICATE", path("tsu.pem"))
    for ca in ["root", *authorities]:
        kind, file, pem = ("ARL" if ca == "root" else "CRL"), path(f"{ca}.crl"), path(f"{ca}.pem")
        yield f"pkilint {kind}               {ca}", linted(ca, "lint_crl", "-t", kind, "-p", "PKIX", file)
        yield f"openssl crl               {ca}", command("openssl", "crl", "-in", file, "-CAfile", pem, "-noout", wants=["verify OK"])
        yield f"certtool --verify-crl     {ca}", command("certtool", "--verify-crl", "--load-ca-certificate", pem, "--infile", file, wants=["Verified"])
    for name, issuer in issuers:
        purpose = {"tsu": "timestampsign"}.get(name, "ocsphelper" if name in responders else "any")
        words = ["openssl", "verify", "-x509_strict", "-check_ss_sig", "-purpose", purpose, "-CAfile", root,
                 "-untrusted", path(f"{issuer}.pem"), path(f"{name}.pem")]
        yield f"openssl verify strict     {name}", command(*words)
        yield f"certtool --verify         {name}", certtool_chain(name, issuer)
    for leaf in leaves:
        yield f"pkilint OCSP              {leaf}", linted(leaf, "lint_ocsp_response", path(f"{leaf}.ocsp"))
        yield f"openssl ocsp              {leaf}", openssl_ocsp(leaf)
        yield f"pyHanko hard-fail         {leaf}", pyhanko_leaf(leaf)
    ts = ["openssl", "ts", "-verify", "-in", path("stamp.tsr"), "-CAfile", root, "-untrusted", path("tsa.pem")]
    yield "openssl ts -queryfile", command(*ts, "-queryfile", path("stamp.tsq"), wants=["Verification: OK"])
    yield "openssl ts -data", command(*ts, "-data", path("stamp.data"), wants=["Verification: OK"])
    yield "rfc3161-client", rfc3161_client
    yield "pyHanko time stamp", pyhanko_stamp


def openssl_ocsp(leaf):
    issuer = path(f"{issuer_of(leaf)}.pem")
    said = "revoked" if "revoked" in leaf or "suspended" in leaf else "good"
    return command("openssl", "ocsp", "-respin", path(f"{leaf}.ocsp"), "-issuer", issuer, "-sha256", "-cert", path(f"{leaf}.pem"),
                   "-CAfile", path("root.pem"), "-verify_other", issuer, "-no_nonce", "-resp_text",
                   wants=["Response verify OK", f": {said}"])


def certtool_chain(name, issuer):
    def check():
        chain = "".join((FOLDER / f"{n}.pem").read_text() for n in (name, issuer))
        run = subprocess.run(["certtool", "--verify", "--load-ca-certificate", path("root.pem")],
                             input=chain, capture_output=True, text=True)
        return ([] if run.returncode == 0 and "verified" in run.stdout.lower() else [run.stdout[-200:]]), []
    return check


def main():
    todo = list(checks())
    surprises = 0
    with ThreadPoolExecutor(2) as pool:
        for (title, _), (found, excused) in zip(todo, pool.map(lambda item: guarded(item[1])(), todo)):
            surprises += bool(found)
            note = "; ".join(found) or "".join(f"(exception: {code.rsplit('.', 1)[-1]})" for code in excused)
            print(f"{'FAIL' if found else 'ok  '} {title} {note}".rstrip(), flush=True)
    print(f"{len(todo) - surprises} of {len(todo)} judgements as expected")
    for (prefix, code), reason in EXCEPTIONS.items():
        print(f"exception {prefix} {code}: {reason}")
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main())
