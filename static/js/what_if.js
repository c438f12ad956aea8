// «Thử tính»: buttons that put something into the form, and the marks of wrong fields. Without this the
// same buttons post the form and the page comes back computed.
"use strict";

(() => {
  const { all, onLoad } = cchc;
  const form = () => document.getElementById("what-if");
  const fields = () => document.getElementById("what-if-fields");
  const changed = () => fields().dispatchEvent(new Event("input", { bubbles: true }));

  // «dat=1.2.1 d12=1,5»: a tick, and points typed.
  const parts = (button) =>
    button.value.split(" ").filter(Boolean).map((word) => {
      const at = word.indexOf("=");
      const [name, text] = [word.slice(0, at), word.slice(at + 1)];
      const field = name === "dat"
        ? form().querySelector(`input[name=dat][value="${CSS.escape(text)}"]`)
        : form().elements.namedItem(name);
      return { field, text };
    }).filter((part) => part.field);

  const isDone = ({ field, text }) => (field.type === "checkbox" ? field.checked : field.value === text);

  const showDone = () => {
    for (const button of document.querySelectorAll(".what-if-five button[name=them]")) {
      const done = parts(button).every(isDone);
      button.textContent = done ? "Đã thử" : "Thử";
      button.closest("li").classList.toggle("is-done", done);
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("#what-if button[name=them]");
    if (!button) return;
    event.preventDefault();
    const wanted = parts(button);
    // A second click takes it back.
    const back = wanted.every(isDone);
    for (const { field, text } of wanted) {
      if (field.type === "checkbox") field.checked = !back;
      else field.value = back ? field.defaultValue : text;
    }
    changed();
  });

  document.addEventListener("input", (event) => {
    if (!form()?.contains(event.target)) return;
    // A figure typed beside «không phát sinh» is meant as a figure.
    const state = event.target.matches?.("input[name^=a]")
      && event.target.closest(".what-if-inputs")?.querySelector("select");
    if (state && event.target.value) state.value = "given";
    showDone();
  });

  // The name changes no points.
  document.addEventListener("input", (event) => {
    if (event.target.closest?.(".what-if-keep")) event.stopPropagation();
  }, true);

  // Enter computes, it does not leave the page; in the name it saves.
  document.addEventListener("submit", (event) => {
    if (event.target !== form() || event.submitter?.hasAttribute("formaction")) return;
    event.preventDefault();
    const save = document.activeElement?.name === "ten" && form().querySelector("button[formaction]");
    if (save) setTimeout(() => save.click()); // not from inside another submit
    else changed();
  }, true);

  const markFaults = () => {
    if (!form()) return;
    const wrong = new Set(all(form(), ".field-error [data-field]").map((words) => words.dataset.field));
    for (const field of form().querySelectorAll("input[name]:not([type=hidden])")) {
      if (wrong.has(field.name)) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
  };
  document.addEventListener("htmx:afterSettle", markFaults);
  onLoad(() => form() && showDone());
})();
