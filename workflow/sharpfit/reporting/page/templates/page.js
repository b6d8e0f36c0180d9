// What the controls do.
"use strict";

const FLICKER_MS = 600; // slower than three flashes a second

/** One scan's section: its controls hold the state, show() makes the section agree with them. */
class Section {
  constructor(element) {
    this.element = element;
  }

  find(selector) {
    return this.element.querySelector(selector);
  }

  /** Unpack the scan and listen to its controls, once. */
  open() {
    this.opened ??= unpack(this.find(".packed")).then((text) => {
      this.scan = JSON.parse(text);
      this.linked = new Linked(this.element);
      this.slices = new Slices(this);
      this.listen();
      this.show();
    });
    return this.opened;
  }

  /** Draw the charts too, once; left until the section is near the window, since there are many. */
  async draw() {
    await Promise.all([this.open(), loadPlotly()]);
    this.drawNow();
  }

  /** Draw the charts if what they need is there. */
  drawNow() {
    if (this.drawn || !this.scan || !window.Plotly) return;
    this.drawn = true;
    this.showOverview();
    this.showOne();
  }

  listen() {
    const { element } = this;
    this.slider = this.find(".when");
    this.slider.addEventListener("input", () => {
      this.find('input[value="slider"]').checked = true;
      this.show();
    });
    for (const control of element.querySelectorAll('input[type="radio"], .a, .b')) {
      control.addEventListener("change", () => this.show());
    }
    this.find(".blend").addEventListener("input", () => this.blend());
    this.find(".bright").addEventListener("input", (event) => {
      element.style.setProperty("--bright", event.target.value);
    });
    this.find(".flicker").addEventListener("click", () => this.flicker());
    this.find(".one").addEventListener("change", () => {
      this.slices.fill();
      this.showOne();
    });
    this.find(".quantity").addEventListener("change", () => this.showOverview());
  }

  /** Show in an <img> what A or B names: a regime at its picked or last iteration, or as chosen above. */
  fillSide(img, select) {
    const [place, when] = select.value.split(" ");
    const fit = place === "reference" ? null : this.scan.fits[Number(place)];
    return this.fill(img, fit, when === "shown" ? this.what : when).text;
  }

  get chosenOne() {
    return this.scan.fits[Number(this.find(".one").value)];
  }

  get iteration() {
    return this.scan.iterations[Number(this.slider.value)];
  }

  /** Where the slider stands: at an iteration, at a weight of the best path of weights, or both. */
  along() {
    const paths = this.scan.fits.filter((fit) => fit.path).sort((a, b) => a.standing.rank - b.standing.rank);
    if (!paths.length) return this.iteration;
    const weight = frameAt(paths[0], this.iteration).at;
    return paths.length === this.scan.fits.length
      ? weight.replace("weight ", "")
      : `iteration ${this.iteration} · ${weight}`;
  }

  get what() {
    return this.find('input[type="radio"]:checked').value;
  }

  show() {
    this.find("output.at").textContent = this.along();
    this.slices.agree();
    for (const figure of this.element.querySelectorAll(".grid figure")) {
      const { fit } = figure.dataset;
      const choice = this.fill(figure.querySelector("img"), fit === undefined ? null : this.scan.fits[Number(fit)]);
      if (fit !== undefined) figure.querySelector(".say").textContent = choice.text;
    }
    this.shownA = this.fillSide(this.find(".under"), this.find(".a"));
    this.shownB = this.fillSide(this.find(".over"), this.find(".b"));
    this.fillOne();
    this.blend();
  }

  /** Show of one fit (null: the reference) what is chosen; return the choice. */
  fill(img, fit, what = this.what) {
    const choice = choose(this.scan, fit, what, this.iteration, this.slices.at);
    setPicture(img, this.scan.images, choice.image);
    return choice;
  }

  fillOne() {
    const fit = this.chosenOne;
    this.find(".single .say").textContent = this.fill(this.find(".single img"), fit).text;
    const ends = { picked: fit.picked, last: fit.last };
    const at = this.what === "slider" ? frameAt(fit, this.iteration).iteration : ends[this.what.split("-").pop()];
    for (const chart of this.element.querySelectorAll('.close .chart:not([data-chart="weights"])')) {
      moveCursor(chart, at ?? fit.picked);
    }
  }

  showOne() {
    const fit = this.chosenOne;
    const cause = fit.cause ? ` (${fit.cause})` : "";
    const sure = fit.sure ? `, ${fit.sure}` : "";
    const advice = fit.advice ? `. What to do: ${fit.advice}` : "";
    this.find(".evidence").textContent = `${fit.verdict}${cause}${sure}: ${fit.evidence}${advice}.`;
    for (const chart of this.element.querySelectorAll(".close .chart")) {
      const drawing = fit.charts[chart.dataset.chart];
      chart.parentElement.hidden = drawing === undefined;
      if (drawing) drawChart(chart, drawing);
    }
    this.showPath(fit);
    this.fillOne();
  }

  /** Show the images along a path of weights: too small, chosen, too large. */
  showPath(fit) {
    const place = this.find(".path");
    place.hidden = !fit.path;
    (fit.path ?? []).forEach(([number, caption], index) => {
      const figure = place.children[index];
      setPicture(figure.querySelector("img"), this.scan.images, number);
      figure.querySelector("img").alt = `${fit.label}, ${caption}`;
      figure.querySelector("figcaption").textContent = caption;
    });
  }

  showOverview() {
    const [place, choice] = [this.find('[data-chart="overview"]'), this.find(".quantity")];
    const drawing = this.scan.overview[choice.value]; // none where nothing is known of any regime
    place.hidden = choice.parentElement.hidden = drawing === undefined;
    if (drawing) drawChart(place, drawing);
  }

  blend() {
    const share = Number(this.find(".blend").value) / 100;
    this.find(".pair").style.setProperty("--blend", share);
    const names = [this.find(".a"), this.find(".b")].map((select) => select.selectedOptions[0].textContent);
    const texts = [`A: ${names[0]}: ${this.shownA}`, `B: ${names[1]}: ${this.shownB}`];
    this.find(".shown").textContent = share < 0.5 ? texts[0] : texts[1];
  }

  flicker() {
    const button = this.find(".flicker");
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    clearInterval(this.timer);
    if (!on) return;
    const slider = this.find(".blend");
    this.timer = setInterval(() => {
      slider.value = Number(slider.value) < 50 ? 100 : 0;
      this.blend();
    }, FLICKER_MS);
  }
}

/** Sort a table by a column: numbers by value, words by letter, empty cells last either way. */
function sortTable(table, column) {
  const heads = [...table.tHead.rows[0].cells];
  const up = heads[column].getAttribute("aria-sort") !== "ascending";
  heads.forEach((head) => head.removeAttribute("aria-sort"));
  heads[column].setAttribute("aria-sort", up ? "ascending" : "descending");
  const key = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
  const compare = (one, two) => {
    const [a, b] = [key(one), key(two)];
    if (a === "" || b === "") return (a === "") - (b === "");
    const order = isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b;
    return up ? order : -order;
  };
  table.tBodies[0].append(...[...table.tBodies[0].rows].sort(compare));
}

for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => sortTable(table, column));
  });
}

const SECTIONS = [...document.querySelectorAll("section.scan")].map((element) => new Section(element));
const near = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) SECTIONS.find((section) => section.element === entry.target).draw();
    }
  },
  { rootMargin: "600px" },
);

/** Open what is near the window first, then, for paper and search, all the rest. */
async function start() {
  for (const section of SECTIONS) near.observe(section.element);
  for (const section of SECTIONS) {
    await idle();
    await section.open();
  }
  await loadPlotly();
}

if (window.DecompressionStream) start();
else document.getElementById("too-old").hidden = false;

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redrawCharts());
addEventListener("beforeprint", () => {
  for (const section of SECTIONS) section.drawNow();
  redrawCharts(paperWidth);
});
addEventListener("afterprint", () => redrawCharts());
