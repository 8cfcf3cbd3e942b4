// A client on the public SDK (2.x): does what STEPS (JSON: a list of [method, params]) says at URL_OF_TOOL with TOKEN and
// prints what came of each as one line of JSON. MODE (JSON): "legacy", "auto" or {"pin": VERSION}.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const client = new Client({ name: 'client', version: '1' }, { versionNegotiation: { mode: JSON.parse(process.env.MODE ?? '"legacy"') } });
const transport = new StreamableHTTPClientTransport(new URL(process.env.URL_OF_TOOL), {
  requestInit: { headers: { authorization: `Bearer ${process.env.TOKEN}` } } });
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
  for (const [method, params, options] of JSON.parse(process.env.STEPS)) {
    await attempt(() => client[method](params, options?.timeout ? { timeout: options.timeout } : undefined));
  }
}
const version = client.getNegotiatedProtocolVersion?.();
await client.close();
console.log(JSON.stringify({ results: results.slice(1), connected: results[0], version }));
