// Ticking a letter says that those ticked are meant.

for (const box of document.querySelectorAll("input[name=letter]")) {
  box.addEventListener("change", () => { document.querySelector("input[name=which][value=chosen]").checked = true; });
}
