// Unpacking what the page holds packed: each scan's pictures and charts, and plotly, when they are needed.
"use strict";

/** The text in an element of base64 of gzip. */
async function unpack(element) {
  const bytes = Uint8Array.from(atob(element.textContent), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

let plotly = null;

/** Run plotly, once; its digest stands in the page's policy. */
function loadPlotly() {
  plotly ??= unpack(document.getElementById("plotly")).then((text) => {
    document.head.append(Object.assign(document.createElement("script"), { text }));
  });
  return plotly;
}

/** Resolves when the browser has nothing better to do. */
function idle() {
  return new Promise((resolve) => (window.requestIdleCallback ?? setTimeout)(resolve));
}
