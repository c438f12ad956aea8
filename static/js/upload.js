// Forms with data-upload: files dropped, photographed or chosen in several goes, each with its own
// line and progress; cancelling; the files stay chosen when the server finds a fault. Without this
// script the plain file field does the same work.
"use strict";

(() => {
  const { all, onLoad, announce } = cchc;
  const megabytes = (size) => `${(size / 1048576).toFixed(1).replace(".", ",")} MB`;
  const sizeText = (size) => (size < 1048576 ? `${Math.max(1, Math.round(size / 1024))} KB` : megabytes(size));
  let kept = null; // files of the form that was just sent, in case it comes back with faults

  const parts = (form) => ({
    zone: form.querySelector("[data-upload-zone]"),
    input: form.querySelector("[data-upload-zone] input[type=file]:not([data-upload-camera])"),
    camera: form.querySelector("[data-upload-camera]"),
    list: form.querySelector("[data-upload-list]"),
    error: form.querySelector("[data-upload-error]"),
    cancel: form.querySelector("[data-upload-cancel]"),
  });

  const start = (form) => {
    const { zone, input, camera, list, error, cancel } = parts(form);
    if (!zone || !input || form.dataset.uploadReady) return;
    form.dataset.uploadReady = "yes";
    const limit = Number(form.dataset.maxMb) || 20;
    const most = Number(form.dataset.maxFiles) || 20;
    const endings = input.accept.toLowerCase().split(",").filter(Boolean);
    let files = [];

    // -- Choosing ---------------------------------------------------------------------------------

    const why = (file) => {
      if (file.size === 0) return `Tệp «${file.name}» trống hoặc là thư mục.`;
      if (file.size > limit * 1048576) return `Tệp «${file.name}» nặng ${megabytes(file.size)}, quá mức ${limit} MB.`;
      const ending = file.name.includes(".") ? `.${file.name.split(".").pop().toLowerCase()}` : "";
      if (endings.length && !endings.includes(ending)) return `Tệp «${file.name}» không thuộc loại được nhận.`;
      return "";
    };
    const same = (one, other) => one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;

    const put = (chosen) => {
      const faults = [];
      for (const file of chosen) {
        const fault = why(file);
        if (fault) faults.push(fault);
        else if (files.some((other) => same(file, other))) continue;
        else if (files.length >= most) faults.push(`Mỗi lần chỉ đính kèm tối đa ${most} tệp; chưa lấy «${file.name}».`);
        else files.push(file);
      }
      sync();
      error.replaceChildren(...faults.map((text) => {
        const line = document.createElement("div");
        line.textContent = text;
        return line;
      }));
      error.hidden = faults.length === 0;
      zone.classList.toggle("has-error", faults.length > 0);
      announce(`Đã chọn ${files.length} tệp.`);
    };

    const sync = () => {
      const transfer = new DataTransfer();
      for (const file of files) transfer.items.add(file);
      input.files = transfer.files;
      list.replaceChildren(...files.map(line));
      list.hidden = files.length === 0;
    };

    const line = (file) => {
      const item = document.createElement("li");
      const name = document.createElement("span");
      name.className = "upload-name";
      name.textContent = file.name;
      const size = document.createElement("span");
      size.className = "upload-size";
      size.textContent = sizeText(file.size);
      const bar = document.createElement("progress");
      bar.max = 100;
      bar.value = 0;
      bar.hidden = true;
      bar.setAttribute("aria-label", `Đã tải ${file.name}`);
      const remove = document.createElement("button");
      remove.type = "button";
      remove.className = "btn btn-sm upload-remove";
      remove.textContent = "Bỏ";
      remove.setAttribute("aria-label", `Bỏ tệp ${file.name}`);
      remove.addEventListener("click", () => {
        files = files.filter((other) => other !== file);
        sync();
        input.focus();
      });
      item.append(name, size, bar, remove);
      return item;
    };

    input.addEventListener("change", (event) => {
      event.stopPropagation(); // the check of a single file in forms.js would empty the field
      const chosen = [...input.files];
      put(chosen);
    });
    camera?.addEventListener("change", (event) => {
      event.stopPropagation();
      // Phones call every photograph «image.jpg».
      const moment = new Date().toISOString().slice(0, 19).replace(/[:T]/g, "-");
      put([...camera.files].map((file, n) => {
        const ending = file.name.includes(".") ? file.name.split(".").pop() : "jpg";
        return new File([file], `anh-${moment}${n ? `-${n}` : ""}.${ending}`, { type: file.type, lastModified: file.lastModified });
      }));
      camera.value = "";
    });

    // -- Dropping ---------------------------------------------------------------------------------

    const carriesFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
    let depth = 0;
    zone.addEventListener("dragenter", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth += 1;
      zone.classList.add("is-over");
    });
    zone.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
    zone.addEventListener("dragleave", () => {
      depth = Math.max(0, depth - 1);
      if (!depth) zone.classList.remove("is-over");
    });
    zone.addEventListener("drop", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth = 0;
      zone.classList.remove("is-over");
      put([...event.dataTransfer.files]);
    });

    // -- Sending ----------------------------------------------------------------------------------

    const bars = () => [...list.querySelectorAll("progress")];
    const sending = (on) => {
      zone.classList.toggle("is-sending", on);
      if (cancel) cancel.hidden = !on;
      for (const bar of bars()) {
        bar.hidden = !on;
        if (on) bar.value = 0;
      }
      for (const button of list.querySelectorAll("button")) button.disabled = on;
    };

    form.addEventListener("htmx:beforeRequest", (event) => {
      if (event.detail.elt !== form || !files.length) return;
      kept = files;
      sending(true);
      announce("Đang tải tệp lên…");
    });
    // One request carries all files in their order: what has gone out tells how far each one is.
    form.addEventListener("htmx:xhr:progress", (event) => {
      if (event.target !== form || !event.detail.lengthComputable || !files.length) return;
      const { loaded, total } = event.detail;
      const whole = files.reduce((sum, file) => sum + file.size, 0);
      if (total < whole) return; // the answer coming back
      let gone = Math.max(0, loaded - (total - whole));
      bars().forEach((bar, n) => {
        const size = files[n].size;
        bar.value = Math.min(100, Math.round((Math.min(gone, size) / size) * 100));
        gone = Math.max(0, gone - size);
      });
    });
    for (const name of ["htmx:sendError", "htmx:responseError", "htmx:sendAbort", "htmx:timeout"]) {
      form.addEventListener(name, (event) => {
        if (event.target === form) sending(false);
      });
    }
    cancel?.addEventListener("click", () => {
      htmx.trigger(form, "htmx:abort");
      sending(false);
      announce("Đã dừng tải lên; chưa có gì được lưu.");
      form.querySelector("[type=submit]:not([form])")?.focus();
    });

    // Came back with faults: what was chosen is still chosen.
    if ("failed" in form.dataset && kept) put(kept);
    kept = null;
  };

  // A file dropped beside the zone must not replace the page, and with it what was typed.
  for (const name of ["dragover", "drop"]) {
    addEventListener(name, (event) => {
      if (document.querySelector("form[data-upload]") && [...(event.dataTransfer?.types || [])].includes("Files")) event.preventDefault();
    });
  }

  onLoad((root) => all(root, "form[data-upload]").forEach(start));
})();
