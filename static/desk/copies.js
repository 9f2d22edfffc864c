/* Keeps the text typed into a form of the desk in this browser until it is saved, and offers it
   again after a crash or an expired session. These copies never leave the browser and never enter
   the history. Passwords and files are not kept. */
"use strict";
(() => {
  const script = document.currentScript;
  const PREFIX = "desk-copy:";
  const DAYS = 14;
  const SKIPPED = ["password", "file", "submit", "button", "reset", "search"];
  const read = (name) => {
    try {
      return JSON.parse(localStorage.getItem(name));
    } catch {
      return null;
    }
  };
  const forget = (name) => {
    try {
      localStorage.removeItem(name);
    } catch {
      /* storage is switched off */
    }
  };

  // A cookie from the server names the copy that was saved: see denervation_site/desk.py.
  const tidyUp = () => {
    const saved = document.cookie.match(/(?:^|; )desk-saved=([^;]*)/)?.[1];
    if (saved)
      document.cookie = `desk-saved=; path=${script.dataset.root}; max-age=0; samesite=strict`;
    for (const name of Object.keys(localStorage)) {
      if (!name.startsWith(PREFIX)) continue;
      const copy = read(name);
      const old = !copy?.fields || Date.now() - copy.at > DAYS * 86_400_000;
      if (old || (saved && copy.sent === saved)) forget(name);
    }
  };
  tidyUp();

  const desk = document.getElementById("desk");
  const form =
    desk?.closest("form") ?? document.querySelector("#content form[method=post]:is([id$=_form])");
  if (!form || form.querySelector("input[type=password]")) return;
  // If the page is the answer to a form, the action of its own form identifies it.
  const { pathname } = new URL(form.getAttribute("action") || location.href, location.href);
  const key = `${PREFIX}${script.dataset.person}:${pathname}`;
  // The hidden fields that identify the original text are kept with the copy, so that the server
  // still notices if somebody saved in between. The form of an action is opened for other rows each time.
  const UNDER = form.id === "action_form" ? [] : ["base", "revision", "shown"];

  const kept = () =>
    [...form.elements].filter(
      (field) =>
        field.name &&
        !field.disabled &&
        !SKIPPED.includes(field.type) &&
        !field.name.startsWith("_") &&
        !["csrfmiddlewaretoken", "copy"].includes(field.name) &&
        field.closest(".selector-available") === null,
    );
  const isList = (field) => field.type === "select-multiple";
  const isBox = (field) => field.type === "checkbox" || field.type === "radio";

  // {name: value}. A list has each choice with its label, since the page may not contain that
  // option yet. Checkboxes and radio buttons have the values that are ticked.
  const now = () => {
    const fields = {},
      hidden = {};
    for (const field of kept()) {
      const { name } = field;
      if (isList(field)) {
        // Django's double list sends every option in its right half.
        const all = field.closest(".selector-chosen") !== null;
        const chosen = [...field.options].filter((option) => all || option.selected);
        fields[name] = chosen.map((option) => [option.value, option.textContent]);
      } else if (isBox(field)) {
        fields[name] ??= [];
        if (field.checked) fields[name].push([field.value]);
      } else if (field.type === "hidden") {
        if (UNDER.includes(name)) hidden[name] = field.value;
      } else fields[name] = field.value.replaceAll("\r\n", "\n");
    }
    return { fields, hidden, at: Date.now() };
  };
  const write = (copy) => {
    try {
      localStorage.setItem(key, JSON.stringify(copy));
    } catch {
      /* storage is full or switched off */
    }
  };

  // The comparison ignores whitespace and the fields that the server fills in or does not store.
  const NOT_COMPARED = desk ? ["slug", "note"] : [];
  const plain = (value) =>
    Array.isArray(value) ? value.map(([one]) => one).sort() : value.trim().replace(/\s+/g, " ");
  const text = (copy) =>
    JSON.stringify(
      Object.keys(copy.fields)
        .sort()
        .filter((name) => !NOT_COMPARED.includes(name))
        .map((name) => [name, plain(copy.fields[name])])
        .filter(([, value]) => value.length),
    );

  const loaded = now();

  const putList = (field, chosen) => {
    const wanted = new Map(chosen);
    if (field.closest(".selector-chosen") && window.SelectBox) {
      const other = field.id.replace(/_to$/, "_from");
      window.SelectBox.move_all(field.id, other);
      for (const option of document.getElementById(other).options)
        option.selected = wanted.has(option.value);
      window.SelectBox.move(other, field.id);
      return;
    }
    for (const option of field.options) {
      option.selected = wanted.has(option.value);
      wanted.delete(option.value);
    }
    for (const [value, label] of wanted) field.add(new Option(label, value, true, true));
    window.django?.jQuery?.(field).trigger("change");
  };

  const put = (copy) => {
    for (const field of kept()) {
      const { name } = field;
      if (field.type === "hidden") field.value = copy.hidden[name] ?? field.value;
      else if (copy.fields[name] === undefined) continue;
      else if (isList(field)) putList(field, copy.fields[name]);
      else if (isBox(field))
        field.checked = copy.fields[name].some(([value]) => value === field.value);
      else field.value = copy.fields[name];
    }
    form.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const copy = read(key);
  // If the copy was sent and the page now shows the same text, it was saved.
  if (copy?.sent && text(copy) === text(loaded)) forget(key);
  // A form that came back with errors already contains the text.
  else if (copy && text(copy) !== text(loaded) && !document.querySelector(".errornote")) {
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
      forget(key);
      leaving = true;
      location.reload();
    });
    const back = () => {
      put(copy);
      say(`This is your text from ${when}. It is not saved yet.`, undo);
    };
    const away = button("Discard it", () => {
      forget(key);
      box.remove();
    });
    say(
      `Your text from ${when} was kept in this browser. It is not saved.`,
      button("Restore it", back),
      away,
    );
    (desk ?? form).before(box);
    // The form was sent but led to the login page: the text is restored without asking.
    if (copy.sent && document.referrer.includes("/login/")) back();
  }

  let waiting;
  let leaving = false;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => write(now()), 300);
  });
  form.addEventListener("change", () => write(now()));
  form.addEventListener("submit", () => {
    clearTimeout(waiting);
    tidyUp();
    const sent = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
      byte.toString(16),
    ).join("");
    let mark = form.elements.copy;
    if (!mark) {
      mark = Object.assign(document.createElement("input"), { type: "hidden", name: "copy" });
      form.append(mark);
    }
    mark.value = sent;
    leaving = true;
    write({ ...now(), sent });
  });
  window.addEventListener("pagehide", () => {
    if (!leaving && text(now()) !== text(loaded)) write(now());
  });
})();
