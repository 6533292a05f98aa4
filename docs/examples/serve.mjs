// The same front for Node: node serve.mjs PORT LOG.jsonl pagewright generate CONFIG.yaml [OPTION]...
import { createServer } from "node:http";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { createWriteStream } from "node:fs";

const [port, log, program, ...rest] = process.argv.slice(2);
const policy = spawn(program, rest, { stdio: ["pipe", "pipe", "inherit"] });
const shown = createWriteStream(log, { flags: "a" });
const waiting = []; // answers come in the order of the requests

const server = createServer(async (request, response) => {
  let body = "";
  for await (const part of request.setEncoding("utf8")) body += part;
  const reply = (status, answer) => response.writeHead(status, { "Content-Type": "application/json" }).end(answer + "\n");
  try {
    body = JSON.stringify(JSON.parse(body)); // one line
  } catch (problem) {
    return reply(400, JSON.stringify({ error: `not valid JSON: ${problem.message}` }));
  }
  waiting.push((answer) => {
    const good = !answer.startsWith('{"error"');
    if (good) shown.write(answer + "\n");
    reply(good ? 200 : 400, answer);
  });
  policy.stdin.write(body + "\n");
});
createInterface({ input: policy.stdout }).on("line", (answer) => waiting.shift()(answer));
policy.on("exit", (code) => process.exit(code || 1));
server.listen(Number(port), "127.0.0.1", () => console.log("serving on port", server.address().port));
