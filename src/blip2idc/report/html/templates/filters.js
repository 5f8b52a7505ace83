/* A list of entries that is filtered, searched and sorted by the form above it. */
(function () {
  const form = document.getElementById("filters");
  if (!form) return;
  const list = document.querySelector(".gallery");
  const entries = Array.from(list.children);
  const text = new Map(entries.map((entry) => [entry, entry.textContent.toLowerCase()]));
  const sort = form.querySelector("[data-sort]");
  const search = form.querySelector("[data-search]");
  const output = form.querySelector("output");
  function matches(entry) {
    for (const choice of form.querySelectorAll("[data-filter]"))
      if (choice.value && entry.dataset[choice.dataset.filter] !== choice.value) return false;
    return search.value.toLowerCase().split(/\s+/).every((word) => text.get(entry).includes(word));
  }
  function order() {
    const [key, direction] = sort.value.split(":");
    if (!key) return entries;
    const sign = direction === "up" ? 1 : -1;
    /* an entry without the number goes last, whatever the direction */
    const number = (entry) => { const value = entry.getAttribute("data-" + key); return value === null ? Infinity : sign * Number(value); };
    return entries.slice().sort((a, b) => { const x = number(a), y = number(b); return x === y ? 0 : x - y; });
  }
  function apply() {
    let count = 0;
    entries.forEach((entry) => { entry.hidden = !matches(entry); if (!entry.hidden) count += 1; });
    output.textContent = count + " of " + entries.length;
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    if (event.target === sort) list.append(...order());
    apply();
  });
  const heat = form.querySelector("[data-heat]");
  if (heat) {
    const show = () => list.querySelectorAll(".heat").forEach((layer) => { layer.hidden = !heat.checked; });
    heat.addEventListener("change", show);
    show();
  }
  apply();
})();
