// What every form gets: a fresh token, one submit for two clicks, selections, filters, a warning
// before typed text is lost. Each works on top of a form that is complete without it.
"use strict";

(() => {
  const { all, csrfToken, onLoad, announce } = cchc;
  const isPost = (form) => form.method === "post";

  // -- Submitting ---------------------------------------------------------------------------------

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !isPost(form)) return;
    const token = form.querySelector("input[name=csrfmiddlewaretoken]");
    if (token) token.value = csrfToken();
    if ("noGuard" in form.dataset) return;
    if (form.dataset.sending) {
      event.preventDefault();
      return;
    }
    form.dataset.sending = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
    announce("Đang gửi…");
    // An answer that is a file leaves the page as it is; then the form must work again.
    setTimeout(() => release(form), 20000);
  });

  const release = (form) => {
    delete form.dataset.sending;
    for (const button of document.querySelectorAll("[aria-busy=true]")) {
      if (button.form === form) button.removeAttribute("aria-busy");
    }
  };

  // Back from the next page: the browser shows this one as it was left.
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sending]").forEach(release));

  // A button named as a hidden field ("version" in a conflict) speaks for it.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[name][value]");
    const hidden = button?.form?.querySelector(`input[type=hidden][name="${CSS.escape(button.name)}"]`);
    if (hidden) hidden.value = button.value;
  });

  // -- Unsaved changes ----------------------------------------------------------------------------

  let leaving = false; // by a way that keeps what was typed

  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form && "guard" in form.dataset) form.dataset.dirty = "yes";
  });
  document.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) leaving = true;
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-autosave-conflict] a, [data-autosave-state] a")) leaving = true;
  });
  addEventListener("pageshow", () => (leaving = false));
  addEventListener("beforeunload", (event) => {
    if (!leaving && document.querySelector("form[data-guard][data-dirty]")) event.preventDefault();
  });

  // -- Several at once ----------------------------------------------------------------------------

  const boxes = (form, name) =>
    [...form.elements].filter((box) => box.type === "checkbox" && box.name === name && !box.disabled);

  const showSelection = (form) => {
    for (const head of form.querySelectorAll("[data-select-all]")) {
      const rows = boxes(form, head.dataset.selectAll);
      const ticked = rows.filter((box) => box.checked).length;
      head.checked = ticked > 0 && ticked === rows.length;
      head.indeterminate = ticked > 0 && ticked < rows.length;
      form.querySelectorAll("[data-selected-count]").forEach((place) => {
        place.textContent = ticked ? `(${ticked})` : "";
      });
      for (const button of form.elements) {
        if ("needsSelection" in button.dataset) button.disabled = ticked === 0;
      }
    }
  };

  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.type !== "checkbox" || !box.form) return;
    if (box.dataset.selectAll) {
      for (const row of boxes(box.form, box.dataset.selectAll)) row.checked = box.checked;
    }
    if (box.form.querySelector("[data-select-all]")) showSelection(box.form);
  });
  onLoad((root) => {
    for (const head of all(root, "[data-select-all]")) if (head.form) showSelection(head.form);
  });
  addEventListener("pageshow", () =>
    document.querySelectorAll("[data-select-all]").forEach((head) => head.form && showSelection(head.form)));

  // -- Filters (GET): submit on change, keep the address short, keep the focus ---------------------

  let keyboardIn = null; // arrow keys step through a closed list: wait until it is left

  const filter = (form, field) => {
    try {
      sessionStorage.setItem("cchc-focus", JSON.stringify({ path: location.pathname, name: field.name }));
    } catch { /* storage is off: only the focus is lost */ }
    form.requestSubmit();
  };
  const filterField = (event) =>
    event.target.closest?.("form[data-autosubmit]") && event.target.matches("select, input:not([type=text], [type=search])")
      ? event.target
      : null;

  document.addEventListener("keydown", (event) => {
    const field = filterField(event);
    if (!field?.matches("select")) return;
    if (event.key === "Enter") {
      event.preventDefault();
      keyboardIn = null;
      filter(field.form, field);
    } else if (event.key !== "Tab") {
      keyboardIn = { field, value: field.value };
    }
  });
  document.addEventListener("pointerdown", () => (keyboardIn = null));
  document.addEventListener("change", (event) => {
    const field = filterField(event);
    if (field && keyboardIn?.field !== field) filter(field.form, field);
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.matches?.("form[data-autosubmit] select")) event.target.dataset.was = event.target.value;
  });
  document.addEventListener("focusout", (event) => {
    const field = filterField(event);
    if (field && keyboardIn?.field === field) {
      keyboardIn = null;
      if (field.dataset.was !== field.value) filter(field.form, field);
    }
  });
  document.addEventListener("formdata", (event) => {
    if (!("autosubmit" in event.target.dataset)) return;
    for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
  });
  try {
    const last = JSON.parse(sessionStorage.getItem("cchc-focus") || "null");
    sessionStorage.removeItem("cchc-focus");
    if (last?.path === location.pathname) {
      document.querySelector(`form[data-autosubmit] [name="${CSS.escape(last.name)}"]`)?.focus({ preventScroll: true });
    }
  } catch { /* storage is off */ }

  // -- Small helps --------------------------------------------------------------------------------

  // data-toggles="id …": shown while this box or choice is ticked.
  const toggle = (field) => {
    const group = field.type === "radio" && field.form
      ? [...field.form.elements].filter((other) => other.name === field.name)
      : [field];
    for (const one of group) {
      for (const id of (one.dataset.toggles || "").split(" ").filter(Boolean)) {
        const part = document.getElementById(id);
        if (part) part.hidden = !one.checked;
      }
    }
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("input[type=checkbox], input[type=radio]")) toggle(event.target);
  });
  onLoad((root) => all(root, "input[data-toggles]").forEach(toggle));

  // data-fill="#field" data-fill-text="…": puts ready wording into a field.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-fill]");
    const field = button && document.querySelector(button.dataset.fill);
    if (!field) return;
    const before = field.tagName === "TEXTAREA" && field.value.trim() ? `${field.value.trimEnd()}\n` : "";
    field.value = before + button.dataset.fillText;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });

  // The demo accounts of the sign-in page.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-sign-in-as]");
    const form = document.getElementById("sign-in");
    if (!button || !form) return;
    form.elements.username.value = button.dataset.signInAs;
    form.elements.password.value = button.dataset.password;
    form.querySelector("[type=submit]").focus();
    announce("Đã điền thư điện tử và mật khẩu.");
  });

  // A file too large is said at once, not after minutes of upload.
  document.addEventListener("change", (event) => {
    const field = event.target;
    const box = field.type === "file" && field.closest("[data-max-mb]");
    const place = box && box.querySelector("[data-file-error]");
    if (!place) return;
    const limit = Number(box.dataset.maxMb);
    const large = [...field.files].find((file) => file.size > limit * 1024 * 1024);
    const empty = [...field.files].find((file) => file.size === 0);
    const text = large
      ? `Tệp «${large.name}» nặng ${(large.size / 1048576).toFixed(1).replace(".", ",")} MB, quá mức ${limit} MB. Hãy chọn tệp nhỏ hơn.`
      : empty ? `Tệp «${empty.name}» trống.` : "";
    place.textContent = text;
    place.hidden = !text;
    box.classList.toggle("has-error", Boolean(text));
    if (text) {
      field.value = "";
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", place.id);
    } else {
      field.removeAttribute("aria-invalid");
    }
  });
})();
