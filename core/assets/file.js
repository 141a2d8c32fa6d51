// Shows the chosen file's name in the page's own words: the browser's control speaks the browser's language.

function live(box) {
  const input = box.querySelector("input");
  const chosen = box.querySelector(".chosen");
  const none = chosen.textContent;
  const show = () => {
    chosen.textContent = input.files[0]?.name ?? none;
  };
  input.addEventListener("change", show);
  box.classList.add("live");
  show();
}

document.querySelectorAll("[data-file]").forEach(live);
