// The openai package with nothing but its environment.
import OpenAI, {AzureOpenAI} from 'openai';
import {CITY, FOUND, PIXEL, SYSTEM, run, weather} from './steps.mjs';

const client = new (process.env.AZURE_OPENAI_ENDPOINT ? AzureOpenAI : OpenAI)({maxRetries: 0});
const model = process.env.LLM_MODEL;
const messages = text => [{role: 'system', content: SYSTEM}, {role: 'user', content: text}];
const chat = body => client.chat.completions.create({model, ...body});
const tools = [{type: 'function', function: {name: 'get_weather', description: 'The weather in a city', parameters: CITY}}];
const said = ({choices: [choice], usage}) => ({text: choice.message.content, refusal: choice.message.refusal ?? null, finish: choice.finish_reason,
  usage: usage && [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens]});

const collected = async body => {
  const stream = client.chat.completions.stream({model, stream_options: {include_usage: true}, ...body});
  const pieces = [];
  stream.on('content', piece => pieces.push(piece));
  return {...said(await stream.finalChatCompletion()), pieces: pieces.length};
};

const loop = async (text, complete) => {
  const history = messages(text), calls = [];
  for (;;) {
    const {choices: [{message, finish_reason: finish}]} = await complete({messages: history, tools, tool_choice: 'auto'});
    if (!message.tool_calls?.length) return {calls, text: message.content, finish};
    history.push(message);
    for (const {id, function: {name, arguments: text}} of message.tool_calls) {
      const given = JSON.parse(text);
      calls.push([name, given]);
      history.push({role: 'tool', tool_call_id: id, content: weather(given)});
    }
  }
};

const format = {type: 'json_schema', json_schema: {name: 'found', strict: true, schema: FOUND}};
const responseTools = [{type: 'function', name: 'get_weather', description: 'The weather in a city', parameters: CITY, strict: true}];
const respond = body => client.responses.create({model, instructions: SYSTEM, ...body});

const responseLoop = async (text, ask) => {
  const input = [{role: 'user', content: text}], calls = [];
  for (;;) {
    const {output, output_text, status} = await ask({input, tools: responseTools});
    const asked = output.filter(item => item.type === 'function_call');
    if (!asked.length) return {calls, text: output_text, status};
    for (const {call_id, name, arguments: text} of asked) {
      calls.push([name, JSON.parse(text)]);
      input.push({type: 'function_call', call_id, name, arguments: text});
    }
    for (const {call_id, arguments: text} of asked) input.push({type: 'function_call_output', call_id, output: weather(JSON.parse(text))});
  }
};

const streamed = async body => {
  const stream = client.responses.stream({model, instructions: SYSTEM, ...body});
  const kinds = new Set();
  for await (const event of stream) kinds.add(event.type);
  return {...await stream.finalResponse(), kinds: [...kinds]};
};

await run({
  chat: async () => said(await chat({messages: messages('[chat] hello'), temperature: 0.5, max_completion_tokens: 100, stop: ['END']})),
  stream: () => collected({messages: messages('[chat] hello'), temperature: 0.5, max_completion_tokens: 100, stop: ['END']}),
  tools: () => loop('[tools] Paris and Rome?', chat),
  toolsStream: () => loop('[tools] Paris and Rome?', body => client.chat.completions.stream({model, ...body}).finalChatCompletion()),
  structured: async () => said(await chat({messages: messages('[structured] Paris?'), response_format: format})),
  image: async () => said(await chat({messages: [{role: 'user', content: [
    {type: 'text', text: '[image] what is it?'}, {type: 'image_url', image_url: {url: `data:image/png;base64,${PIXEL}`}}]}]})),
  length: async () => said(await chat({messages: messages('[length] go on')})),
  lengthStream: () => collected({messages: messages('[length] go on')}),
  filter: async () => said(await chat({messages: messages('[filter] evil')})),
  filterStream: () => collected({messages: messages('[filter] evil')}),
  refusal: async () => said(await chat({messages: messages('[refusal] no')})),
  limited: async () => said(await chat({messages: messages('[limited] now')})),
  broken: async () => said(await chat({messages: messages('[broken] now')})),
  breaks: () => collected({messages: messages('[breaks] now')}),
  dies: () => collected({messages: messages('[dies] now')}),
  unknown: async () => said(await client.chat.completions.create({model: 'no-such-model', messages: messages('[chat] hello')})),
  embeddings: async () => {
    const {data, usage} = await client.embeddings.create({model: process.env.LLM_MODEL_EMBEDDING, input: ['one', 'two']});
    return {vectors: data.map(one => Array.from(one.embedding)), usage: usage.prompt_tokens};
  },
  models: async () => {
    const ids = [];
    for await (const one of client.models.list()) ids.push(one.id);
    return ids;
  },
  response: async () => {
    const {output_text, status, usage} = await respond({input: '[chat] hello', max_output_tokens: 100, temperature: 0.5});
    return {text: output_text, status, usage: [usage.input_tokens, usage.output_tokens, usage.total_tokens]};
  },
  responseStream: async () => {
    const {output_text, status, usage, kinds} = await streamed({input: '[chat] hello', max_output_tokens: 100, temperature: 0.5});
    return {text: output_text, status, usage: [usage.input_tokens, usage.output_tokens, usage.total_tokens], kinds};
  },
  responseTools: () => responseLoop('[tools] Paris and Rome?', respond),
  responseToolsStream: () => responseLoop('[tools] Paris and Rome?', streamed),
});
