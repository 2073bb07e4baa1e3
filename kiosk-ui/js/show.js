// @ts-check
// What a page shows and hides by itself: what one can do here, in turn, while nobody is here; a status that others might
// read; the way to the staff page; the keyboard where something is written.
import { $, $$, START, body, root } from "./page.js";

const turns = $$("[data-turns] p");
if (!matchMedia("(prefers-reduced-motion: reduce)").matches) setInterval(() => {
  const shown = turns.findIndex(one => !one.hidden);
  if (shown < 0) return;
  turns[shown].hidden = true;
  turns[(shown + 1) % turns.length].hidden = false;
}, 4500);

addEventListener("click", event => {
  const pressed = /** @type {Element} */ (event.target);
  const hide = /** @type {any} */ (pressed.closest("[data-hide]"));
  if (hide) {
    root.classList.toggle("hidden");
    [hide.dataset.hide, hide.lastChild.data] = [hide.lastChild.data, hide.dataset.hide];
  }
  if (pressed.closest("[data-print]")) print();
});

// staff hold the mark for three seconds
let holding = 0;
$(".brand")?.addEventListener("pointerdown", () => {
  holding = setTimeout(() => location.assign(`${START}/${root.lang}/staff`), 3000);
});
addEventListener("pointerup", () => clearTimeout(holding));

for (const field of $$("main [data-keys]")) {
  field.inputMode = "none";
  field.addEventListener("focus", () => import(body.dataset.keys ?? ""), { once: true });
}
