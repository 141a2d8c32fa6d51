// npm openid-client, unpatched, against the provider that SIGNUM_TARGET describes:
// `node openid_client.mjs gov-basic|native|fapi2|fapi2-ms`. Every JWT of the provider is verified (enableNonRepudiationChecks); plain http is this library's own switch.
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
// RFC 8252 section 7.3: a program on the person's device listens where there is room.
const redirectUri = profile === 'native' ? party.redirect_uris[0].replace('127.0.0.1', '127.0.0.1:49152') : party.redirect_uris[0];
const strict = profile.startsWith('fapi2');
const bound = profile !== 'gov-basic';

const key = party.jwks && { key: await importJWK(party.jwks.keys[0]), kid: party.jwks.keys[0].kid };
const publicJwk = () => Object.fromEntries(Object.entries(party.jwks.keys[0]).filter(([name]) => name !== 'd'));
const authentication = {
  native: () => client.None(),
  'gov-basic': () => client.ClientSecretBasic(party.client_secret),
}[profile] ?? (() => client.PrivateKeyJwt(key));
const config = await client.discovery(
  new URL(target.issuer),
  party.client_id,
  {
    client_secret: party.client_secret,
    id_token_signed_response_alg: 'ES256',
    ...(key && { jwks: { keys: [publicJwk()] } }),
    ...(profile === 'fapi2-ms' && { introspection_signed_response_alg: 'ES256' }),
  },
  authentication(),
  { execute: [client.allowInsecureRequests] },
);
client.enableNonRepudiationChecks(config);
if (profile === 'fapi2-ms') client.useJwtResponseMode(config);
const dpop = bound ? { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256')) } : undefined;

// The library's own hook; it changes nothing, and notes what is worth knowing.
const seen = { nonce: 0, jwt: 0 };
config[client.customFetch] = async (...request) => {
  const answer = await fetch(...request);
  if (answer.status >= 400 && (await answer.clone().text()).includes('use_dpop_nonce')) seen.nonce += 1;
  if (answer.headers.get('content-type')?.startsWith('application/token-introspection+jwt')) seen.jwt += 1;
  return answer;
};

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
if (bound) assert(seen.nonce > 0, 'the provider demanded no nonce of its own');
ok(`code, PKCE${strict ? ', PAR, private_key_jwt' : ''}${bound ? ', DPoP with the provider\'s nonce' : ''}${profile === 'fapi2-ms' ? ', JAR, JARM' : ''}, ID token`);

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

const live = await client.refreshTokenGrant(config, more.refresh_token, undefined, dpop);
assert.notEqual(live.access_token, more.access_token);
assert.equal(live.claims().sub, claims.sub);
await client.fetchUserInfo(config, live.access_token, claims.sub, dpop);
ok('refresh');

if (bound) {
  const thief = { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256')) };
  const renewal = client.refreshTokenGrant(config, live.refresh_token ?? more.refresh_token, undefined, thief);
  // RFC 9449 section 5: whoever has authenticated as the client may have a new key; a public client may not.
  await (profile === 'native' ? assert.rejects(renewal) : renewal);
  await assert.rejects(client.fetchUserInfo(config, live.access_token, claims.sub, thief), (error) => error.status === 401);
  await assert.rejects(client.fetchUserInfo(config, live.access_token, claims.sub), (error) => error.status === 401);
  ok('another key, or none, is refused');
}

if (profile === 'native') {
  await assert.rejects(client.tokenIntrospection(config, live.access_token), { status: 401 });
  ok('introspection is refused to a client without a secret');
} else {
  const told = await client.tokenIntrospection(config, live.access_token);
  assert.equal(told.active, true);
  assert.equal(told.client_id, party.client_id);
  assert.equal(seen.jwt > 0, profile === 'fapi2-ms');
  ok(`introspection${seen.jwt ? ', signed' : ''}`);
}

await client.tokenRevocation(config, live.access_token);
if (profile !== 'native') assert.equal((await client.tokenIntrospection(config, live.access_token)).active, false);
await assert.rejects(client.fetchUserInfo(config, live.access_token, claims.sub, dpop), (error) => error.status === 401);
await client.tokenRevocation(config, live.refresh_token ?? more.refresh_token);
await assert.rejects(client.refreshTokenGrant(config, live.refresh_token ?? more.refresh_token, undefined, dpop), { error: 'invalid_grant' });
ok('revocation');

if (profile !== 'native') {
  const own = await client.clientCredentialsGrant(config, { scope: 'registry:read' }, dpop);
  assert.equal(own.scope, 'registry:read');
  assert.equal(own.refresh_token, undefined);
  await assert.rejects(client.fetchUserInfo(config, own.access_token, client.skipSubjectCheck, dpop), (error) => error.status === 401 || error.status === 403);
  ok('client credentials, which are no person');
}

if (party.post_logout_redirect_uris.length) {
  const state = client.randomState();
  const back = party.post_logout_redirect_uris[0];
  const leave = client.buildEndSessionUrl(config, { id_token_hint: live.id_token ?? more.id_token, post_logout_redirect_uri: back, state });
  const left = await browser.follow(await browser.send(leave), back);
  assert.equal(left.location?.href, `${back}?state=${state}`, left.body);
  const silent = await logIn(browser, { prompt: 'none' });
  await assert.rejects(client.authorizationCodeGrant(config, silent.answer, silent.expected, undefined, dpop), { error: 'login_required' });
  ok('log-out');
}
