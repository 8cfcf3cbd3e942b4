// An MCP server of the version without sessions, on the public SDK (2.x). One line on stdout says where it listens; it
// ends with its standard input. SETTINGS (JSON): legacy: "reject" for the newest version only.
import http from 'node:http';
import { Readable } from 'node:stream';
import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server';

const settings = JSON.parse(process.env.SETTINGS ?? '{}');
const text = (value) => ({ content: [{ type: 'text', text: value }] });
const seen = { eras: [], cancelled: 0 };

const handler = createMcpHandler(({ era }) => {
  seen.eras.push(era);
  const server = new McpServer({ name: 'modern', version: '1.0.0' }, { capabilities: { tools: { listChanged: true } } });
  const tool = (name, description, properties, call) => server.registerTool(
    name, { description, inputSchema: fromJsonSchema({ type: 'object', properties }) }, call);
  tool('add', 'Adds', { a: { type: 'number' }, b: { type: 'number' } }, ({ a, b }) => text(String(a + b)));
  tool('forbidden', 'Nobody may call it', {}, () => text('done'));
  tool('wait', 'Waits until it is cancelled', {}, (_, context) => new Promise((done) => {
    (context.mcpReq?.signal ?? context.signal).addEventListener('abort', () => { seen.cancelled += 1; done(text('cancelled')); });
  }));
  server.registerResource('note', 'test://note', { description: 'A note' }, () => ({
    contents: [{ uri: 'test://note', text: 'hello', mimeType: 'text/plain' }] }));
  return server;
}, settings.legacy ? { legacy: settings.legacy } : {});

const listener = http.createServer(async (request, response) => {
  if (request.url === '/seen') return response.end(JSON.stringify(seen));
  const left = new AbortController();
  response.on('close', () => left.abort());
  const answer = await handler.fetch(new Request(`http://127.0.0.1${request.url}`, {
    method: request.method, headers: request.headers, signal: left.signal, duplex: 'half',
    body: ['GET', 'HEAD', 'DELETE'].includes(request.method) ? undefined : Readable.toWeb(request) }));
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (!answer.body) return response.end();
  const body = Readable.fromWeb(answer.body);
  body.on('error', () => response.destroy());
  response.on('close', () => body.destroy());
  return body.pipe(response);
});
listener.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: listener.address().port })));
process.stdin.on('end', () => process.exit(0)).resume();
