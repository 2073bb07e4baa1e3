// @ts-check
// A visit goes along from page to page, so that a number is proven once: where a page holds a visit, its links and its search
// are sent with it, as its buttons are. Without the line they lead to what is kept.
import { $, START, body, leave, post, root } from "./page.js";

// read when it is needed: what was waited for may have come meanwhile
const held = () => $("[name=held]")?.value;
const takes = /^\/kiosk\/(km|en)\/(home|help|check|appointments|ticket|complain|services?|offices?|guide)(\/|$)/;

function carry(event, address) {
  const { pathname, search } = new URL(address, location.href);
  if (event.defaultPrevented || root.classList.contains("off") || !takes.test(pathname)) return;
  event.preventDefault();
  post(pathname + search, { held: held(), key: "carry" });
}

if (held()) {
  addEventListener("click", event => {
    const link = /** @type {any} */ (event.target).closest("a[href]");
    if (link && body.dataset.ends && link.pathname === START) {
      event.preventDefault();
      leave();
    } else if (link) carry(event, link.href);
  });
  addEventListener("submit", event => {
    const form = /** @type {any} */ (event.target);
    if (form.method === "get") carry(event, `${form.action}?${new URLSearchParams(/** @type {any} */ (new FormData(form)))}`);
  });
}
