// «Lấy số năm trước làm gốc»: puts last year's answer of one question into its fields, as if it were typed.
// A second click gives back what stood there before.
"use strict";

(() => {
  const START = "Lấy số năm trước làm gốc";
  const kept = new WeakMap(); // button -> what stood in the fields

  const fieldsOf = (form, name) => {
    const found = form.elements[name];
    return found instanceof RadioNodeList ? [...found] : found ? [found] : [];
  };
  const read = (form, name) => {
    const fields = fieldsOf(form, name);
    return fields[0]?.type === "radio" ? fields.find((f) => f.checked)?.value ?? "" : fields[0]?.value ?? "";
  };
  const write = (form, name, value) => {
    for (const field of fieldsOf(form, name)) {
      if (field.type === "radio") field.checked = field.value === value;
      else field.value = value;
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-start-from]");
    const form = button?.form;
    if (!form) return;
    const values = kept.get(button) ?? Object.fromEntries(
      [...button.parentElement.querySelectorAll("data[data-field]")].map((d) => [d.dataset.field, d.getAttribute("value")]));
    if (kept.has(button)) {
      kept.delete(button);
      button.textContent = START;
    } else {
      kept.set(button, Object.fromEntries(Object.keys(values).map((name) => [name, read(form, name)])));
      button.textContent = "Trả lại như trước";
    }
    for (const [name, value] of Object.entries(values)) write(form, name, value);
    const last = fieldsOf(form, Object.keys(values).at(-1))[0];
    last?.dispatchEvent(new Event("input", { bubbles: true }));
    last?.focus();
    cchc.announce("Đã điền; hãy sửa theo kết quả năm nay.");
  });

  // Typed over: there is no way back any more that would not lose it.
  document.addEventListener("input", (event) => {
    const button = event.isTrusted && event.target.closest(".question")?.querySelector("button[data-start-from]");
    if (!button || !kept.delete(button)) return;
    button.textContent = START;
  });
})();
