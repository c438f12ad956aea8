// A copy of what is typed, on this machine only: <form data-keep="key">. Offered again when the page
// comes back with other content, for example after a power cut or the end of the session.
"use strict";

(() => {
  const PREFIX = "cchc-keep:";
  const MONTH = 30 * 24 * 3600 * 1000;
  const who = document.body.dataset.who || "";
  const nameOf = (form) => `${PREFIX}${who}:${form.dataset.keep}`;

  const read = (name) => {
    try {
      return JSON.parse(localStorage.getItem(name));
    } catch {
      return null;
    }
  };
  const write = (name, copy) => {
    try {
      localStorage.setItem(name, JSON.stringify(copy));
    } catch { /* full or off: the server's own copy remains */ }
  };
  const forget = (name) => {
    try {
      localStorage.removeItem(name);
    } catch { /* off */ }
  };

  const isTyped = (field) =>
    field.name && field.type && !["hidden", "file", "password", "submit", "button", "reset", "fieldset"].includes(field.type);
  const clean = (text) => text.replace(/\r\n?/g, "\n");

  const values = (form) => {
    const found = {};
    for (const field of form.elements) {
      if (!isTyped(field)) continue;
      const list = (found[field.name] ??= []);
      if (["checkbox", "radio"].includes(field.type)) {
        if (field.checked) list.push(field.value);
      } else if (field.type === "select-multiple") {
        list.push(...[...field.selectedOptions].map((option) => option.value));
      } else {
        list.push(clean(field.value));
      }
    }
    return found;
  };

  const fill = (form, kept) => {
    const left = structuredClone(kept);
    for (const field of form.elements) {
      if (!isTyped(field) || !(field.name in left)) continue;
      const list = left[field.name];
      if (["checkbox", "radio"].includes(field.type)) {
        field.checked = list.includes(field.value);
      } else if (field.type === "select-multiple") {
        for (const option of field.options) option.selected = list.includes(option.value);
      } else if (list.length) {
        field.value = list.shift();
      }
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
  };

  const differs = (form, kept) => {
    const now = values(form);
    return Object.keys(kept).some(
      (name) => name in now && JSON.stringify(now[name]) !== JSON.stringify(kept[name]));
  };

  const versionOf = (form) => Number(form.elements.version?.value || 0);

  const keep = (form, sent = false) =>
    write(nameOf(form), { at: Date.now(), values: values(form), version: versionOf(form), sent });

  const when = (time) => {
    const date = new Date(time);
    const day = date.toDateString() === new Date().toDateString()
      ? ""
      : ` ngày ${String(date.getDate()).padStart(2, "0")}/${String(date.getMonth() + 1).padStart(2, "0")}`;
    return `${cchc.clock(date)}${day}`;
  };

  const offer = (form, copy) => {
    const box = document.createElement("div");
    box.className = "keep-offer no-print";
    box.setAttribute("role", "status");
    const text = document.createElement("span");
    text.textContent = `Trên máy này còn nội dung chưa lưu lúc ${when(copy.at)}.`;
    const restore = document.createElement("button");
    restore.type = "button";
    restore.className = "btn btn-primary btn-sm";
    restore.textContent = `Khôi phục nội dung chưa lưu lúc ${when(copy.at)}`;
    restore.addEventListener("click", () => {
      box.remove();
      fill(form, copy.values);
      [...form.elements].find(isTyped)?.focus();
    });
    const drop = document.createElement("button");
    drop.type = "button";
    drop.className = "btn btn-sm";
    drop.textContent = "Bỏ";
    drop.addEventListener("click", () => {
      forget(nameOf(form));
      box.remove();
    });
    box.append(text, restore, drop);
    // A field named «before» would hide the form's own method.
    Element.prototype.before.call(form, box);
  };

  // Sent copies are done with once a page says so; old ones are of no use.
  const sweep = () => {
    const done = document.querySelector(".message.is-success");
    try {
      for (const name of Object.keys(localStorage).filter((key) => key.startsWith(PREFIX))) {
        const copy = read(name);
        if (!copy || Date.now() - copy.at > MONTH || (done && copy.sent)) forget(name);
      }
    } catch { /* off */ }
  };

  sweep();
  cchc.onLoad((root) => {
    for (const form of cchc.all(root, "form[data-keep]")) {
      const copy = read(nameOf(form));
      if (!copy) continue;
      const arrived = copy.sent && versionOf(form) > copy.version;
      if (arrived || !differs(form, copy.values)) forget(nameOf(form));
      else offer(form, copy);
    }
  });

  const timers = new WeakMap();
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form?.dataset.keep) return;
    clearTimeout(timers.get(form));
    timers.set(form, setTimeout(() => keep(form), 300));
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.dataset.keep) return;
    clearTimeout(timers.get(form));
    keep(form, true);
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-autosave-conflict] a")) return;
    document.querySelectorAll("form[data-keep]").forEach((form) => {
      clearTimeout(timers.get(form));
      forget(nameOf(form));
    });
  });
  // Autosave has put everything on the server.
  document.addEventListener("cchc:saved", (event) => {
    clearTimeout(timers.get(event.target));
    if (event.target.dataset.keep) forget(nameOf(event.target));
  });

  cchc.keepNow = (form) => form.dataset.keep && keep(form);
})();
