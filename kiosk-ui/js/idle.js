// @ts-check
// A visit ends: by going back, which never shows what the visitor before has seen, and by silence, after a question with a
// countdown.
import { $, body, countDown, leave } from "./page.js";
import { beep, isSpeaking } from "./sound.js";

// a page that was waited for may have another patience than the one before
const idle = () => +(body.dataset.idle ?? 0);
const dialog = $("#idle");
let touched = performance.now(), stays = 0, ends = Infinity, told;

/** Somebody is here. */
export const touch = () => { touched = performance.now(); };
/** Seconds since somebody was. */
export const silence = () => (performance.now() - touched) / 1000;
/** Whether nobody is in the middle of something. */
export const isFree = () => !idle() || silence() > idle();
/** Puts the question off until `seconds` from now. */
export const putOff = seconds => { touched = Math.max(touched, performance.now() - (idle() - seconds) * 1000); };
export const isAsking = () => Boolean(dialog?.open);

const cameBy = /** @type {PerformanceNavigationTiming} */ (performance.getEntriesByType("navigation")[0]);
if (cameBy?.type === "back_forward") leave();
addEventListener("pageshow", event => event.persisted && leave());

for (const kind of ["pointerdown", "keydown", "input"])
  addEventListener(kind, () => { if (!isAsking()) touch(); }, true);

function stay() {
  stays += 1;
  dialog.close();
  touch();
}

function watch() {
  // a page with what is one's own closes whatever is touched
  if (told !== body.dataset.ends) ends = performance.now() + (told = body.dataset.ends) * 1000;
  if (!countDown($("#left"), ends - performance.now())) return leave();
  if (isSpeaking()) touch();
  const left = Math.ceil(idle() + +body.dataset.warn - silence());
  if (left <= 0) return leave();
  if (silence() >= idle() && !isAsking()) {
    // ten times at most
    if (stays >= 10) return leave();
    dialog.showModal();
    beep();
  }
  if (isAsking()) $("#idle-left").textContent = left;
}

if (idle()) {
  history.pushState(null, "");
  addEventListener("popstate", leave);
  $("[data-stay]").onclick = stay;
  dialog.oncancel = event => { event.preventDefault(); stay(); };
  setInterval(watch, 500);
}
