// A client that starts MCP servers as commands, as desktop applications do: starts COMMAND (JSON: command, args, env), does
// what STEPS (JSON: a list of [method, params]) says and prints what came of each as one line of JSON.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const client = new Client({ name: 'desktop', version: '1' }, { capabilities: { sampling: {} } });
client.setRequestHandler(CreateMessageRequestSchema, () => ({
  model: 'none', role: 'assistant', content: { type: 'text', text: 'sampled' } }));
const notified = [];
client.fallbackNotificationHandler = async ({ method }) => { notified.push(method); };
await client.connect(new StdioClientTransport({ ...JSON.parse(process.env.COMMAND), stderr: 'inherit' }));
const results = [];
for (const [method, params] of JSON.parse(process.env.STEPS)) {
  try {
    results.push({ result: await client[method](params) });
  } catch (error) {
    results.push({ error: { code: error.code, message: error.message, data: error.data } });
  }
}
await client.close();
console.log(JSON.stringify({ results, notified }));
