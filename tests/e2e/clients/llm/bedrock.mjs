// AWS's package for Bedrock, over HTTP/1.1.
import {BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand} from '@aws-sdk/client-bedrock-runtime';
import {NodeHttpHandler} from '@smithy/node-http-handler';
import {CITY, PIXEL, SYSTEM, run} from './steps.mjs';

const client = new BedrockRuntimeClient({maxAttempts: 1, endpoint: process.env.BEDROCK_URL, requestHandler: new NodeHttpHandler()});
const modelId = process.env.LLM_MODEL;
const common = {modelId, system: [{text: SYSTEM}], inferenceConfig: {maxTokens: 100, temperature: 0.5}};
const user = (...content) => [{role: 'user', content}];
const send = body => client.send(new ConverseCommand({...common, ...body}));
const toolConfig = {tools: [{toolSpec: {name: 'get_weather', description: 'The weather in a city', inputSchema: {json: CITY}}}]};

const streamed = async body => {
  const {stream} = await client.send(new ConverseStreamCommand({...common, ...body}));
  const kinds = [], texts = [], inputs = [];
  let usage, finish;
  for await (const event of stream) {
    kinds.push(Object.keys(event)[0]);
    texts.push(event.contentBlockDelta?.delta.text ?? '');
    if (event.contentBlockDelta?.delta.toolUse) inputs[event.contentBlockDelta.contentBlockIndex] ??= '';
    if (event.contentBlockDelta?.delta.toolUse) inputs[event.contentBlockDelta.contentBlockIndex] += event.contentBlockDelta.delta.toolUse.input;
    finish ??= event.messageStop?.stopReason;
    usage ??= event.metadata?.usage;
  }
  return {text: texts.join(''), finish, usage: [usage.inputTokens, usage.outputTokens, usage.totalTokens], inputs: inputs.map(one => JSON.parse(one))};
};

await run({
  chat: async () => {
    const {output, stopReason: finish, usage} = await send({messages: user({text: '[chat] hello'})});
    return {text: output.message.content[0].text, finish, usage: [usage.inputTokens, usage.outputTokens, usage.totalTokens]};
  },
  stream: () => streamed({messages: user({text: '[chat] hello'})}),
  toolsStream: () => streamed({messages: user({text: '[tools] Paris and Rome?'}), toolConfig}),
  image: async () => (await send({messages: user({text: '[image] what is it?'},
    {image: {format: 'png', source: {bytes: Buffer.from(PIXEL, 'base64')}}})})).output.message.content[0].text,
  limited: async () => send({messages: user({text: '[limited] now'})}),
  breaks: async () => streamed({messages: user({text: '[breaks] now'})}),
});
