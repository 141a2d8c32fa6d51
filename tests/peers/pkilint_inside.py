"""pkilint 0.13.3 in this process: a command a certificate takes a second, a validator that is kept takes ten milliseconds."""

import contextlib
import functools
import importlib
import io
import json
import logging
import warnings

from pkilint import etsi, finding_filter, loader
from pkilint.cabf import serverauth
from pkilint.cabf.serverauth import serverauth_constants
from pkilint.etsi import etsi_constants
from pkilint.pkix import certificate, extension, name

# Spoilt certificates make validators of pkilint fail inside; it reports that as a finding, once is enough.
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")

REPORTED = ("WARNING", "ERROR", "FATAL")


@functools.lru_cache(maxsize=None)
def validator(kind):
    """(container, finding filters) for `PKIX`, `ETSI <type>` or `BR <type>`."""
    group, _, type_name = kind.partition(" ")
    if group == "ETSI":
        of = etsi_constants.CertificateType.from_option_str(type_name)
        decoding, rules = etsi.create_decoding_validators(of), etsi.create_validators(of)
        filters = etsi.create_etsi_finding_filters(of)
    elif group == "BR":
        of = serverauth_constants.CertificateType.from_option_str(type_name)
        decoding, rules = serverauth.create_decoding_validators(), serverauth.create_validators(of)
        filters = serverauth.create_serverauth_finding_filters(of)
    else:
        decoding = certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS)
        rules = [certificate.create_issuer_validator_container([]), certificate.create_validity_validator_container(),
                 certificate.create_subject_validator_container([]), certificate.create_extensions_validator_container([]),
                 certificate.create_spki_validator_container([])]
        filters = None
    return certificate.create_pkix_certificate_validator_container(decoding, rules), filters


def certificate_findings(kind, path):
    """Findings at or above WARNING as (severity, code) of the certificate (PEM or DER) in a file."""
    data = open(path, "rb").read()
    load = loader.RFC5280CertificateDocumentLoader()
    try:
        pem = data.startswith(b"-----")
        document = load.load_pem_document(data.decode(), str(path)) if pem else load.load_der_document(data, str(path))
        container, filters = validator(kind)
        results = container.validate(document.root)
    except Exception as error:  # what pkilint cannot read it does not accept
        return [("FATAL", f"{type(error).__name__}: {error}"[:200])]
    if filters is not None:
        results, _ = finding_filter.filter_results(filters, results)
    descriptions = [d for result in results for d in result.finding_descriptions]
    return [(d.finding.severity.name, d.finding.code) for d in descriptions if d.finding.severity.name in REPORTED]


def command_findings(tool, *arguments):
    """The same of any other pkilint command, such as `lint_crl`."""
    main = importlib.import_module(f"pkilint.bin.{tool}").main
    said, complaint = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complaint):
        main(["lint", "-s", "WARNING", "-f", "JSON", *arguments])
    try:
        results = json.loads(said.getvalue())["results"]
    except (ValueError, KeyError):
        return [("FATAL", (complaint.getvalue() or said.getvalue()).strip()[-300:] or "no output")]
    return [(f["severity"], f["code"]) for r in results for f in r["finding_descriptions"]]
