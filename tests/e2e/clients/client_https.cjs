// Node's https module, with a key of the agent's own that means nothing.
const https = require('https');
const url = 'https://api.stripe.com/v1/charges';
const call = (method, where) => new Promise((resolve, reject) => {
  https.request(where, {method, timeout: 30000, headers: {Authorization: 'Bearer sk-dummy'}}, reply => {
    let text = '';
    reply.on('data', data => text += data).on('end', () => resolve({status: reply.statusCode, body: JSON.parse(text)}));
  }).on('error', reject).end();
});
(async () => {
  const allowed = await call('GET', url + '?client=https');
  const refused = await call('DELETE', url + '/ch_1');
  const unregistered = await call('GET', 'https://unregistered.example/').then(JSON.stringify, error => error.message);
  console.log(JSON.stringify({
    client: 'https', allowed, refused: {status: refused.status, code: refused.body.code}, unregistered}));
})();
