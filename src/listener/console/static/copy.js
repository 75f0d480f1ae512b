// Buttons that copy what stands elsewhere on the page: <button data-copy="id" hidden>. Without scripts they are not there.
import { say } from "./console.js";

for (const button of document.querySelectorAll("button[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  if (!source || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.href ?? source.textContent);
    say("Copied");
  });
}
