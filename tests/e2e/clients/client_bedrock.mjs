// AWS's SDK for models as it is: HTTP/2 is its default. No keys; the endpoint is the door, or the service's own.
import { BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand, InvokeModelCommand } from "@aws-sdk/client-bedrock-runtime";

const client = new BedrockRuntimeClient({ endpoint: process.env.ENDPOINT, maxAttempts: 1 });
const modelId = "test.model-v1:0";
const messages = [{ role: "user", content: [{ text: "Gr\u00fc\u00dfe" }] }];
const invoke = (id, body) => client.send(new InvokeModelCommand({ modelId: id, contentType: "application/json", body: JSON.stringify(body) }));

const told = { texts: [] };
const answer = await client.send(new ConverseCommand({ modelId, messages }));
told.converse = answer.output.message.content[0].text;
for await (const event of (await client.send(new ConverseStreamCommand({ modelId, messages }))).stream) {
  if (event.contentBlockDelta) told.texts.push(event.contentBlockDelta.delta.text);
}
told.large = JSON.parse((await invoke(modelId, { large: "x".repeat(3_000_000) })).body.transformToString()).size;
told.many = await Promise.all(Array.from({ length: 20 }, async (_, n) => JSON.parse((await invoke(modelId, { n })).body.transformToString()).size));
told.refused = await invoke("forbidden", {}).then(() => "it succeeded",
  (error) => ({ status: error.$metadata?.httpStatusCode, message: error.message }));
console.log(JSON.stringify(told));
process.exit(0);
