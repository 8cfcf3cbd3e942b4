// An agent with a model and one tool. Of both it knows where they are, and no key. No packages.

const env = process.env;
const tools = JSON.parse(env.TOOL_DEFINITIONS_JSON);
const routes = JSON.parse(env.TOOL_ROUTES_JSON);

/** A refusal is an answer like any other, with a code and a hint. */
async function call(method, url, body) {
  const answer = await fetch(url, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

/** Calls the tool behind a function that the model has chosen. */
function use(name, given) {
  const route = routes[name];
  const base = env[`TOOL_${route.tool.toUpperCase().replace(/[^A-Z0-9]/g, '_')}_URL`];
  const path = route.path.replace(/\{(\w+)\}/g, (_, part) => encodeURIComponent(given[part]));
  return call(route.method, base + path, route.method === 'GET' ? undefined : given.body);
}

/** Until the model has no more use for a tool. */
async function ask(messages) {
  for (;;) {
    const answer = await call('POST', `${env.LLM_GATEWAY_URL}/chat/completions`, { model: env.LLM_MODEL, messages, tools });
    if (answer.status !== 200) throw new Error(`the model was not asked: ${answer.body.error.message}`);
    const { message } = answer.body.choices[0];
    messages.push(message);
    if (!message.tool_calls?.length) return message.content;
    for (const wanted of message.tool_calls) {
      const outcome = await use(wanted.function.name, JSON.parse(wanted.function.arguments));
      console.log(`${wanted.function.name}: ${outcome.status}`);
      messages.push({ role: 'tool', tool_call_id: wanted.id, content: JSON.stringify(outcome.body) });
    }
  }
}

console.log('model:', await ask([
  { role: 'system', content: env.SYSTEM_PROMPT },
  { role: 'user', content: 'Have a look at what is there.' },
]));

const { status, body } = await call('DELETE', `${env.TOOL_ECHO_URL}/anything`);
const why = body.code ? `${body.code}: ${body.message}` : 'nobody stopped it';
console.log(`DELETE /anything: ${status} ${why}`);
