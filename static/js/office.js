// The office's pages: opening the matrix, accepting several with their names, next and previous report.
// Each is a link or a form that works without this.
"use strict";

(() => {
  // -- Matrix: the tasks of an area -----------------------------------------------------------------

  const openAreas = () => [...document.querySelectorAll('.matrix-toggle[aria-expanded="true"]')];

  const show = (toggle, open) => {
    toggle.setAttribute("aria-expanded", String(open));
    const rows = document.getElementById(toggle.dataset.opens);
    if (rows) rows.hidden = !open;
  };

  // The address says which are open, so that a reload or a link sent on shows the same.
  const keepAddress = () => {
    const address = new URL(location.href);
    const codes = openAreas().map((toggle) => toggle.dataset.area);
    const all = codes.length && codes.length === document.querySelectorAll(".matrix-toggle").length;
    if (codes.length) address.searchParams.set("mo", all ? "tat-ca" : codes.join(","));
    else address.searchParams.delete("mo");
    history.replaceState(history.state, "", address);
    const button = document.querySelector("[data-opens-all]");
    if (button) button.textContent = all ? "Thu gọn" : "Mở tất cả nhiệm vụ";
  };

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const toggle = event.target.closest("a.matrix-toggle");
    const all = event.target.closest("[data-opens-all]");
    if (!toggle && !all) return;
    event.preventDefault();
    if (toggle) {
      show(toggle, toggle.getAttribute("aria-expanded") !== "true");
    } else {
      const toggles = [...document.querySelectorAll(".matrix-toggle")];
      const open = openAreas().length < toggles.length;
      for (const one of toggles) show(one, open);
    }
    keepAddress();
  });

  // -- Accepting several: the question names them ---------------------------------------------------

  const nameChosen = (form) => {
    const button = form.querySelector("[data-needs-selection]");
    if (!button) return;
    const names = [...form.querySelectorAll("input[data-name]:checked")].map((box) => box.dataset.name);
    button.dataset.confirmTitle = `Duyệt ${names.length} báo cáo?`;
    const shown = names.slice(0, 12).map((name) => `• ${name}`);
    if (names.length > shown.length) shown.push(`… và ${names.length - shown.length} báo cáo khác`);
    button.dataset.confirm = shown.join("\n");
  };
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form && "acceptSeveral" in form.dataset) nameChosen(form);
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-accept-several]").forEach(nameChosen));

  // -- Next and previous: Alt+J, Alt+K --------------------------------------------------------------

  document.addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey) return;
    const rel = { KeyJ: "next", KeyK: "prev" }[event.code];
    const link = rel && document.querySelector(`a[rel="${rel}"]`);
    if (!link) return;
    event.preventDefault();
    link.click();
  });
})();
