// A program that speaks OAuth by other people's libraries: openid-client, oauth4webapi, jose. Lines of JSON: SETTINGS
// comes first, `{"open": URL}` is for a person with a browser, whose answer is `{"location": URL}`, the last line says
// what there was.
import {createInterface} from 'node:readline';
import * as jose from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';

const lines = createInterface({input: process.stdin})[Symbol.asyncIterator]();
const read = async () => JSON.parse((await lines.next()).value);
const {library, url, account, user, redirect, resource} = await read();
const send = object => console.log(JSON.stringify(object));
const person = async address => {
  send({open: address});
  return new URL((await read()).location);
};
const issuer = new URL(url);
const state = 'a state & more';
const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
const on_behalf = {actor_token: user, actor_token_type: 'urn:runlayer:token-type:user-id'};
const metadata = {client_name: 'A program', redirect_uris: [redirect], token_endpoint_auth_method: 'none'};

const by_openid_client = async () => {
  const options = {algorithm: 'oauth2'};
  const found = {};
  for (const [name, auth] of [['post', openid.ClientSecretPost], ['basic', openid.ClientSecretBasic]]) {
    const config = await openid.discovery(issuer, account.client_id, undefined, auth(account.client_secret), options);
    const m2m = await openid.clientCredentialsGrant(config);
    const obo = await openid.clientCredentialsGrant(config, {...on_behalf, resource});
    const exchanged = await openid.genericGrantRequest(config, exchange, {subject_token: m2m.access_token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token', ...on_behalf});
    const before = await openid.tokenIntrospection(config, m2m.access_token);
    await openid.tokenRevocation(config, m2m.access_token);
    const after = await openid.tokenIntrospection(config, m2m.access_token);
    const refused = await openid.clientCredentialsGrant(config, {...on_behalf, actor_token: crypto.randomUUID()}).catch(error => error);
    found[name] = {obo: obo.access_token, exchanged: exchanged.access_token, expires_in: obo.expires_in, before: before.active,
      after: after.active, refused: [refused.error, refused.status]};
  }
  const wrong = await openid.discovery(issuer, account.client_id, undefined, openid.ClientSecretBasic('wrong'), options);
  const challenge = await openid.clientCredentialsGrant(wrong).catch(error => error);
  found.challenge = [challenge.status, challenge.cause?.[0]?.scheme];

  const config = await openid.dynamicClientRegistration(issuer, metadata, openid.None(), options);
  const verifier = openid.randomPKCECodeVerifier();
  const back = await person(openid.buildAuthorizationUrl(config, {redirect_uri: redirect, state, code_challenge_method: 'S256',
    code_challenge: await openid.calculatePKCECodeChallenge(verifier)}));
  const login = await openid.authorizationCodeGrant(config, back, {pkceCodeVerifier: verifier, expectedState: state});
  const refreshed = await openid.refreshTokenGrant(config, login.refresh_token);
  const again = await openid.refreshTokenGrant(config, login.refresh_token).catch(error => error);
  const asked = await openid.initiateDeviceAuthorization(config, {});
  await person(asked.verification_uri_complete);
  const device = await openid.pollDeviceAuthorizationGrant(config, {...asked, interval: 0});
  await openid.tokenRevocation(config, device.refresh_token);
  return {...found, login: refreshed.access_token, reuse: again.error, device: device.access_token};
};

const by_oauth4webapi = async () => {
  const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, {algorithm: 'oauth2'}));
  const found = {};
  const known = {client_id: account.client_id};
  for (const [name, auth] of [['post', oauth.ClientSecretPost], ['basic', oauth.ClientSecretBasic]]) {
    const by = auth(account.client_secret);
    const ask = async parameters => oauth.processClientCredentialsResponse(as, known, await oauth.clientCredentialsGrantRequest(as, known, by, parameters));
    const introspect = async token => oauth.processIntrospectionResponse(as, known, await oauth.introspectionRequest(as, known, by, token));
    const m2m = await ask({});
    const obo = await ask({...on_behalf, resource});
    const exchanged = await oauth.processGenericTokenEndpointResponse(as, known, await oauth.genericTokenEndpointRequest(as, known, by, exchange,
      {subject_token: m2m.access_token, subject_token_type: 'urn:ietf:params:oauth:token-type:access_token', ...on_behalf}));
    const before = await introspect(m2m.access_token);
    await oauth.processRevocationResponse(await oauth.revocationRequest(as, known, by, m2m.access_token));
    const after = await introspect(m2m.access_token);
    const refused = await ask({...on_behalf, actor_token: crypto.randomUUID()}).catch(error => error);
    found[name] = {obo: obo.access_token, exchanged: exchanged.access_token, expires_in: obo.expires_in, before: before.active,
      after: after.active, refused: [refused.error, refused.status]};
  }
  const challenge = await oauth.clientCredentialsGrantRequest(as, known, oauth.ClientSecretBasic('wrong'), {})
    .then(answer => oauth.processClientCredentialsResponse(as, known, answer)).catch(error => error);
  found.challenge = [challenge.status, challenge.cause?.[0]?.scheme];

  const client = await oauth.processDynamicClientRegistrationResponse(await oauth.dynamicClientRegistrationRequest(as, metadata));
  const none = oauth.None();
  const verifier = oauth.generateRandomCodeVerifier();
  const address = new URL(as.authorization_endpoint);
  for (const [name, value] of Object.entries({client_id: client.client_id, redirect_uri: redirect, response_type: 'code', state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256'})) address.searchParams.set(name, value);
  const back = oauth.validateAuthResponse(as, client, await person(address), state);
  const login = await oauth.processAuthorizationCodeResponse(as, client,
    await oauth.authorizationCodeGrantRequest(as, client, none, back, redirect, verifier));
  const refresh = async () => oauth.processRefreshTokenResponse(as, client, await oauth.refreshTokenGrantRequest(as, client, none, login.refresh_token));
  const refreshed = await refresh();
  const again = await refresh().catch(error => error);
  const asked = await oauth.processDeviceAuthorizationResponse(as, client, await oauth.deviceAuthorizationRequest(as, client, none, {}));
  const poll = async () => oauth.processDeviceCodeResponse(as, client, await oauth.deviceCodeGrantRequest(as, client, none, asked.device_code));
  const pending = await poll().catch(error => error);
  await person(asked.verification_uri_complete);
  const device = await poll();
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, none, device.refresh_token));
  // A resource server made with the library takes the token for what RFC 9068 says it is.
  const request = new Request(resource, {headers: {authorization: `Bearer ${found.post.obo}`}});
  const claims = await oauth.validateJwtAccessToken(as, request, resource);
  const about = await oauth.processResourceDiscoveryResponse(new URL(resource), await oauth.resourceDiscoveryRequest(new URL(resource)));
  return {...found, login: refreshed.access_token, reuse: again.error, device: device.access_token, pending: pending.error, sub: claims.sub,
    resource: [about.resource, ...about.authorization_servers]};
};

const found = await (library === 'openid-client' ? by_openid_client : by_oauth4webapi)();
// Everybody can check the tokens with the published keys alone.
const keys = jose.createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`));
const verified = async (token, audience) =>
  (await jose.jwtVerify(token, keys, {issuer: url, audience, typ: 'at+jwt', algorithms: ['ES256'], requiredClaims: ['sub', 'client_id', 'jti', 'iat', 'exp']})).payload;
found.claims = {obo: await verified(found.post.obo, resource), exchanged: await verified(found.basic.exchanged, url), login: await verified(found.login, url),
  device: await verified(found.device, url)};
const broken = found.login.slice(0, -8) + 'AAAAAAAA';
found.broken = (await jose.jwtVerify(broken, keys).catch(error => error)).code;
send(found);
process.exit(0);
