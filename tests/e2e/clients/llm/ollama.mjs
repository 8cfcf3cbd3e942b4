// Ollama's package.
import {Ollama} from 'ollama';
import {CITY, FOUND, PIXEL, SYSTEM, run} from './steps.mjs';

const client = new Ollama({host: process.env.OLLAMA_URL});
const model = process.env.LLM_MODEL;
const messages = (content, more) => [{role: 'system', content: SYSTEM}, {role: 'user', content, ...more}];
const tools = [{type: 'function', function: {name: 'get_weather', description: 'The weather in a city', parameters: CITY}}];
const said = found => ({text: found.message.content, finish: found.done_reason, usage: [found.prompt_eval_count, found.eval_count]});

await run({
  chat: async () => said(await client.chat({model, messages: messages('[chat] hello'), options: {temperature: 0.5, num_predict: 100}})),
  stream: async () => {
    let text = '', last;
    for await (const piece of await client.chat({model, messages: messages('[chat] hello'), stream: true})) text += (last = piece).message.content;
    return {...said(last), text};
  },
  tools: async () => (await client.chat({model, messages: messages('[tools] Paris and Rome?'), tools})).message.tool_calls
    .map(call => [call.function.name, call.function.arguments]),
  structured: async () => JSON.parse((await client.chat({model, messages: messages('[structured] Paris?'), format: FOUND})).message.content),
  image: async () => said(await client.chat({model, messages: messages('[image] what is it?', {images: [PIXEL]})})),
  embeddings: async () => (await client.embed({model, input: ['one', 'two']})).embeddings,
  limited: async () => client.chat({model, messages: messages('[limited] now')}),
});
