/** What the snippet puts on `window`; before it has loaded, an array that takes calls. */
export interface Concierge {
  version: string;
  /** Say what the visitor did: a name of Segment's e-commerce events. */
  track(event: string, properties?: Record<string, unknown>, messageId?: string): void;
  page(properties?: Record<string, unknown>): void;
  /** Say who is logged in, on each page where somebody is. */
  identify(userId: string, options?: { token?: string; traits?: Record<string, unknown> }): void;
  /** A yes, a no (erases what is stored), or one by purpose. */
  consent(given: boolean | { personalization?: boolean; analytics?: boolean }): void;
  /** Forget who is logged in and which browser this is, as on a log-out. */
  reset(): void;
  /** A list to show by yourself; rejects when there is none in time, or no consent. */
  list(query: { placement?: string; n?: number; item_id?: string; timeout?: number }): Promise<ConciergeList>;
  /** Fill the slots of the page again. */
  refresh(): Promise<void>;
  /** Send what waits; resolves when it is answered. */
  flush(): Promise<void>;
  ids(): { anonymousId: string | null; userId: string | null };
  push(...calls: [name: string, ...values: unknown[]][]): void;
}

export interface ConciergeList {
  request_id: string;
  placement: string;
  source: string;
  model_version: string | null;
  items: ConciergeItem[];
}

export interface ConciergeItem {
  item_id: string;
  rank: number;
  source: string;
  reason: string;
  title: string | null;
  category: string | null;
  brand: string | null;
  price: number | null;
  currency: string | null;
  image_url: string | null;
}

declare global {
  interface Window {
    concierge: Concierge;
  }
}
