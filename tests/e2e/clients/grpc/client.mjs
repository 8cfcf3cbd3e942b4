// gRPC's client for Node, @grpc/grpc-js. Tells what it saw as JSON; the same as client.py and client.go.
import grpc from "@grpc/grpc-js";
import { createHash, randomBytes } from "node:crypto";
import { createInterface } from "node:readline";

const SERVICE = "/bank.Accounts/";
const LIMIT = 60_000;
const asIs = (bytes) => bytes;
const credentials = process.env.TLS ? grpc.credentials.createSsl() : grpc.credentials.createInsecure();
const client = new grpc.Client(process.env.TARGET, credentials,
                               { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
const within = (time = LIMIT) => ({ deadline: Date.now() + time });
const text = (metadata) => Object.fromEntries(
  Object.entries(metadata.getMap()).map(([name, value]) => [name, Buffer.isBuffer(value) ? value.toString("hex") : value]));
const failure = (error) => ({ code: error.code, message: error.details, trailers: text(error.metadata) });

function unary(name, message, options = within(), metadata = new grpc.Metadata()) {
  let call;
  const answered = new Promise((resolve, reject) => {
    const heard = { };
    call = client.makeUnaryRequest(SERVICE + name, asIs, asIs, Buffer.from(message), metadata, options, (error, answer) => {
      heard.error = error;
      heard.answer = answer;
    });
    call.on("metadata", (headers) => { heard.headers = headers; });
    call.on("status", (status) => {
      setImmediate(() => heard.error ? reject(heard.error) : resolve({ ...heard, trailers: status.metadata }));
    });
  });
  return { call, answered };
}
const failing = (name, message, options) => unary(name, message, options).answered.then(() => "it succeeded", failure);

async function heardOf(stream) {
  const heard = [];
  for await (const one of stream) heard.push(one.toString());
  return heard;
}
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const steps = {
  async get() {
    const metadata = new grpc.Metadata();
    metadata.add("x-mine", "yes");
    metadata.add("x-mine-bin", Buffer.from("\0\xffm", "latin1"));
    metadata.add("x-mine", "again");
    const { answer, headers, trailers } = await unary("Get", "hello", within(), metadata).answered;
    return { answer: answer.toString(), headers: text(headers), trailers: text(trailers) };
  },
  list: () => heardOf(client.makeServerStreamRequest(SERVICE + "List", asIs, asIs, Buffer.from("item"), new grpc.Metadata(), within())),
  collect: () => new Promise((resolve, reject) => {
    const call = client.makeClientStreamRequest(SERVICE + "Collect", asIs, asIs, new grpc.Metadata(), within(),
                                                (error, answer) => error ? reject(error) : resolve(answer.toString()));
    for (const one of "abc") call.write(Buffer.from(one));
    call.end();
  }),
  async chat() {
    const call = client.makeBidiStreamRequest(SERVICE + "Chat", asIs, asIs, new grpc.Metadata(), within());
    const heard = [];
    call.write(Buffer.from("0"));
    for await (const one of call) {
      heard.push(one.toString());
      if (heard.length < 10) call.write(Buffer.from(String(heard.length)));
      else call.end();
    }
    return heard;
  },
  fail: () => failing("Fail", ""),
  fail_late: () => new Promise((resolve) => {
    const heard = [];
    const call = client.makeServerStreamRequest(SERVICE + "FailLate", asIs, asIs, Buffer.alloc(0), new grpc.Metadata(), within());
    call.on("data", (one) => heard.push(one.toString()));
    call.on("error", (error) => resolve({ heard, ...failure(error) }));
  }),
  late: async () => (await failing("Slow", "late", within(400))).code,
  async cancel() {
    const { call, answered } = unary("Slow", "cancelled");
    const code = answered.then(() => "it succeeded", (error) => error.code);
    await lines.next();
    call.cancel();
    return code;
  },
  async large() {
    const sent = Buffer.concat(Array(5).fill(randomBytes(1 << 20)));
    const { answer } = await unary("Echo", sent).answered;
    const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");
    return digest(answer) === digest(sent);
  },
  many: () => Promise.all(Array.from({ length: 50 }, async (_, number) => (await unary("Get", String(number)).answered).answer.toString())),
  refused: () => failing("Delete", "account"),
  stranger: async () => (await failing("Nothing", "")).code,
  approved: async () => (await unary("Transfer", "money").answered).answer.toString(),
};

for (const name of process.env.STEPS.split(" ")) console.log(JSON.stringify([name, await steps[name]()]));
process.exit(0);
