// An independent gRPC server, @grpc/grpc-js: serves what harness/grpc_server.py does, as far as calls end by themselves.
import grpc from "@grpc/grpc-js";
import { readFileSync } from "node:fs";

const asIs = (bytes) => bytes;
const define = (name, requestStream, responseStream) => ({
  path: `/bank.Accounts/${name}`, requestStream, responseStream,
  requestSerialize: asIs, requestDeserialize: asIs, responseSerialize: asIs, responseDeserialize: asIs });

const metadata = (name, mark, value) => {
  const made = new grpc.Metadata();
  made.set(name, value);
  made.set(`${name}-bin`, Buffer.from(`\0\xff${mark}`, "latin1"));
  return made;
};
const get = (call, answer) => {
  call.sendMetadata(metadata("x-first", "i", "1"));
  answer(null, Buffer.concat([Buffer.from("got "), call.request]), metadata("x-last", "t", "2"));
};
const why = new grpc.Metadata();
why.set("x-why", "gone");

const handlers = {
  Get: [false, false, get], Delete: [false, false, get], Transfer: [false, false, get],
  Echo: [false, false, (call, answer) => answer(null, call.request)],
  List: [false, true, (call) => {
    for (let number = 0; number < 5; number++) call.write(Buffer.from(`${call.request} ${number}`));
    call.end();
  }],
  Collect: [true, false, (call, answer) => {
    const heard = [];
    call.on("data", (one) => heard.push(one));
    call.on("end", () => answer(null, Buffer.from(heard.join("|"))));
  }],
  Chat: [true, true, (call) => {
    call.on("data", (one) => call.write(Buffer.concat([Buffer.from("re "), one])));
    call.on("end", () => call.end());
  }],
  Fail: [false, false, (call, answer) => answer({ code: grpc.status.NOT_FOUND, details: "no such account: 100% \u00fc", metadata: why })],
  FailLate: [false, true, (call) => {
    call.write(Buffer.from("first"));
    call.emit("error", { code: grpc.status.DATA_LOSS, details: "lost" });
  }],
};

const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
server.addService(Object.fromEntries(Object.entries(handlers).map(([name, [requests, responses]]) => [name, define(name, requests, responses)])),
                  Object.fromEntries(Object.entries(handlers).map(([name, [, , handler]]) => [name, handler])));
const credentials = process.env.CHAIN
  ? grpc.ServerCredentials.createSsl(null, [{ cert_chain: readFileSync(process.env.CHAIN), private_key: readFileSync(process.env.KEY) }])
  : grpc.ServerCredentials.createInsecure();
server.bindAsync("127.0.0.1:0", credentials, (error, port) => {
  if (error) throw error;
  console.log(port);
});
process.stdin.on("close", () => process.exit(0)).resume();
