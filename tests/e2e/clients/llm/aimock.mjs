// An independent server that answers like OpenAI and Anthropic, with the answers of harness/llm/scenario.py. Prints where it is.
import {LLMock} from '@copilotkit/aimock';

const mock = new LLMock({port: 0, auth: undefined, chunkSize: 4});
const call = (id, city) => ({id, name: 'get_weather', arguments: JSON.stringify({city})});
mock.on({userMessage: '[tools]', hasToolResult: true}, {content: 'Paris: 5 degrees. Rome: 4 degrees. '})
  .on({userMessage: '[tools]', hasToolResult: false}, {toolCalls: [call('call_1', 'Paris'), call('call_2', 'Rome')]})
  .onMessage('[chat]', {content: 'Hello, wörld – 世界.', usage: {prompt_tokens: 21, completion_tokens: 9, total_tokens: 30, input_tokens: 21, output_tokens: 9}})
  .onMessage('[structured]', {content: '{"city": "Paris", "degrees": 18}'})
  .onMessage('[limited]', {error: {message: 'slow down', type: 'rate_limit_error', code: 'rate_limit_exceeded'}, status: 429}, {})
  .onMessage('[broken]', {error: {message: 'it is broken', type: 'server_error'}, status: 500})
  .onMessage('[dies]', {content: 'It begins and it never ends because the line is cut.'}, {truncateAfterChunks: 3, latency: 50})
  .onEmbedding(/one|two/, {embedding: [0.5, -0.25, 0.125, 1]});
await mock.start();
console.log(JSON.stringify({url: mock.url}));
process.stdin.resume().on('end', () => process.exit(0));
