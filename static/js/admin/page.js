// Small comforts of the dashboard's pages; everything works without them.

for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  const label = button.textContent;
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    source.select();
    await navigator.clipboard.writeText(source.value);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = label), 2000);
  });
}

for (const select of document.querySelectorAll("[data-submit]")) {
  const form = select.form;
  form.classList.add("automatic");
  select.addEventListener("change", () => {
    // What is left at "all" need not stand in the address.
    for (const other of form.querySelectorAll("[data-submit]")) other.disabled = other.value === "";
    form.requestSubmit();
  });
}

// The short name follows the title until somebody types one.
for (const field of document.querySelectorAll("[data-slug-of]")) {
  const title = document.getElementById(field.dataset.slugOf);
  let isFollowing = field.value === "";
  field.addEventListener("input", () => (isFollowing = field.value === ""));
  title.addEventListener("input", () => {
    if (isFollowing) field.value = slugOf(title.value);
  });
}

// A second click on a button that sends a form does nothing while the first is under way.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
  });
}
addEventListener("pageshow", () => {
  for (const select of document.querySelectorAll("[data-submit]")) select.disabled = false;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
});

// A refused form puts the cursor where the first mistake is.
document.querySelector("[aria-invalid=true]")?.focus();

function slugOf(title) {
  const plain = title.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60).replace(/-+$/, "");
}
