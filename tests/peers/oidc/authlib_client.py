"""Authlib (Python, Flask) as an agency's developer would use it: code + PKCE, ID token, userinfo, refresh, introspection,
revocation, log-out. Nothing is patched; AUTHLIB_INSECURE_TRANSPORT is its own switch for plain http on loopback."""

import json
import os
import urllib.parse

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import flask
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session

from browser import Browser

target = json.load(open(os.environ["SIGNUM_TARGET"]))
client = next(c for c in target["clients"] if c["profile"] == "gov-basic")
person = next(p for p in target["people"] if p["username"] == "djordje")
redirect_uri = client["redirect_uris"][0]

app = flask.Flask(__name__)
app.secret_key = "a-test"
oauth = OAuth(app)
oauth.register(
    "signum",
    client_id=client["client_id"],
    client_secret=client["client_secret"],
    server_metadata_url=target["discovery"],
    client_kwargs={"scope": "openid profile", "code_challenge_method": "S256"},
)


@app.get("/login")
def login():
    return oauth.signum.authorize_redirect(redirect_uri)


@app.get("/callback")
def callback():
    try:
        token = oauth.signum.authorize_access_token()
    except OAuthError as error:
        return {"error": error.error}, 400
    return {"token": token, "userinfo": oauth.signum.userinfo(token=token)}


def walk(browser, visitor):
    """Log in at the provider; returns the query with which the provider sent the person back."""
    begun = visitor.get("/login")
    assert begun.status_code == 302 and "code_challenge_method=S256" in begun.location, begun.text
    back = browser.authorize(begun.location, redirect_uri, person, target["element_ids"])
    return urllib.parse.urlsplit(back).query


browser, visitor = Browser(), app.test_client()
query = walk(browser, visitor)
done = visitor.get("/callback?" + query)
assert done.status_code == 200, done.text
token, about = done.json["token"], done.json["userinfo"]
assert token["userinfo"]["iss"] == target["issuer"] and token["userinfo"]["acr"] == "substantial"
assert about["sub"] == token["userinfo"]["sub"]
assert (about["given_name"], about["family_name"]) == ("Đorđe", "Primjerović"), about
print("code, PKCE, ID token, userinfo with letters unharmed: ok")

# The same answer once more: the library refuses it (its state is used up), and so does the provider (its code is).
assert visitor.get("/callback?" + query).status_code == 400
again = walk(browser, visitor)
forged = urllib.parse.parse_qs(again)
forged["state"] = ["another"]
assert visitor.get("/callback?" + urllib.parse.urlencode(forged, doseq=True)).status_code == 400
print("a used and a forged answer are refused: ok")

metadata = oauth.signum.load_server_metadata()
session = OAuth2Session(client["client_id"], client["client_secret"], token=token)
fresh = session.refresh_token(metadata["token_endpoint"])
assert fresh["access_token"] != token["access_token"]
answer = session.get(metadata["userinfo_endpoint"])
assert answer.status_code == 200 and answer.json()["sub"] == about["sub"], answer.text
print("refresh, userinfo with the fresh token: ok")

told = session.introspect_token(metadata["introspection_endpoint"], token=fresh["access_token"], token_type_hint="access_token")
assert told.json()["active"] is True, told.text
assert session.revoke_token(metadata["revocation_endpoint"], token=fresh["access_token"]).status_code == 200
assert session.get(metadata["userinfo_endpoint"]).status_code == 401
print("introspection, revocation: ok")

with app.test_request_context():
    leave = oauth.signum.create_logout_url(post_logout_redirect_uri=client["post_logout_redirect_uris"][0],
                                           id_token_hint=fresh["id_token"], state="s-0123456789")
left = browser.follow(browser.get(leave["url"]), client["post_logout_redirect_uris"][0])
assert left.location == client["post_logout_redirect_uris"][0] + "?state=s-0123456789", (left.url, left.body)
again = browser.follow(browser.get(visitor.get("/login").location), redirect_uri)
assert again.location is None and again.has(target["element_ids"]["log_in"]), again.body
print("log-out: ok")
