// @ts-check
// What all parts of the script stand on. They make the pages quicker and safer; every page works without them. Nothing of a
// visitor is kept here or in any storage: what is typed stands in the form of the page and goes with it.
export const { body, documentElement: root } = document;
export const START = "/kiosk";

/** @param {string} what @param {ParentNode} [at] @returns {any} */
export const $ = (what, at = document) => at.querySelector(what);
/** @param {string} what @param {ParentNode} [at] @returns {any[]} */
export const $$ = (what, at = document) => [...at.querySelectorAll(what)];

/** Back to the first page; nothing of the visit is left behind, and who had signed in is signed out. */
export function leave() {
  if (body.dataset.ends) fetch(`${START}/${root.lang}/mine`, {
    method: "post", body: new URLSearchParams({ held: $("[name=held]").value, key: "out" }), keepalive: 1 });
  location.replace(START);
}

/** Shows what is left of a time in minutes and seconds; the seconds. */
export function countDown(shown, ms) {
  const left = Math.max(0, Math.round(ms / 1000));
  if (shown) shown.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  return left;
}

/** Sends values as a form does, so that no address holds them. */
export function post(action, values) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = action;
  form.hidden = true;
  for (const [name, value] of Object.entries(values)) {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    form.append(input);
  }
  body.append(form);
  form.submit();
}

root.classList.add("js");
