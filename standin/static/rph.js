/* Stand-in for Rownd's Hub. Read through the global array `_rphConfig` of [option, value] pairs, before and after.
 *
 * Draws a button in the lower left corner that opens a list of people, and keeps the tokens in this site's
 * localStorage. While somebody is signed in, each page load calls the site as setPostAuthenticationApi says, as the
 * real Hub does; `should_refresh_page` and `return_to` in the answer are obeyed, so that a site which asks for a
 * refresh every time reloads without end. No inline script or style and no eval.
 */
(() => {
  "use strict";

  const HOME = new URL(document.currentScript.src).origin;
  const STORE = "rph_standin_state";
  const EARLY = 60; // seconds: a token that is about to expire is exchanged beforehand
  const WITHOUT_BODY = ["GET", "HEAD"];

  const config = { setApiUrl: HOME, setBaseUrl: HOME };
  const loaded = [];
  const events = new EventTarget();

  function configure([option, value]) {
    if (option === "onLoaded") loaded.push(value);
    else config[option] = value;
  }

  const state = {
    read() {
      try {
        return JSON.parse(localStorage.getItem(STORE)) || {};
      } catch {
        return {};
      }
    },
    write(tokens) {
      localStorage.setItem(STORE, JSON.stringify(tokens));
    },
    clear() {
      localStorage.removeItem(STORE);
    },
  };

  /** Ask Rownd's API. An Error with its own message where it says no. */
  async function ask(path, body) {
    const headers = { "Content-Type": "application/json", "x-rownd-app-key": config.setAppKey || "" };
    const url = config.setApiUrl.replace(/\/$/, "") + path;
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.messages?.join(" ") || `Refused (${response.status}).`);
    return answer;
  }

  function expiry(token) {
    const part = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    return JSON.parse(atob(part)).exp;
  }

  /** A token that is still good for a while, or null if nobody is signed in any more. */
  async function accessToken() {
    const { access_token: token, refresh_token: refresh } = state.read();
    if (!token) return null;
    if (expiry(token) - EARLY > Date.now() / 1000) return token;
    try {
      const fresh = await ask("/hub/auth/token", { refresh_token: refresh });
      state.write(fresh);
      return fresh.access_token;
    } catch {
      state.clear();
      return null;
    }
  }

  /** Call the site as `api` says ({method, url, extra_headers, timeout}) and do what its answer asks for. */
  async function callSite(api, token) {
    const method = (api.method || "POST").toUpperCase();
    const headers = { ...api.extra_headers };
    const options = { method, headers, signal: AbortSignal.timeout(api.timeout || 10000) };
    if (token) headers.Authorization = `Bearer ${token}`;
    if (!WITHOUT_BODY.includes(method)) {
      headers["Content-Type"] = "application/json";
      options.body = JSON.stringify(token ? { access_token: token } : {});
    }
    const response = await fetch(api.url, options);
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(answer.message || `The site refused the sign-in (${response.status}).`);
    if (answer.return_to) location.assign(answer.return_to);
    else if (answer.should_refresh_page) location.reload();
    return Boolean(answer.return_to || answer.should_refresh_page);
  }

  async function tellSite() {
    const token = await accessToken();
    if (!token || !config.setPostAuthenticationApi) return false;
    return callSite(config.setPostAuthenticationApi, token);
  }

  async function signIn(choice, redirect) {
    const tokens = await ask("/hub/auth/complete", choice);
    state.write({ access_token: tokens.access_token, refresh_token: tokens.refresh_token });
    const { access_token, app_user_id: user_id, app_id } = tokens;
    events.dispatchEvent(new CustomEvent("auth", { detail: { access_token, user_id, app_id } }));
    const leaving = await tellSite();
    if (leaving) return;
    const isNew = tokens.user_type === "new_user" && config.setPostRegistrationRedirect;
    const to = redirect || isNew || config.setPostLoginRedirect;
    if (to) location.assign(to);
    else hub.draw();
  }

  async function signOut() {
    state.clear();
    events.dispatchEvent(new CustomEvent("sign_out"));
    if (config.setPostSignOutApi && (await callSite(config.setPostSignOutApi, null))) return;
    hub.draw();
  }

  const STYLE = `
    :host { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
    .open { position: fixed; left: 1rem; bottom: 1rem; z-index: 2000; }
    button { font: inherit; font-size: .9375rem; padding: .3rem .75rem; border-radius: .5rem; cursor: pointer;
      border: 1px solid light-dark(#b9c0c8, #4c555f); background: light-dark(#f4f6f8, #2a3037);
      color: light-dark(#1c2024, #e6e9ec); }
    button:hover { border-color: light-dark(#4059c8, #93a6ff); }
    :focus-visible { outline: 2px solid light-dark(#4059c8, #93a6ff); outline-offset: 2px; }
    dialog { width: min(26rem, calc(100vw - 2rem)); max-height: calc(100vh - 2rem); box-sizing: border-box;
      padding: 1.25rem; border-radius: .75rem; background: light-dark(#fff, #1d2126);
      color: light-dark(#1c2024, #e6e9ec); border: 1px solid light-dark(#d5dae0, #3a4149); }
    dialog::backdrop { background: rgb(0 0 0 / .45); }
    header { display: flex; justify-content: space-between; align-items: center; gap: 1rem; }
    h2 { font-size: 1.15rem; margin: 0; }
    p { margin: .25rem 0 1rem; }
    .quiet, footer { color: light-dark(#59636e, #9aa4af); font-size: .875rem; }
    ul { list-style: none; margin: 0; padding: 0; max-height: 20rem; overflow: auto; }
    li button { width: 100%; text-align: left; margin-bottom: .375rem; overflow-wrap: anywhere; }
    li span { display: block; }
    form { display: grid; gap: .5rem; border-top: 1px solid light-dark(#e7eaee, #2d333a); margin: .5rem 0 .75rem;
      padding-top: .875rem; }
    form button { justify-self: start; }
    label { display: grid; gap: .125rem; font-size: .875rem; }
    input { font: inherit; padding: .35rem .6rem; border-radius: .5rem; background: light-dark(#fff, #15181c);
      color: inherit; border: 1px solid light-dark(#8b949e, #6b7580); min-width: 0; }
    [role="alert"]:empty { display: none; }
    [role="alert"] { color: light-dark(#a3231b, #ff9d94); }
    footer { margin-top: 1rem; }
  `;

  function element(name, properties = {}, children = []) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  const hub = {
    mount() {
      const host = element("div", { id: "rownd-hub" });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      this.root = host.attachShadow({ mode: "open" });
      this.root.adoptedStyleSheets = [sheet];
      this.alert = element("p", { role: "alert" });
      document.body.append(host);
      this.draw();
    },

    draw() {
      const inside = Boolean(state.read().access_token);
      const label = inside ? "Sign out (Rownd)" : "Sign in (Rownd)";
      const open = element("button", { type: "button", className: "open", textContent: label });
      open.addEventListener("click", () => (inside ? this.attempt(signOut) : this.pick({})));
      this.dialog = element("dialog");
      this.dialog.setAttribute("aria-label", "Sign in");
      this.root.replaceChildren(open, this.dialog);
    },

    /** Do it; what goes wrong is said in the dialog. */
    async attempt(action) {
      this.alert.textContent = "";
      try {
        await action();
      } catch (error) {
        this.alert.textContent = error.message || "The sign-in service cannot be reached.";
        if (!this.alert.isConnected) this.dialog.replaceChildren(this.heading(), this.alert);
        if (!this.dialog.open) this.dialog.showModal();
      }
    },

    heading() {
      const close = element("button", { type: "button", textContent: "Close" });
      close.addEventListener("click", () => this.dialog.close());
      return element("header", {}, [element("h2", { textContent: "Sign in" }), close]);
    },

    pick(options) {
      return this.attempt(async () => {
        const { people } = await ask("/hub/auth/init", {});
        const enter = (choice) => this.attempt(() => signIn(choice, options.post_login_redirect));
        const instant = element("button", { type: "button", textContent: "Go on without saying who I am" });
        instant.addEventListener("click", () => enter({ instant: true }));
        this.dialog.replaceChildren(
          this.heading(),
          element("p", { className: "quiet", textContent: "Pick whom you want to be." }),
          this.alert,
          element("ul", {}, people.map((person) => this.row(person, enter))),
          this.form(enter, options.identifier),
          instant,
          element("footer", { textContent: "Stand-in for Rownd, played on this machine." }),
        );
        if (!this.dialog.open) this.dialog.showModal();
      });
    },

    row(person, enter) {
      const facts = [person.email, person.level, ...person.places].filter(Boolean).join(" · ");
      const button = element("button", { type: "button" }, [
        element("strong", { textContent: person.name }),
        element("span", { className: "quiet", textContent: facts }),
      ]);
      button.addEventListener("click", () => enter({ person: person.person }));
      return element("li", {}, [button]);
    },

    form(enter, address = "") {
      const name = element("input", { name: "name", autocomplete: "off", maxLength: 100 });
      const email = element("input", { name: "email", type: "email", required: true, value: address });
      const form = element("form", {}, [
        element("label", {}, ["Name", name]),
        element("label", {}, ["E-mail", email]),
        element("button", { textContent: "Sign up as somebody new" }),
      ]);
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        enter({ email: email.value, name: name.value });
      });
      return form;
    },
  };

  /** Links and buttons of the page that ask for the Hub. */
  function onTrigger(event) {
    const trigger = event.target.closest?.("[data-rownd-sign-in-trigger]");
    if (!trigger || state.read().access_token) return;
    event.preventDefault();
    hub.pick({});
  }

  function start() {
    hub.mount();
    document.addEventListener("click", onTrigger);
    window.rownd = {
      requestSignIn: (options = {}) => hub.pick(options),
      signOut: () => hub.attempt(signOut),
      getAccessToken: accessToken,
      events,
    };
    for (const ready of loaded) ready();
    tellSite().catch((error) => console.warn(`Rownd: ${error.message}`)); // nobody asked: no dialog
  }

  const early = window._rphConfig || [];
  window._rphConfig = { push: (...pairs) => pairs.forEach(configure) };
  early.forEach(configure);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
