// Calls every operation of the API at a URL with the generated client, compiled to `client.js` in a folder.
// Usage: node generated_client.mjs FOLDER URL

import { createServer } from "node:http";

const [folder, url] = process.argv.slice(2);
const { calls } = await import(`${folder}/client.js`);
const server = createServer((_, response) => {
  response.writeHead(200, { "content-type": "text/html" });
  response.end("<title>Fixture</title><a href=/about>About us</a>");
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const called = Object.entries(calls(url, `http://127.0.0.1:${server.address().port}/`));
for (const [operation, answer] of called) {
  const { response } = await answer;
  if (!response.ok) throw new Error(`${operation}: ${response.status} of ${response.url}`);
}
const { paths } = await (await fetch(`${url}/openapi.json`)).json();
const methods = new Set(["get", "head", "options", "post"]);
const described = Object.entries(paths).flatMap(([path, all]) =>
  Object.keys(all).filter((key) => methods.has(key)).map((method) => `${method} ${path}`));
const missing = described.filter((operation) => !called.some(([known]) => known === operation));
if (missing.length > 0) throw new Error(`not called: ${missing}`);
console.log(`generated TypeScript client: ${described.length} operations called`);
process.exit(0);
