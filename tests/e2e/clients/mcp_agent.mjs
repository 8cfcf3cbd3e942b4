// An agent that speaks MCP with the public SDK: does what STEPS (JSON: a list of [method, params]) says at URL_OF_TOOL, with
// TOKEN if there is one, and prints what came of each as one line of JSON.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const client = new Client({ name: 'agent', version: '1' }, { capabilities: { sampling: {} } });
client.setRequestHandler(CreateMessageRequestSchema, () => ({
  model: 'none', role: 'assistant', content: { type: 'text', text: 'sampled' } }));
const notified = [];
client.fallbackNotificationHandler = async ({ method }) => { notified.push(method); };
const transport = new StreamableHTTPClientTransport(new URL(process.env.URL_OF_TOOL), {
  requestInit: process.env.TOKEN ? { headers: { authorization: `Bearer ${process.env.TOKEN}` } } : {} });
const results = [];
const attempt = async (step) => {
  try {
    results.push({ result: await step() });
  } catch (error) {
    results.push({ error: { code: error.code, message: error.message, data: error.data } });
  }
};
await attempt(() => client.connect(transport));
if (!results[0].error) {
  for (const [method, params] of JSON.parse(process.env.STEPS)) await attempt(() => client[method](params));
  await attempt(() => transport.terminateSession());
}
await client.close();
console.log(JSON.stringify({ results: results.slice(1), connected: results[0], notified }));
