// @ts-check
// What is waited for is asked for again without leaving the page, and its time is counted down.
import { $, body, countDown } from "./page.js";
import { putOff, touch } from "./idle.js";

const pollEvery = Number(body.dataset.poll ?? 0);
// counted from an answer, so that no question comes before its time
let polling = pollEvery;
const later = () => polling && setTimeout(askAgain, pollEvery * 1000);
later();
const until = $("[data-until]");

async function askAgain() {
  const form = new URLSearchParams(/** @type {any} */ (new FormData($("#visit"))));
  form.set("key", "poll");
  try {
    const answer = await fetch($("#visit").action, { method: "post", body: form, signal: AbortSignal.timeout(8000) });
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok && $("main", next)?.className !== $("main").className) {
      for (const one of ["main", "#visit"]) $(one).replaceWith(document.adoptNode($(one, next)));
      polling = next.body.dataset.poll;
      Object.assign(body.dataset, next.body.dataset);
      touch();
    }
  } catch { /* the next question may get through */ }
  later();
}

if (until) setInterval(() => {
  // who waits for it is here
  if (until.isConnected && countDown(until, until.dataset.until - Date.now())) putOff(5);
}, 500);
