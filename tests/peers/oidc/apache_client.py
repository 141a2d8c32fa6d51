"""Debian's mod_auth_openidc, unpatched, as an agency's web server uses it: PKCE, ID token of ES256, claims with letters unharmed,
log-out at the provider, and log-out that the provider tells it (back channel). Apache listens on loopback, over plain http."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from browser import Browser

MODULES = "/usr/lib/apache2/modules"
target = json.load(open(os.environ["SIGNUM_TARGET"]))
port = os.environ["SIGNUM_RP_PORT"]
here = f"http://localhost:{port}"
client = next(c for c in target["clients"] if c["profile"] == "gov-basic")
person = next(p for p in target["people"] if p["username"] == "djordje")
redirect_uri = client["redirect_uris"][0]
assert redirect_uri == f"{here}/private/callback", redirect_uri


def configuration(folder):
    modules = ["mpm_prefork", "authn_core", "authz_core", "authz_user", "headers", "dir", "auth_openidc"]
    lines = [f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in modules]
    return "\n".join(lines) + f"""
ServerRoot {folder}
DocumentRoot {folder}/pages
PidFile {folder}/pid
ErrorLog {folder}/error.log
LogLevel warn auth_openidc:info
Mutex file:{folder} default
Listen 127.0.0.1:{port}
ServerName localhost:{port}
User www-data
Group www-data
OIDCProviderMetadataURL {target["discovery"]}
OIDCClientID {client["client_id"]}
OIDCClientSecret {client["client_secret"]}
OIDCRedirectURI {redirect_uri}
OIDCCryptoPassphrase a-test
OIDCScope "openid profile"
OIDCResponseType code
OIDCPKCEMethod S256
OIDCIDTokenSignedResponseAlg ES256
OIDCDefaultLoggedOutURL {here}/
<Directory {folder}/pages>
  Require all granted
</Directory>
<Location /private>
  AuthType openid-connect
  Require valid-user
  Header always set X-Person "%{{OIDC_CLAIM_given_name}}e %{{OIDC_CLAIM_family_name}}e %{{OIDC_CLAIM_acr}}e"
</Location>
"""


def wait_for(what, condition, seconds=30):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"{what}: not within {seconds} s"
        time.sleep(0.2)


def serves():
    try:
        return Browser().get(f"{here}/").status == 200
    except OSError:
        return False


def log_in(browser):
    asked = browser.get(f"{here}/private/")
    assert asked.status == 302 and "code_challenge_method=S256" in asked.location, (asked.status, asked.location)
    back = browser.authorize(asked.location, redirect_uri, person, target["element_ids"])
    return browser.follow(browser.get(back), "none")


def logged_in(browser):
    return browser.get(f"{here}/private/").status == 200


def test(folder):
    browser = Browser()
    page = log_in(browser)
    shown = page.headers["x-person"].encode("latin-1").decode()
    assert page.status == 200 and shown == "Đorđe Primjerović substantial", (page.status, shown)
    print("PKCE, ES256, claims with letters unharmed: ok")

    forged = Browser().get(f"{redirect_uri}?code=another&state=another&iss={target['issuer']}")
    assert forged.status != 200, forged.body
    print("an answer that was not asked for is refused: ok")

    out = browser.follow(browser.get(f"{redirect_uri}?logout={here}/"), f"{here}/")
    if out.location is None:  # The provider asks the person when several services share the session.
        assert out.status == 200, out.body
        sys.exit(f"log-out stopped at {out.url}: {out.body}")
    assert not logged_in(browser)
    again = browser.follow(browser.get(f"{here}/private/"), redirect_uri)
    assert again.location is None and again.has(target["element_ids"]["log_in"]), again.body
    print("log-out at the service is log-out at the provider: ok")

    metadata = json.loads(Browser().get(target["discovery"]).body)
    if metadata.get("backchannel_logout_supported"):
        browser = Browser()
        log_in(browser)
        assert logged_in(browser)
        browser.log_out_at(target["issuer"])
        wait_for("log-out told by the provider", lambda: not logged_in(browser))
        print("log-out at the provider is told to the service: ok")
    else:
        print("log-out told by the provider: it does not offer that")


with tempfile.TemporaryDirectory(prefix="signum-apache-") as name:
    folder = pathlib.Path(name)
    folder.chmod(0o755)
    (folder / "pages" / "private").mkdir(parents=True)
    (folder / "pages" / "index.html").write_text("out")
    (folder / "pages" / "private" / "index.html").write_text("in")
    (folder / "apache.conf").write_text(configuration(folder))
    # A group of its own: Apache ends by a signal to its whole process group.
    apache = subprocess.Popen(["/usr/sbin/apache2", "-DFOREGROUND", "-f", str(folder / "apache.conf")], start_new_session=True)
    try:
        wait_for("Apache", serves)
        test(folder)
    except BaseException:
        log = folder / "error.log"
        print(log.read_text() if log.exists() else "Apache wrote no log", file=sys.stderr)
        raise
    finally:
        apache.terminate()
        apache.wait(30)
