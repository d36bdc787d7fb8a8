// Every operation of an API, with the types that openapi-typescript has generated from its description: `./api`.

import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Answer = Promise<{ response: Response }>;

/** The operations, called at the API at `baseUrl`, with the URL of a page. */
export function calls(baseUrl: string, page: string): Record<string, Answer> {
  const client = createClient<paths>({ baseUrl });
  const text = { parseAs: "text" } as const;
  const code = { params: { path: { code: "not-html" } } } as const;
  const path = { params: { path: { url: page } } };
  const query = { params: { query: { url: page, links: "internal", unique: 1 } } } as const;
  return {
    "get /": client.GET("/", text),
    "head /": client.HEAD("/"),
    "options /": client.OPTIONS("/"),
    "get /problems/{code}": client.GET("/problems/{code}", { ...code, ...text }),
    "head /problems/{code}": client.HEAD("/problems/{code}", code),
    "options /problems/{code}": client.OPTIONS("/problems/{code}", code),
    "get /api/{url}": links(client.GET("/api/{url}", path)),
    "head /api/{url}": client.HEAD("/api/{url}", path),
    "options /api/{url}": client.OPTIONS("/api/{url}", path),
    "get /api": links(client.GET("/api", query)),
    "head /api": client.HEAD("/api", query),
    "options /api": client.OPTIONS("/api"),
    "post /api": client.POST("/api", { body: [page, "ftp://example.com/"], ...text }),
    "post /api with a page": links(client.POST("/api", { body: "<a href=about>About us", ...html(page) })),
    "get /openapi.json": client.GET("/openapi.json"),
    "head /openapi.json": client.HEAD("/openapi.json"),
    "options /openapi.json": client.OPTIONS("/openapi.json"),
  };
}

/** What `POST /api` needs for a page that is sent, which comes from `url`. */
function html(url: string) {
  const headers = { "content-type": "text/html", accept: "application/json" };
  return { params: { query: { url } }, headers, bodySerializer: (body: unknown) => String(body) };
}

type Line = components["schemas"]["BatchLine"];
type Links = { text: string; href: string }[];

/** The answer, which has to have the page's link; other media types are text, or a line about a page. */
async function links(answer: Promise<{ data?: Links | Line | string; response: Response }>): Answer {
  const { data, response } = await answer;
  if (!Array.isArray(data) || data[0]?.text !== "About us") throw new Error(`${response.url}: ${data}`);
  return { response };
}
