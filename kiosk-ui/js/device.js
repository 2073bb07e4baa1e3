// @ts-check
// The device says how it is and hears what to do; and a worker keeps the directory for when the line is down.
import { START, body, leave, root } from "./page.js";
import { isFree } from "./idle.js";

const { page: shownPage, build } = body.dataset;
const battery = /** @type {any} */ (navigator).getBattery?.().catch(() => null);
let networkMs = 0, leaving = false, offline = "offline" in body.dataset;
/** @type {string[]} */
let done = [];

/** The line is there or not. What was shown from the worker's store goes when it is. */
function line(up) {
  if (up && offline) return leave();
  offline = !up;
  root.classList.toggle("off", offline);
}

async function says() {
  const power = await battery;
  return {
    page: shownPage,
    build,
    printer: "none",
    network_ms: networkMs,
    ...(done.length && { done }),
    ...(power && !power.charging && { battery: Math.round(power.level * 100) }),
  };
}

async function heartbeat() {
  const said = JSON.stringify(await says()), begun = performance.now(), signal = AbortSignal.timeout(8000);
  try {
    // a page that no operator hears only looks whether the line is there
    if (!build) {
      await fetch(`${START}/sw.js`, { method: "head", signal });
      return line(true);
    }
    const headers = { "content-type": "application/json" };
    const answer = await fetch("/v1/kiosk/heartbeat", { method: "post", headers, body: said, signal });
    networkMs = Math.min(600000, Math.round(performance.now() - begun));
    if (answer.status === 401) return leave();
    if (answer.ok) {
      done = [];
      carryOut((await answer.json()).commands);
    }
    line(true);
  } catch {
    line(false);
  }
}

/** Orders never interrupt a visit, but for the volume. */
function carryOut(commands) {
  const free = isFree();
  for (const { id, kind, value } of commands) {
    if (kind === "volume") body.dataset.volume = value;
    else if (!free) continue;
    done.push(id);
    if (kind !== "volume") leaving = true;
  }
  if (leaving && free) {
    leaving = false;
    // what is done is told before the page is left
    setTimeout(() => heartbeat().then(leave), 100);
  }
}

heartbeat();
setInterval(heartbeat, 30000);
addEventListener("offline", () => line(false));
addEventListener("online", heartbeat);
const worker = navigator.serviceWorker;
worker?.register(`${START}/sw.js`, { scope: START }).catch(() => {});
worker?.ready.then(({ active }) => setTimeout(() => active?.postMessage("keep"), 2000));
