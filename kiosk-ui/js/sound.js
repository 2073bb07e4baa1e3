// @ts-check
// A soft click; and the clip of a page where there is one, else the device's own voice, which has a script of its own.
import { $, body } from "./page.js";

/** @type {AudioContext | undefined} */
let speaker;
/** @type {HTMLAudioElement | undefined} */
let clip;
const listen = $("[data-clip]");
const volume = () => +(body.dataset.volume ?? 70) / 100;

export const isSpeaking = () => Boolean((clip && !clip.paused) || globalThis.speechSynthesis?.speaking);

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

if (listen) {
  listen.onclick = () => (isSpeaking() ? clip?.pause() : speak());
  // the first touch anywhere else ends it
  addEventListener("pointerdown", event => {
    if (!(/** @type {Element} */ (event.target)).closest("[data-clip]")) clip?.pause();
  }, true);
  if ("sound" in body.dataset) speak();
}

const say = $("[data-say]"), voices = globalThis.speechSynthesis;
if (say && voices) {
  const bring = () => voices.getVoices().length > 0 && import(say.dataset.script);
  voices.addEventListener("voiceschanged", bring, { once: true });
  bring();
}
