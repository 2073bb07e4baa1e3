// @ts-check
// Keyboards on the screen: Khmer as NiDA lays it out, with subscripts as one key, Latin, digits. Backspace takes one
// code point, as Khmer typists expect.
const KM = ["១២៣៤៥៦៧៨៩០ឥឪ", "ឆឹេរតយុិោផៀឧ", "ាសដថងហ្កលើ់", "ឋខចវបនម ុំ ។៊"];
const KM_SHIFTED = ["ៗ័៏៌៍()?!,.", "ឈឺែឬទួូីៅភឿឯ", " ាំ ៃឌធអះញគឡ ោះ ៉", "ឍឃជ េះ ពណំ ុះ ៕៎"];
const EN = ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm.,?"];
const EN_SHIFTED = EN.map(row => row.toUpperCase());
const split = row => row.split(/( [^ ]+ )/).flatMap(part => (part.startsWith(" ") ? [part.trim()] : [...part]));
const khmer = document.documentElement.lang === "km";
/** @type {HTMLInputElement} */
let field;
let km = khmer, shift = false, coeng = false;
const box = document.createElement("section");
box.className = "keys";
box.hidden = true;
box.setAttribute("aria-label", khmer ? "ក្តារចុច" : "Keyboard");
document.body.append(box);
const isConsonant = text => /^[\u1780-\u17A2]$/.test(text);
const shown = text => (/^[\u17B6-\u17D3]/.test(text) ? "\u25CC" + text : text);

function key(label, press, kind = "") {
  const button = document.createElement("button");
  button.type = "button";
  button.className = `cap ${kind}`;
  button.textContent = label;
  button.tabIndex = -1;
  // the field keeps the focus
  for (const kind of ["mousedown", "pointerdown"]) button.addEventListener(kind, event => event.preventDefault());
  button.onclick = press;
  return button;
}
function put(text) {
  field.setRangeText(text, field.selectionStart ?? 0, field.selectionEnd ?? 0, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  if (shift || coeng) { shift = coeng = false; draw(); }
}
function erase() {
  const { selectionStart, selectionEnd, value } = field;
  const from = selectionStart ?? 0, to = selectionEnd ?? 0;
  const before = from === to ? [...value.slice(0, from)].slice(0, -1).join("").length : from;
  field.setRangeText("", before, to, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
function draw() {
  const [plain, shifted] = km ? [KM, KM_SHIFTED] : [EN, EN_SHIFTED];
  const rows = shift ? shifted : plain;
  box.replaceChildren(...rows.map(row => {
    const line = document.createElement("div");
    line.append(...split(row).map(text => {
      const whole = coeng && isConsonant(text) ? "\u17D2" + text : text;
      if (text !== "\u17D2") return key(shown(whole), () => put(whole));
      return key("\u25CC\u17D2", () => { coeng = !coeng; draw(); }, coeng ? "on" : "");
    }));
    return line;
  }));
  const last = document.createElement("div");
  last.append(
    key("⇧", () => { shift = !shift; draw(); }, shift ? "wide on" : "wide"),
    key(km ? "ABC" : "កខគ", () => { km = !km; shift = coeng = false; draw(); }, "wide"),
    key(khmer ? "ដកឃ្លា" : "Space", () => put(" "), "space"),
    key("⌫", erase, "wide"),
    // what its field is for: it sends or it searches
    key(field.dataset.keys || "✓", () => field.form?.requestSubmit(field.form.querySelector(".go") ?? undefined), "enter"),
  );
  box.append(last);
  room();
}
/** What is written and the way back stay in sight: the page ends above the keys, or beside them where the way back stands. */
function room() {
  const foot = /** @type {HTMLElement | null} */ (document.querySelector(".foot"));
  const upright = foot && foot.offsetHeight > foot.offsetWidth;
  box.style.left = upright ? `${foot.offsetWidth}px` : "";
  document.documentElement.style.setProperty("--keys", box.hidden ? "0px" : `${box.offsetHeight}px`);
}
function show(one) {
  one.scrollIntoView({ block: "nearest" });
  if (one.selectionEnd === one.value.length) one.scrollTop = one.scrollHeight;
}
function close() {
  box.hidden = true;
  room();
}
function openFor(one) {
  field = one;
  box.hidden = false;
  document.documentElement.classList.add("typing");
  draw();
  show(one);
}
addEventListener("resize", () => { if (!box.hidden) { draw(); show(field); } });
for (const one of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("main [data-keys]"))) {
  one.addEventListener("focus", () => openFor(one));
  one.addEventListener("input", () => show(one));
  if (one === document.activeElement) openFor(one);
}
document.addEventListener("pointerdown", event => {
  if (!(/** @type {Element} */ (event.target)).closest(".keys,[data-keys]")) close();
});
