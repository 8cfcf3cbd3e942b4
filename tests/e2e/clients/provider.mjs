// An OpenID provider for tests: npm oidc-provider with its own pages for signing in and consenting. Its userinfo endpoint is
// the API that takes its tokens. Prints its address; `/test/lifetime/SECONDS` sets how long access tokens are good.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const server = createServer();
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const issuer = `http://127.0.0.1:${server.address().port}`;
let lifetime = 3600;

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'runagents',
    client_secret: process.env.OAUTH_CLIENT_SECRET,
    application_type: 'native',
    redirect_uris: ['http://127.0.0.1/callback/api'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  }],
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  features: { devInteractions: { enabled: true }, revocation: { enabled: true }, userinfo: { enabled: true } },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  ttl: { AccessToken: () => lifetime, Grant: 3600, Interaction: 600, RefreshToken: 3600, Session: 600, IdToken: 600 },
});
provider.use((context, next) => {
  const wanted = /^\/test\/lifetime\/(\d+)$/.exec(context.path);
  if (!wanted) return next();
  lifetime = Number(wanted[1]);
  context.body = {};
});
server.on('request', provider.callback());
console.log(issuer);
