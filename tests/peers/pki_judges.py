#!/usr/bin/env python3
"""Outside judges of what the CA emits: pkilint, OpenSSL, GnuTLS, NSS, rfc3161-client, pyHanko.

usage: pki_judges.py FOLDER

FOLDER is what `Service::export` of signum-ca writes: root.pem, auth.pem, qsig.pem, seal.pem, tsa.pem, tls.pem, ocsp-*.pem,
tsu.pem, *.crl, leaf-<n>-<name>.pem with leaf-<n>-<name>.ocsp beside it, stamp.data, stamp.tsq, stamp.tsr; and the same of the
RSA generation, with `-rsa` at the end of each name. Of the first generation also: presigned-<name>.pem and .ocsp (status
answers signed in advance), several.ocsp (one answer about all of them), expired-good and expired-revoked (.pem, .ocsp; their
answers have an archive cutoff), long.crl (the signature CA's list with ten thousand entries). The name of a leaf says what it is: it contains `authentication`,
`signature`, `seal` or `tls`, `qscd` when the policy is QCP-n-qscd, and `revoked` or `suspended`.
Run it within five minutes of writing: status answers hold no longer. One line a check; the exit code is 1 when anything but the named exceptions was found.
"""

import asyncio
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from functools import lru_cache
from multiprocessing import Pool
from pathlib import Path

from pkilint_inside import certificate_findings, command_findings

FOLDER = Path(sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__))

# What may be found, and why. (part of the file's name, rule code): reason
EXCEPTIONS = {
    ("tsu", "etsi.en_319_412_2.gen-4.3.10-1.eku_extension_is_critical"):
        "RFC 3161 section 2.3 requires the extendedKeyUsage of a TSU to be critical",
    ("agency-tls", "pkix.certificate_skid_end_entity_missing"):
        "the Baseline Requirements advise against what RFC 5280 advises: subjectKeyIdentifier in a server's certificate",
}

NO_STATUS = ("EN 319 412-2 asks for a status address unless the certificate is short-term, which pkilint 0.13.3 does not see; "
             "RFC 9608 section 2 forbids one beside noRevAvail")
EXCEPTIONS |= {("short-lived", code): NO_STATUS for code in (
    "etsi.en_319_412_2.gen-4.3.11-2.crldp_extension_missing", "etsi.en_319_412_2.gen-4.4.1-8.ocsp_aia_access_method_absent")}

# What NSS says of which certificates, and why; anything else it says of them fails.
NSS_EXCEPTIONS = {
    "ocsp-tls": ("", "NSS wants OCSPSigning in the CA of a responder, the Baseline Requirements forbid it in a TLS CA"),
    "agency-tls-rsa": ("Certificate key usage inadequate",
                       "NSS wants keyEncipherment for the RSA key exchange that TLS 1.3 has no longer"),
}

# Linting a certificate under Kosovo's law as one under EU law must bring exactly this finding (reference/ca.md).
NOT_EIDAS = "etsi.en_319_412_5.qcs-5.01.qc_cc_legislation_qualified_statement_present"

# The first word that a leaf's name contains says its issuing CA.
ISSUER = {"authentication": "auth", "signature": "qsig", "seal": "seal", "tls": "tls"}
AUTHORITIES = ["auth", "qsig", "seal", "tsa", "tls"]


def path(name):
    return str(FOLDER / name)


def generation(name):
    return "-rsa" if name.endswith("-rsa") else ""


def issuer_of(leaf):
    return next(ca for word, ca in ISSUER.items() if word in leaf) + generation(leaf)


def judged(name, findings):
    """Splits findings of a file into surprises and named exceptions."""
    excused = [c for _, c in findings if any(p in name and c == code for p, code in EXCEPTIONS)]
    return [f"{s} {c}" for s, c in findings if c not in excused], excused


def linted(name, kind):
    return lambda: judged(name, certificate_findings(kind, path(f"{name}.pem")))


def commanded(name, tool, *arguments):
    return lambda: judged(name, command_findings(tool, *arguments))


def etsi_kind(leaf):
    if "tls" in leaf:
        return "ETSI OVCP-FINAL-CERTIFICATE"
    if "seal" in leaf or "tsu" in leaf:
        return "ETSI NCP-LEGAL-PERSON-CERTIFICATE"
    return "ETSI QCP-N-QSCD-NON-EIDAS-FINAL-CERTIFICATE" if "qscd" in leaf else "ETSI NCP-NATURAL-PERSON-CERTIFICATE"


def not_eidas(leaf):
    """The trick: as an EU certificate it has exactly one fault, that it says whose law it is under."""
    def check():
        findings = certificate_findings("ETSI QCP-N-QSCD-EIDAS-FINAL-CERTIFICATE", path(f"{leaf}.pem"))
        found, _ = judged(leaf, findings)
        return ([], [NOT_EIDAS]) if found == [f"ERROR {NOT_EIDAS}"] else ([f"found {findings}"], [])
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


def rfc3161_client(gen):
    def check():
        from cryptography import x509
        from rfc3161_client import VerifierBuilder, decode_timestamp_response
        response = decode_timestamp_response((FOLDER / f"stamp{gen}.tsr").read_bytes())
        load = lambda name: x509.load_pem_x509_certificate((FOLDER / f"{name}{gen}.pem").read_bytes())
        verifier = (VerifierBuilder().add_root_certificate(load("root")).add_intermediate_certificate(load("tsa"))
                    .tsa_certificate(load("tsu")).build())
        verifier.verify_message(response, (FOLDER / f"stamp{gen}.data").read_bytes())
        return [], []
    return check


def asn1(kind, name):
    from asn1crypto import pem
    data = (FOLDER / name).read_bytes()
    return kind.load(pem.unarmor(data)[2] if pem.detect(data) else data)


def pyhanko_context(gen):
    from asn1crypto import crl, ocsp, x509
    from pyhanko_certvalidator import ValidationContext
    answers = [file.name for file in sorted(FOLDER.glob("leaf-*.ocsp")) if generation(file.stem) == gen]
    return ValidationContext(
        trust_roots=[asn1(x509.Certificate, f"root{gen}.pem")],
        other_certs=[asn1(x509.Certificate, f"{ca}{gen}.pem") for ca in AUTHORITIES],
        crls=[asn1(crl.CertificateList, f"{ca}{gen}.crl") for ca in ("root", "tsa")],
        ocsps=[asn1(ocsp.OCSPResponse, name) for name in answers],
        allow_fetching=False, revocation_mode="hard-fail", moment=datetime.now(timezone.utc),
    )


def pyhanko_leaf(leaf):
    def check():
        from asn1crypto import x509
        from pyhanko_certvalidator import CertificateValidator, errors
        usage = {"digital_signature"} if "authentication" in leaf or "tls" in leaf else {"non_repudiation"}
        context = pyhanko_context(generation(leaf))
        validator = CertificateValidator(asn1(x509.Certificate, f"{leaf}.pem"), validation_context=context)
        good = "revoked" not in leaf and "suspended" not in leaf
        try:
            asyncio.run(validator.async_validate_usage(usage))
        except errors.RevokedError as error:
            return ([str(error)] if good else []), []
        return ([] if good else ["accepted although revoked"]), []
    return check


def pyhanko_stamp(gen):
    def check():
        import hashlib
        from asn1crypto import tsp
        from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
        token = asn1(tsp.TimeStampResp, f"stamp{gen}.tsr")["time_stamp_token"]["content"]
        digest = hashlib.sha256((FOLDER / f"stamp{gen}.data").read_bytes()).digest()
        status = asyncio.run(validate_tst_signed_data(token, pyhanko_context(gen), lambda _: digest))
        whole = status["intact"] and status["valid"] and status["trust_problem_indic"] is None
        return ([] if whole else ["not intact, not valid or not trusted"]), []
    return check


@lru_cache
def nss_database():
    """Roots trusted, issuing CAs known: one for every check of this process."""
    folder = tempfile.mkdtemp(prefix="signum-nss-")
    run = lambda *words: subprocess.run(["certutil", *words, "-d", f"sql:{folder}"], check=True, capture_output=True)
    run("-N", "--empty-password")
    for gen in ("", "-rsa"):
        for name, trust in [("root", "CT,C,C"), *((ca, ",,") for ca in AUTHORITIES)]:
            run("-A", "-n", name + gen, "-t", trust, "-a", "-i", path(f"{name}{gen}.pem"))
    return folder


def nss(leaf):
    """V server, C client, S signer, O responder: what NSS would take the certificate for."""
    def check():
        usage = "V" if "tls" in leaf else "C" if "authentication" in leaf else "O" if leaf.startswith("ocsp") else "S"
        database = f"sql:{nss_database()}"
        add = ["certutil", "-A", "-n", leaf, "-t", ",,", "-a", "-i", path(f"{leaf}.pem"), "-d", database]
        subprocess.run(add, check=True, capture_output=True)
        found, _ = command("certutil", "-V", "-n", leaf, "-u", usage, "-d", database, wants=["certificate is valid"])()
        for part, (said, reason) in NSS_EXCEPTIONS.items():
            if part in leaf:
                return ([], [reason]) if found and said in found[0] else ([f"not the exception: {found}"], [])
        return found, []
    return check


def guarded(check):
    def run():
        try:
            return check()
        except Exception as error:  # a judge that cannot read what we made has judged
            return [f"{type(error).__name__}: {error}"], []
    return run


def checks():
    for gen in ("", "-rsa"):
        yield from checks_of(gen)


def checks_of(gen):
    root = path(f"root{gen}.pem")
    authorities = [f"{ca}{gen}" for ca in AUTHORITIES]
    responders = [f"ocsp-{ca}" for ca in authorities]
    tsu = f"tsu{gen}"
    leaves = sorted(file.stem for file in FOLDER.glob("leaf-*.pem") if generation(file.stem) == gen)
    issuers = [(leaf, issuer_of(leaf)) for leaf in leaves] + [(tsu, f"tsa{gen}")] + list(zip(responders, authorities))
    for name in [f"root{gen}", *authorities, *responders, tsu, *leaves]:
        yield f"pkilint RFC 5280          {name}", linted(name, "PKIX")
    for name, issuer in [(ca, f"root{gen}") for ca in authorities] + issuers:
        files = path(f"{issuer}.pem"), path(f"{name}.pem")
        yield f"pkilint issuer/subject    {name}", commanded(name, "lint_pkix_signer_signee_cert_chain", *files)
    for leaf in [*leaves, tsu]:
        kind = etsi_kind(leaf)
        yield f"pkilint {kind[:17]} {leaf}", linted(leaf, kind)
        if "NON-EIDAS" in kind:
            yield f"pkilint not an EU one     {leaf}", not_eidas(leaf)
        if "tls" in leaf:
            yield f"pkilint BR OV             {leaf}", linted(leaf, "BR OV-FINAL-CERTIFICATE")
    yield f"pkilint BR TLS CA         tls{gen}", linted(f"tls{gen}", "BR INTERNAL-UNCONSTRAINED-TLS-CA")
    for ca in [f"root{gen}", *authorities]:
        kind, file, pem = ("ARL" if "root" in ca else "CRL"), path(f"{ca}.crl"), path(f"{ca}.pem")
        profile = "BR" if "tls" in ca else "PKIX"
        yield f"pkilint {kind} {profile:4}          {ca}", commanded(ca, "lint_crl", "-t", kind, "-p", profile, file)
        yield f"openssl crl               {ca}", command("openssl", "crl", "-in", file, "-CAfile", pem, "-noout", wants=["verify OK"])
        yield f"certtool --verify-crl     {ca}", command("certtool", "--verify-crl", "--load-ca-certificate", pem, "--infile", file, wants=["Verified"])
    for name, issuer in issuers:
        words = ["openssl", "verify", "-x509_strict", "-check_ss_sig", "-purpose", purpose(name), "-CAfile", root,
                 "-untrusted", path(f"{issuer}.pem"), path(f"{name}.pem")]
        yield f"openssl verify strict     {name}", command(*words)
        yield f"certtool --verify         {name}", certtool_chain(name, issuer, root)
        if name != tsu:  # NSS knows no time stamps.
            yield f"NSS certutil -V           {name}", nss(name)
    for leaf in leaves:
        yield f"pkilint OCSP              {leaf}", commanded(leaf, "lint_ocsp_response", path(f"{leaf}.ocsp"))
        yield f"openssl ocsp              {leaf}", openssl_ocsp(leaf)
        yield f"pyHanko hard-fail         {leaf}", pyhanko_leaf(leaf)
    if not gen:
        yield from checks_of_status()
    stamp = ["openssl", "ts", "-verify", "-in", path(f"stamp{gen}.tsr"), "-CAfile", root, "-untrusted", path(f"tsa{gen}.pem")]
    yield f"openssl ts -queryfile     {tsu}", command(*stamp, "-queryfile", path(f"stamp{gen}.tsq"), wants=["Verification: OK"])
    yield f"openssl ts -data          {tsu}", command(*stamp, "-data", path(f"stamp{gen}.data"), wants=["Verification: OK"])
    yield f"rfc3161-client            {tsu}", rfc3161_client(gen)
    yield f"pyHanko time stamp        {tsu}", pyhanko_stamp(gen)


def checks_of_status():
    """What the signature CA of the first generation says of statuses beside what every leaf has."""
    presigned = sorted(file.stem for file in FOLDER.glob("presigned-*.ocsp"))
    for name in presigned:
        yield f"pkilint OCSP              {name}", commanded(name, "lint_ocsp_response", path(f"{name}.ocsp"))
        yield f"openssl ocsp              {name}", openssl_status(name, [name], said(name))
        yield f"ocsptool                  {name}", ocsptool(name)
    yield "pkilint OCSP              several", commanded("several", "lint_ocsp_response", path("several.ocsp"))
    yield "openssl ocsp              several", openssl_status("several", presigned, [word for name in presigned for word in said(name)])
    yield "ocsptool                  several", ocsptool("several")
    for name in ("expired-good", "expired-revoked"):
        words = [f": {name.removeprefix('expired-')}", "Archive Cutoff"]
        yield f"pkilint OCSP              {name}", commanded(name, "lint_ocsp_response", path(f"{name}.ocsp"))
        yield f"openssl ocsp              {name}", openssl_status(name, [name], words)
        yield f"ocsptool                  {name}", ocsptool(name)
    long, pem = path("long.crl"), path("qsig.pem")
    yield "pkilint CRL PKIX          long", commanded("long", "lint_crl", "-t", "CRL", "-p", "PKIX", long)
    yield "openssl crl               long", command("openssl", "crl", "-in", long, "-CAfile", pem, "-noout", wants=["verify OK"])
    yield "openssl crl expired       long", command("openssl", "crl", "-in", long, "-noout", "-text", wants=["2.5.29.60"])
    yield "certtool --verify-crl     long", command("certtool", "--verify-crl", "--load-ca-certificate", pem, "--infile", long, wants=["Verified"])


def said(name):
    return [": revoked" if "revoked" in name else ": good"]


def openssl_status(answer, certificates, wants):
    names = [word for name in certificates for word in ("-cert", path(f"{name}.pem"))]
    return command("openssl", "ocsp", "-respin", path(f"{answer}.ocsp"), "-issuer", path("qsig.pem"), *names, "-CAfile", path("root.pem"),
                   "-verify_other", path("qsig.pem"), "-no_nonce", "-resp_text", wants=["Response verify OK", *wants])


def ocsptool(answer):
    return command("ocsptool", "--verify-response", "--load-signer", path("ocsp-qsig.pem"), "--load-response", path(f"{answer}.ocsp"),
                   wants=["Verifying OCSP Response: Success"])


def purpose(name):
    if name.startswith("tsu"):
        return "timestampsign"
    if name.startswith("ocsp-"):
        return "ocsphelper"
    return "sslserver" if "tls" in name else "sslclient" if "authentication" in name else "any"


def openssl_ocsp(leaf):
    issuer = path(f"{issuer_of(leaf)}.pem")
    said = "revoked" if "revoked" in leaf or "suspended" in leaf else "good"
    return command("openssl", "ocsp", "-respin", path(f"{leaf}.ocsp"), "-issuer", issuer, "-sha256", "-cert", path(f"{leaf}.pem"),
                   "-CAfile", path(f"root{generation(leaf)}.pem"), "-verify_other", issuer, "-no_nonce", "-resp_text",
                   wants=["Response verify OK", f": {said}"])


def certtool_chain(name, issuer, root):
    def check():
        chain = "".join((FOLDER / f"{n}.pem").read_text() for n in (name, issuer))
        run = subprocess.run(["certtool", "--verify", "--load-ca-certificate", root],
                             input=chain, capture_output=True, text=True)
        return ([] if run.returncode == 0 and "verified" in run.stdout.lower() else [run.stdout[-200:]]), []
    return check


TODO = []


def judge(index):
    title, check = TODO[index]
    found, excused = guarded(check)()
    return title, found, excused


def main():
    TODO.extend(checks())
    surprises = 0
    with Pool(2) as pool:  # Its processes are forked: they have TODO.
        for title, found, excused in pool.imap(judge, range(len(TODO)), chunksize=4):
            surprises += bool(found)
            note = "; ".join(found) or "".join(f"(exception: {code.rsplit('.', 1)[-1]})" for code in excused)
            print(f"{'FAIL' if found else 'ok  '} {title} {note}".rstrip(), flush=True)
    print(f"{len(TODO) - surprises} of {len(TODO)} judgements as expected")
    for (part, code), reason in EXCEPTIONS.items():
        print(f"exception {part} {code}: {reason}")
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main())
