const layers = JSON.parse(document.getElementById("layers").textContent);
const stageRoot = document.querySelector("[data-stage]");
const stage = Stage(stageRoot);
const words = Array.from(document.querySelectorAll(".word"));
let chosen = 0; /* layer 0 is the sentence */
function light(layer) {
  stage.heat(layers[layer]);
  stageRoot.dataset.layer = layer;
  stageRoot.classList.toggle("one-word", layer !== 0);
  words.forEach((word) => word.classList.toggle("lit", Number(word.dataset.layer) === layer));
}
words.forEach((word) => {
  const layer = Number(word.dataset.layer);
  word.addEventListener("click", () => {
    chosen = chosen === layer ? 0 : layer;
    words.forEach((other) =>
      other.setAttribute("aria-pressed", String(Number(other.dataset.layer) === chosen)));
    light(chosen);
  });
  word.addEventListener("pointerenter", (event) => { if (event.pointerType === "mouse") light(layer); });
  word.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") light(chosen); });
});
light(0);
