// Keeps the page `Now` current: figures of the stream as they are told, the rest when something happened.

import { refresh } from "./console.js";
import { on } from "./live.js";

const LEAST_MS = 10_000;
let wanted = true;
let last = Date.now();

const rounded = (number) => (number === null ? "–" : Math.round(number).toLocaleString("en").replaceAll(",", "\u202f"));

async function catchUp() {
  if (!wanted || Date.now() - last < LEAST_MS) return;
  wanted = false;
  last = Date.now();
  await refresh("now");
}

for (const event of ["case", "alert", "missed"]) on(event, () => { wanted = true; });

on("flow", ({ heard, stages }) => {
  document.querySelector("[data-heard]").textContent = rounded(heard);
  const waiting = Object.values(stages).reduce((sum, [records]) => sum + records, 0);
  document.querySelector("[data-waiting]")?.replaceChildren(rounded(waiting));
  for (const row of document.querySelectorAll("[data-stage]")) {
    const figures = stages[row.dataset.stage];
    if (!figures) continue;
    row.cells[1].textContent = rounded(figures[1]);
    row.cells[2].textContent = rounded(figures[0]);
  }
  catchUp();
});
