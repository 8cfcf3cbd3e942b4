// An agent with one tool. All it knows of the tool is TOOL_ECHO_URL.

/** Calls the tool; a refusal is an answer like any other, with a code and a hint. */
async function call(method, path, body) {
  const answer = await fetch(process.env.TOOL_ECHO_URL + path, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

const said = await call('POST', '/echo', { message: `hello from ${process.env.AGENT_NAME}` });
console.log('POST /echo:', said.status, said.body.reply);

const refused = await call('DELETE', '/anything');
console.log('DELETE /anything:', refused.status, refused.body.code);
