// Looks again every two seconds until an erasure is over, then shows what became of it.
import { refresh, say } from "./console.js";

const timer = setInterval(async () => {
  if (!(await refresh("erasure"))) return;
  if (document.getElementById("erasure").dataset.state === "running") return;
  clearInterval(timer);
  say("The erasure is over");
}, 2000);
