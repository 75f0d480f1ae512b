// What every page has: times, the live connection, words for a screen reader, sending without leaving a page.

import { on, start } from "./live.js";
import { showTimes } from "./times.js";

// Says something to everybody, and by a screen reader.
export function say(text) {
  const told = document.getElementById("told");
  told.textContent = text;
  told.classList.add("shown");
  clearTimeout(say.timer);
  say.timer = setTimeout(() => told.classList.remove("shown"), 6000);
}

// Sends fields as a form of this page would; gives the response.
export function send(path, fields) {
  const token = document.querySelector('meta[name="csrf"]').content;
  const headers = { "X-CSRF-Token": token, Accept: "application/json" };
  return fetch(path, { method: "POST", headers, body: new URLSearchParams(fields) });
}

// A colour of the style sheet as the browser has resolved it, such as colour("--bad"), for canvases.
export function colour(name) {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = `var(${name})`;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

// Puts the part of another page with this id, such as the same one a moment later, in place of ours; not while
// somebody works in it.
// With `refocus` also where the focus is in it: whoever calls puts it back.
export async function refresh(id, address = location.href, refocus = false) {
  if (!refocus && document.getElementById(id)?.contains(document.activeElement)) return false;
  const response = await fetch(address, { headers: { Accept: "text/html" } });
  if (!response.ok) return false;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById(id);
  const stale = document.getElementById(id);
  if (!fresh || !stale || (!refocus && stale.contains(document.activeElement))) return false;
  stale.replaceWith(fresh);
  showTimes(fresh);
  return true;
}

function showState(state) {
  const shown = document.getElementById("live-state");
  shown.hidden = false;
  shown.dataset.state = state;
  shown.textContent = state === "on" ? "live" : "connecting";
  shown.title = state === "on" ? "This page is told what happens" : "The server does not answer; tried again every few seconds";
}

showTimes();
setInterval(showTimes, 30_000);
on("flow", ({ counts = {} }) => {
  for (const shown of document.querySelectorAll("[data-count]")) {
    const count = counts[shown.dataset.count] ?? 0;
    shown.hidden = count === 0;
    shown.textContent = count;
  }
});
start(showState);
