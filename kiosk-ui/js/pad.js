// @ts-check
// Digits appear at once; the server judges them when they are sent.
import { $, $$, body } from "./page.js";
import { beep } from "./sound.js";

export const pad = $(".pad");
const typedField = pad && $(`#visit [name=${pad.dataset.field}]`);
const pageName = body.dataset.page;
// a key that is pressed again sooner counts once
const TWICE_MS = "slow" in body.dataset ? 500 : 120;
let lastKey = null, lastAt = 0;

/** What a keyboard presses is never a finger that trembles. */
export function pressKey(key) {
  lastKey = null;
  key.click();
}

/** Shows what is typed after a key; `false`: the server has to make the page. */
function typeKey(key, digit) {
  const before = typedField.value;
  const next = digit ? (before + digit).slice(0, pad.dataset.most) : key.endsWith("clear") ? "" : before.slice(0, -1);
  typedField.value = next;
  const slots = $$(".display .slot"), masked = typedField.name === "pin" || pageName === "staff";
  while (pageName !== "check" && slots.length < next.length) slots.push($(".display .group").appendChild(slots[0].cloneNode()));
  if (slots.length < next.length || (pageName === "check" && !slots[next.length - 1])) return false;
  slots.forEach((slot, at) => {
    slot.textContent = at < next.length ? (masked ? "●" : next[at]) : "";
    slot.classList.toggle("empty", at >= next.length);
    slot.classList.toggle("here", at === next.length);
  });
  $(".display").setAttribute("aria-label", masked ? next.length : next);
  const least = { pin: 4, once: pageName === "staff" ? 4 : 6, phone: 8 }[typedField.name] ?? slots.length;
  $(".ok", pad).classList.toggle("ready", next.length >= least);
  return true;
}

pad?.addEventListener("click", event => {
  const key = event.target.closest(".key:not(.ok)");
  // a digit that is being corrected is the server's
  if (!key || $("#visit [name=at]").value) return;
  const now = performance.now();
  if (key === lastKey && now - lastAt < TWICE_MS) return event.preventDefault();
  lastKey = key;
  lastAt = now;
  beep();
  if (typeKey(key.value, /\d$/.exec(key.value)?.[0])) event.preventDefault();
});
