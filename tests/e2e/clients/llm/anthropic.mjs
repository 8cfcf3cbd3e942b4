// Anthropic's package with nothing but its environment: the present one, or the last one for API version 2023-06-01.
import {CITY, PIXEL, SYSTEM, run, weather} from './steps.mjs';

const {default: Anthropic} = await import(process.env.PACKAGE ?? '@anthropic-ai/sdk');
const client = new Anthropic({maxRetries: 0});
const model = process.env.LLM_MODEL;
const ask = body => client.messages.create({model, max_tokens: 100, system: SYSTEM, ...body});
const user = text => [{role: 'user', content: text}];
const tools = [{name: 'get_weather', description: 'The weather in a city', input_schema: CITY}];
const said = ({content, stop_reason: finish, usage}) => ({
  text: content.filter(block => block.type === 'text').map(block => block.text).join(''), finish, usage: [usage.input_tokens, usage.output_tokens]});

const collected = async body => {
  const stream = client.messages.stream({model, max_tokens: 100, system: SYSTEM, ...body});
  let pieces = 0;
  stream.on('text', () => ++pieces);
  return {...said(await stream.finalMessage()), pieces};
};

const loop = async (text, complete) => {
  const messages = user(text), calls = [];
  for (;;) {
    const message = await complete({messages, tools, tool_choice: {type: 'auto'}});
    const asked = message.content.filter(block => block.type === 'tool_use');
    if (!asked.length) return {calls, text: said(message).text, finish: message.stop_reason};
    calls.push(...asked.map(({name, input}) => [name, input]));
    messages.push({role: 'assistant', content: message.content},
      {role: 'user', content: asked.map(({id, input}) => ({type: 'tool_result', tool_use_id: id, content: weather(input)}))});
  }
};

await run({
  chat: async () => said(await ask({messages: user('[chat] hello'), stop_sequences: ['END']})),
  stream: () => collected({messages: user('[chat] hello'), stop_sequences: ['END']}),
  tools: () => loop('[tools] Paris and Rome?', ask),
  toolsStream: () => loop('[tools] Paris and Rome?', body => client.messages.stream({model, max_tokens: 100, system: SYSTEM, ...body}).finalMessage()),
  image: async () => said(await ask({messages: [{role: 'user', content: [
    {type: 'text', text: '[image] what is it?'}, {type: 'image', source: {type: 'base64', media_type: 'image/png', data: PIXEL}}]}]})),
  length: async () => said(await ask({messages: user('[length] go on')})),
  lengthStream: () => collected({messages: user('[length] go on')}),
  filter: async () => said(await ask({messages: user('[filter] evil')})),
  limited: async () => said(await ask({messages: user('[limited] now')})),
  broken: async () => said(await ask({messages: user('[broken] now')})),
  breaks: () => collected({messages: user('[breaks] now')}),
  dies: () => collected({messages: user('[dies] now')}),
  unknown: async () => said(await client.messages.create({model: 'no-such-model', max_tokens: 9, messages: user('[chat] hello')})),
  count: async () => (await client.messages.countTokens({model, system: SYSTEM, messages: user('[chat] hello')})).input_tokens,
});
