"""Judges a signed PDF with pyHanko: PAdES B-T against one root, revocation required and fetched live (OCSP, CRL).

Usage: verify_pdf.py SIGNED.pdf ROOT.cer [CERTIFICATE.cer ...]
Prints one JSON object; exit code 0 only if every signature holds at B-T.
"""

import asyncio
import json
import sys

from asn1crypto import pem, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.ades import ades_with_time_validation
from pyhanko.sign.validation.pdf_embedded import async_validate_pdf_signature
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.registry import SimpleTrustManager


def certificate(path):
    data = open(path, "rb").read()
    if pem.detect(data):
        _, _, data = pem.unarmor(data)
    return x509.Certificate.load(data)


# The person's certificate over OCSP, the issuing CA over OCSP or the root's list.
REVOCATION = CertRevTrustPolicy(
    RevocationCheckingPolicy(
        ee_certificate_rule=RevocationCheckingRule.OCSP_REQUIRED,
        intermediate_ca_cert_rule=RevocationCheckingRule.CRL_OR_OCSP_REQUIRED,
    )
)


async def judge(signature, root, others):
    context = ValidationContext(
        trust_roots=[root], other_certs=others, allow_fetching=True, revinfo_policy=REVOCATION
    )
    status = await async_validate_pdf_signature(signature, context)
    policy = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=[root]), revinfo_policy=REVOCATION
    )
    spec = SignatureValidationSpec(
        cert_validation_policy=policy,
        revinfo_gathering_policy=RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.ALWAYS_FETCH),
        local_knowledge=LocalKnowledge(known_certs=others),
    )
    timed = await ades_with_time_validation(
        signature.signed_data, spec, raw_digest=signature.compute_digest()
    )
    stamp = status.timestamp_validity
    return {
        "field": signature.field_name,
        "subfilter": str(signature.sig_object["/SubFilter"]),
        "signer": signature.signer_cert.subject.human_friendly,
        "bottom_line": status.bottom_line,
        "intact": status.intact,
        "coverage": status.coverage.name,
        "trusted": status.trusted,
        "timestamp": None if stamp is None else stamp.timestamp.isoformat(),
        "timestamp_trusted": stamp is not None and stamp.intact and stamp.valid and stamp.trusted,
        "ades_b_t": timed.ades_subindic.status.name,
        "ades_reason": timed.failure_msg,
        "best_signature_time": timed.best_signature_time.isoformat(),
        "signing_time_attribute": signature.self_reported_timestamp is not None
        and any(a["type"].native == "signing_time" for a in signature.signer_info["signed_attrs"]),
    }


def holds(verdict):
    return (
        verdict["bottom_line"]
        and verdict["timestamp_trusted"]
        and verdict["ades_b_t"] == "PASSED"
        and verdict["subfilter"] == "/ETSI.CAdES.detached"
        and verdict["coverage"] == "ENTIRE_FILE"
        and not verdict["signing_time_attribute"]
    )


async def main(pdf, root, *others):
    with open(pdf, "rb") as file:
        signatures = PdfFileReader(file).embedded_regular_signatures
        verdicts = [await judge(s, certificate(root), [certificate(o) for o in others]) for s in signatures]
    ok = bool(verdicts) and all(holds(v) for v in verdicts)
    print(json.dumps({"ok": ok, "signatures": verdicts}, indent=2))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
