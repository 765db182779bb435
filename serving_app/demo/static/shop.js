// The demo shop's own script. Like any shop's it knows its cart and who is signed in, and calls the snippet for the rest.
"use strict";

const { picture, titles: titlesAddress, productPage, user, token } = document.body.dataset;
const find = (selector) => document.querySelector(selector);
window.concierge = window.concierge || [];
const call = (...words) => window.concierge.push(words);

// ---- What the shop keeps by itself: the cart, and what was answered to the question about consent

function read(name, otherwise, where = "localStorage") {
  try {
    return JSON.parse(window[where].getItem(name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function write(name, value, where = "localStorage") {
  try {
    window[where].setItem(name, JSON.stringify(value));
  } catch {} // a full storage: the cart lasts as long as the page
}

let cart = read("shop.cart", {});

function saveCart() {
  write("shop.cart", cart);
  showCart();
}

function formatMoney(amount, currency) {
  return new Intl.NumberFormat("en", { style: "currency", currency: currency || "EUR" }).format(amount);
}

function say(text) {
  find("[data-status]").textContent = text;
}

function make(tag, attributes = {}, ...inside) {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...inside);
  return element;
}

// ---- What the snippet tells its page: listened to before anything is said

const SOURCES = {
  personal: "made for you",
  session: "from what you just looked at",
  audience: "popular with shoppers like you",
  similar: "alike, and bought by the same people",
  cart: "from what is in your cart",
  popular: "popular now",
  override: "picked by the shop",
};
const MOST_SHOWN = 30;
const answers = new Map(); // the list that each placement shows
let events = read("shop.consent", null) ? read("shop.events", [], "sessionStorage") : [];

document.addEventListener("concierge:event", ({ detail }) => {
  const about = detail.properties?.product_id || detail.properties?.query || detail.userId || detail.context.page.path;
  events = [{ name: detail.event || detail.type, about, at: detail.timestamp }, ...events].slice(0, MOST_SHOWN);
  if (read("shop.consent", null)) write("shop.events", events, "sessionStorage");
});

document.addEventListener("concierge:filled", ({ target, detail }) => {
  answers.set(detail.placement, detail);
  const made = target.closest(".row")?.querySelector("[data-made]");
  if (made) made.textContent = SOURCES[detail.source] || "picked by our team";
});

// ---- Consent, and who is signed in

function answerConsent(isGranted) {
  write("shop.consent", isGranted);
  find("[data-banner]").hidden = true;
  call("consent", isGranted);
  say(isGranted ? "Thank you: what you see is chosen for you now." : "Nothing is stored.");
}

function forget() {
  answerConsent(false);
  cart = {};
  events = [];
  saveCart();
  sessionStorage.clear();
  say("Forgotten: this browser is a stranger again.");
}

if (user) call("identify", user, { token });
const answered = read("shop.consent", null);
if (answered === null) find("[data-banner]").hidden = false;
else call("consent", answered);
find("[data-consent-yes]").addEventListener("click", () => answerConsent(true));
find("[data-consent-no]").addEventListener("click", () => answerConsent(false));
find("[data-forget]").addEventListener("click", forget);
// Another customer is another browser too: by one id of both the next night would take them for one person.
document.querySelectorAll("[data-sign-out]").forEach((button) => button.addEventListener("click", () => user && call("reset")));

// ---- What the page shows

async function refresh() {
  await window.concierge.flush?.();
  window.concierge.refresh?.();
}

const product = find("[data-product]")?.dataset;
if (product) {
  const facts = { product_id: product.product, price: +product.price || undefined, currency: product.currency };
  call("track", "Product Viewed", facts);
  find("[data-add]").addEventListener("click", () => {
    const line = (cart[product.product] ??= { title: product.title, price: +product.price, currency: product.currency, n: 0 });
    line.n += 1;
    saveCart();
    call("track", "Product Added", { ...facts, quantity: 1 });
    say(`${product.title} is in your cart.`);
    find("[data-add]").textContent = `In the cart (${line.n}). Another one?`;
    refresh();
  });
}
const shelf = find("[data-shelf]")?.dataset;
if (shelf?.search) call("track", "Products Searched", { query: shelf.search });
else if (shelf) call("track", "Product List Viewed", { list_id: "shelf", category: shelf.shelf });
if (find("[data-cart]")) call("track", "Cart Viewed");

function showCart() {
  const lines = Object.entries(cart);
  find("[data-cart-count]").textContent = lines.reduce((sum, [, line]) => sum + line.n, 0);
  const list = find("[data-cart-lines]");
  if (!list) return;
  list.replaceChildren(
    ...lines.map(([id, line]) => {
      const remove = make("button", { type: "button", className: "quiet", textContent: "Remove", ariaLabel: `Remove ${line.title}` });
      remove.addEventListener("click", () => {
        delete cart[id];
        saveCart();
        call("track", "Product Removed", { product_id: id, quantity: line.n });
        refresh();
        find("#content").focus();
      });
      const drawn = make("img", { src: picture + encodeURIComponent(id), alt: "", width: 64, height: 64 });
      const link = make("a", { href: productPage + encodeURIComponent(id), textContent: line.title });
      return make("li", {}, drawn, make("span", {}, `${line.n} × `, link), formatMoney(line.n * line.price, line.currency), remove);
    }),
  );
  find("[data-cart-empty]").hidden = lines.length > 0;
  find("[data-cart-total]").hidden = !lines.length;
  const sum = lines.reduce((total, [, line]) => total + line.n * line.price, 0);
  find("[data-cart-sum]").textContent = formatMoney(sum, lines[0]?.[1].currency);
}

find("[data-buy]")?.addEventListener("click", async () => {
  const lines = Object.entries(cart);
  const products = lines.map(([id, line]) => ({ product_id: id, quantity: line.n, price: line.price }));
  const order_id = `demo-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`;
  call("track", "Order Completed", { order_id, currency: lines[0][1].currency, products });
  cart = {};
  saveCart();
  location.href = find("[data-buy]").dataset.thanks;
});

// ---- Why something is shown: the service's sentence in a shopper's words

let titles;

async function explain(reason, itemId) {
  titles ??= fetch(titlesAddress).then((answer) => answer.json());
  const named = await titles.catch(() => ({}));
  return reason
    .replace(/ \(by [^)]*\)/g, "")
    .replace(/; (viewed|wanted|bought|clicked on|put into the cart) (.+?) on \d{4}-\d\d-\d\d/g, ", because you $1 $2")
    .replace(/^chosen for this customer/, "Chosen for you")
    .replace(/popular with segment:\S+/, "Popular with shoppers like you")
    .replace(/popular with country:(\S+)/, "Popular in $1")
    .replace(/^pinned .*$|; boosted .* by override \S+/, "Picked by the shop")
    .replace(/; shown often.*$/, "")
    .replace(/^similar to/, "Similar to")
    .replace(/^popular in/, "Popular in")
    .split(/([\s,]+)/)
    .map((word) => (word === itemId ? "it before" : named[word] ? `“${named[word]}”` : word))
    .join("");
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-why]");
  if (!button || button.classList.contains("told")) return;
  const why = await explain(button.dataset.reason, button.dataset.item);
  button.textContent = why;
  button.classList.add("told");
  say(why);
});

// ---- What Concierge knows: of this page's own calls alone

const drawer = find("[data-drawer]");
function describeKnowledge() {
  const ids = window.concierge.ids?.() || {};
  const consent = { true: "yes", false: "no" }[read("shop.consent", null)] || "not answered yet";
  const who = make("ul", {}, make("li", {}, "Consent: ", consent));
  if (ids.anonymousId) who.append(make("li", {}, "This browser: ", make("code", { textContent: ids.anonymousId })));
  who.append(make("li", {}, "Signed in: ", make("code", { textContent: ids.userId || "nobody" })));
  const lists = [...answers.values()].map((answer) =>
    make("li", {}, make("strong", { textContent: answer.placement }), `: ${answer.items.length} items, list “${answer.source}”, model `,
      make("code", { textContent: answer.model_version || "none" }), ", request ", make("code", { textContent: answer.request_id })),
  );
  const seen = events.map(({ name, about, at }) => make("li", {}, `${name} · `, make("code", { textContent: about }), ` · ${new Date(at).toLocaleTimeString("en")}`));
  const part = (title, list, empty) => [make("h3", { textContent: title }), list.length ? make("ul", {}, ...list) : make("p", { className: "muted", textContent: empty })];
  find("[data-knowledge]").replaceChildren(
    who,
    ...part("Lists on this page", lists, "None: the page shows what the shop picked."),
    ...part("What this visit told", seen, "Nothing yet."),
  );
}

find("[data-open-drawer]").addEventListener("click", () => {
  describeKnowledge();
  drawer.showModal();
});
find("[data-close-drawer]").addEventListener("click", () => drawer.close());
showCart();
