// Events from the server, for every open page. One tab alone holds the connection and tells the others, since
// browsers allow six connections to a host.
//
//   import { on } from "./live.js";
//   on("case", ({ case_id, version }) => ...);

const EVENTS = ["case", "alert", "flow", "presence", "missed"];
const AGAIN_MS = 15_000;
const handlers = new Map();
const others = new BroadcastChannel("listener-live");
let source = null;

export function on(event, handler) {
  if (!handlers.has(event)) handlers.set(event, new Set());
  handlers.get(event).add(handler);
  if (source && !EVENTS.includes(event)) listenTo(event);
  if (!source && !EVENTS.includes(event)) others.postMessage({ event: "wanted", data: event });
}

export async function start(showState) {
  on("state", showState);
  others.onmessage = ({ data: { event, data } }) => {
    if (event === "wanted") {
      if (source) listenTo(data);
    } else if (event === "hello") {
      if (source) others.postMessage({ event: "state", data: source.readyState === 1 ? "on" : "off" });
    } else handle(event, data);
  };
  others.postMessage({ event: "hello" });
  await navigator.locks.request("listener-live", () => new Promise(open));
}

function open() {
  source = new EventSource("/live");
  listening.clear();
  for (const event of new Set([...EVENTS, ...handlers.keys()])) listenTo(event);
  source.onopen = () => tell("state", "on");
  source.onerror = () => {
    tell("state", "off");
    // a browser asks again by itself where a connection breaks off, and not where it was refused
    if (source.readyState === EventSource.CLOSED) setTimeout(open, AGAIN_MS);
  };
}

const listening = new Set();

function listenTo(event) {
  if (event === "state" || listening.has(event)) return;
  listening.add(event);
  source.addEventListener(event, ({ data }) => tell(event, JSON.parse(data)));
}

function tell(event, data) {
  others.postMessage({ event, data });
  handle(event, data);
}

function handle(event, data) {
  for (const handler of handlers.get(event) ?? []) handler(data);
}
