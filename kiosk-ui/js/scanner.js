// @ts-check
// A scanner types like a keyboard, only faster, and ends with Enter. A keyboard presses the keys of the pad.
import { $, START, body, post, root } from "./page.js";
import { isAsking } from "./idle.js";
import { pad, pressKey } from "./pad.js";

const FAST_MS = 60;
let burst = "", typedAt = 0;

function ended(event, fast) {
  const digits = burst.replace(/\D/g, "");
  burst = "";
  if (fast && digits.length >= 8 && digits.length <= 24) {
    event.preventDefault();
    post(`${START}/${root.lang}/check`, { digits, key: "ok" });
  } else if (event.key === "Enter" && pad && event.target === body) {
    event.preventDefault();
    $(".ok", pad).click();
  }
}

addEventListener("keydown", event => {
  const now = performance.now(), fast = now - typedAt < FAST_MS;
  typedAt = now;
  if (event.key === "Enter" || event.key === "Tab") return ended(event, fast);
  if (event.key === "Escape" && !isAsking()) return event.preventDefault();
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key.length === 1) burst = (fast ? burst : "") + event.key;
  if (!pad || (/** @type {Element} */ (event.target)).matches("input,textarea")) return;
  const key = /^\d$/.test(event.key) ? $(`.key[value$="${event.key}"]`, pad) : event.key === "Backspace" && $(".delete", pad);
  if (key) pressKey(key);
});
