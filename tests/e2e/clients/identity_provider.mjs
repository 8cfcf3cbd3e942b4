// An OpenID provider, npm oidc-provider. One line of JSON on stdin, {"port": N, "clients": [...], "keys": {...}, "ttl": {...}};
// one line on stdout once it listens. "resource": it registers clients by itself and issues tokens for that resource (RFC
// 8707), which it introspects for anybody who is registered. Whoever logs in as NAME has the address NAME@example.com. It ends with its stdin.
import readline from 'node:readline';
import {Provider, errors} from 'oidc-provider';

const lines = readline.createInterface({input: process.stdin});
const wanted = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);
lines.on('close', () => process.exit(0));
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();

const provider = new Provider(`http://127.0.0.1:${wanted.port}`, {
  clients: wanted.clients,
  jwks: wanted.keys,
  cookies: {keys: ['for tests']},
  claims: {openid: ['sub'], email: ['email', 'email_verified']},
  scopes: ['openid', 'offline_access', 'email', 'files'],
  conformIdTokenClaims: false,
  pkce: {required: () => false},
  ttl: {AccessToken: 600, AuthorizationCode: 60, ClientCredentials: 600, IdToken: 600, RefreshToken: 3600, Session: 3600,
    Interaction: 600, Grant: 3600, ...wanted.ttl},
  rotateRefreshToken: true,
  issueRefreshToken: async (ctx, client, code) => client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
  ...(wanted.resource ? {clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post']} : {}),
  features: {...(wanted.resource ? {
    registration: {enabled: true},
    resourceIndicators: {enabled: true, useGrantedResource: () => true, getResourceServerInfo: (ctx, resource) => {
      if (resource !== wanted.resource) throw new errors.InvalidTarget();
      return {scope: 'openid offline_access files', audience: resource, accessTokenFormat: 'opaque'};
    }}} : {}), clientCredentials: {enabled: true}, revocation: {enabled: true}, introspection: {enabled: true}, devInteractions: {enabled: true}},
  findAccount: (ctx, id) => ({accountId: id, claims: () => ({sub: id, email: `${id}@example.com`, email_verified: true})}),
});
provider.listen(wanted.port, '127.0.0.1', () => console.log('{"ready": true}'));
