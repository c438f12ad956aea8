// What the other scripts share: the token against forged requests, and saying things aloud.
"use strict";

document.documentElement.classList.add("js"); // .js-only and .no-js in base.css

window.cchc = (() => {
  const cookie = (name) => {
    const found = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  };

  // The cookie is newer than the form where somebody has signed in again in another tab.
  const csrfToken = () =>
    cookie("csrftoken") || document.querySelector("input[name=csrfmiddlewaretoken]")?.value || "";

  const announce = (text) => {
    const live = document.getElementById("live");
    if (!live) return;
    live.textContent = "";
    setTimeout(() => (live.textContent = text), 60);
  };

  // A message above the page, as the server's own would look.
  const say = (text, tone = "error") => {
    const box = document.getElementById("messages");
    if (!box) return;
    const message = document.createElement("div");
    message.className = `message is-${tone}`;
    message.setAttribute("role", tone === "error" || tone === "warning" ? "alert" : "status");
    const words = document.createElement("div");
    words.className = "message-text";
    words.textContent = text;
    message.append(words);
    box.replaceChildren(message);
    addCloseButtons(box);
    message.scrollIntoView({ block: "nearest" });
  };

  const addCloseButtons = (root) => {
    for (const message of root.querySelectorAll(".message:not(:has(.message-close))")) {
      const close = document.createElement("button");
      close.type = "button";
      close.className = "message-close";
      close.dataset.dismiss = "";
      close.setAttribute("aria-label", "Đóng thông báo");
      close.textContent = "×";
      close.addEventListener("click", () => message.remove());
      message.append(close);
    }
  };

  // Runs for the page, and again for each part that htmx brings in.
  const onLoad = (work) => {
    work(document);
    document.addEventListener("htmx:load", (event) => {
      if (event.target !== document.body) work(event.target);
    });
  };

  const all = (root, selector) => [
    ...(root.matches?.(selector) ? [root] : []),
    ...root.querySelectorAll(selector),
  ];

  const clock = (date = new Date()) =>
    `${String(date.getHours()).padStart(2, "0")}:${String(date.getMinutes()).padStart(2, "0")}`;

  onLoad((root) => addCloseButtons(root));

  // -- htmx ---------------------------------------------------------------------------------------

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = csrfToken();
  });
  document.addEventListener("htmx:sendError", () =>
    say("Mất kết nối với máy chủ. Hãy kiểm tra mạng rồi thử lại."));
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 401) {
      location.assign(`${document.body.dataset.signInUrl}?next=${encodeURIComponent(location.pathname + location.search)}`);
    } else if (status === 403) {
      say("Phiên làm việc đã đổi hoặc bạn không có quyền làm việc này. Hãy tải lại trang.");
    } else if (status === 404) {
      say("Không tìm thấy nội dung này; có thể vừa bị đổi. Hãy tải lại trang.");
    } else {
      say("Máy chủ gặp lỗi, thao tác chưa được thực hiện. Hãy thử lại sau ít phút.");
    }
  });

  return { all, announce, clock, cookie, csrfToken, onLoad, say };
})();
