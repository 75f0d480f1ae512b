// Times in the viewer's zone, with UTC on hover; `data-since` says how long ago, or for how long, and stays current.

const DAY = 86400;
const UNITS = [["year", 365 * DAY], ["month", 30 * DAY], ["day", DAY], ["hour", 3600], ["minute", 60]];
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const short = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "long" });

export function ago(moment, now = Date.now()) {
  const seconds = (moment - now) / 1000;
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return seconds > 0 ? "in a moment" : "just now";
}

export function lasting(moment, now = Date.now()) {
  const seconds = Math.max(0, (now - moment) / 1000);
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? ["minute", 60];
  return new Intl.NumberFormat("en", { style: "unit", unit, unitDisplay: "long" }).format(Math.trunc(seconds / size));
}

export function showTimes(root = document) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    if ("since" in element.dataset) {
      element.textContent = element.dataset.since === "lasting" ? lasting(moment) : ago(moment);
      element.title = `${full.format(moment)} · ${element.dateTime.replace("T", " ").replace("Z", " UTC")}`;
    } else {
      const thisYear = moment.getFullYear() === new Date().getFullYear();
      element.textContent = (thisYear ? short : full).format(moment);
      element.title = element.dateTime.replace("T", " ").replace("Z", " UTC");
    }
  }
}
