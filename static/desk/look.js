/* Updates the preview of the public page and the advice while somebody types. The server renders
   both. Without this script, the page shows the advice on the saved draft only. */
"use strict";
(() => {
  const desk = document.getElementById("desk");
  const look = document.getElementById("look");
  const form = desk?.closest("form");
  if (!desk || !look || !form) return;

  // A shadow root, so that the public stylesheet applies and that of the desk does not.
  const shadow = document.getElementById("look-page").attachShadow({ mode: "open" });
  const style = Object.assign(document.createElement("link"), {
    rel: "stylesheet",
    href: desk.dataset.style,
  });
  const page = document.createElement("div");
  page.className = "look-body";
  shadow.append(style, page);
  page.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    event.preventDefault(); // a link in the preview must not close the form
    const target = link.hash && shadow.getElementById(decodeURIComponent(link.hash.slice(1)));
    target?.scrollIntoView({ block: "nearest" });
  });

  const advice = document.getElementById("advice-body");
  let asked = 0;
  let before = "";
  const refresh = async () => {
    const data = new FormData(form);
    const sent = new URLSearchParams();
    for (const name of ["csrfmiddlewaretoken", "title", "summary", "category", "body"]) {
      sent.append(name, data.get(name) ?? "");
    }
    for (const tag of data.getAll("tags")) sent.append("tags", tag);
    if (sent.toString() === before) return;
    const mine = ++asked;
    try {
      const response = await fetch(desk.dataset.look, {
        method: "POST",
        body: sent,
        credentials: "same-origin",
      });
      if (!response.ok || response.redirected) throw new Error(String(response.status));
      const answer = await response.json();
      if (mine !== asked) return; // a newer request is under way
      before = sent.toString();
      page.innerHTML = answer.page; // rendered and sanitised by the server
      advice.innerHTML = answer.advice;
      look.hidden = false;
    } catch {
      advice.dataset.stale = "yes";
    }
  };

  let waiting;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(refresh, 400);
  };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  refresh();
})();
