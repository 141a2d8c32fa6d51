// npm openid-client, unpatched, against the provider that SIGNUM_TARGET describes: `node openid_client.mjs gov-basic|fapi2|fapi2-ms`.
// Every JWT of the provider is verified (enableNonRepudiationChecks); plain http is this library's own switch.
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { importJWK } from 'jose';
import * as client from 'openid-client';
import { Browser } from './browser.mjs';

const profile = process.argv[2] ?? 'gov-basic';
const target = JSON.parse(readFileSync(process.env.SIGNUM_TARGET, 'utf8'));
const party = target.clients.find((client) => client.profile === profile);
assert(party, `the target has no client of ${profile}`);
const person = target.people.find((person) => person.username === 'djordje');
const redirectUri = party.redirect_uris[0];
const strict = profile !== 'gov-basic';

const key = party.jwks && { key: await importJWK(party.jwks.keys[0]), kid: party.jwks.keys[0].kid };
const publicJwk = () => Object.fromEntries(Object.entries(party.jwks.keys[0]).filter(([name]) => name !== 'd'));
const authentication = strict ? client.PrivateKeyJwt(key) : client.ClientSecretBasic(party.client_secret);
const config = await client.discovery(
  new URL(target.issuer),
  party.client_id,
  { client_secret: party.client_secret, ...(key && { jwks: { keys: [publicJwk()] } }), ...(strict && { id_token_signed_response_alg: 'ES256' }) },
  authentication,
  { execute: [client.allowInsecureRequests] },
);
client.enableNonRepudiationChecks(config);
if (profile === 'fapi2-ms') client.useJwtResponseMode(config);
const dpop = strict ? { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256')) } : undefined;

const ok = (what) => console.log(`${profile}: ${what}: ok`);

// One log-in: the browser's answer, and what the answer is checked against.
async function logIn(browser, wishes = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const expected = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce(), idTokenExpected: true };
  let parameters = new URLSearchParams({
    redirect_uri: redirectUri,
    scope: 'openid profile',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: expected.expectedState,
    nonce: expected.expectedNonce,
    ...wishes,
  });
  if (profile === 'fapi2-ms') {
    const request = await client.buildAuthorizationUrlWithJAR(config, parameters, key);
    parameters = request.searchParams;
  }
  const url = strict
    ? await client.buildAuthorizationUrlWithPAR(config, parameters, dpop)
    : client.buildAuthorizationUrl(config, parameters);
  return { expected, answer: await browser.authorize(url, redirectUri, person, target.element_ids) };
}

const browser = new Browser();
const first = await logIn(browser);
const tokens = await client.authorizationCodeGrant(config, first.answer, first.expected, undefined, dpop);
const claims = tokens.claims();
assert.equal(claims.iss, target.issuer);
assert.equal(claims.acr, 'substantial');
ok(`code${strict ? ', PAR, private_key_jwt, DPoP with nonce' : ''}${profile === 'fapi2-ms' ? ', JAR, JARM' : ''}, ID token`);

const about = await client.fetchUserInfo(config, tokens.access_token, claims.sub, dpop);
assert.deepEqual([about.given_name, about.family_name], ['Đorđe', 'Primjerović']);
ok('userinfo');

await assert.rejects(client.authorizationCodeGrant(config, first.answer, first.expected, undefined, dpop), { error: 'invalid_grant' });
await assert.rejects(client.fetchUserInfo(config, tokens.access_token, claims.sub, dpop), (error) => error.status === 401);
ok('a used code is refused, and takes back what it gave');

const second = await logIn(browser, { prompt: 'login', max_age: '60' });
const more = await client.authorizationCodeGrant(config, second.answer, { ...second.expected, maxAge: 60 }, undefined, dpop);
assert.equal(more.claims().sub, claims.sub);
ok('prompt=login with max_age');

const metadata = config.serverMetadata();
let live = more;
if (more.refresh_token) {
  live = await client.refreshTokenGrant(config, more.refresh_token, undefined, dpop);
  assert.notEqual(live.access_token, more.access_token);
  await client.fetchUserInfo(config, live.access_token, claims.sub, dpop);
  ok('refresh');
} else assert(!strict, 'no refresh token');
if (metadata.introspection_endpoint) {
  const told = await client.tokenIntrospection(config, live.access_token);
  assert.equal(told.active, true);
  assert.equal(told.client_id, party.client_id);
  ok('introspection');
} else assert(!strict, 'no introspection');
if (metadata.revocation_endpoint) {
  await client.tokenRevocation(config, live.access_token);
  if (metadata.introspection_endpoint) assert.equal((await client.tokenIntrospection(config, live.access_token)).active, false);
  await assert.rejects(client.fetchUserInfo(config, live.access_token, claims.sub, dpop), (error) => error.status === 401);
  ok('revocation');
} else assert(!strict, 'no revocation');
