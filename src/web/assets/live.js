// Keeps the page as it is now: whenever something changes, the page is asked for again and its content is put in place.
// Without this script, everything can be read all the same.
(() => {
  "use strict";
  const status = document.getElementById("live");
  if (!window.EventSource || !window.fetch || !status) return;

  let asking = false;
  let again = false;
  let last = 0;

  // Where the keyboard is, so that it is there afterwards too.
  const place = (element) => {
    if (!element || element === document.body) return null;
    if (element.id) return "#" + CSS.escape(element.id);
    const path = element.getAttribute("href");
    return path ? `main a[href="${CSS.escape(path)}"]` : null;
  };

  const busy = () => {
    const element = document.activeElement;
    const typing = element && /^(SELECT|INPUT|TEXTAREA)$/.test(element.tagName);
    return document.hidden || typing || !document.getSelection().isCollapsed;
  };

  const put = (page) => {
    const [from, to] = [page.querySelector("main"), document.querySelector("main")];
    if (!from || from.isEqualNode(to)) return;
    const focus = place(document.activeElement);
    const scrolled = [...to.querySelectorAll(".scroll")].map((box) => [box.scrollLeft, box.scrollTop]);
    const open = [...to.querySelectorAll("details")].map((box) => box.open);
    to.replaceChildren(...from.childNodes);
    to.querySelectorAll(".scroll").forEach((box, n) => scrolled[n] && box.scrollTo(...scrolled[n]));
    to.querySelectorAll("details").forEach((box, n) => { if (n in open) box.open = open[n]; });
    if (focus) document.querySelector(focus)?.focus({ preventScroll: true });
  };

  const renew = async () => {
    if (asking || busy()) { again = true; return; }
    const wait = last + 1000 - Date.now();
    asking = true;
    again = false;
    if (wait > 0) await new Promise((done) => setTimeout(done, wait));
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
      // Whoever is no longer logged in is asked for the token.
      if (answer.redirected) { location.reload(); return; }
      if (!/^text\/html/.test(answer.headers.get("content-type"))) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      put(page);
      const time = page.getElementById("live");
      if (time) status.replaceChildren(...time.childNodes);
      status.dataset.state = "live";
    } catch {
      status.dataset.state = "lost";
    }
    last = Date.now();
    asking = false;
    if (again) renew();
  };

  // A browser keeps few connections to one server: a page that nobody looks at gives its own back.
  let events = null;
  const follow = () => {
    if (document.hidden) {
      events?.close();
      events = null;
    } else if (!events) {
      events = new EventSource("/events");
      // What has changed before the stream began is not told.
      events.addEventListener("hello", renew);
      events.addEventListener("changed", renew);
      events.addEventListener("error", () => { status.dataset.state = "lost"; });
    }
  };
  document.addEventListener("visibilitychange", follow);
  document.addEventListener("focusout", () => { if (again) setTimeout(renew, 0); });
  document.addEventListener("selectionchange", () => { if (again) setTimeout(renew, 0); });
  follow();
})();
