// Saves a form while it is typed: <form data-autosave="url">. The contract with the server is in
// docs/components.md. One request at a time; what was typed meanwhile goes with the next one.
"use strict";

(() => {
  const PAUSE = 1500;
  const RETRY = [3000, 6000, 12000, 30000];
  const KEEPALIVE_LIMIT = 60000; // browsers refuse more than 64 KiB in a request that outlives its page

  const part = (form, selector) => form.querySelector(selector) || document.querySelector(selector);
  const savers = new WeakMap();

  class Saver {
    constructor(form) {
      this.form = form;
      this.typed = 0; // counts changes; saved is how many of them the server has
      this.saved = 0;
      this.failures = 0;
      this.running = null;
      // After a conflict, also one that came with the page, until the person has chosen.
      this.stopped = Boolean(part(form, "[data-autosave-conflict]")?.childElementCount);
      this.timer = 0;
    }

    show(state, text, link) {
      const place = part(this.form, "[data-autosave-state]");
      if (!place) return;
      place.dataset.state = state;
      if (place.textContent !== text) place.textContent = text;
      if (link) place.append(" ", link);
    }

    changed() {
      this.typed += 1;
      if (!this.stopped) this.later(PAUSE);
    }

    later(wait) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), wait);
    }

    get waiting() {
      return this.typed > this.saved && !this.stopped;
    }

    save({ last = false } = {}) {
      clearTimeout(this.timer);
      if (!this.waiting) return this.running ?? Promise.resolve();
      if (this.running) {
        // Leaving the page while a save runs: its version is not known yet, so the copy on this
        // machine stands in (keep.js) and is offered again.
        if (last) cchc.keepNow?.(this.form);
        return this.running;
      }
      this.running = this.send(last).finally(() => {
        this.running = null;
        if (this.waiting && !this.failures) this.later(PAUSE);
      });
      return this.running;
    }

    async send(last) {
      const upTo = this.typed;
      const slow = setTimeout(() => this.show("saving", "Đang lưu…"), 400);
      try {
        const body = new URLSearchParams();
        for (const [name, value] of new FormData(this.form)) {
          if (typeof value === "string" && name !== "csrfmiddlewaretoken") body.append(name, value);
        }
        const response = await fetch(this.form.dataset.autosave, {
          method: "POST",
          body,
          keepalive: last && body.toString().length < KEEPALIVE_LIMIT,
          credentials: "same-origin",
          headers: { "X-CSRFToken": cchc.csrfToken(), "X-Autosave": "1", "X-Requested-With": "fetch", Accept: "application/json" },
        });
        clearTimeout(slow);
        await this.answered(response, upTo);
      } catch {
        clearTimeout(slow);
        this.again("Chưa lưu được: mất kết nối – đang thử lại");
      }
    }

    again(text) {
      this.show("failed", text);
      this.later(RETRY[Math.min(this.failures, RETRY.length - 1)]);
      this.failures += 1;
    }

    async answered(response, upTo) {
      const signIn = document.body.dataset.signInUrl;
      if (response.status === 401 || (response.redirected && signIn && new URL(response.url).pathname === signIn)) {
        this.failures = 1; // tried again with the next change, or when the page is looked at again
        cchc.keepNow?.(this.form);
        const link = document.createElement("a");
        link.href = `${signIn}?next=${encodeURIComponent(location.pathname + location.search)}`;
        link.textContent = "Đăng nhập lại để lưu";
        this.show("signed-out", "Phiên đăng nhập đã hết; nội dung vẫn được giữ trên máy này.", link);
        return;
      }
      if (response.status === 409) {
        this.stopped = true;
        this.show("conflict", "Người khác vừa sửa báo cáo này");
        await this.conflict(response);
        return;
      }
      if (response.ok) {
        const answer = await response.json();
        this.failures = 0;
        this.saved = upTo;
        const version = this.form.elements.version;
        if (version && answer.version !== undefined) version.value = answer.version;
        this.show("saved", `Đã lưu lúc ${answer.saved_at || cchc.clock()}`);
        swap(answer.html || {});
        if (this.typed === upTo) {
          delete this.form.dataset.dirty;
          this.form.dispatchEvent(new CustomEvent("cchc:saved", { bubbles: true }));
        }
        return;
      }
      if (response.status >= 500 || response.status === 429) {
        this.again("Chưa lưu được: máy chủ đang bận – đang thử lại");
        return;
      }
      // Refused: trying the same again is no use. The next change tries anew.
      this.failures = 1;
      let text = "Chưa lưu được. Hãy tải lại trang; nội dung vẫn được giữ trên máy này.";
      try {
        text = (await response.json()).message || text;
      } catch { /* not JSON */ }
      cchc.keepNow?.(this.form);
      this.show("refused", text);
    }

    async conflict(response) {
      const place = part(this.form, "[data-autosave-conflict]");
      if (!place) return;
      const text = await response.text();
      let html = text;
      try {
        html = JSON.parse(text).html ?? "";
      } catch { /* it is HTML itself */ }
      place.innerHTML = html;
      window.htmx?.process(place);
      place.tabIndex = -1;
      place.focus({ preventScroll: true });
      place.scrollIntoView({ block: "center" });
    }
  }

  // html: id -> new content. Content that is one element with that id replaces it, else it goes inside.
  // An element with data-error-of="field" says what is wrong with that field: it marks the field too.
  const swap = (parts) => {
    for (const [id, html] of Object.entries(parts)) {
      const old = document.getElementById(id);
      if (!old || old.contains(document.activeElement)) continue;
      const mould = document.createElement("template");
      mould.innerHTML = html.trim();
      const only = mould.content.childElementCount === 1 && mould.content.firstElementChild;
      if (only && only.id === id) old.replaceWith(only);
      else if (old.innerHTML.trim() !== mould.innerHTML) old.replaceChildren(mould.content);
      const fresh = document.getElementById(id);
      if (!fresh) continue;
      const field = fresh.dataset.errorOf && document.getElementById(fresh.dataset.errorOf);
      if (field && html.trim()) field.setAttribute("aria-invalid", "true");
      else if (field) field.removeAttribute("aria-invalid");
      window.htmx?.process(fresh);
    }
  };

  const saverOf = (form) => {
    if (!form?.dataset?.autosave) return null;
    if (!savers.has(form)) savers.set(form, new Saver(form));
    return savers.get(form);
  };
  const every = () => [...document.querySelectorAll("form[data-autosave]")].map(saverOf);

  document.addEventListener("input", (event) => {
    if (event.target.type !== "file") saverOf(event.target.form)?.changed();
  });
  document.addEventListener("focusout", (event) => {
    const saver = saverOf(event.target.form);
    if (saver?.waiting && !saver.failures) saver.save();
  });
  document.addEventListener("visibilitychange", () => {
    for (const saver of every()) {
      if (document.visibilityState === "hidden") saver.save({ last: true });
      else if (saver.waiting) saver.save();
    }
  });
  addEventListener("pagehide", () => every().forEach((saver) => saver.save({ last: true })));
  addEventListener("online", () => every().forEach((saver) => saver.waiting && saver.save()));

  // A submit during a save would carry the version of before it and fight with itself: let the save
  // end first. Capture, so that the other listeners see the submit only once.
  document.addEventListener("submit", (event) => {
    const saver = savers.get(event.target);
    if (!saver || event.defaultPrevented) return;
    if (!saver.running) {
      clearTimeout(saver.timer);
      saver.stopped = true; // the submit carries everything
      return;
    }
    const { target: form, submitter } = event;
    event.preventDefault();
    event.stopImmediatePropagation();
    saver.running.then(() => {
      if (saver.stopped) return; // a conflict has come up: the person decides
      form.dataset.confirmed = "yes";
      form.requestSubmit(submitter);
      delete form.dataset.confirmed;
    });
  }, true);
  addEventListener("pageshow", (event) => {
    if (event.persisted) every().forEach((saver) => (saver.stopped = false));
  });
})();
