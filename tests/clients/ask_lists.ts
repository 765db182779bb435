// A shop's program in TypeScript, with a client that openapi-typescript makes of the service's description.
// What stands under @ts-expect-error must not compile: the test would fail if it did.
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

declare const process: { argv: string[] };
const [url, key] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });

const list = await client.GET("/v1/recommendations", { params: { query: { user_id: "u-regular", n: 3 } } });
const items: string[] = list.data?.items.map((item) => item.item_id) ?? [];

const refused = await client.GET("/v1/popular", { params: { query: { n: 1000 } } });
const detail: string | undefined = refused.error?.detail;

const sent = await client.POST("/v1/track", {
  body: { messageId: "ts-1", userId: "u-regular", event: "Product Viewed", properties: { product_id: "item-05" } },
});
const outcome: string | undefined = sent.data?.events[0]?.outcome;

const made = await client.POST("/v1/overrides", {
  body: { kind: "block", item_id: "item-00", until: "2090-01-01T00:00:00Z" },
});
const changed = await client.PATCH("/v1/overrides/{override_id}", {
  params: { path: { override_id: made.data?.override_id ?? "none" }, header: { "If-Match": '"1"' } },
  body: { reason: "recall" },
});
const gone = await client.DELETE("/v1/overrides/{override_id}", {
  params: { path: { override_id: made.data?.override_id ?? "none" } },
});

// @ts-expect-error n is a number
await client.GET("/v1/popular", { params: { query: { n: "three" } } });
// @ts-expect-error there is no such path
await client.GET("/v1/recommendation");
// @ts-expect-error a block needs an end
const never = () => client.POST("/v1/overrides", { body: { kind: "block", item_id: "item-00" } });
// @ts-expect-error a change needs If-Match
const blind = () => client.PATCH("/v1/overrides/{override_id}", { params: { path: { override_id: "o" } }, body: {} });
// @ts-expect-error an item has no such field
const unknown = list.data?.items[0]?.colour;

console.log(JSON.stringify({
  items, detail, outcome, statuses: [list, refused, sent, made, changed, gone].map((one) => one.response.status),
  unknown: unknown ?? null, never: [typeof never, typeof blind],
}));
