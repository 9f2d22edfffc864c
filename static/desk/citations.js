/* Finds a source by any word and inserts its key into the text, or opens a form for a new source.
   Without this script, editors type the keys by hand. */
"use strict";
(() => {
  const desk = document.getElementById("desk");
  const area = document.querySelector("textarea.desk-body");
  const bar = document.querySelector(".desk-tools");
  if (!desk || !area || !bar || typeof HTMLDialogElement === "undefined") return;

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  const question = make("input", { type: "search", id: "pick-question", autocomplete: "off" });
  const found = make("ul", { className: "picked" });
  const said = make("p", { className: "quiet" });
  said.setAttribute("role", "status");
  const close = make("button", { type: "button", textContent: "Close" });
  const dialog = make(
    "dialog",
    { className: "picker" },
    make("h2", { textContent: "Cite a source", id: "pick-head" }),
    make("label", {
      htmlFor: "pick-question",
      textContent: "Search by key, author, title, year, journal, DOI, PMID, PMCID or address",
    }),
    question,
    said,
    found,
    close,
  );
  dialog.setAttribute("aria-labelledby", "pick-head");

  // Django's own script writes the key of a source that was added in a popup into this input.
  const added = make("input", { type: "hidden", id: "id_added_source" });
  if (desk.dataset.addSource) {
    const add = make("a", {
      id: "add_id_added_source",
      className: "related-widget-wrapper-link add-related verb",
      href: `${desk.dataset.addSource}?_to_field=key&_popup=1`,
      textContent: "Add a new source",
    });
    add.dataset.popup = "yes";
    close.before(add, " ", added);
  }
  document.body.append(dialog);

  // With the caret inside a citation, as in [@one|], the key joins that citation.
  const insert = (key) => {
    // Closing the dialog can move the caret, so its position is read first.
    const { selectionStart: from, selectionEnd } = area;
    const before = area.value.slice(0, from);
    const open = before.lastIndexOf("[@");
    const inside =
      open >= 0 && !before.slice(open).includes("]") && area.value.slice(from).match(/^[^[\n]*\]/);
    dialog.close();
    area.focus();
    const end = inside ? from + inside[0].length - 1 : selectionEnd;
    const text = inside ? `; @${key}` : `${before && !/\s$/.test(before) ? " " : ""}[@${key}]`;
    const wanted = area.value.slice(0, end) + text + area.value.slice(end);
    area.setSelectionRange(end, end);
    document.execCommand("insertText", false, text); // keeps the browser's undo
    // While another window has the focus, execCommand writes elsewhere or not at all.
    if (area.value !== wanted) area.value = wanted;
    area.setSelectionRange(end + text.length, end + text.length);
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };

  let asked = 0;
  const search = async () => {
    const mine = ++asked;
    const address = `${desk.dataset.pick}?${new URLSearchParams({ q: question.value })}`;
    let sources;
    try {
      const response = await fetch(address, { credentials: "same-origin" });
      if (!response.ok || response.redirected) throw new Error(String(response.status));
      ({ sources } = await response.json());
    } catch {
      said.textContent = "The sources cannot be loaded. Are you still signed in?";
      return;
    }
    if (mine !== asked) return; // a newer request is under way
    found.replaceChildren(
      ...sources.map((source) => {
        const year = source.year ? ` (${source.year})` : "";
        const button = make(
          "button",
          { type: "button" },
          make("strong", { textContent: `[@${source.key}]` }),
          ` ${source.authors}${year}: ${source.title}`,
          source.withdrawn ? make("em", { textContent: " – withdrawn" }) : "",
        );
        button.addEventListener("click", () => insert(source.key));
        return make("li", {}, button);
      }),
    );
    said.textContent = sources.length
      ? `${sources.length} found`
      : "No source matches all these words.";
  };

  let waiting;
  question.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, 200);
  });
  question.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    found.querySelector("button")?.click();
  });
  close.addEventListener("click", () => dialog.close());
  if (window.django?.jQuery) window.django.jQuery(added).on("change", () => insert(added.value));

  const button = make("button", {
    type: "button",
    textContent: "Find a source",
    title: "Ctrl Alt S",
  });
  button.setAttribute("aria-keyshortcuts", "Control+Alt+S");
  const show = () => {
    question.value = area.value.slice(area.selectionStart, area.selectionEnd).slice(0, 100);
    dialog.showModal();
    question.focus();
    search();
  };
  button.addEventListener("click", show);
  bar.append(button);
  area.addEventListener("keydown", (event) => {
    if (!((event.ctrlKey || event.metaKey) && event.altKey && event.code === "KeyS")) return;
    event.preventDefault();
    show();
  });
})();
