// The queue: worked through by keys, and kept current while nobody is in the middle of something.

import { refresh } from "./console.js";
import { keys } from "./keys.js";
import { on } from "./live.js";

const QUIET_MS = 1000;
const AGAIN_MS = 15_000;

const rows = () => [...document.querySelectorAll("a.row")];
const current = () => document.activeElement?.closest("a.row");
const follow = (found) => found && found.click();

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(current());
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1)];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

keys([
  ["j", "Next case", () => move(1)],
  ["k", "Case before", () => move(-1)],
  ["Enter", "Open the case", () => follow(current() ?? document.activeElement?.closest("a, button, summary") ?? rows()[0])],
  ["w", "Work through them, the most urgent first", () => follow(document.getElementById("work"))],
  ["/", "Search", () => document.getElementById("words").focus()],
  ["f", "Filters", () => document.getElementById("status").focus()],
  ["n", "Next page", () => follow(document.querySelector("a[rel=next]"))],
  ["p", "First page", () => follow(document.querySelector("a[rel=prev]"))],
]);

let waiting = null;
let last = 0;

async function update() {
  waiting = null;
  last = Date.now();
  if (document.activeElement.closest("#list") && !current()) return;
  const focused = current()?.id;
  if (!(await refresh("list", location.href, true))) return;
  if (focused) (document.getElementById(focused) ?? rows()[0])?.focus();
}

// Many cases change at once in a busy hour: the first change shows soon, the others together some time later.
function changed() {
  if (waiting) return;
  const soon = Date.now() - last > AGAIN_MS ? QUIET_MS : AGAIN_MS - (Date.now() - last);
  waiting = setTimeout(update, Math.max(QUIET_MS, soon));
}

on("case", changed);
on("missed", changed);
// what happened while the page loaded was told to nobody
on("state", (state) => { if (state === "on") changed(); });
