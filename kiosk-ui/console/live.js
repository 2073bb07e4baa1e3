// Follows /trace/events with the filter of the page. Lines come as the page has them, so nothing is built here. While it is
// paused, lines wait; what the page holds is bounded.
const SHOWN_MAX = 500;
const at = (id) => document.querySelector(`#${id}`);
const [state, pause, clear, list, none] = ["state", "pause", "clear", "pdus", "none"].map(at);
const words = state.dataset;
const pauseWord = pause.textContent;
let waiting = [];
let missed = 0;
let there = words.connecting;

function tell() {
  const paused = pause.ariaPressed === "true";
  let text = paused ? `${words.paused} · ${waiting.length} ${words.waiting}` : there;
  if (missed > 0) text += ` · ${words.missed} ${missed}`;
  if (state.textContent !== text) state.textContent = text;
  const tone = { [words.connecting]: "busy", [words.following]: paused ? "busy" : "good" }[there] ?? "bad";
  state.className = `state ${tone}`;
}

// what comes together is shown together
function show() {
  if (pause.ariaPressed === "true" || waiting.length === 0) return tell();
  const rows = document.createElement("template");
  rows.innerHTML = waiting.reverse().join("");
  waiting = [];
  list.prepend(rows.content);
  while (list.children.length > SHOWN_MAX) list.lastElementChild.remove();
  none.hidden = list.children.length > 0;
  tell();
}

function come(html) {
  waiting.push(html);
  if (waiting.length > SHOWN_MAX) waiting.shift();
  if (waiting.length === 1) setTimeout(show, 100);
  if (pause.ariaPressed === "true") tell();
}

async function refused() {
  // a stream that was refused says only that it is over
  const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
  if (answer && (answer.status === 401 || answer.status === 403)) return location.reload();
  there = words.full;
  tell();
}

function follow() {
  const source = new EventSource(`/trace/events${location.search}`);
  source.addEventListener("open", () => {
    // the last lines come again with what follows them, so none is missing in between
    list.replaceChildren();
    waiting = [];
    there = words.following;
    tell();
  });
  source.addEventListener("pdu", (event) => come(event.data));
  source.addEventListener("missed", (event) => {
    missed += Number(event.data);
    tell();
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) return refused();
    there = words.lost;
    tell();
  });
}

pause.addEventListener("click", () => {
  const paused = pause.ariaPressed !== "true";
  pause.ariaPressed = String(paused);
  pause.textContent = paused ? pause.dataset.on : pauseWord;
  show();
});
clear.addEventListener("click", () => {
  list.replaceChildren();
  waiting = [];
  missed = 0;
  none.hidden = false;
  tell();
});
pause.hidden = clear.hidden = false;
tell();
follow();
