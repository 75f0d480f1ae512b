/* The feedback form as a dialog: see docs/connectors/button.md. No cookie, no storage, no dependency. */
(() => {
  "use strict";
  const script = document.currentScript;
  const base = new URL(".", script.src);
  const TEXTS = {
    en: {
      title: "Tell us, or ask for help",
      message: "What happened?", hint: "Please leave out passwords and card numbers.",
      name: "Your name (optional)", contact: "E-mail address or phone number (optional)",
      contactHint: "Without it our answer stands only under your receipt number.", send: "Send", close: "Close",
      sending: "Sending …", empty: "Write something first. A few words are enough.",
      long: "This is too long to be sent at once.",
      wrongContact: "This is neither an e-mail address nor a phone number.",
      failed: "Your message was not sent, and is still here. Please try again in a moment.",
      wait: "Many messages came from your network. Please send yours again in {} seconds.",
      done: "We have your message. Your receipt number:", status: "See how it stands, and our answer",
    },
    de: {
      title: "Sagen Sie es uns oder bitten Sie um Hilfe",
      message: "Was ist geschehen?", hint: "Bitte keine Passwörter und Kartennummern.",
      name: "Ihr Name (freiwillig)", contact: "E-Mail-Adresse oder Telefonnummer (freiwillig)",
      contactHint: "Sonst steht unsere Antwort nur unter Ihrer Belegnummer.", send: "Senden", close: "Schließen",
      sending: "Wird gesendet …", empty: "Schreiben Sie zuerst etwas. Ein paar Worte genügen.",
      long: "Das ist zu lang für eine Nachricht.",
      wrongContact: "Das ist weder eine E-Mail-Adresse noch eine Telefonnummer.",
      failed: "Ihre Nachricht wurde nicht gesendet und steht noch hier. Bitte versuchen Sie es gleich noch einmal.",
      wait: "Aus Ihrem Netz kamen viele Nachrichten. Bitte senden Sie Ihre in {} Sekunden noch einmal.",
      done: "Wir haben Ihre Nachricht. Ihre Belegnummer:", status: "Stand und Antwort ansehen",
    },
    fr: {
      title: "Dites-le-nous ou demandez de l’aide",
      message: "Que s’est-il passé ?", hint: "N’indiquez ni mot de passe ni numéro de carte.",
      name: "Votre nom (facultatif)", contact: "Adresse e-mail ou téléphone (facultatif)",
      contactHint: "Sinon, notre réponse se lit avec votre numéro de reçu.", send: "Envoyer", close: "Fermer",
      sending: "Envoi …", empty: "Écrivez d’abord quelque chose. Quelques mots suffisent.",
      long: "Ce message est trop long.",
      wrongContact: "Ce n’est ni une adresse e-mail ni un numéro de téléphone.",
      failed: "Votre message n’a pas été envoyé ; il est toujours là. Réessayez dans un instant.",
      wait: "Votre réseau a envoyé beaucoup de messages. Renvoyez le vôtre dans {} secondes.",
      done: "Nous avons votre message. Votre numéro de reçu :", status: "Voir où cela en est et notre réponse",
    },
    es: {
      title: "Cuéntenos o pida ayuda",
      message: "¿Qué ha pasado?", hint: "No escriba contraseñas ni números de tarjeta.",
      name: "Su nombre (opcional)", contact: "Correo electrónico o teléfono (opcional)",
      contactHint: "Sin ello, nuestra respuesta se lee con su número de recibo.", send: "Enviar", close: "Cerrar",
      sending: "Enviando …", empty: "Escriba algo primero. Bastan unas palabras.",
      long: "Este mensaje es demasiado largo.",
      wrongContact: "No es un correo electrónico ni un teléfono.",
      failed: "Su mensaje no se ha enviado y sigue aquí. Inténtelo de nuevo en un momento.",
      wait: "Han llegado muchos mensajes desde su red. Envíe el suyo de nuevo en {} segundos.",
      done: "Tenemos su mensaje. Su número de recibo:", status: "Ver cómo va y nuestra respuesta",
    },
  };
  const asked = (script.dataset.lang || document.documentElement.lang || "en").toLowerCase().split("-")[0];
  const lang = Object.hasOwn(TEXTS, asked) ? asked : "en";
  const t = TEXTS[lang];
  const STYLE = `:host{all:initial;color-scheme:light dark;
--paper:#fff;--ink:#1d1f23;--quiet:#555a63;--line:#7d828b;--accent:#0b5c5e;--on:#fff;--wrong:#a3190f}
@media (prefers-color-scheme:dark){:host{
--paper:#1f2226;--ink:#eceef0;--quiet:#adb3bb;--line:#7c838c;--accent:#7fd0c9;--on:#0c1f1f;--wrong:#ffa79c}}
*{box-sizing:border-box;font:inherit}
.open,dialog{font:16px/1.5 system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif}
.open{position:fixed;right:1rem;bottom:1rem;z-index:2147483000}
dialog{background:var(--paper);color:var(--ink);border:1px solid var(--line);border-radius:12px;padding:24px;
width:min(34rem,calc(100vw - 24px));max-height:calc(100vh - 24px);overflow:auto;overflow-wrap:anywhere}
dialog::backdrop{background:#0009}
h2{font-size:20px;font-weight:700;line-height:1.3;margin:0 0 16px}label{display:block;font-weight:600}p{margin:0 0 8px}
.hint{color:var(--quiet);font-size:15px}.wrong{color:var(--wrong);font-weight:600}
input,textarea{display:block;width:100%;min-height:46px;padding:10px 12px;margin:4px 0 16px;color:var(--ink);
background:var(--paper);border:1px solid var(--line);border-radius:8px}
textarea{min-height:9rem;resize:vertical}[aria-invalid=true]{border:2px solid var(--wrong)}
button{min-height:46px;padding:8px 24px;margin:0 12px 0 0;border:2px solid var(--accent);border-radius:8px;
font-weight:600;color:var(--on);background:var(--accent);cursor:pointer}
.plain{color:var(--accent);background:none}a{color:var(--accent)}
.number{font:600 20px/1.4 ui-monospace,monospace}:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
[hidden]{display:none}`;

  const make = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const field = (tag, name, label, hint, attributes) => {
    const error = make("p", { id: `${name}-error`, class: "wrong", hidden: "" });
    const input = make(tag, { id: name, "aria-describedby": `${name}-hint ${name}-error`, ...attributes });
    const described = make("p", { id: `${name}-hint`, class: "hint" }, hint);
    return { input, parts: [make("label", { for: name }, label), described, error, input], tell(text) {
      error.textContent = text;
      error.hidden = !text;
      input.setAttribute("aria-invalid", String(!!text));
    } };
  };
  const fresh = () => [...crypto.getRandomValues(new Uint8Array(18))].map((n) => n.toString(16).padStart(2, "0")).join("");

  const message = field("textarea", "message", t.message, t.hint, { rows: 6, required: "" });
  const name = field("input", "name", t.name, "", { autocomplete: "name", maxlength: 200 });
  const contact = field("input", "contact", t.contact, t.contactHint,
    { autocomplete: "email", autocapitalize: "none", spellcheck: "false", maxlength: 320 });
  const told = make("div", { role: "status", "aria-live": "polite", tabindex: "-1" });
  const send = make("button", { type: "submit" }, t.send);
  const close = make("button", { type: "button", class: "plain" }, t.close);
  const fields = make("div", {}, ...message.parts, ...name.parts, ...contact.parts);
  const form = make("form", { novalidate: "" }, fields, told, send, close);
  const dialog = make("dialog", { "aria-labelledby": "title", lang }, make("h2", { id: "title" }, t.title), form);
  const host = make("div", {});
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet(); // needs no 'unsafe-inline' of the page
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  root.append(dialog);

  let key = fresh();
  let stamp;
  let busy = false;
  const ask = (path, more) => fetch(new URL(path, base),
    { mode: "cors", credentials: "omit", referrerPolicy: "no-referrer", cache: "no-store", ...more });
  const open = (event) => {
    event.preventDefault();
    if (send.hidden) { // the last one was sent
      key = fresh();
      message.input.value = "";
      told.replaceChildren();
      fields.hidden = send.hidden = false;
    }
    stamp = ask("stamp").then((answer) => answer.json()).then((answer) => answer.stamp).catch(() => undefined);
    dialog.showModal();
    message.input.focus();
  };
  const say = (text, wrong) => told.replaceChildren(make("p", wrong ? { class: "wrong" } : {}, text));
  const check = (errors) => {
    message.tell(errors.message ? (message.input.value.trim() ? t.long : t.empty) : "");
    contact.tell(errors.contact ? t.wrongContact : "");
    name.tell(errors.name ? t.long : "");
    const first = [message, name, contact].find((each) => each.input.ariaInvalid === "true");
    first?.input.focus();
    return !first;
  };
  const submit = async (event) => {
    event.preventDefault();
    if (busy || !check({ message: !message.input.value.trim() })) return;
    busy = true;
    say(t.sending);
    try {
      const body = { message: message.input.value, name: name.input.value, contact: contact.input.value,
        idempotency_key: key, stamp: await stamp };
      if ("page" in script.dataset) body.page = location.origin + location.pathname;
      const answer = await ask("feedback",
        { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
      if (answer.status === 429) {
        say(t.wait.replace("{}", answer.headers.get("Retry-After")), true);
        return;
      }
      const { receipt, errors } = await answer.json();
      if (answer.status === 422 && errors) {
        told.replaceChildren();
        check(errors);
        return;
      }
      if (!receipt) throw new Error(String(answer.status));
      fields.hidden = send.hidden = true;
      told.replaceChildren(make("p", {}, t.done), make("p", { class: "number" }, receipt), make("p", {},
        make("a", { href: new URL(`status/${receipt}?lang=${lang}`, base), target: "_blank", rel: "noopener noreferrer" }, t.status)));
      told.focus();
    } catch {
      say(t.failed, true);
    } finally {
      busy = false;
    }
  };
  form.addEventListener("submit", submit);
  close.addEventListener("click", () => dialog.close());

  const start = () => {
    document.body.append(host);
    const links = document.querySelectorAll("[data-listener-feedback]");
    for (const link of links) link.addEventListener("click", open);
    if (links.length) return;
    const opener = make("button", { type: "button", class: "open", lang, "aria-haspopup": "dialog" }, t.title);
    opener.addEventListener("click", open);
    root.append(opener);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
