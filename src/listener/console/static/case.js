// A case: its keys, what is new while it is open, and who else has it open.

import { say } from "./console.js";
import { keys } from "./keys.js";
import { on } from "./live.js";
import { showTimes } from "./times.js";

const HERE_MS = 15_000;
const AFTER_SENDING_MS = [2000, 5000, 15_000, 40_000];
const LIVE = ["live-head", "live-timeline", "live-side"];
const shown = document.getElementById("case");
const mine = shown?.dataset.case;
const form = document.getElementById("answer-form");
const get = (id) => document.getElementById(id);
const follow = (found) => found && found.click();

function answer(kind, field) {
  if (!form) return;
  get(`kind-${kind}`).checked = true;
  get(field).focus();
}

function move(step) {
  const all = [...document.querySelectorAll("#timeline > .entry")];
  if (!all.length) return;
  const at = all.indexOf(document.activeElement?.closest?.(".entry"));
  const next = all[at < 0 ? all.length - 1 : Math.min(Math.max(at + step, 0), all.length - 1)];
  next.tabIndex = -1;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function reveal(id) {
  const field = get(id);
  if (!field) return;
  field.focus();
  field.scrollIntoView({ block: "center" });
}

keys([
  ["a", "Answer: it then waits for the customer", () => answer("answered", "text")],
  ["r", "Resolve: the matter is settled", () => answer("resolved", "text")],
  ["d", "Decline, with a reason", () => answer("declined", "reason")],
  ["h", "Hand over", () => reveal("owner")],
  ["t", "Take it myself", () => follow(get("take"))],
  ["m", "Make one with another case", () => reveal("other")],
  ["c", "Close without an answer, or open again", () => reveal("close-reason")],
  ["o", "Open where it was said", () => follow(document.querySelector("a.source"))],
  ["k", "Up the timeline", () => move(-1)],
  ["j", "Down the timeline", () => move(1)],
  ["n", "Next case", () => follow(get("next"))],
  ["u", "Back to the queue", () => follow(get("back"))],
]);

for (const one of document.querySelectorAll(".acts form")) {
  one.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    one.requestSubmit(one.querySelector("button:not([type=button])"));
  });
}
// A form that was sent cannot be sent by a second click; going back makes it new.
for (const one of document.querySelectorAll("main form[method=post]")) {
  one.addEventListener("submit", (event) => {
    if (one.dataset.sent) event.preventDefault();
    one.dataset.sent = "1";
  });
}
addEventListener("pageshow", () => {
  for (const one of document.querySelectorAll("form[data-sent]")) delete one.dataset.sent;
});

if (get("news") || get("problems")) {
  const wrong = document.querySelector("[aria-invalid]");
  (wrong ?? get("text"))?.focus({ preventScroll: Boolean(get("news")) });
}

let typed = false;
document.querySelector(".acts")?.addEventListener("input", () => { typed = true; });

async function update() {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const head = fresh.getElementById("live-head");
  if (!head) {
    if (fresh.getElementById("over")) location.reload();
    return;
  }
  const { version } = head.dataset;
  if (Number(version) <= Number(shown.dataset.version)) return;
  const before = document.querySelectorAll("#timeline > .entry").length;
  for (const id of LIVE) {
    const part = fresh.getElementById(id);
    get(id).replaceWith(part);
    showTimes(part);
  }
  shown.dataset.version = version;
  get("sent")?.remove();
  const more = document.querySelectorAll("#timeline > .entry").length - before;
  const words = more > 0 ? "Something new happened in this case: it is at the end of the timeline." : "This case has changed.";
  if (typed) {
    const since = get("since");
    since.textContent = `${words} You began to write before that.`;
    since.hidden = false;
    return;
  }
  // nothing is typed: the forms know what is shown now
  const seen = fresh.querySelector("#answer-form input[name=seen]");
  for (const old of document.querySelectorAll(".acts input[name=seen]")) old.value = seen?.value ?? old.value;
  say(words);
}

let waiting = null;
on("case", ({ case_id, version }) => {
  if (case_id !== mine || version <= Number(shown.dataset.version) || waiting) return;
  waiting = setTimeout(() => { waiting = null; update(); }, 300);
});
on("missed", update);
// what happened while the page loaded was told to nobody
on("state", (state) => { if (state === "on" && mine) update(); });
if (get("sent")) for (const ms of AFTER_SENDING_MS) setTimeout(() => { if (get("sent")) update(); }, ms);

function others(people) {
  const rest = people.filter((name) => name !== shown.dataset.person);
  const told = get("presence");
  told.hidden = rest.length === 0;
  told.querySelector("bdi").textContent = rest.join(", ");
}

on("presence", ({ case_id, people }) => { if (case_id === mine) others(people); });

function here(fields = {}, keepalive = false) {
  const token = document.querySelector('meta[name="csrf"]').content;
  const headers = { "X-CSRF-Token": token, Accept: "application/json" };
  return fetch(`/cases/${mine}/open`, { method: "POST", headers, body: new URLSearchParams(fields), keepalive });
}

if (mine) {
  setInterval(async () => {
    if (document.hidden) return;
    const response = await here().catch(() => null);
    if (response?.ok) others((await response.json()).people);
  }, HERE_MS);
  addEventListener("pagehide", () => { here({ gone: "1" }, true).catch(() => {}); });
}
