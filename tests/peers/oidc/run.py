"""run.py TARGET COMMAND...: starts signum-conformance, runs the command with SIGNUM_TARGET naming a file with what it printed,
and ends it. The exit status is the command's."""

import os
import socket
import subprocess
import sys
import tempfile

target, command = sys.argv[1], sys.argv[2:]
# Where the relying party may listen: one that does not only looks at the addresses it is sent to.
with socket.create_server(("127.0.0.1", 0)) as free:
    port = str(free.getsockname()[1])
here = f"http://localhost:{port}"
options = ["--redirect-uri", f"{here}/private/callback", "--post-logout-redirect-uri", f"{here}/",
           "--backchannel-logout-uri", f"http://rp.localhost:{port}/private/callback?logout=backchannel"]
process = subprocess.Popen([target, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
try:
    described = process.stdout.readline()
    if not described:
        sys.exit("the target did not start")
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(described)
        file.flush()
        status = subprocess.run(command, env={**os.environ, "SIGNUM_TARGET": file.name, "SIGNUM_RP_PORT": port}, timeout=300).returncode
finally:
    process.stdin.close()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
sys.exit(status)
