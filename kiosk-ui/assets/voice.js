// @ts-check
// The words of a page by the device's own voice, where it has one of the page's language. No voice from elsewhere: what a page
// says stays in the room.
const say = /** @type {HTMLElement} */ (document.querySelector("[data-say]"));
const { body, documentElement: root } = document;
const voices = speechSynthesis;
const voice = () => voices.getVoices().find(one => one.localService && one.lang.split(/[-_]/)[0] === root.lang);

function tell() {
  const words = new SpeechSynthesisUtterance(say.dataset.say);
  Object.assign(words, { voice: voice(), lang: root.lang, volume: +(body.dataset.volume ?? 70) / 100, rate: 0.9 });
  voices.speak(words);
}

function offer() {
  if (!voice() || !say.hidden) return;
  for (const place of document.querySelectorAll("[data-say], [data-voice]")) /** @type {HTMLElement} */ (place).hidden = false;
  if ("sound" in body.dataset) tell();
}

say.onclick = () => (voices.speaking ? voices.cancel() : tell());
// the first touch anywhere else ends it
addEventListener("pointerdown", event => {
  if (!(/** @type {Element} */ (event.target)).closest("[data-say]")) voices.cancel();
}, true);
voices.addEventListener("voiceschanged", offer);
offer();
