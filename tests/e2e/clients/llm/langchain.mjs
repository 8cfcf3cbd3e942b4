// LangChain's package for OpenAI with nothing but the environment.
import {HumanMessage, SystemMessage, ToolMessage} from '@langchain/core/messages';
import {tool} from '@langchain/core/tools';
import {ChatOpenAI, OpenAIEmbeddings} from '@langchain/openai';
import {CITY, FOUND, PIXEL, SYSTEM, run, weather} from './steps.mjs';

const model = new ChatOpenAI({model: process.env.LLM_MODEL, maxRetries: 0, temperature: 0.5, maxTokens: 100, useResponsesApi: false});
const messages = text => [new SystemMessage(SYSTEM), new HumanMessage(text)];
const getWeather = tool(weather, {name: 'get_weather', description: 'The weather in a city', schema: CITY});
const said = found => ({text: found.text, finish: found.response_metadata.finish_reason,
  usage: [found.usage_metadata?.input_tokens, found.usage_metadata?.output_tokens]});

const gathered = async (asked, history) => {
  let whole, pieces = 0;
  for await (const piece of await asked.stream(history)) {
    pieces += piece.text !== '';
    whole = whole ? whole.concat(piece) : piece;
  }
  return {whole, pieces};
};

const loop = async complete => {
  const asked = model.bindTools([getWeather]), history = messages('[tools] Paris and Rome?'), calls = [];
  for (;;) {
    const found = await complete(asked, history);
    if (!found.tool_calls.length) return {calls, text: found.text, finish: found.response_metadata.finish_reason};
    history.push(found);
    for (const call of found.tool_calls) {
      calls.push([call.name, call.args]);
      history.push(new ToolMessage({tool_call_id: call.id, content: await getWeather.invoke(call.args)}));
    }
  }
};

await run({
  chat: async () => said(await model.invoke(messages('[chat] hello'), {stop: ['END']})),
  stream: async () => {
    const {whole, pieces} = await gathered(model, messages('[chat] hello'));
    return {...said(whole), pieces};
  },
  tools: () => loop((asked, history) => asked.invoke(history)),
  toolsStream: () => loop(async (asked, history) => (await gathered(asked, history)).whole),
  structured: () => model.withStructuredOutput(FOUND, {name: 'found', method: 'jsonSchema', strict: true}).invoke(messages('[structured] Paris?')),
  image: async () => said(await model.invoke([new HumanMessage({content: [
    {type: 'text', text: '[image] what is it?'}, {type: 'image_url', image_url: {url: `data:image/png;base64,${PIXEL}`}}]})])),
  limited: async () => said(await model.invoke(messages('[limited] now'))),
  embeddings: () => new OpenAIEmbeddings({model: process.env.LLM_MODEL_EMBEDDING, maxRetries: 0}).embedDocuments(['one', 'two']),
});
