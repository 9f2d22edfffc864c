/* Adds buttons and keyboard shortcuts for Markdown and citations to the textarea of the body.
   Without this script, the textarea still works. */
"use strict";
(() => {
  const area = document.querySelector("textarea.desk-body");
  if (!area) return;

  // setRangeText would break the undo of the browser; execCommand keeps it.
  const put = (text, from, to) => {
    area.focus();
    area.setSelectionRange(from, to);
    if (!document.execCommand("insertText", false, text)) area.setRangeText(text, from, to, "end");
  };

  const lines = (prefix) => {
    const value = area.value;
    const from = value.lastIndexOf("\n", area.selectionStart - 1) + 1;
    let to = value.indexOf("\n", area.selectionEnd);
    if (to < 0) to = value.length;
    const marked = value
      .slice(from, to)
      .split("\n")
      .map((line) => {
        const bare = line.replace(/^(#{1,6}|[-*]) +/, "");
        return line.startsWith(prefix) ? bare : prefix + bare;
      });
    put(marked.join("\n"), from, to);
  };

  const around = (before, after, chosen) => {
    const { selectionStart: from, selectionEnd: to } = area;
    const words = area.value.slice(from, to);
    put(before + words + after, from, to);
    const start = from + before.length + (chosen ? words.length + chosen[0] : 0);
    area.setSelectionRange(start, start + (chosen ? chosen[1] : words.length));
  };

  const tools = [
    ["Heading", "Control+Alt+2", () => lines("## ")],
    ["List", "Control+Alt+8", () => lines("- ")],
    ["Link", "Control+K", () => around("[", "](https://)", [2, 8])],
    ["Citation", "Control+Alt+C", () => around("[@", "]")],
    ["Emphasis", "Control+I", () => around("*", "*")],
  ];

  const bar = document.createElement("div");
  bar.className = "desk-tools";
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Formatting");
  for (const [name, keys, act] of tools) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.title = keys.replaceAll("+", " ").replace("Control", "Ctrl");
    button.setAttribute("aria-keyshortcuts", keys);
    button.addEventListener("click", act);
    bar.append(button);
  }
  area.before(bar);

  // Select2 adds its own input for the tags later, without a name for screen readers.
  const tags = document.querySelector(".field-tags");
  if (tags) {
    const name = () => {
      for (const input of tags.querySelectorAll(".select2-search__field:not([aria-label])")) {
        input.setAttribute("aria-label", "Find a tag");
      }
    };
    new MutationObserver(name).observe(tags, { childList: true, subtree: true });
    name();
  }

  area.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey)) return;
    const code = event.altKey ? "alt " + event.code : event.code;
    const act = { "alt Digit2": 0, "alt Digit8": 1, KeyK: 2, "alt KeyC": 3, KeyI: 4 }[code];
    if (act === undefined) return;
    event.preventDefault();
    tools[act][2]();
  });
})();
