// An MCP server with everything that the conformance suite asks for, and with what tells how it was called.
// One line on stdout says where it listens; it ends with its standard input. SETTINGS (JSON): token: the only bearer
// token that is let in; page: tools per page; tools: more tools, by name; sessions: false for none; json: answers
// without streams.
import { randomUUID } from 'node:crypto';
import express from 'express';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { hostHeaderValidation } from '@modelcontextprotocol/sdk/server/middleware/hostHeaderValidation.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  CallToolRequestSchema, CompleteRequestSchema, CreateMessageResultSchema, ElicitResultSchema, GetPromptRequestSchema,
  ListPromptsRequestSchema, ListResourcesRequestSchema, ListResourceTemplatesRequestSchema, ListRootsResultSchema,
  ListToolsRequestSchema, ReadResourceRequestSchema, SetLevelRequestSchema, SubscribeRequestSchema,
  UnsubscribeRequestSchema, McpError,
} from '@modelcontextprotocol/sdk/types.js';

const settings = JSON.parse(process.env.SETTINGS ?? '{}');
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const wav = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=';
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const text = (value) => ({ content: [{ type: 'text', text: value }] });
const nothing = { type: 'object', properties: {} };
const seen = { calls: 0, cancelled: 0, requests: [], sessions: 0 };

const strings = (...names) => ({
  type: 'object', required: names, properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
});
const titled = (kind, ...names) => names.map((name) => ({ const: name, title: `${kind} ${name}` }));
const elicit = async (extra, message, requestedSchema, say) => {
  const answer = await extra.sendRequest({ method: 'elicitation/create', params: { message, requestedSchema } }, ElicitResultSchema);
  return text(`${say}: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`);
};

// name -> [description, inputSchema, call(arguments, extra)]
const tools = {
  test_simple_text: ['Says one sentence', nothing, () => text('This is a simple text response for testing.')],
  test_image_content: ['Gives an image', nothing, () => ({ content: [{ type: 'image', data: png, mimeType: 'image/png' }] })],
  test_audio_content: ['Gives a sound', nothing, () => ({ content: [{ type: 'audio', data: wav, mimeType: 'audio/wav' }] })],
  test_embedded_resource: ['Gives a resource', nothing, () => ({
    content: [{ type: 'resource', resource: { uri: 'test://embedded-resource', mimeType: 'text/plain',
                                              text: 'This is an embedded resource content.' } }],
  })],
  test_multiple_content_types: ['Gives several things', nothing, () => ({
    content: [{ type: 'text', text: 'Multiple content types test:' }, { type: 'image', data: png, mimeType: 'image/png' },
              { type: 'resource', resource: { uri: 'test://mixed-content-resource', mimeType: 'application/json',
                                              text: JSON.stringify({ test: 'data', value: 123 }) } }],
  })],
  test_tool_with_logging: ['Logs while it works', nothing, async (_, extra) => {
    for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      await extra.sendNotification({ method: 'notifications/message', params: { level: 'info', logger: 'fixture', data } });
      await pause(50);
    }
    return text('Tool with logging executed successfully');
  }],
  test_error_handling: ['Fails', nothing, () => ({ isError: true, ...text('This tool intentionally returns an error for testing') })],
  test_tool_with_progress: ['Tells how far it is', nothing, async (_, extra) => {
    const progressToken = extra._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined) {
        await extra.sendNotification({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
      }
      await pause(50);
    }
    return text('Tool with progress executed successfully');
  }],
  test_sampling: ['Asks the client\'s model', strings('prompt'), async ({ prompt }, extra) => {
    const answer = await extra.sendRequest({ method: 'sampling/createMessage', params: {
      messages: [{ role: 'user', content: { type: 'text', text: prompt } }], maxTokens: 100 } }, CreateMessageResultSchema);
    return text(`LLM response: ${answer.content.text ?? JSON.stringify(answer.content)}`);
  }],
  test_elicitation: ['Asks the user', strings('message'), ({ message }, extra) =>
    elicit(extra, message, strings('username', 'email'), 'User response')],
  test_elicitation_sep1034_defaults: ['Asks the user, with defaults', nothing, (_, extra) =>
    elicit(extra, 'Please review the defaults', { type: 'object', required: [], properties: {
      name: { type: 'string', default: 'John Doe' }, age: { type: 'integer', default: 30 },
      score: { type: 'number', default: 95.5 },
      status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
      verified: { type: 'boolean', default: true } } }, 'Elicitation completed')],
  test_elicitation_sep1330_enums: ['Asks the user to choose', nothing, (_, extra) =>
    elicit(extra, 'Please choose', { type: 'object', required: [], properties: {
      untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
      titledSingle: { type: 'string', oneOf: titled('Option', 'value1', 'value2', 'value3') },
      legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
      untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
      titledMulti: { type: 'array', items: { anyOf: titled('Choice', 'value1', 'value2', 'value3') } } } },
      'Elicitation completed')],
  json_schema_2020_12_tool: ['Has a schema with all its parts', {
    $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object',
    $defs: { address: { type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' } } } },
    properties: { name: { type: 'string' }, address: { $ref: '#/$defs/address' } }, additionalProperties: false,
  }, () => text('ok')],
  test_reconnection: ['Closes its stream before it answers', nothing, async (_, extra) => {
    extra.closeSSEStream?.();
    await pause(100);
    return text('Reconnection test completed successfully');
  }],
  // What follows is for tests of our own.
  test_roots: ['Asks for the client\'s roots', nothing, async (_, extra) =>
    text(JSON.stringify((await extra.sendRequest({ method: 'roots/list' }, ListRootsResultSchema)).roots))],
  list_repos: ['Lists repositories', strings('org'), ({ org }) => ({
    ...text(`repositories of ${org}`), structuredContent: { org, repos: ['one', 'two'] } })],
  request_fields: ['Tells the fields of the request', nothing, (_, extra) => text(JSON.stringify(extra.requestInfo?.headers ?? {}))],
  wait: ['Waits until it is cancelled', nothing, (_, extra) => new Promise((done) => {
    extra.signal.addEventListener('abort', () => { seen.cancelled += 1; done(text('cancelled')); });
  })],
  large: ['Gives a long text', { type: 'object', properties: { bytes: { type: 'integer' } } }, ({ bytes }) => text('x'.repeat(bytes))],
};
for (let i = 0; i < (settings.tools ?? 0); i += 1) tools[`extra_${i}`] = [`The tool ${i}`, nothing, () => text(`extra ${i}`)];

const prompts = {
  test_simple_prompt: ['One sentence', [], () => [text('This is a simple prompt for testing.').content[0]]],
  test_prompt_with_arguments: ['With arguments', ['arg1', 'arg2'], ({ arg1, arg2 }) =>
    [text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`).content[0]]],
  test_prompt_with_embedded_resource: ['With a resource', ['resourceUri'], ({ resourceUri }) => [
    { type: 'resource', resource: { uri: resourceUri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' } },
    text('Please process the embedded resource above.').content[0]]],
  test_prompt_with_image: ['With an image', [], () => [
    { type: 'image', data: png, mimeType: 'image/png' }, text('Please analyze the image above.').content[0]]],
};

const resources = [
  { uri: 'test://static-text', name: 'Static text', description: 'A text', mimeType: 'text/plain' },
  { uri: 'test://static-binary', name: 'Static image', description: 'An image', mimeType: 'image/png' },
  { uri: 'test://watched-resource', name: 'Watched', description: 'A text that changes', mimeType: 'text/plain' },
];

function read(uri) {
  if (uri === 'test://static-text') return { uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' };
  if (uri === 'test://static-binary') return { uri, mimeType: 'image/png', blob: png };
  if (uri === 'test://watched-resource') return { uri, mimeType: 'text/plain', text: 'watched' };
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id) return { uri, mimeType: 'application/json', text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) };
  throw new McpError(-32002, 'Resource not found', { uri });
}

function server() {
  const made = new Server({ name: 'fixture', version: '1.0.0' }, { capabilities: {
    tools: { listChanged: true }, resources: { subscribe: true }, prompts: {}, logging: {}, completions: {} } });
  const watched = new Set();
  const handle = (schema, handler) => made.setRequestHandler(schema, handler);
  handle(ListToolsRequestSchema, ({ params }) => {
    const all = Object.entries(tools).map(([name, [description, inputSchema]]) => ({ name, description, inputSchema }));
    const start = Number(params?.cursor ?? 0);
    const end = start + (settings.page ?? all.length);
    return { tools: all.slice(start, end), ...(end < all.length ? { nextCursor: String(end) } : {}) };
  });
  handle(CallToolRequestSchema, async ({ params }, extra) => {
    seen.calls += 1;
    const tool = Object.hasOwn(tools, params.name) ? tools[params.name] : null;
    if (!tool) throw new McpError(-32602, `Unknown tool: ${params.name}`);
    return tool[2](params.arguments ?? {}, extra);
  });
  handle(ListResourcesRequestSchema, () => ({ resources }));
  handle(ListResourceTemplatesRequestSchema, () => ({ resourceTemplates: [
    { uriTemplate: 'test://template/{id}/data', name: 'Template', description: 'Data by id', mimeType: 'application/json' }] }));
  handle(ReadResourceRequestSchema, ({ params }) => ({ contents: [read(params.uri)] }));
  handle(SubscribeRequestSchema, ({ params }) => { watched.add(params.uri); return {}; });
  handle(UnsubscribeRequestSchema, ({ params }) => { watched.delete(params.uri); return {}; });
  handle(ListPromptsRequestSchema, () => ({ prompts: Object.entries(prompts).map(([name, [description, names]]) => (
    { name, description, arguments: names.map((one) => ({ name: one, description: one, required: true })) })) }));
  handle(GetPromptRequestSchema, ({ params }) => ({
    messages: prompts[params.name][2](params.arguments ?? {}).map((content) => ({ role: 'user', content })) }));
  handle(SetLevelRequestSchema, () => ({}));
  handle(CompleteRequestSchema, () => ({ completion: { values: ['paris', 'park', 'party'], total: 150, hasMore: false } }));
  return made;
}

// Events in the order in which they came, so that a stream goes on where it was left.
function eventStore() {
  const events = [];
  return {
    storeEvent: async (stream, message) => `${events.push({ stream, message })}`,
    getStreamIdForEventId: async (id) => events[Number(id) - 1]?.stream,
    replayEventsAfter: async (last, { send }) => {
      const { stream } = events[Number(last) - 1];
      for (let i = Number(last); i < events.length; i += 1) {
        if (events[i].stream === stream && events[i].message.jsonrpc) await send(`${i + 1}`, events[i].message);
      }
      return stream;
    },
  };
}

const sessions = new Map();
async function transportOf(request) {
  const known = sessions.get(request.headers['mcp-session-id']);
  if (known || request.headers['mcp-session-id']) return known;
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: settings.sessions === false ? undefined : randomUUID, eventStore: eventStore(), retryInterval: 200,
    enableJsonResponse: settings.json === true,
    onsessioninitialized: (id) => { seen.sessions += 1; sessions.set(id, transport); },
    onsessionclosed: (id) => { seen.sessions -= 1; sessions.delete(id); },
  });
  await server().connect(transport);
  return transport;
}

const app = express();
app.get('/seen', (_, response) => response.json(seen));
app.post('/forget-sessions', (_, response) => { sessions.clear(); response.json({}); });
app.post('/token', express.json(), (request, response) => { settings.token = request.body.token; response.json({}); });
app.use(hostHeaderValidation(['127.0.0.1', 'localhost', '[::1]']));
app.all('/mcp', async (request, response) => {
  seen.requests.push({ method: request.method, headers: request.headers });
  if (settings.token && request.headers.authorization !== `Bearer ${settings.token}`) {
    response.status(401).set('WWW-Authenticate', `Bearer error="invalid_token"${settings.challenge ?? ''}`).json({ error: 'invalid_token' });
    return;
  }
  const transport = await transportOf(request);
  if (!transport) {
    response.status(404).json({ jsonrpc: '2.0', error: { code: -32001, message: 'Session not found' }, id: null });
    return;
  }
  await transport.handleRequest(request, response);
});
const listener = app.listen(settings.port ?? 0, '127.0.0.1', () => console.log(JSON.stringify({ port: listener.address().port })));
process.stdin.on('end', () => process.exit(0)).resume();
