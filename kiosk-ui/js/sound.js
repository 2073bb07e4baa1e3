// @ts-check
// A soft click; and the clip of a page where there is one, else the same words by the device's own voice, where it has one of the page's
// language. No voice from elsewhere: what a page says stays in the room.
import { $, $$, body, root } from "./page.js";

/** @type {AudioContext | undefined} */
let speaker;
/** @type {HTMLAudioElement | undefined} */
let clip;
const listen = $("[data-clip]");
const volume = () => +(body.dataset.volume ?? 70) / 100;

const say = $("[data-say]");
const voices = globalThis.speechSynthesis;
const voice = () => voices?.getVoices().find(one => one.localService && one.lang.split(/[-_]/)[0] === root.lang);

export const isSpeaking = () => Boolean((clip && !clip.paused) || voices?.speaking);

export function beep() {
  if (!("sound" in body.dataset)) return;
  speaker ??= new AudioContext();
  const tone = speaker.createOscillator(), gain = speaker.createGain();
  gain.gain.value = 0.05 * volume();
  tone.frequency.value = 880;
  tone.connect(gain).connect(speaker.destination);
  tone.start();
  tone.stop(speaker.currentTime + 0.04);
}

function speak() {
  clip ??= new Audio(listen.dataset.clip);
  clip.volume = volume();
  clip.currentTime = 0;
  clip.play().catch(() => {});
}

function offer() {
  if (!voice() || !say.hidden) return;
  for (const place of [say, ...$$("[data-voice]")]) place.hidden = false;
  if ("sound" in body.dataset) tell();
}

function tell() {
  const words = new SpeechSynthesisUtterance(say.dataset.say);
  Object.assign(words, { voice: voice(), lang: root.lang, volume: volume(), rate: 0.9 });
  voices.speak(words);
}

if (say && voices) {
  say.onclick = () => (voices.speaking ? voices.cancel() : tell());
  addEventListener("pointerdown", event => {
    if (!(/** @type {Element} */ (event.target)).closest("[data-say]")) voices.cancel();
  }, true);
  voices.addEventListener("voiceschanged", offer);
  offer();
}

if (listen) {
  listen.onclick = () => (isSpeaking() ? clip?.pause() : speak());
  // the first touch anywhere else ends it
  addEventListener("pointerdown", event => {
    if (!(/** @type {Element} */ (event.target)).closest("[data-clip]")) clip?.pause();
  }, true);
  if ("sound" in body.dataset) speak();
}
