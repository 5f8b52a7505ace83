"use strict";
/* A stage: two pictures that are shown side by side, under a slider, or blinking. */
function Stage(root) {
  const BLINK = 700; /* ms; slower than three flashes a second, which some people cannot stand */
  let timer = 0;
  const split = root.querySelector(".split");
  const showing = root.querySelector(".showing");
  const place = () => root.style.setProperty("--split", split.value + "%");
  function show(after) {
    root.classList.toggle("on-after", after);
    showing.textContent = after ? "after" : "before";
  }
  function view(name) {
    root.dataset.view = name;
    root.querySelectorAll("[data-view]").forEach((button) =>
      button.setAttribute("aria-pressed", String(button.dataset.view === name)));
    clearInterval(timer);
    show(false);
    if (name === "blink")
      timer = setInterval(() => show(!root.classList.contains("on-after")), BLINK);
  }
  root.querySelectorAll("button[data-view]").forEach((button) =>
    button.addEventListener("click", () => view(button.dataset.view)));
  split.addEventListener("input", place);
  const opacity = root.querySelector(".opacity");
  if (opacity) {
    const fade = () => root.style.setProperty("--heat", opacity.value / 100);
    opacity.addEventListener("input", fade);
    fade();
  }
  const boxes = root.querySelector(".show-boxes");
  if (boxes)
    boxes.addEventListener("change", () => root.classList.toggle("no-boxes", !boxes.checked));
  place();
  view(root.dataset.view);
  return {
    view,
    stop: () => view("side"),
    heat(addresses) {
      root.querySelectorAll(".heat").forEach((layer, index) => {
        layer.hidden = !addresses;
        if (addresses) layer.src = addresses[index];
      });
    },
  };
}
