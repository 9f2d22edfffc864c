/* Keeps what is typed in this browser until it is saved, and offers it back after a crash or
   an expired session. These copies never leave the browser and never enter the history. */
"use strict";
(() => {
  const desk = document.getElementById("desk");
  const form = desk?.closest("form");
  if (!form) return;
  const PREFIX = "desk-copy:";
  const DAYS = 14;
  const NAMES = ["title", "slug", "summary", "category", "body", "note"];
  const key = `${PREFIX}${desk.dataset.person}:${location.pathname}`;
  const tags = form.querySelector("select[name=tags]");

  const now = () => {
    const data = new FormData(form);
    const copy = { base: data.get("base") ?? "", at: Date.now(), tags: [] };
    for (const name of NAMES) copy[name] = (data.get(name) ?? "").replaceAll("\r\n", "\n").trim();
    for (const option of tags?.selectedOptions ?? []) copy.tags.push([option.value, option.textContent]);
    return copy;
  };
  // The slug may be made, and the note is not kept, by the server.
  const text = (copy) => JSON.stringify([
    copy.title.replace(/\s+/g, " "), copy.summary.replace(/\s+/g, " "), copy.category, copy.body,
    copy.tags.map(([id]) => id).sort(),
  ]);
  const read = (name) => {
    try { return JSON.parse(localStorage.getItem(name)); } catch { return null; }
  };
  const write = (copy) => {
    try { localStorage.setItem(key, JSON.stringify(copy)); } catch { /* full, or switched off */ }
  };

  const loaded = now();
  for (const name of Object.keys(localStorage)) {
    if (!name.startsWith(PREFIX)) continue;
    const copy = read(name);
    const old = !copy || Date.now() - copy.at > DAYS * 86_400_000;
    // What this page shows is saved: no copy of it is needed, whatever form it was typed in.
    if (old || (copy.sent && text(copy) === text(loaded))) localStorage.removeItem(name);
  }

  const put = (copy) => {
    for (const name of NAMES) {
      const field = form.elements[name];
      if (field && !field.disabled && field.type !== "hidden") field.value = copy[name];
    }
    if (form.elements.base) form.elements.base.value = copy.base;
    if (tags) {
      for (const option of tags.options) option.selected = false;
      for (const [id, label] of copy.tags) {
        const there = [...tags.options].find((option) => option.value === id);
        if (there) there.selected = true;
        else tags.add(new Option(label, id, true, true));
      }
      window.django?.jQuery?.(tags).trigger("change");
    }
    form.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const copy = read(key);
  // A form that came back with errors holds the text already.
  if (copy && text(copy) !== text(loaded) && !document.querySelector(".errornote")) {
    const when = new Date(copy.at).toLocaleString();
    const box = document.createElement("div");
    box.className = "kept";
    box.setAttribute("role", "status");
    const say = (sentence, ...buttons) => {
      const line = document.createElement("p");
      line.textContent = sentence;
      box.replaceChildren(line, ...buttons);
    };
    const button = (label, act) => {
      const made = document.createElement("button");
      made.type = "button";
      made.textContent = label;
      made.addEventListener("click", act);
      return made;
    };
    const undo = button("Show the saved text instead", () => {
      localStorage.removeItem(key);
      location.reload();
    });
    const back = () => {
      put(copy);
      say(`This is what you typed until ${when}. It is not saved yet.`, undo);
    };
    const away = button("Throw it away", () => {
      localStorage.removeItem(key);
      box.remove();
    });
    say(`What you typed until ${when} was kept in this browser and is not saved.`,
      button("Bring it back", back), away);
    desk.before(box);
    // Sent, but then a login page came: the text is put back without asking.
    if (copy.sent && document.referrer.includes("/login/")) back();
  }

  let waiting;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => write(now()), 300);
  });
  form.addEventListener("change", () => write(now()));
  form.addEventListener("submit", () => {
    clearTimeout(waiting);
    write({ ...now(), sent: true });
  });
  window.addEventListener("pagehide", () => {
    if (text(now()) !== text(loaded) && !read(key)?.sent) write(now());
  });
})();
