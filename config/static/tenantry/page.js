// What every page needs beyond plain HTML. Without it all still works, a little less comfortably.
(() => {
  // Menus are <details>: close them on a click elsewhere and on Escape.
  const openMenus = () => document.querySelectorAll("details.menu[open]");

  document.addEventListener("click", (event) => {
    for (const menu of openMenus()) {
      if (!menu.contains(event.target) || event.target.closest("[data-theme-choice]")) menu.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of openMenus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // On a phone the tabs scroll: show the current one.
  for (const tab of document.querySelectorAll(".tabs [aria-current], .side [aria-current]")) {
    const row = tab.closest("ul");
    row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
  }

  // What was typed before htmx was there to hear it, on a slow line, is typed once more.
  document.addEventListener(
    "htmx:load",
    () => {
      for (const field of document.querySelectorAll('[hx-trigger*="input"] input')) {
        if (field.value !== field.defaultValue) field.dispatchEvent(new Event("input", { bubbles: true }));
      }
    },
    { once: true },
  );

  // A search field fetches its list while it is typed in. Its "change", on leaving it, would fetch the same list again
  // and close the line that was just opened. Stopped here for all: htmx's filters would need eval.
  document.addEventListener("change", (event) => event.target.type === "search" && event.stopPropagation(), true);

  // A list that htmx has swapped says its count to screen readers.
  document.addEventListener("htmx:afterSettle", (event) => {
    const count = event.target.querySelector?.("[data-announce]");
    if (count) document.getElementById("announcer").textContent = count.textContent.trim();
  });

  // When htmx gets an error, ask again as a whole page: it says what is wrong.
  for (const name of ["htmx:responseError", "htmx:sendError"]) {
    document.addEventListener(name, (event) => {
      const target = event.detail.target;
      if (target && !target.hasAttribute("data-optional")) window.location = event.detail.pathInfo.finalRequestPath;
    });
  }

  // A second click must not send the form twice. The button comes back with the page (back button, failed send).
  const sendButtons = (form) => form.querySelectorAll("button:not([type]), button[type=submit]");

  document.addEventListener("submit", (event) => {
    // A download leaves the page as it is, and may be wanted again.
    if (event.target.method !== "post" || event.target.hasAttribute("data-download")) return;
    // After the browser has read the form: a disabled button would not be sent along.
    setTimeout(() => sendButtons(event.target).forEach((button) => (button.disabled = true)));
  });

  window.addEventListener("pageshow", () => {
    for (const form of document.forms) sendButtons(form).forEach((button) => (button.disabled = false));
  });
})();
