/* Tells Rownd's Hub what it is to do here, before its own script runs: hand us the token at each page, and say when
 * somebody signs out. What it needs to know stands in data- attributes. */
(() => {
  "use strict";

  const place = document.querySelector("[data-rownd-hub]").dataset;
  const headers = { ...JSON.parse(place.headers), "X-CSRFToken": place.csrfToken };
  const call = (url) => ({ method: place.method, url, extra_headers: headers, timeout: 10000 });
  const hub = (window._rphConfig = window._rphConfig || []);

  hub.push(["setAppKey", place.appKey]);
  hub.push(["setApiUrl", place.apiUrl]);
  hub.push(["setPostSignOutApi", call(new URL(place.signOut, location).href)]);

  if (document.querySelector("[data-rownd-forget]")) {
    // Somebody signed out here. The Hub forgets him too: at the next page it would sign him in again.
    hub.push(["onLoaded", async () => (await window.rownd.getAccessToken()) && window.rownd.signOut()]);
  } else {
    hub.push(["setPostAuthenticationApi", call(new URL(place.authenticate, location).href)]);
  }

  for (const button of document.querySelectorAll("[data-rownd-sign-in]")) {
    button.addEventListener("click", () => {
      const intent = button.dataset.intent ? { intent: button.dataset.intent } : {};
      window.rownd.requestSignIn({ post_login_redirect: button.dataset.next, ...intent });
    });
  }
})();
