// Node's global fetch with nothing but a URL.
const url = 'https://api.stripe.com/v1/charges';
const call = (method, where) => fetch(where, {method, signal: AbortSignal.timeout(30000)});
(async () => {
  const allowed = await call('GET', url + '?client=fetch');
  const refused = await call('DELETE', url + '/ch_1');
  const unregistered = await call('GET', 'https://unregistered.example/').then(
    reply => reply.text(), error => `${error.message}: ${error.cause?.message}`);
  console.log(JSON.stringify({
    client: 'fetch', allowed: {status: allowed.status, body: await allowed.json()},
    refused: {status: refused.status, code: (await refused.json()).code}, unregistered}));
})();
