// Drawing the charts with plotly, in the page's colours, light or dark.
"use strict";

/** Layout every chart shares: text and grid take the page's colours, or those of paper. */
function themed(layout, onPaper) {
  const page = getComputedStyle(document.documentElement);
  const ink = onPaper ? "#000000" : page.getPropertyValue("--ink").trim();
  const line = onPaper ? "#999999" : page.getPropertyValue("--line").trim();
  const axis = { gridcolor: line, linecolor: line, zerolinecolor: line, automargin: true };
  const shapes = (layout.shapes || []).map((shape) => ({ ...shape, line: { ...shape.line, color: ink } }));
  return {
    ...layout,
    shapes,
    font: { color: ink, size: 12 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 60, r: 12, t: 24, b: 30 }, // more at the bottom, as the legend needs it
    legend: { orientation: "h", yref: "container", y: 0, yanchor: "bottom" },
    hovermode: "closest",
    xaxis: { ...axis, ...layout.xaxis },
    yaxis: { ...axis, exponentformat: "power", ...layout.yaxis },
  };
}

/** Draw a chart into its place, or draw it anew; as wide as its place, or `width` pixels. */
function drawChart(place, chart, width) {
  const layout = { ...themed(structuredClone(chart.layout), width), width, autosize: width === undefined };
  place.drawn = chart;
  return Plotly.react(place, chart.data, layout, { responsive: true, displaylogo: false });
}

/** Move the cursor (the second shape) of a chart over iterations. */
function moveCursor(place, iteration) {
  if (!place.layout || (place.layout.shapes || []).length < 2) return;
  Plotly.relayout(place, { "shapes[1].x0": iteration + 1, "shapes[1].x1": iteration + 1 });
}

/** Draw every chart again, when the page's colours have changed or it goes to paper. */
function redrawCharts(widthOf) {
  for (const place of document.querySelectorAll(".chart")) {
    if (place.drawn) drawChart(place, place.drawn, widthOf && widthOf(place));
  }
}

/** Pixels that a chart takes on an upright A4 sheet, alone or two side by side. */
function paperWidth(place) {
  return place.dataset.chart === "overview" ? 700 : 340;
}
