/* Descope's web component hands over two tokens when somebody has signed in: they are posted to us, and the page goes
 * on. One script for any number of widgets; what each needs to know stands in its data- attributes. */
(() => {
  "use strict";

  async function store(place, tokens) {
    const body = new FormData();
    body.append("DS", tokens.sessionJwt || "");
    body.append("DSR", tokens.refreshJwt || "");
    const headers = { "X-CSRFToken": place.dataset.csrfToken };
    const response = await fetch(place.dataset.store, { method: "POST", body, headers });
    if (!response.ok) throw new Error(`The sign-in was refused (${response.status}).`);
  }

  for (const place of document.querySelectorAll("[data-descope-widget]")) {
    place.querySelector("descope-wc").addEventListener("success", async (event) => {
      try {
        await store(place, event.detail);
        location.assign(place.dataset.next);
      } catch {
        place.querySelector("[role=alert]").hidden = false;
      }
    });
  }
})();
