// Key sets and tokens by the npm package jose. One JSON object on stdin, one on stdout:
//   {"keys": [{"kid": "a", "alg": "ES256"}], "private": {"keys": [...]}, "tokens": [{"kid": "a", "claims": {}, "header": {}}]}
//   {"jwks": {"keys": [...]}, "private": {"keys": [...]}, "tokens": ["..."]}
// `keys` are made; `private`, an earlier answer's, are used again. A token is signed with the key of its kid, by that
// key's algorithm. Members of `header` are added to alg and kid; null takes one away.
import {exportJWK, generateKeyPair, importJWK, CompactSign} from 'jose';

const pairs = new Map();
// Making an RSA key takes a second on a slow machine, so all RSA algorithms of one process share one.
const pair = alg => {
  const kind = /^[RP]S/.test(alg) ? 'RSA' : alg;
  if (!pairs.has(kind)) pairs.set(kind, generateKeyPair(alg, {extractable: true}).then(made => exportJWK(made.privateKey)));
  return pairs.get(kind);
};

const read = async stream => {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
};

const request = await read(process.stdin);
const keys = [...request.private?.keys ?? []];
for (const {kid, alg} of request.keys ?? []) keys.push({...await pair(alg), kid, alg, use: 'sig'});

const without = (object, ...names) => Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
const tokens = await Promise.all((request.tokens ?? []).map(async ({kid, claims, header}) => {
  const key = keys.find(one => one.kid === kid);
  const members = Object.entries({alg: key.alg, kid, typ: 'JWT', ...header}).filter(([, value]) => value !== null);
  return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader(Object.fromEntries(members)).sign(await importJWK(key, key.alg));
}));
const jwks = {keys: keys.map(key => without(key, 'd', 'p', 'q', 'dp', 'dq', 'qi'))};
console.log(JSON.stringify({jwks, private: {keys}, tokens}));
