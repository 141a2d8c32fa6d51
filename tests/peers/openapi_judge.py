#!/usr/bin/env python3
"""The registration API's document, and what really went over the wire beside it.

usage: openapi_judge.py DOCUMENT [CALLS]

DOCUMENT is ca/src/registration/openapi.json. CALLS is what the tests registration:: of signum-ca write when SIGNUM_RA_CALLS names
it: one JSON object a line with method, path, request, status, content_type, response. openapi-spec-validator judges the
document; each call must be one that the document describes, with a status it names and a body of the shape it says, and each
operation must have been called.
"""

import base64
import json
import re
import sys
from pathlib import Path

from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

if len(sys.argv) not in (2, 3):
    sys.exit(__doc__)
DOCUMENT = json.loads(Path(sys.argv[1]).read_text())
validate(DOCUMENT)
print("the document is OpenAPI", DOCUMENT["openapi"])


def errors(schema, value):
    # References point into the document.
    whole = {"components": DOCUMENT["components"], **schema}
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(whole).iter_errors(value)]


def operation(method, path):
    for template, methods in DOCUMENT["paths"].items():
        pattern = re.sub(r"\\{[a-z]+\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path.split("?")[0]) and method.lower() in methods:
            return template, methods[method.lower()]
    return None, None


def request_errors(described, call):
    """What was answered with success was asked as the document says."""
    body = described.get("requestBody")
    if not body:
        return []
    schema = body["content"]["application/json"]["schema"]
    found = errors(schema, call["request"])
    name = schema["$ref"].rsplit("/", 1)[1]
    signed = DOCUMENT["components"]["schemas"][name]["properties"].get("request", {})
    if "contentSchema" in signed:
        text = call["request"]["request"]
        octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        found += errors(signed["contentSchema"], json.loads(octets))
    return found


def call_errors(call):
    if call["path"] == "/openapi.json":
        return []
    template, described = operation(call["method"], call["path"])
    if described is None:
        return ["the document does not have it"]
    answer = described["responses"].get(str(call["status"]))
    if answer is None:
        return [f"the document names no status {call['status']}"]
    called.add((call["method"].lower(), template, call["status"] < 300))
    found = request_errors(described, call) if call["status"] < 300 else []
    content = answer.get("content", {})
    if not content:
        return found
    if call["content_type"] not in content:
        return found + [f"{call['content_type']} where the document says {', '.join(content)}"]
    return found + errors(content[call["content_type"]]["schema"], call["response"])


called = set()
if len(sys.argv) == 3:
    failed = 0
    calls = [json.loads(line) for file in sorted(Path(sys.argv[2]).glob("*.jsonl")) for line in file.read_text().splitlines()]
    for call in calls:
        for error in call_errors(call):
            failed += 1
            print(f"{call['method']} {call['path']} {call['status']}: {error}")
    for template, methods in DOCUMENT["paths"].items():
        for method in methods:
            if (method, template, True) not in called:
                failed += 1
                print(f"{method} {template}: never called with success")
    print(f"{len(calls)} calls, {failed} findings")
    if failed or not calls:
        sys.exit(1)
