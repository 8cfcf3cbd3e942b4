// What Node's parser makes of the bytes that it gets: one line of JSON for each request, and for each connection whose
// bytes are none. Takes the file for them and the names of its servers; says the ports.
import fs from "node:fs";
import http from "node:http";

const [file, ...names] = process.argv.slice(1);
const out = fs.openSync(file, "a");
const note = (entry) => fs.writeSync(out, JSON.stringify(entry) + "\n");

const serve = (name) => new Promise((done) => {
  const server = http.createServer({ maxHeaderSize: 1 << 20, keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 });
  server.on("request", (request, response) => {
    const pieces = [];
    const say = (complete) => note({
      server: name, method: request.method, target: request.url, fields: request.rawHeaders, complete,
      body: Buffer.concat(pieces).toString("latin1"), trailers: request.rawTrailers,
    });
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => { say(true); response.end("seen"); });
    request.on("aborted", () => say(false));
    request.on("error", () => {});
  });
  server.on("clientError", (error, socket) => {
    if (error.code !== "ECONNRESET" && error.code !== "HPE_INVALID_EOF_STATE") note({ server: name, problem: String(error.code) });
    socket.destroy();
  });
  server.listen(0, "127.0.0.1", () => done(server.address().port));
});

console.log(JSON.stringify(await Promise.all(names.map(serve))));
