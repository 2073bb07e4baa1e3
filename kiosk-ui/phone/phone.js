// The phones of the try-out. Each keeps nothing but what its screen shows; what was sent and received is the
// telco's, read from /phone/api and followed by server-sent events.
const MAX_PHONES = 4;
const TAP_MS = 900;
const MODES = ["123", "១២៣", "abc", "ABC"];
const KHMER = "០១២៣៤៥៦៧៨៩";
const STATES = {
  queued: ["…", ""], sent: ["→ SMSC", ""], accepted: ["✓ ESME_ROK", "good"],
  waiting: ["រង់ចាំ waiting", "bad"], refused: ["✗ refused", "bad"],
};
const to = document.body.dataset.shortCode;
const desk = document.querySelector(".desk");
const phones = [];
let here;
let source;

class Phone {
  constructor(number) {
    this.root = document.querySelector("#phone").content.firstElementChild.cloneNode(true);
    this.number = number;
    this.mode = 0;
    this.at = (selector) => this.root.querySelector(selector);
    this.at(".number").value = number;
    this.root.addEventListener("pointerdown", () => take(this));
    this.root.addEventListener("focusin", () => take(this));
    this.at(".number").addEventListener("change", (event) => this.rename(event.target.value));
    this.at("textarea").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.send();
      }
    });
    for (const key of this.root.querySelectorAll(".key")) key.addEventListener("click", () => this.press(key));
    this.at(".ussd").addEventListener("submit", (event) => {
      event.preventDefault();
      this.answer();
    });
    this.at("[data-do=hangup]").addEventListener("click", () => this.hangUp());
    this.at("[data-do=send]").addEventListener("click", () => this.send());
    this.at("[data-do=delete]").addEventListener("click", () => this.erase());
    this.at("[data-do=scan]").addEventListener("click", () => this.scan());
    this.at("[data-do=mode]").addEventListener("click", () => this.change());
    desk.append(this.root);
  }

  rename(text) {
    const digits = text.replace(/\D/g, "").replace(/^0+/, "855");
    if (digits.length < 8 || phones.some((other) => other !== this && other.number === digits)) {
      this.at(".number").value = this.number;
      return;
    }
    this.number = digits;
    this.at(".number").value = digits;
    follow();
  }

  change() {
    this.mode = (this.mode + 1) % MODES.length;
    this.at(".mode").textContent = MODES[this.mode];
    this.at("[data-do=mode] b").textContent = MODES[this.mode];
  }

  // In the letter modes a key pressed again in time takes the next of its letters.
  press(key) {
    if (!this.at(".ussd").hidden) {
      this.at(".ussd-input").value += key.dataset.key;
      return;
    }
    const box = this.at("textarea");
    const digit = key.dataset.key;
    const letters = key.dataset.letters.replace("␣", " ") + digit;
    const again = this.tapped?.key === key && performance.now() - this.tapped.when < TAP_MS;
    let sign = digit;
    if (this.mode === 1 && digit >= "0" && digit <= "9") sign = KHMER[Number(digit)];
    if (this.mode >= 2) {
      const turn = again ? (this.tapped.turn + 1) % letters.length : 0;
      sign = letters[turn];
      if (this.mode === 3) sign = sign.toUpperCase();
      this.tapped = { key, turn, when: performance.now() };
    }
    const from = this.mode >= 2 && again ? Math.max(0, box.selectionStart - 1) : box.selectionStart;
    box.setRangeText(sign, from, box.selectionEnd, "end");
  }

  erase() {
    if (!this.at(".ussd").hidden) {
      const typed = this.at(".ussd-input");
      typed.value = typed.value.slice(0, -1);
      return;
    }
    const box = this.at("textarea");
    const from = box.selectionStart === box.selectionEnd ? Math.max(0, box.selectionStart - 1) : box.selectionStart;
    box.setRangeText("", from, box.selectionEnd, "end");
    this.tapped = undefined;
  }

  async post(path, body) {
    const answer = await fetch(`/phone/api/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ from: this.number, ...body }),
    });
    if (!answer.ok) throw new Error((await answer.json()).error);
  }

  // What the camera sees is what the kiosk shows just now.
  async scan() {
    const answer = await fetch("/phone/api/scan").catch(() => undefined);
    const seen = await answer?.json().catch(() => ({}));
    if (answer?.ok) open(seen.url, "_blank", "noopener");
    else this.say("កញ្ចក់ប៉ះមិនបង្ហាញរូប QR ទេ។ The kiosk shows no code to sign in.");
  }

  async send(text) {
    if (text === undefined && !this.at(".ussd").hidden) return this.answer();
    const box = this.at("textarea");
    const words = text ?? box.value;
    if (words.trim() === "") return;
    try {
      if (/^\*[\d*]+#$/.test(words.trim())) await this.dial(words.trim());
      else await this.post("send", { to, text: words });
      if (text === undefined) box.value = "";
    } catch (fault) {
      this.say(`✗ ${fault.message}`);
    }
  }

  async dial(code) {
    this.waits("…");
    await this.post("dial", { code }).catch((fault) => {
      this.at(".ussd").hidden = true;
      throw fault;
    });
  }

  async answer() {
    const typed = this.at(".ussd-input");
    if (this.at(".ussd").classList.contains("over")) return this.hangUp();
    this.waits();
    await this.post("answer", { text: typed.value.trim() }).catch((fault) => this.over(fault.message));
    typed.value = "";
  }

  async hangUp() {
    const over = this.at(".ussd").classList.contains("over");
    this.at(".ussd").hidden = true;
    clearInterval(this.ticking);
    if (!over) await this.post("hangup", {}).catch(() => {});
  }

  // Counts the seconds that the gateway waits for the next screen.
  waits(text) {
    const box = this.at(".ussd");
    box.hidden = false;
    box.classList.remove("over");
    box.classList.add("waits");
    if (text) this.at(".ussd-text").textContent = text;
    const since = performance.now();
    clearInterval(this.ticking);
    this.ticking = setInterval(() => {
      this.at(".ussd-meta").textContent = `${((performance.now() - since) / 1000).toFixed(1)} s`;
    }, 100);
  }

  screen(news) {
    const box = this.at(".ussd");
    clearInterval(this.ticking);
    box.hidden = false;
    box.classList.remove("waits");
    box.classList.toggle("over", news.end);
    this.at(".ussd-text").textContent = news.text;
    const time = news.latency_ms == null ? "" : ` · ${news.latency_ms} ms`;
    const alphabet = news.alphabet === "gsm7" ? "GSM-7" : "UCS-2";
    this.at(".ussd-meta").textContent = `#${news.screens} · ${alphabet} ${news.units}/${news.size}${time}`;
    this.at(".ussd-input").value = "";
    if (this.root.classList.contains("here") && !news.end) this.at(".ussd-input").focus();
  }

  over(why) {
    this.screen({ text: why, end: true, screens: "–", alphabet: "gsm7", units: 0, size: 182 });
  }

  // A line of the phone itself.
  say(words) {
    const line = document.createElement("li");
    line.className = "hint";
    line.textContent = words;
    this.at(".talk").append(line);
    this.down();
  }

  async read() {
    const answer = await fetch(`/phone/api/history?number=${this.number}`);
    const { entries, screen } = await answer.json();
    if (screen) this.screen(screen);
    this.at(".talk").replaceChildren();
    if (entries.length === 0) this.say("គ្មានសារ No messages");
    for (const entry of entries) this.add(entry);
  }

  add(entry) {
    const list = this.at(".talk");
    list.querySelector(".hint")?.remove();
    const line = document.createElement("li");
    line.className = entry.event;
    line.dataset.id = entry.id;
    const text = document.createElement("div");
    text.textContent = entry.text;
    const meta = document.createElement("small");
    const sms = `${entry.segments} SMS · ${entry.alphabet === "gsm7" ? "GSM-7" : "UCS-2"} · ${entry.units}`;
    meta.append(sms);
    if (entry.latency_ms != null) meta.append(` · ${entry.latency_ms} ms`);
    const state = document.createElement("span");
    meta.append(" ", state);
    line.append(text, meta);
    list.append(line);
    if (entry.event === "own") this.state(entry.id, entry.state);
    if (entry.receipt) this.receipt(entry.id);
    this.down();
  }

  line(kind, id) {
    return [...this.at(".talk").children].findLast((line) => line.className === kind && line.dataset.id === String(id));
  }

  state(id, state) {
    const mark = this.line("own", id)?.querySelector("span");
    const [words, tone] = STATES[state] ?? [state, ""];
    if (mark) Object.assign(mark, { textContent: words, className: tone });
  }

  receipt(id) {
    const mark = this.line("text", id)?.querySelector("span");
    if (mark) Object.assign(mark, { textContent: "✓ DLR", className: "good" });
  }

  down() {
    const list = this.at(".talk");
    list.scrollTop = list.scrollHeight;
  }
}

function take(phone) {
  here = phone;
  for (const other of phones) other.root.classList.toggle("here", other === phone);
}

function happened(event) {
  const news = JSON.parse(event.data);
  if (news.event === "missed") return reread();
  const phone = phones.find((one) => one.number === news.number);
  if (!phone) return;
  if (news.event === "own" || news.event === "text") phone.add(news);
  if (news.event === "state") phone.state(news.id, news.state);
  if (news.event === "screen") phone.screen(news);
  if (news.event === "ended" && !phone.at(".ussd").hidden) phone.over(`— ${news.why} —`);
  if (news.event === "receipt") phone.receipt(news.id);
}

function reread() {
  for (const phone of phones) phone.read().catch(() => {});
}

// Listens for all phones; the history is read whenever the line is (again) there.
function follow() {
  source?.close();
  source = new EventSource(`/phone/api/events?numbers=${phones.map((phone) => phone.number).join(",")}`);
  source.addEventListener("open", () => {
    document.body.classList.remove("gone");
    reread();
  });
  source.addEventListener("message", happened);
  source.addEventListener("error", () => {
    document.body.classList.add("gone");
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, 2000);
  });
}

function add(number) {
  phones.push(new Phone(number));
  document.querySelector("#add").disabled = phones.length >= MAX_PHONES;
}

for (const number of desk.dataset.numbers.trim().split(/\s+/)) add(number);
take(phones[0]);
follow();
document.querySelector("#add").addEventListener("click", () => {
  add(`855960000${10 + Math.floor(Math.random() * 89)}`);
  take(phones.at(-1));
  follow();
});
for (const button of document.querySelectorAll("button.text")) {
  button.addEventListener("click", () => here.send(button.dataset.text ?? button.dataset.dial));
}
