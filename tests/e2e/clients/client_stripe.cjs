// The stripe package with its default host, and a key that the proxy replaces.
const Stripe = require('stripe');
const stripe = new Stripe('sk_dummy');
const failure = promise => promise.then(value => ({message: JSON.stringify(value)}), error => error);
(async () => {
  const body = await stripe.charges.list({limit: 3});
  const refused = await failure(stripe.customers.del('cus_1'));
  const unregistered = await failure(
    new Stripe('sk_dummy', {host: 'unregistered.example', maxNetworkRetries: 0}).charges.list());
  // The package takes a text in the member `error` of the body for the error's type.
  console.log(JSON.stringify({
    client: 'stripe', allowed: {status: body.lastResponse.statusCode, body},
    refused: {status: refused.statusCode, code: refused.raw?.type, type: refused.type},
    unregistered: `${unregistered.message}: ${unregistered.detail?.message}`}));
})();
