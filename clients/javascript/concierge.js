/*! Concierge's snippet 1.0.0, Apache-2.0 */
// Events and recommendations of a shop's pages, without a dependency. docs/how-to/put-the-snippet-on-a-page.md says how
// it is used; the service hands out concierge.min.js, which terser makes of this file.
(() => {
  "use strict";

  if (typeof document === "undefined") return; // a shop's server, which renders a page that imports it

  const VERSION = "1.0.0";
  const tag = document.currentScript || document.querySelector("meta[name=concierge]");
  const early = window.concierge || []; // calls made before this file came
  if (!tag || early.version) return; // a second tag on the page adds nothing
  const options = tag.dataset;
  const host = options.host ? options.host.replace(/\/*$/, "/") : new URL(".", tag.src).href;
  const key = options.key;
  const waits = options.consent === "wait";

  const MOST_EVENTS = 1000; // that wait in the browser; beyond, the oldest is dropped: what is newest steers lists
  const LOOK_EVERY = 50; // events: to count those of all tabs takes a millisecond
  const MOST_EVENT_BYTES = 30000; // the service takes no larger one
  const MOST_BYTES = 60000; // of a request: browsers let one of 64 kB outlive its page
  const CLAIM_MS = 15000; // an event on its way is nobody else's to send so long
  const MOST_CLICKS = 30;
  const FREE = "0000000000000"; // as long as a moment, so that a claim needs no more room
  const ANSWER_MS = 10000;
  const SESSION_MS = 1800000;
  const LONGEST_PAUSE_MS = 300000; // of our own
  const LONGEST_ASKED_MS = 3600000; // by Retry-After
  const HALF = 0.5;
  const SEEN_MS = 1000; // half of an item in view so long is an impression

  // ---- What is stored: localStorage under `concierge.`, or memory where there is no room, no right or no consent yet

  const PREFIX = "concierge.";
  const memory = new Map();

  function readStored(name) {
    try {
      return memory.get(name) ?? localStorage.getItem(PREFIX + name);
    } catch {}
  }

  function store(name, value) {
    try {
      if (!isAllowed()) throw 0;
      localStorage.setItem(PREFIX + name, value);
      memory.delete(name);
    } catch {
      memory.set(name, value);
    }
  }

  function discard(name) {
    memory.delete(name);
    try {
      localStorage.removeItem(PREFIX + name);
    } catch {}
  }

  // What waited in memory for a yes; what another tab has stored meanwhile is not written over.
  function keepMemory() {
    const waiting = [...memory];
    memory.clear();
    waiting.forEach(([name, value]) => readStored(name) ?? store(name, value));
  }

  function listNames(prefix) {
    let names = [...memory.keys()].map((name) => PREFIX + name);
    try {
      names.push(...Object.keys(localStorage));
    } catch {}
    names = names.filter((name) => name.startsWith(PREFIX + prefix)).map((name) => name.slice(PREFIX.length));
    return [...new Set(names)].sort();
  }

  // ---- Consent: null is not said yet, false a no, anything else a yes; `words` is what events say of it

  let words = readWords(readStored("consent"));

  function readWords(text) {
    const value = parse(text);
    return value === false || (value && typeof value === "object") ? value : null;
  }

  function isAllowed() {
    return waits ? !!words : words !== false;
  }

  // What was said on another page of the shop.
  function hear(text) {
    words = readWords(text) ?? false;
    if (words) keepMemory();
    else memory.clear();
  }

  function consent(given) {
    const isGranted = given && (given === true || Object.values(given).includes(true));
    if (isGranted) {
      words = given === true ? { personalization: true, analytics: true } : given;
      keepMemory();
      if (readStored("consent") !== JSON.stringify(words)) enqueue(makeEvent("identify", {})); // says so at once
      store("consent", JSON.stringify(words));
      flush();
      return fillSlots();
    }
    const isWithdrawn = isAllowed();
    const farewell = isWithdrawn && makeEvent("identify", {}, { personalization: false, analytics: false });
    listNames("").forEach(discard);
    words = false;
    if (!waits) {
      try {
        localStorage.setItem(PREFIX + "consent", "false"); // or the next page would track again
      } catch {}
    }
    if (farewell) enqueue(farewell); // in memory: the service has to know of a no
  }

  // ---- Who and what

  let user = null;

  function makeId() {
    return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => (byte + 256).toString(16).slice(1)).join("");
  }

  function getAnonymousId() {
    let id = readStored("id");
    if (!id) store("id", (id = makeId()));
    return id;
  }

  function getSessionId() {
    let [id, at] = (readStored("session") || "").split(" ");
    if (!id || !(Date.now() - at < SESSION_MS)) id = makeId();
    store("session", id + " " + Date.now());
    return id;
  }

  function makeEvent(type, fields, said = words) {
    const campaign = new URLSearchParams(location.search).get("utm_campaign");
    return {
      ...fields,
      type,
      messageId: fields.messageId || makeId(),
      anonymousId: getAnonymousId(),
      userId: user?.id,
      timestamp: new Date().toISOString(),
      context: {
        sessionId: getSessionId(),
        page: { path: location.pathname, referrer: document.referrer.split(/[?#]/)[0] || undefined },
        campaign: campaign ? { name: campaign } : undefined,
        device: { type: matchMedia("(pointer: coarse)").matches ? "mobile" : "desktop" },
        timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        consent: said ? { categoryPreferences: said } : undefined,
        userToken: user?.token,
        library: { name: "concierge.js", version: VERSION },
      },
    };
  }

  function track(event, properties = {}, messageId) {
    if (words === false) return;
    const request_id = properties.request_id ?? findClickedList(properties);
    if (event === "Product Clicked" && request_id) rememberClick(properties.product_id, request_id);
    enqueue(makeEvent("track", { event, properties: { ...properties, request_id }, messageId }));
  }

  // A product that was clicked in a list is of that list when it is viewed, put into the cart and bought.
  function readClicks() {
    const clicks = parse(readStored("clicks"));
    return Array.isArray(clicks) ? clicks.filter(Array.isArray) : [];
  }

  function rememberClick(product_id, request_id) {
    const others = readClicks().filter(([id]) => id !== product_id);
    store("clicks", JSON.stringify([[product_id, request_id], ...others].slice(0, MOST_CLICKS)));
  }

  function findClickedList({ product_id, products = [] }) {
    const ids = [product_id, ...products.map((product) => product.product_id)];
    return readClicks().find(([id]) => ids.includes(id))?.[1];
  }

  function page(properties = {}) {
    if (words !== false) enqueue(makeEvent("page", { name: document.title, properties }));
  }

  function identify(id, { token, traits } = {}) {
    if (words === false) return;
    user = { id, token };
    const who = id + " " + getAnonymousId();
    if (readStored("user") !== who) enqueue(makeEvent("identify", { traits }));
    store("user", who);
    if (slots.size) fillSlots();
  }

  function reset() {
    user = null;
    ["user", "id", "session", "clicks"].forEach(discard);
  }

  // ---- The queue: a name for each event, so that tabs never write over each other's. An event is
  //      `<claimed until> <JSON>`, and stays until the service has answered for it: repeated is harmless, by its messageId.

  let pauses = 0;
  let timer;
  let count = 0;
  let unlooked = 0;
  let most = 100; // events of a request

  function measure(text) {
    return new Blob([text]).size;
  }

  function enqueue(event) {
    const text = JSON.stringify(event);
    if (measure(text) > MOST_EVENT_BYTES) return;
    if (unlooked-- <= 0) {
      const waiting = listNames("event.");
      waiting.slice(0, 1 - MOST_EVENTS).forEach(discard);
      unlooked = Math.min(LOOK_EVERY, MOST_EVENTS - 1 - waiting.length);
    }
    store("event." + Date.now() + (1e4 + (count++ % 1e4)) + event.messageId, FREE + " " + text);
    document.dispatchEvent(new CustomEvent("concierge:event", { detail: event }));
    setTimeout(flush); // what one task tracks goes in one request
  }

  function claimEvents() {
    const claimed = [];
    let room = MOST_BYTES;
    for (const name of listNames("event.")) {
      const value = readStored(name) || "";
      const text = value.slice(value.indexOf(" "));
      const wait = parseInt(value) - Date.now();
      if (!parse(text)) {
        discard(name);
      } else if (wait < 0 || wait > CLAIM_MS) {
        room -= measure(text) + 1;
        if (claimed.length && (room < 0 || claimed.length >= most)) break;
        claimed.push([name, text]);
        store(name, Date.now() + CLAIM_MS + text);
      }
    }
    return claimed;
  }

  function release(claimed) {
    claimed.forEach(([name, text]) => readStored(name) && store(name, FREE + text));
  }

  function formatBody(claimed) {
    const fields = JSON.stringify({ writeKey: key, sentAt: new Date().toISOString() });
    return fields.slice(0, -1) + ',"batch":[' + claimed.map(([, text]) => text) + "]}";
  }

  function maySend() {
    return !waits || words !== null;
  }

  function findPause() {
    const pause = (readStored("until") || 0) - Date.now();
    return pause > 0 && pause <= LONGEST_ASKED_MS ? pause : 0; // longer: the clock was set back
  }

  function isDue() {
    return maySend() && !findPause() && navigator.onLine !== false;
  }

  // One tab at a time until the service has answered: what another tab has stored is seen a moment late, and what is
  // sent again behind an answer is known as repeated. A frame of no origin may have no locks, and shares its events
  // with nobody.
  async function flush() {
    clearTimeout(timer);
    await (navigator.locks?.request("concierge", sendEvents).catch(sendEvents) ?? sendEvents());
    schedule();
  }

  async function sendEvents() {
    if (!isDue()) return;
    const claimed = claimEvents();
    if (!claimed.length) return;
    let status = 0;
    let asked = 0;
    let isTooMuch = false;
    try {
      const answer = await request("v1/batch", ANSWER_MS, { method: "POST", body: formatBody(claimed), keepalive: true });
      status = answer.status;
      asked = answer.headers.get("Retry-After") || 0;
      const isOurs = /problem\+json/.test(answer.headers.get("Content-Type")); // and not of a proxy that refuses all
      isTooMuch = isOurs && (status === 400 || status === 413);
      if (answer.ok && (await answer.json()).success !== true) status = 0; // a page of somebody in between
    } catch {
      status = status === 200 ? 0 : status;
    }
    if (status === 200 || (isTooMuch && claimed.length === 1)) {
      claimed.forEach(([name]) => discard(name));
      pauses = 0;
      most = 100;
      discard("until");
    } else {
      release(claimed);
      if (isTooMuch) most = Math.ceil(claimed.length / 2); // finds the one that the service cannot read
      else pause(asked);
    }
  }

  function pause(asked) {
    const own = Math.min(1000 * 2 ** pauses++, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2);
    const seconds = +asked || (asked ? (Date.parse(asked) - Date.now()) / 1000 : 0);
    store("until", Math.round(Date.now() + Math.max(own, Math.min((seconds || 0) * 1000, LONGEST_ASKED_MS))));
  }

  function schedule() {
    clearTimeout(timer);
    const claims = listNames("event.").map((name) => parseInt(readStored(name)) || 0);
    if (!claims.length || !maySend()) return;
    const due = Math.max(findPause(), Math.min(...claims) - Date.now());
    timer = setTimeout(flush, Math.max(0, Math.min(due, LONGEST_PAUSE_MS)) + (navigator.onLine === false ? 5000 : 5));
  }

  function sendBeacon() {
    if (!isDue() || !navigator.sendBeacon) return;
    const claimed = claimEvents(); // they stay stored: nobody hears whether a beacon came
    if (claimed.length && !navigator.sendBeacon(host + "v1/batch", formatBody(claimed))) release(claimed);
  }

  function request(path, milliseconds, init) {
    const control = new AbortController();
    setTimeout(() => control.abort(), milliseconds);
    return fetch(host + path, { ...init, credentials: "omit", signal: control.signal });
  }

  // ---- Lists and slots

  async function list({ timeout = +options.timeout || 1000, ...query }) {
    if (!isAllowed()) throw new Error("no consent");
    const headers = key ? { Authorization: "Bearer " + key } : {};
    const asUser = user && (user.token || !key);
    if (asUser && user.token) headers["X-Concierge-User-Token"] = user.token;
    const who = asUser ? { user_id: user.id } : { anonymous_id: getAnonymousId() };
    const values = Object.entries({ ...query, ...who }).filter(([, value]) => value != null && value !== "");
    const began = performance.now();
    const answer = await request("v1/recommendations?" + new URLSearchParams(values), timeout, { headers });
    const body = await answer.json();
    const isList = answer.ok && Array.isArray(body.items) && body.items.every((item) => typeof item.item_id === "string");
    if (!isList || performance.now() - began > timeout) throw new Error("no list");
    return body;
  }

  const slots = new Map(); // the answer that each shows
  const questions = new WeakMap(); // the newest of each: an answer to one before it comes too late

  // The start of the page, a login and a consent each fill the slots: what was asked already is not asked again.
  async function fillSlot(slot, isAnew) {
    const template = slot.querySelector("template");
    const { conciergeSlot: placement, n, itemId: item_id, exclude, filter } = slot.dataset;
    if (!template || !isAllowed()) return;
    slots.set(slot, slots.get(slot) || null);
    const query = { placement, n, item_id, exclude, filter };
    const question = { of: JSON.stringify([query, user, getAnonymousId(), words]) };
    if (!isAnew && questions.get(slot)?.of === question.of) return;
    questions.set(slot, question);
    let answer;
    try {
      answer = await list(query);
    } catch {
      question.of = ""; // it may be asked again
      return; // the slot keeps what it has
    }
    if (questions.get(slot) !== question || !isAllowed()) return;
    if (!answer.items.length || slot.contains(document.activeElement)) return;
    const cards = answer.items.map((item, index) => {
      const card = template.content.firstElementChild.cloneNode(true);
      [card, ...card.querySelectorAll("*")].forEach((element) => bind(element, item));
      shown.set(card, { item, position: index + 1, slot, answer });
      return card;
    });
    const height = slot.offsetHeight;
    if (height) Object.assign(slot.style, { height: height + "px", overflow: "hidden" }); // nothing below it moves
    slot.replaceChildren(template, ...cards);
    cards.forEach((card) => observer?.observe(card));
    if (!slots.get(slot)) ["click", "auxclick"].forEach((name) => slot.addEventListener(name, click));
    slots.set(slot, answer);
    slot.dispatchEvent(new CustomEvent("concierge:filled", { bubbles: true, detail: answer }));
  }

  function fillSlots(isAnew) {
    return Promise.all([...document.querySelectorAll("[data-concierge-slot]")].map((slot) => fillSlot(slot, isAnew)));
  }

  // `data-c-text="{title}"` is the element's text, `data-c-href="/p/{item_id}"` its attribute.
  function bind(element, item) {
    for (const { name, value } of [...element.attributes]) {
      const target = /^data-c-(.+)$/.exec(name)?.[1];
      if (!target || /^on|^style$|^srcdoc$/.test(target)) continue;
      element.removeAttribute(name);
      const isAddress = /^(href|src|action|formaction)$/.test(target);
      const text = value.replace(/\{(\w+)\}/g, (whole, field, at) => {
        const filled = field === "money" ? formatMoney(item) : (item[field] ?? "");
        return isAddress && at ? encodeURIComponent(filled) : filled;
      });
      if (target === "text") element.textContent = text;
      else if (!isAddress || /^https?:$/.test(toUrl(text)?.protocol)) element.setAttribute(target, text);
    }
  }

  function toUrl(text) {
    try {
      return new URL(text, document.baseURI);
    } catch {}
  }

  function formatMoney({ price, currency }) {
    if (price == null) return "";
    const style = currency ? { style: "currency", currency } : {};
    return new Intl.NumberFormat(document.documentElement.lang || undefined, style).format(price);
  }

  const shown = new WeakMap();
  const seen = [];
  const observer =
    window.IntersectionObserver &&
    new IntersectionObserver(
      (entries) => {
        for (const { target, intersectionRatio } of entries) {
          const card = shown.get(target);
          clearTimeout(card.timer);
          if (intersectionRatio >= HALF) card.timer = setTimeout(() => see(target, card), SEEN_MS);
        }
      },
      { threshold: HALF },
    );

  function see(target, card) {
    observer.unobserve(target);
    if (seen.push(card) === 1) setTimeout(reportSeen, 50);
  }

  function reportSeen() {
    const lists = new Map();
    seen.splice(0).forEach((card) => lists.set(card.answer, [...(lists.get(card.answer) || []), card]));
    lists.forEach((cards, { request_id, placement }) => {
      const products = cards.map(({ item, position }) => ({ product_id: item.item_id, position }));
      track("Product List Viewed", { list_id: placement, request_id, products });
    });
  }

  function click({ target, button }) {
    let card = target;
    while (card && !shown.has(card)) card = card.parentElement;
    if (!card || button > 1 || (card.querySelector("a") && !target.closest("a"))) return; // a button is no way to it
    const { item, position, answer } = shown.get(card);
    const { request_id, placement } = answer;
    track("Product Clicked", { product_id: item.item_id, request_id, position, list_id: placement });
  }

  // ---- A dataLayer that is there: GA4's e-commerce events, pushed as objects or by gtag()

  const SINGLE = {
    view_item: "Product Viewed",
    select_item: "Product Clicked",
    add_to_cart: "Product Added",
    remove_from_cart: "Product Removed",
  };
  const WHOLE = {
    view_cart: "Cart Viewed",
    view_item_list: "Product List Viewed",
    search: "Products Searched",
    view_search_results: "Products Searched",
  };

  function readEntry(entry) {
    const isCall = entry?.[0] === "event"; // what gtag() pushes
    const name = isCall ? entry[1] : entry?.event;
    const values = (isCall ? entry[2] : { ...entry, ...entry?.ecommerce }) || {};
    const { currency, items, transaction_id, request_id } = values;
    const products = [...(items || [])].map((item) => ({
      product_id: item.item_id,
      price: item.price,
      quantity: item.quantity,
      currency: item.currency || currency,
      request_id: item.request_id || request_id,
    }));
    if (SINGLE[name]) products.forEach((product) => track(SINGLE[name], product));
    else if (name === "purchase" && words !== false) {
      // an id that the page makes again when it is shown again, and that nobody else can take first
      const order_id = transaction_id == null ? undefined : transaction_id + "";
      const messageId = order_id && "order-" + order_id + "-" + getAnonymousId();
      track("Order Completed", { order_id, currency, request_id, products }, messageId);
    } else if (WHOLE[name]) track(WHOLE[name], { query: values.search_term, list_id: values.item_list_id, request_id });
  }

  function readLayer(layer) {
    layer.forEach?.(safely(readEntry));
    const push = layer.push;
    layer.push = function (...entries) {
      entries.forEach(safely(readEntry));
      return push.apply(this, entries);
    };
  }

  // ---- Start

  function parse(text) {
    try {
      return JSON.parse(text);
    } catch {}
  }

  function safely(call) {
    return (...values) => {
      try {
        return call(...values);
      } catch {} // whatever happens here is not the shop's trouble
    };
  }

  const api = { track, page, identify, consent, reset, list, flush, refresh: () => fillSlots(true) };
  Object.keys(api).forEach((name) => (api[name] = safely(api[name])));
  api.push = (...calls) => calls.forEach(([name, ...values]) => api[name]?.(...values));
  api.version = VERSION;
  api.ids = () => ({ anonymousId: isAllowed() ? getAnonymousId() : null, userId: user?.id ?? null });
  window.concierge = api;

  if (options.page !== "off") page();
  if (early.forEach) api.push(...early);
  const layer = window[options.layer || "dataLayer"];
  if (layer && options.layer !== "off") readLayer(layer);
  addEventListener("online", flush);
  addEventListener("pagehide", sendBeacon);
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return; // back by the history, and while it was frozen no event told it anything
    const text = readStored("consent");
    if (words || text) hear(text);
    if (options.page !== "off") page();
  });
  addEventListener("storage", ({ key, newValue }) => {
    if (key === PREFIX + "consent" || key === null) hear(newValue);
  });
  addEventListener("resize", () => slots.forEach((_, slot) => (slot.style.height = "")));
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && sendBeacon());
  const start = safely(() => {
    fillSlots();
    flush();
  });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
