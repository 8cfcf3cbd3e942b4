// Vercel's ai package with its providers for OpenAI (chat and responses) and Anthropic, and nothing but the environment.
import {anthropic} from '@ai-sdk/anthropic';
import {openai} from '@ai-sdk/openai';
import {embedMany, generateText, jsonSchema, Output, stepCountIs, streamText, tool} from 'ai';
import {CITY, FOUND, PIXEL, SYSTEM, run, weather} from './steps.mjs';

const name = process.env.LLM_MODEL;
const models = {chat: openai.chat(name), responses: openai.responses(name), messages: anthropic(name)};
const model = models[process.env.API];
const common = {model, maxRetries: 0, system: SYSTEM};
const tools = {get_weather: tool({description: 'The weather in a city', inputSchema: jsonSchema(CITY), execute: async given => weather(given)})};
const said = async ({text, finishReason, usage}) => {
  const found = await usage;
  return {text: await text, finish: await finishReason, usage: [found.inputTokens, found.outputTokens]};
};
const calls = steps => steps.flatMap(step => step.toolCalls).map(call => [call.toolName, call.input]);

const streamed = async options => {
  let failed;
  const stream = streamText({...common, ...options, onError: ({error}) => { failed = error; }});
  let pieces = 0;
  for await (const _ of stream.textStream) ++pieces;
  if (failed) throw failed;
  return {stream, pieces};
};

await run({
  chat: async () => said(await generateText({...common, prompt: '[chat] hello', temperature: 0.5, maxOutputTokens: 100})),
  stream: async () => {
    const {stream, pieces} = await streamed({prompt: '[chat] hello', temperature: 0.5, maxOutputTokens: 100});
    return {...await said(stream), pieces};
  },
  tools: async () => {
    const done = await generateText({...common, prompt: '[tools] Paris and Rome?', tools, stopWhen: stepCountIs(4)});
    return {calls: calls(done.steps), text: done.text, finish: done.finishReason};
  },
  toolsStream: async () => {
    const {stream} = await streamed({prompt: '[tools] Paris and Rome?', tools, stopWhen: stepCountIs(4)});
    return {calls: calls(await stream.steps), text: await stream.text, finish: await stream.finishReason};
  },
  structured: async () => (await generateText({...common, prompt: '[structured] Paris?', output: Output.object({schema: jsonSchema(FOUND)})})).output,
  image: async () => said(await generateText({...common, messages: [{role: 'user', content: [
    {type: 'text', text: '[image] what is it?'}, {type: 'image', image: Buffer.from(PIXEL, 'base64'), mediaType: 'image/png'}]}]})),
  length: async () => said(await generateText({...common, prompt: '[length] go on'})),
  limited: async () => said(await generateText({...common, prompt: '[limited] now'})),
  breaks: async () => said((await streamed({prompt: '[breaks] now'})).stream),
  embeddings: async () => (await embedMany({model: openai.embedding(process.env.LLM_MODEL_EMBEDDING), values: ['one', 'two']})).embeddings,
});
