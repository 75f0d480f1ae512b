// Working by keys: single letters that do nothing while somebody types, a list of them, and a way to switch them off.
//
//   keys([["j", "Next case", () => ...], ...]);

const KEPT = "listener-keys";
const TYPED_INTO = "input, textarea, select, [contenteditable]";

export function keys(known) {
  const list = overlay(known);
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (list.open || event.target.closest?.(TYPED_INTO)) return;
    if (event.key === "?") {
      event.preventDefault();
      list.showModal();
      return;
    }
    if (localStorage.getItem(KEPT) === "off") return;
    const found = known.find(([key]) => key === event.key);
    if (!found) return;
    event.preventDefault();
    found[2]();
  });
  const shows = document.getElementById("keys");
  if (shows) {
    shows.hidden = false;
    shows.addEventListener("click", () => list.showModal());
  }
}

function overlay(known) {
  const dialog = element("dialog", { className: "keys" });
  dialog.setAttribute("aria-labelledby", "keys-title");
  const rows = known.map(([key, words]) => {
    const row = element("div");
    row.append(element("dt", {}, element("kbd", { textContent: key })), element("dd", { textContent: words }));
    return row;
  });
  const list = element("dl", {}, ...rows);
  const box = element("input", { type: "checkbox", checked: localStorage.getItem(KEPT) !== "off" });
  box.addEventListener("change", () => localStorage.setItem(KEPT, box.checked ? "on" : "off"));
  const label = element("label", { className: "check" }, box, "Single letters work as keys");
  const hint = element("p", { className: "quiet small", textContent: "With a screen reader, switch to its focus mode, or switch the letters off: everything is on the page as well." });
  const close = element("button", { textContent: "Close" });
  dialog.append(element("h2", { id: "keys-title", textContent: "Keys" }), list, label, hint, element("form", { method: "dialog" }, close));
  document.body.append(dialog);
  return dialog;
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
