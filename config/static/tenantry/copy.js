// A button that copies what a field shows. Without JavaScript there is no button, and the field is there to select.
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      return; // not allowed here: the text is selected, and the keyboard copies it
    }
    button.textContent = "Copied";
    document.getElementById("announcer").textContent = "Copied.";
  });
}
