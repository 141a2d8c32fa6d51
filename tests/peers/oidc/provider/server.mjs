// npm oidc-provider, in memory, as the measure of ours: `node server.mjs PEOPLE`. Prints one line of JSON when it serves, as
// signum-conformance does, and ends when its standard input does. ES256, PKCE required, the person's agreement taken as given.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

process.env.NODE_ENV = 'production';
const people = Array.from({ length: Number(process.argv[2] ?? 4) }, (_, n) => ({ username: `load-${n}`, password: `load-${n}-test` }));
const secret = randomBytes(32).toString('base64url');
const redirectUri = 'http://localhost:8765/callback';

const server = createServer((request, response) => handle(request, response));
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const issuer = `http://localhost:${server.address().port}`;

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const provider = new Provider(issuer, {
  clients: [{
    client_id: 'basic-1',
    client_secret: secret,
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    id_token_signed_response_alg: 'ES256',
  }],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: '1' }] },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  claims: { openid: ['sub'], profile: ['given_name', 'family_name'] },
  enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true }, introspection: { enabled: true }, revocation: { enabled: true } },
  issueRefreshToken: async () => true,
  findAccount: async (_, sub) => ({ accountId: sub, claims: async () => ({ sub, given_name: sub, family_name: 'Shembulli' }) }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  // The consent that was given before.
  async loadExistingGrant(ctx) {
    const known = ctx.oidc.session.grantIdFor(ctx.oidc.client.clientId);
    if (known) return ctx.oidc.provider.Grant.find(known);
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid profile');
    await grant.save();
    return grant;
  },
});
const callback = provider.callback();

async function handle(request, response) {
  if (!request.url.startsWith('/interaction/')) return callback(request, response);
  if (request.method === 'GET') {
    response.setHeader('content-type', 'text/html');
    return response.end(`<form method="post" action="${request.url}"><input type="text" id="username" name="username">
      <input type="password" id="password" name="password"><button type="submit" id="log-in">Log in</button></form>`);
  }
  let body = '';
  for await (const chunk of request) body += chunk;
  const form = new URLSearchParams(body);
  const person = people.find((person) => person.username === form.get('username') && person.password === form.get('password'));
  const result = person ? { login: { accountId: person.username } } : { error: 'access_denied' };
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

console.log(JSON.stringify({
  issuer,
  process: process.pid,
  people,
  clients: [{ client_id: 'basic-1', client_secret: secret, redirect_uris: [redirectUri] }],
}));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
