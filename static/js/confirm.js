// Asks before a submit button, form, link (data-confirm) or htmx request (hx-confirm) acts.
// data-confirm-unless="selector": no question while the page holds such an element.
"use strict";

(() => {
  const dialog = document.getElementById("confirm-dialog");
  if (!dialog?.showModal) return;
  const title = dialog.querySelector("#confirm-title");
  const text = dialog.querySelector("#confirm-text");
  const ok = dialog.querySelector("#confirm-ok");

  const ask = (question, source) =>
    new Promise((resolve) => {
      title.textContent = source?.dataset.confirmTitle || "Xác nhận";
      text.textContent = question;
      ok.textContent = source?.dataset.confirmOk || "Đồng ý";
      const danger = source?.dataset.confirmTone === "danger";
      ok.classList.toggle("btn-danger", danger);
      ok.classList.toggle("btn-primary", !danger);
      dialog.returnValue = "";
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok"), { once: true });
      dialog.showModal();
    });

  cchc.ask = ask;

  // Capture: before the guard against double submits sees it.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const button = event.submitter;
    const asks = (one) => one?.dataset.confirm && !document.querySelector(one.dataset.confirmUnless || "none");
    const source = asks(button) ? button : asks(form) ? form : null;
    if (!source || form.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!(await ask(source.dataset.confirm, source))) return;
    form.dataset.confirmed = "yes";
    form.requestSubmit(button);
    delete form.dataset.confirmed;
  }, true);

  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-confirm]");
    if (!link) return;
    event.preventDefault();
    if (await ask(link.dataset.confirm, link)) location.assign(link.href);
  });

  document.addEventListener("htmx:confirm", async (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    if (await ask(event.detail.question, event.detail.elt)) event.detail.issueRequest(true);
  });
})();
