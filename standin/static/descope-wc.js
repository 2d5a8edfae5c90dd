/* Stand-in for Descope's web component: <descope-wc project-id flow-id base-url tenant theme>.
 *
 * Draws a list of people inside the element and fires `ready`, then `success` with the tokens in `event.detail`
 * (sessionJwt, refreshJwt, user) or `error` with `event.detail.errorDescription`, as the real component does.
 * No inline script or style and no eval, so that it runs under a strict content security policy.
 */
(() => {
  "use strict";

  // The address this script came from: what answers where the element names no base-url. A module does not know it.
  const HOME = document.currentScript ? new URL(document.currentScript.src).origin : "";

  const STYLE = `
    :host { display: block; color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
    :host([theme="light"]) { color-scheme: light; }
    :host([theme="dark"]) { color-scheme: dark; }
    :host([hidden]) { display: none; }
    .card { background: light-dark(#fff, #1d2126); color: light-dark(#1c2024, #e6e9ec); padding: 1.25rem;
      border: 1px solid light-dark(#d5dae0, #3a4149); border-radius: .75rem; }
    h2 { font-size: 1.15rem; margin: 0; }
    p { margin: .25rem 0 1rem; }
    .quiet, footer { color: light-dark(#59636e, #9aa4af); font-size: .875rem; }
    ul { list-style: none; margin: 0; padding: 0; }
    li { padding: .625rem 0; border-top: 1px solid light-dark(#e7eaee, #2d333a); }
    .who { display: flex; flex-wrap: wrap; gap: 0 .5rem; align-items: baseline; overflow-wrap: anywhere; }
    .choices { display: flex; flex-wrap: wrap; gap: .375rem; margin-top: .375rem; }
    button { font: inherit; font-size: .9375rem; padding: .3rem .75rem; border-radius: .5rem; cursor: pointer;
      border: 1px solid light-dark(#b9c0c8, #4c555f); background: light-dark(#f4f6f8, #2a3037); color: inherit; }
    button:hover { border-color: light-dark(#4059c8, #93a6ff); }
    :focus-visible { outline: 2px solid light-dark(#4059c8, #93a6ff); outline-offset: 2px; }
    form { display: grid; gap: .5rem; border-top: 1px solid light-dark(#e7eaee, #2d333a); padding-top: .875rem; }
    label { display: grid; gap: .125rem; font-size: .875rem; }
    input { font: inherit; padding: .35rem .6rem; border-radius: .5rem; background: light-dark(#fff, #15181c);
      color: inherit; border: 1px solid light-dark(#8b949e, #6b7580); min-width: 0; }
    form button { justify-self: start; }
    [role="alert"]:not(:empty) { margin: 0 0 .75rem; color: light-dark(#a3231b, #ff9d94); }
    footer { margin-top: 1rem; }
  `;

  function element(name, properties = {}, children = []) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  class DescopeWc extends HTMLElement {
    connectedCallback() {
      if (this.shadowRoot) return;
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
      this.alert = element("p", { role: "alert" });
      this.start();
    }

    async start() {
      const flow = { flowId: this.getAttribute("flow-id"), options: { tenant: this.getAttribute("tenant") || "" } };
      const answer = await this.ask("/v1/flow/start", flow);
      if (!answer) {
        this.shadowRoot.replaceChildren(element("div", { className: "card" }, [this.alert]));
        return;
      }
      this.execution = answer.executionId;
      this.draw(answer.screen.state);
      this.fire("ready");
    }

    draw(state) {
      const place = state.tenant ? ` to ${state.tenant}` : "";
      const parts = [
        element("h2", { textContent: state.flowId === "sign-up" ? "Sign up" : "Sign in" }),
        element("p", { className: "quiet", textContent: `Pick whom you want to be${place}.` }),
        this.alert,
        element("ul", {}, state.people.map((person) => this.row(person))),
      ];
      if (state.signUp) parts.push(this.signUpForm());
      parts.push(element("footer", { textContent: "Stand-in for Descope, played on this machine." }));
      this.shadowRoot.replaceChildren(element("div", { className: "card" }, parts));
    }

    row(person) {
      const status = person.status === "enabled" ? "" : ` (${person.status})`;
      const places = person.tenants.length ? person.tenants : [{ tenant: "", name: "Sign in", roles: [] }];
      return element("li", {}, [
        element("div", { className: "who" }, [
          element("strong", { textContent: person.name }),
          element("span", { className: "quiet", textContent: person.email + status }),
        ]),
        element("div", { className: "choices" }, places.map((place) => this.choice(person, place))),
      ]);
    }

    choice(person, place) {
      const roles = place.roles.length ? `: ${place.roles.join(", ")}` : "";
      const button = element("button", { type: "button", textContent: place.name + roles });
      button.setAttribute("aria-label", `${person.name}, ${place.name}${roles}`);
      button.addEventListener("click", () => this.next("pick", { person: person.person, tenant: place.tenant }));
      return button;
    }

    signUpForm() {
      const name = element("input", { name: "name", autocomplete: "off", maxLength: 100 });
      const email = element("input", { name: "email", type: "email", required: true, autocomplete: "off" });
      const form = element("form", {}, [
        element("label", {}, ["Name", name]),
        element("label", {}, ["E-mail", email]),
        element("button", { textContent: "Sign up as somebody new" }),
      ]);
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.next("sign-up", { email: email.value, name: name.value });
      });
      return form;
    }

    async next(interactionId, input) {
      const answer = await this.ask("/v1/flow/next", { executionId: this.execution, interactionId, input });
      if (answer) this.fire("success", answer.authInfo);
    }

    /** Ask the project's API. What goes wrong is shown and fired as `error`; then there is no answer. */
    async ask(path, body) {
      this.alert.textContent = "";
      const base = this.getAttribute("base-url") || HOME;
      const headers = { "Content-Type": "application/json", Authorization: `Bearer ${this.getAttribute("project-id")}` };
      let problem = { errorDescription: "The sign-in service cannot be reached." };
      try {
        const options = { method: "POST", headers, body: JSON.stringify(body), credentials: "include" };
        const response = await fetch(base.replace(/\/$/, "") + path, options);
        const answer = await response.json();
        if (response.ok) return answer;
        problem = answer;
      } catch {
        // Not reached, or no JSON: said below.
      }
      this.alert.textContent = problem.errorDescription;
      this.fire("error", problem);
      return null;
    }

    fire(name, detail) {
      this.dispatchEvent(new CustomEvent(name, { detail }));
    }
  }

  if (!customElements.get("descope-wc")) customElements.define("descope-wc", DescopeWc);
})();
