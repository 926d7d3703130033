// What the pictures will be seen in: window, screen, pixel ratio, colours, zoom.

export function measureEnvironment() {
  return {
    viewport_width_px: window.innerWidth,
    viewport_height_px: window.innerHeight,
    screen_width_px: screen.width,
    screen_height_px: screen.height,
    pixel_ratio: window.devicePixelRatio,
    colour_depth: screen.colorDepth,
    zoom: zoomNow(),
  };
}

// On a desktop the browser's zoom shows in the window's outer size; on a touch screen it is the
// pinch.
function zoomNow() {
  const isDesktop = window.matchMedia("(pointer: fine)").matches && window.outerWidth > 0;
  const zoom = isDesktop ? window.outerWidth / window.innerWidth : window.visualViewport?.scale;
  return (zoom ?? 1).toFixed(2);
}

export function fillForms(root = document) {
  for (const form of root.querySelectorAll("[data-environment]")) {
    form.addEventListener("submit", () => {
      for (const [name, value] of Object.entries(measureEnvironment()))
        form.elements.namedItem(name).value = value;
    });
  }
}
