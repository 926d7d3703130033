// Draws the page's charts; a click on a mark that stands for a picture opens its story.

const NARROW_PX = 480;
const figures = document.querySelectorAll("[data-chart]");

if (figures.length) {
  const script = import("/dashboard/charts.js");
  for (const figure of figures) draw(figure, script);
}

async function draw(figure, script) {
  const space = figure.querySelector(".chart-space");
  try {
    const [specification, { drawChart }] = await Promise.all([load(figure.dataset.chart), script]);
    if (space.clientWidth < NARROW_PX) makeNarrow(specification);
    space.replaceChildren();
    const { view } = await drawChart(space, specification);
    if (figure.dataset.open) {
      view.addEventListener("click", (event, item) => {
        const imageId = item?.datum?.image_id;
        if (imageId) location.assign(figure.dataset.open + imageId);
      });
    }
  } catch {
    space.textContent = "This chart could not be drawn. Please reload the page.";
  }
  space.removeAttribute("aria-busy");
}

// On a telephone, legends take more lines and titles smaller letters.
function makeNarrow(specification) {
  specification.config.axis.titleFontSize = 11;
  specification.config.axis.labelLimit = 110;
  for (const part of [specification, ...(specification.layer ?? [])]) {
    for (const channel of ["color", "shape"]) {
      const legend = part.encoding?.[channel]?.legend;
      if (legend) legend.columns = 2;
    }
  }
}

async function load(address) {
  const answer = await fetch(address, { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}
