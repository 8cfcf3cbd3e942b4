// The openai package with its default base URL, and a key that the proxy replaces.
const OpenAI = require('openai');
const client = new OpenAI({apiKey: 'sk-dummy'});
const failure = promise => promise.then(value => ({message: JSON.stringify(value)}), error => error);
(async () => {
  const question = {model: 'gpt-test', messages: [{role: 'user', content: 'hello'}]};
  const {data: body, response} = await client.chat.completions.create(question).withResponse();
  const refused = await failure(client.models.delete('ft-1'));
  const elsewhere = new OpenAI({apiKey: 'sk-dummy', baseURL: 'https://unregistered.example/v1', maxRetries: 0});
  const unregistered = await failure(elsewhere.models.list());
  const causes = [];
  for (let error = unregistered; error; error = error.cause) causes.push(error.message);
  // The package takes the member `error` of the body for the error's details.
  console.log(JSON.stringify({
    client: 'openai', allowed: {status: response.status, body},
    refused: {status: refused.status, code: refused.error, type: refused.constructor.name}, unregistered: causes.join(': ')}));
})();
