// The page at /api/docs/: Swagger UI over our own description. Requests go out with the browser's session, so
// a write carries the CSRF token that the page holds. Nothing is asked of any other host.
"use strict";

const place = document.getElementById("api-docs");
const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;

SwaggerUIBundle({
  url: place.dataset.description,
  domNode: place,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  requestInterceptor: (request) => {
    const here = new URL(request.url, location.href).origin === location.origin;
    if (here && request.method && request.method !== "GET") request.headers["X-CSRFToken"] = token;
    return request;
  },
});

// Swagger UI has a dark look of its own: it follows the page's.
const root = document.documentElement;
const follow = () => root.classList.toggle("dark-mode", root.dataset.bsTheme === "dark");
new MutationObserver(follow).observe(root, { attributeFilter: ["data-bs-theme"] });
follow();
