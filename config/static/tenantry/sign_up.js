// Suggest an address from the organisation's name, until somebody types one himself.
(() => {
  const name = document.getElementById("id_organisation");
  const slug = document.getElementById("id_slug");
  if (!name || !slug) return;
  let typed = slug.value !== "";

  function suggestion(text) {
    const plain = text.normalize("NFD").replace(/\p{Mark}/gu, "").toLowerCase();
    return plain.replace(/[^a-z0-9]+/g, "-").replace(/^[^a-z]+|-+$/g, "").slice(0, 30).replace(/-+$/, "");
  }

  slug.addEventListener("input", (event) => {
    if (event.isTrusted) typed = slug.value !== "";
  });
  name.addEventListener("input", () => {
    if (typed) return;
    slug.value = suggestion(name.value);
    slug.dispatchEvent(new Event("input", { bubbles: true }));
  });
})();
