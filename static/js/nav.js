// Menus are native <details>: they open without this. Here: close them as people expect.
"use strict";

(() => {
  const menus = ".user-menu, .menu, .menu-toggle";

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll(`:is(${menus})[open]`)) {
      const inside = menu.contains(event.target) || (menu.matches(".menu-toggle") && event.target.closest(".main-menu"));
      if (!inside) menu.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll(`:is(${menus})[open]`)) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // A refused form or a changed part takes the focus, so that nobody misses it.
  cchc.onLoad((root) => cchc.all(root, "[data-focus]")[0]?.focus());

  // A list of faults or gaps leads into the fields themselves, also into a group of choices.
  document.addEventListener("click", (event) => {
    const link = event.target.closest('[data-focus-links] a[href^="#"]');
    const place = link && document.getElementById(link.hash.slice(1));
    const field = place?.matches("input, select, textarea") ? place : place?.querySelector("input, select, textarea");
    if (!field) return;
    event.preventDefault();
    field.focus({ preventScroll: true });
    field.scrollIntoView({ block: "center" });
  });

  // Rows of a matrix that a button opens: <button class="matrix-toggle" aria-controls="id1 id2" aria-expanded="false">
  document.addEventListener("click", (event) => {
    const toggle = event.target.closest("button.matrix-toggle");
    if (!toggle) return;
    const open = toggle.getAttribute("aria-expanded") !== "true";
    toggle.setAttribute("aria-expanded", String(open));
    for (const id of (toggle.getAttribute("aria-controls") || "").split(" ")) {
      const row = document.getElementById(id);
      if (row) row.hidden = !open;
    }
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });
})();
