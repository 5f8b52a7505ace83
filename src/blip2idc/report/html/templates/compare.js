/* The closer look at a file of a comparison: full resolution, numbered boxes, change by change. */
(function () {
  const list = document.querySelector(".gallery");
  const viewer = document.getElementById("viewer");
  if (!list || !viewer) return;
  const root = viewer.querySelector(".stage");
  const stage = Stage(root);
  const figures = { before: root.querySelector(".before"), after: root.querySelector(".after") };
  const difference = root.querySelector(".difference");
  const pan = root.querySelector(".pan");
  let entry = null;
  let chosen = 0; /* number of the change that is looked at, 0 for none */
  list.querySelectorAll(".box").forEach(settle);
  function settle(box) { /* a number that would be cut off at an edge goes to the other side of its box */
    const [left, top] = [box.style.left, box.style.top].map(parseFloat);
    box.classList.toggle("low", top < 6);
    box.classList.toggle("near", left < 1);
    box.classList.toggle("far", left > 88);
  }
  function mark(target, thumbs) { /* the boxes of both images on their difference, where all are of one shape */
    target.querySelectorAll(".box, .ignored").forEach((old) => old.remove());
    for (const role of ["after", "before"]) {
      const stack = thumbs.querySelector('[data-role="' + role + '"]');
      if (stack.style.getPropertyValue("--ratio").trim() !== thumbs.dataset.ratio) continue;
      for (const box of stack.querySelectorAll(".box"))
        if (!target.querySelector('[data-change="' + box.dataset.change + '"]')) target.append(box.cloneNode(true));
    }
  }
  const shown = () => Array.from(list.children).filter((item) => !item.hidden && item.querySelector(".thumbs"));
  const count = () => (entry ? entry.querySelectorAll(".change").length : 0);
  function fill(figure, stack) {
    figure.classList.toggle("empty", !stack);
    const target = figure.querySelector(".stack");
    target.querySelectorAll(".box, .ignored").forEach((old) => old.remove());
    const image = target.querySelector(".image");
    if (!stack) { image.removeAttribute("src"); return; }
    image.src = stack.dataset.full;
    const ratio = stack.style.getPropertyValue("--ratio");
    const [width, height] = ratio.split("/").map(Number);
    for (const place of [figure, target]) {
      place.style.setProperty("--ratio", ratio);
      place.style.setProperty("--wide", width / height);
      place.style.setProperty("--width", stack.dataset.width);
    }
    stack.querySelectorAll(".box, .ignored").forEach((box) => target.append(box.cloneNode(true)));
  }
  function open(item, number) {
    entry = item;
    const thumbs = item.querySelector(".thumbs");
    for (const role of ["before", "after"])
      fill(figures[role], thumbs.querySelector('[data-role="' + role + '"]'));
    const lone = !thumbs.dataset.difference;
    viewer.classList.toggle("lone", lone);
    if (!lone) {
      const target = difference.querySelector(".stack");
      const [width, height] = thumbs.dataset.ratio.split("/").map(Number);
      target.querySelector(".image").src = thumbs.dataset.difference;
      target.style.setProperty("--ratio", thumbs.dataset.ratio);
      target.style.setProperty("--wide", width / height);
      target.style.setProperty("--width", width);
      mark(target, thumbs);
    }
    const layers = Array.from(thumbs.querySelectorAll(".heat"), (layer) => layer.src);
    stage.heat(layers.length ? layers : null);
    viewer.querySelector(".name").textContent = item.querySelector("h3 span").textContent;
    for (const name of [".said", ".why"]) {
      const said = item.querySelector(":scope > " + name);
      viewer.querySelector(":scope > " + name).textContent = said ? said.textContent : "";
    }
    const changes = item.querySelector(".changes ol");
    const place = viewer.querySelector(".list");
    place.replaceChildren(...(changes ? [changes.cloneNode(true)] : []));
    stage.view(lone ? "side" : root.dataset.view);
    if (!viewer.open) { viewer.showModal(); viewer.focus(); }
    choose(number);
    list.querySelectorAll(".here").forEach((old) => old.classList.remove("here"));
    item.classList.add("here");
  }
  function choose(number) {
    chosen = number;
    viewer.querySelectorAll("[data-change]").forEach((part) =>
      part.classList.toggle("chosen", Number(part.dataset.change) === number));
    const items = shown();
    viewer.querySelector(".at").textContent = "file " + (items.indexOf(entry) + 1) + " of " + items.length +
      (count() ? ", " + (number ? "change " + number + " of " + count() : count() + (count() === 1 ? " change" : " changes")) : "");
    if (root.classList.contains("actual-size")) reveal();
  }
  function reveal() { /* bring the chosen box into the middle of the view */
    const box = Array.from(root.querySelectorAll(".box.chosen")).find((one) => one.offsetParent);
    if (box) box.scrollIntoView({ block: "center", inline: "center" });
  }
  function walk(step) {
    const items = shown();
    if (!items.length) return;
    if (!entry || !viewer.open) { open(items[step > 0 ? 0 : items.length - 1], 0); return; }
    const next = chosen + step;
    if (next >= (step > 0 ? 1 : 0) && next <= count()) { choose(next); follow(); return; }
    const at = items.indexOf(entry) + step;
    if (at < 0 || at >= items.length) return;
    open(items[at], 0);
    if (step < 0) choose(count());
    viewer.scrollTop = 0;
  }
  function follow() {
    const card = viewer.querySelector(".change.chosen");
    if (card && !root.classList.contains("actual-size")) card.scrollIntoView({ block: "nearest" });
  }
  list.addEventListener("click", (event) => {
    const thumbs = event.target.closest(".thumbs");
    if (!thumbs) return;
    const box = event.target.closest(".box");
    open(thumbs.closest(".entry"), box ? Number(box.dataset.change) : 0);
  });
  viewer.addEventListener("click", (event) => {
    const part = event.target.closest("[data-change]");
    if (part) choose(Number(part.dataset.change));
    const button = event.target.closest("[data-walk]");
    if (button) walk(Number(button.dataset.walk));
  });
  viewer.querySelector(".actual").addEventListener("change", (event) => {
    root.classList.toggle("actual-size", event.target.checked);
    reveal();
  });
  const panes = [figures.before, figures.after]; /* in actual size both show the same place */
  const told = panes.map(() => ""); /* where each was last moved to from here */
  const placeOf = (pane) => Math.round(pane.scrollLeft) + "," + Math.round(pane.scrollTop);
  panes.forEach((pane, at) => pane.addEventListener("scroll", () => {
    if (placeOf(pane) === told[at]) return;
    const other = panes[1 - at];
    [other.scrollLeft, other.scrollTop] = [pane.scrollLeft, pane.scrollTop];
    told[1 - at] = placeOf(other);
    told[at] = "";
  }));
  viewer.querySelector(".close").addEventListener("click", () => viewer.close());
  viewer.addEventListener("close", () => {
    const view = root.dataset.view;
    stage.stop();
    root.dataset.view = view;
    if (entry) entry.querySelector(".thumbs").focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.matches("input, select, textarea")) return;
    const step = { ArrowRight: 1, n: 1, j: 1, ArrowLeft: -1, p: -1, k: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    walk(step);
  });
})();
