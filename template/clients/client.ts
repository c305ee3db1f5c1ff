/** A client of the API, with the types that `make client` takes from its OpenAPI document. */

import createClient, { type Client } from "openapi-fetch";

import type { paths } from "./schema.js";

/** Returns a client; `token` gives the access token, if somebody has signed in. */
export function connect(baseUrl: string, token?: () => string | undefined): Client<paths> {
  const client = createClient<paths>({ baseUrl });
  client.use({
    onRequest({ request }) {
      const access = token?.();
      if (access) request.headers.set("Authorization", `Bearer ${access}`);
      return request;
    },
  });
  return client;
}
