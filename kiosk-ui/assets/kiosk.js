// Makes the pages quicker and safer; every page works without it. Nothing of a visitor is kept here or in any
// storage: what is typed stands in the form of the page and goes with it.
const { body, documentElement: root } = document;
const $ = (what, at = document) => at.querySelector(what);
const $$ = (what, at = document) => [...at.querySelectorAll(what)];
const { page, build, idle, warn, poll } = body.dataset;
const km = root.lang === "km", START = "/kiosk";
const leave = () => location.replace(START);
let touched = performance.now(), stays = 0, offline = "offline" in body.dataset;
root.classList.add("js");

// Back never shows what the visitor before has seen.
const way = performance.getEntriesByType("navigation")[0];
if (way?.type === "back_forward") leave();
addEventListener("pageshow", e => e.persisted && leave());
if (idle) { history.pushState(null, ""); addEventListener("popstate", leave); }

// Silence: a question with a countdown, then everything is wiped.
const dialog = $("#idle");
const stay = () => { stays += 1; dialog.close(); touched = performance.now(); };
for (const kind of ["pointerdown", "keydown", "input"])
  addEventListener(kind, () => { if (!dialog?.open) touched = performance.now(); }, true);
if (idle) {
  $("[data-stay]").onclick = stay;
  dialog.oncancel = e => { e.preventDefault(); stay(); };
  setInterval(() => {
    if (clip && !clip.paused) touched = performance.now();
    const silent = (performance.now() - touched) / 1000, left = Math.ceil(+idle + +warn - silent);
    if (left <= 0) return leave();
    if (silent >= +idle && !dialog.open) {
      if (stays >= 10) return leave();
      dialog.showModal(); beep();
    }
    if (dialog.open) $("#idle-left").textContent = left;
  }, 500);
}

// A press counts once; keys and pads never leave the page by a menu, a drag or a pinch.
for (const kind of ["contextmenu", "dragstart", "gesturestart"]) addEventListener(kind, e => e.preventDefault());
addEventListener("wheel", e => e.ctrlKey && e.preventDefault(), { passive: false });
addEventListener("submit", e => {
  if (e.target.dataset.sent) return e.preventDefault();
  e.target.dataset.sent = 1;
  setTimeout(() => delete e.target.dataset.sent, 8000);
});
addEventListener("click", e => {
  const link = e.target.closest("a");
  if (link) { if (link.dataset.sent) e.preventDefault(); link.dataset.sent = 1; setTimeout(() => delete link.dataset.sent, 3000); }
}, true);

// Digits appear at once; the server judges them when they are sent.
const pad = $(".pad"), field = pad && $(`#visit [name=${pad.dataset.field}]`);
let last = 0;
function type(key, digit) {
  const value = field.value;
  const next = digit ? (value + digit).slice(0, pad.dataset.most) : key.endsWith("clear") ? "" : value.slice(0, -1);
  field.value = next;
  const slots = $$(".display .slot"), masked = field.name === "pin" || page === "staff";
  while (page !== "check" && slots.length < next.length) slots.push($(".display .group").appendChild(slots[0].cloneNode()));
  if (slots.length < next.length || (page === "check" && !slots[next.length - 1])) return false;
  slots.forEach((slot, at) => {
    slot.textContent = at < next.length ? (masked ? "●" : next[at]) : "";
    slot.classList.toggle("empty", at >= next.length);
    slot.classList.toggle("here", at === next.length);
  });
  $(".display").setAttribute("aria-label", masked ? next.length : next);
  const least = { pin: 4, once: page === "staff" ? 4 : 6, phone: 8 }[field.name] ?? slots.length;
  $(".ok", pad).classList.toggle("ready", next.length >= least);
  return true;
}
pad?.addEventListener("click", e => {
  const key = e.target.closest(".key:not(.ok)");
  if (!key || $("#visit [name=at]").value) return;
  const now = performance.now();
  if (key === pad.last && now - last < ("slow" in body.dataset ? 500 : 120)) return e.preventDefault();
  pad.last = key; last = now; beep();
  const digit = /\d$/.exec(key.value)?.[0];
  if (type(key.value, digit)) e.preventDefault();
});

// A scanner types like a keyboard, only faster, and ends with Enter.
let burst = "", at = 0;
addEventListener("keydown", e => {
  const now = performance.now(), fast = now - at < 60;
  at = now;
  if (e.key === "Enter" || e.key === "Tab") {
    const digits = burst.replace(/\D/g, "");
    burst = "";
    if (fast && digits.length >= 8 && digits.length <= 24) {
      e.preventDefault();
      return send(`${START}/${root.lang}/check`, { digits, key: "ok" });
    }
    if (e.key === "Enter" && pad && e.target === body) { e.preventDefault(); $(".ok", pad).click(); }
    return;
  }
  if (e.key === "Escape" && !dialog?.open) return e.preventDefault();
  if (e.ctrlKey || e.altKey || e.metaKey) return;
  if (e.key.length === 1) burst = (fast ? burst : "") + e.key;
  if (!pad || e.target.matches("input,textarea")) return;
  const key = /^\d$/.test(e.key) ? $(`.key[value$="${e.key}"]`, pad) : e.key === "Backspace" && $(".delete", pad);
  if (key) { pad.last = null; key.click(); }
});
function send(action, values) {
  const form = document.createElement("form");
  form.method = "post"; form.action = action; form.hidden = true;
  for (const [name, value] of Object.entries(values)) {
    const input = document.createElement("input");
    input.type = "hidden"; input.name = name; input.value = value; form.append(input);
  }
  body.append(form); form.submit();
}

// What is waited for: asked again without leaving the page.
async function look() {
  const form = new URLSearchParams(new FormData($("#visit")));
  form.set("key", "poll");
  try {
    const answer = await fetch($("#visit").action, { method: "post", body: form, signal: AbortSignal.timeout(8000) });
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok && $("main", next)?.className !== $("main").className) {
      $("main").replaceWith(document.adoptNode($("main", next)));
      $("#visit").replaceWith(document.adoptNode($("#visit", next)));
      if (!next.body.dataset.poll) clearInterval(polling);
      touched = performance.now();
    }
  } catch { /* the next question may get through */ }
}
const polling = poll && setInterval(look, poll * 1000);
const until = $("[data-until]");
if (until) setInterval(() => {
  const left = Math.max(0, Math.round((until.dataset.until - Date.now()) / 1000));
  until.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  if (left > 0) touched = Math.max(touched, performance.now() - idle * 1000 + 5000);
}, 500);

// Nobody is here: what one can do is shown in turn.
const turns = $$("[data-turns] p");
if (!matchMedia("(prefers-reduced-motion: reduce)").matches) setInterval(() => {
  const at = turns.findIndex(one => !one.hidden);
  if (at >= 0) { turns[at].hidden = true; turns[(at + 1) % turns.length].hidden = false; }
}, 4500);

// Hide, print, staff.
addEventListener("click", e => {
  const hide = e.target.closest("[data-hide]");
  if (hide) {
    root.classList.toggle("hidden");
    [hide.dataset.hide, hide.lastChild.data] = [hide.lastChild.data, hide.dataset.hide];
  }
  if (e.target.closest("[data-print]")) print();
});
let hold;
$(".brand")?.addEventListener("pointerdown", () => { hold = setTimeout(() => location.assign(`${START}/${root.lang}/staff`), 3000); });
addEventListener("pointerup", () => clearTimeout(hold));

// Sound: a soft click, and clips where there are some.
let context, clip;
function beep() {
  if (!("sound" in body.dataset)) return;
  context ??= new AudioContext();
  const tone = context.createOscillator(), gain = context.createGain();
  gain.gain.value = 0.05 * volume(); tone.frequency.value = 880;
  tone.connect(gain).connect(context.destination);
  tone.start(); tone.stop(context.currentTime + 0.04);
}
const volume = () => (body.dataset.volume ?? 70) / 100;
const listen = $("[data-clip]");
const speak = () => { clip ??= new Audio(listen.dataset.clip); clip.volume = volume(); clip.currentTime = 0; clip.play().catch(() => {}); };
if (listen) {
  listen.onclick = () => (clip && !clip.paused ? clip.pause() : speak());
  addEventListener("pointerdown", e => e.target.closest("[data-clip]") || clip?.pause(), true);
  if ("sound" in body.dataset) speak();
}

// Keys on the screen, loaded when something is to be written.
for (const one of $$("main [data-keys]")) {
  one.inputMode = "none";
  one.addEventListener("focus", () => import(body.dataset.keys), { once: true });
}

// The device: it says how it is and hears what to do.
let took = 0, done = [], leaving = false;
const battery = navigator.getBattery?.().catch(() => null);
async function heartbeat() {
  const power = await battery;
  const says = { page, build, printer: "none", network_ms: took, done };
  if (power && !power.charging) says.battery = Math.round(power.level * 100);
  if (!done.length) delete says.done;
  const begun = performance.now();
  try {
    if (!build) return await fetch(`${START}/sw.js`, { method: "head", signal: AbortSignal.timeout(8000) }), line(true);
    const answer = await fetch("/v1/kiosk/heartbeat", {
      method: "post", headers: { "content-type": "application/json" }, body: JSON.stringify(says), signal: AbortSignal.timeout(8000),
    });
    took = Math.min(600000, Math.round(performance.now() - begun));
    if (answer.status === 401) return leave();
    if (answer.ok) { done = []; carryOut((await answer.json()).commands); }
    line(true);
  } catch { line(false); }
}
function carryOut(commands) {
  const free = !idle || performance.now() - touched > idle * 1000;
  for (const { id, kind, value } of commands) {
    if (kind === "volume") body.dataset.volume = value;
    else if (!free) continue;
    done.push(id);
    if (kind !== "volume") leaving = true;
  }
  if (leaving && free) heartbeatThen(leave);
}
const heartbeatThen = next => { leaving = false; setTimeout(() => heartbeat().then(next), 100); };
function line(up) {
  if (up && offline) return leave();
  offline = !up;
  root.classList.toggle("off", offline);
}
heartbeat();
setInterval(heartbeat, 30000);
addEventListener("offline", () => line(false));
addEventListener("online", heartbeat);
const worker = navigator.serviceWorker;
worker?.register("/kiosk/sw.js", { scope: START }).catch(() => {});
worker?.ready.then(({ active }) => setTimeout(() => active.postMessage("keep"), 2000));
