// Sends events with Segment's own client, as a shop's server would: send_events.mjs <url> <write key> <events>.
// Prints what became of each: its message id, or the error that the client reports.
import { Analytics } from '@segment/analytics-node'

const [host, writeKey, count] = process.argv.slice(2)
const analytics = new Analytics({ writeKey, host, flushAt: 50, maxRetries: 3 })
const sent = []
const note = (error, context) => sent.push(error ? { error: String(error.reason ?? error) } : context.event)

for (let n = 0; n < Number(count); n++) {
  analytics.track(
    { userId: `node-${n}`, event: 'Product Viewed', properties: { product_id: 'item-05', price: 12.5 } },
    note
  )
}
analytics.track(
  {
    userId: 'node-0',
    event: 'Order Completed',
    timestamp: new Date(Date.now() - 3600e3),
    properties: { order_id: 'o-1', currency: 'EUR', products: [{ product_id: 'item-01', quantity: 2 }] },
  },
  note
)
analytics.page({ anonymousId: 'b-1', name: 'Home', properties: { path: '/' } }, note)
analytics.screen({ anonymousId: 'b-1', name: 'Home' }, note)
analytics.identify({ userId: 'node-0', anonymousId: 'b-1', traits: { email: 'ada@shop.example' } }, note)
analytics.alias({ userId: 'node-0', previousId: 'b-0' }, note)
analytics.group({ userId: 'node-0', groupId: 'g-1' }, note)
await analytics.closeAndFlush({ timeout: 20000 })
console.log(JSON.stringify(sent))
