/* A closer look at an entry, in a dialog. */
(function () {
  const list = document.querySelector(".gallery");
  if (!list) return;
  const dialog = document.getElementById("closer");
  const root = dialog.querySelector(".stage");
  const stage = Stage(root);
  list.addEventListener("click", (event) => {
    const thumbs = event.target.closest(".thumbs");
    if (!thumbs) return;
    const stacks = thumbs.querySelectorAll(".stack");
    root.querySelectorAll(".stack").forEach((stack, index) => {
      stack.querySelector(".image").src = stacks[index].querySelector(".image").src;
      stack.parentElement.style.setProperty("--ratio", stacks[index].style.getPropertyValue("--ratio"));
    });
    const layers = Array.from(thumbs.querySelectorAll(".heat"), (layer) => layer.src);
    stage.heat(layers.length ? layers : null);
    root.querySelector(".said").textContent = thumbs.parentElement.querySelector(".said").textContent;
    stage.view("slider");
    dialog.showModal();
  });
  dialog.querySelector(".close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", stage.stop);
})();
