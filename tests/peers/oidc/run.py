"""run.py TARGET COMMAND...: starts signum-conformance, runs the command with SIGNUM_TARGET naming a file with what it printed,
and ends it. The exit status is the command's."""

import os
import subprocess
import sys
import tempfile

target, command = sys.argv[1], sys.argv[2:]
extra = os.environ.get("SIGNUM_TARGET_OPTIONS", "").split()
process = subprocess.Popen([target, *extra], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
try:
    described = process.stdout.readline()
    if not described:
        sys.exit("the target did not start")
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(described)
        file.flush()
        status = subprocess.run(command, env={**os.environ, "SIGNUM_TARGET": file.name}, timeout=300).returncode
finally:
    process.stdin.close()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
sys.exit(status)
