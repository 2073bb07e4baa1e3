// Fetches the page again every two seconds and puts its middle in place of the old one, so that scrolling
// and the reader's place stay, the keyboard's too. Without script the page asks the browser to load it every five seconds.
const PAUSE_MS = 2000;
const GIVE_UP_MS = 4000;
const REACHED = "a,button,input,select,summary";

async function refresh() {
  if (document.hidden) return;
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), GIVE_UP_MS);
  try {
    const answer = await fetch(document.querySelector("#now").dataset.from, { signal: stop.signal, cache: "no-store" });
    if (answer.status === 401 || answer.status === 403) return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const old = document.querySelector("#now");
    const left = [...old.querySelectorAll(".scroll")].map(table => table.scrollLeft);
    // a section in which something is being entered or read stays
    const was = [...old.children];
    const focused = [...old.querySelectorAll(REACHED)].indexOf(document.activeElement);
    old.replaceChildren(...[...page.querySelector("#now").children].map((next, at) => (was[at]?.querySelector("details[open]") ? was[at] : next)));
    if (focused >= 0 && !old.contains(document.activeElement)) old.querySelectorAll(REACHED)[focused]?.focus({ preventScroll: true });
    old.querySelectorAll(".scroll").forEach((table, at) => { table.scrollLeft = left[at] ?? 0; });
    told(true);
  } catch {
    told(false);
  } finally {
    clearTimeout(timer);
  }
}

function told(there) {
  document.body.classList.toggle("old", !there);
  document.querySelector("#gone").hidden = there;
}

setInterval(refresh, PAUSE_MS);
document.addEventListener("visibilitychange", refresh);
