// What the controls do.
"use strict";

const DATA = JSON.parse(document.getElementById("data").textContent);
const FLICKER_MS = 600; // slower than three flashes a second

/** One scan's section: state is what its controls say, show() makes the section agree with it. */
class Section {
  constructor(element) {
    this.element = element;
    this.scan = DATA.scans[Number(element.dataset.scan)];
    this.linked = new Linked(element);
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
    this.find(".one").addEventListener("change", () => this.showOne());
    this.find(".quantity").addEventListener("change", () => this.showOverview());
    this.show();
    this.blend();
  }

  find(selector) {
    return this.element.querySelector(selector);
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

  /** Draw the charts; left until the section is near the window, since there are many. */
  draw() {
    if (this.drawn) return;
    this.drawn = true;
    this.showOverview();
    this.showOne();
  }

  show() {
    this.what = this.find('input[type="radio"]:checked').value;
    this.find("output.at").textContent = this.iteration;
    for (const figure of this.element.querySelectorAll(".grid figure[data-fit]")) {
      const choice = this.fill(figure.querySelector("img"), this.scan.fits[Number(figure.dataset.fit)]);
      figure.querySelector(".say").textContent = choice.text;
    }
    this.shownA = this.fillSide(this.find(".under"), this.find(".a"));
    this.shownB = this.fillSide(this.find(".over"), this.find(".b"));
    this.fillOne();
    this.blend();
  }

  /** Show of one fit (null: the reference) what is chosen; return the choice. */
  fill(img, fit, what = this.what) {
    const choice = choose(this.scan, fit, what, this.iteration);
    setPicture(img, DATA.images, choice.image);
    return choice;
  }

  fillOne() {
    const fit = this.chosenOne;
    this.find(".single .say").textContent = this.fill(this.find(".single img"), fit).text;
    const ends = { picked: fit.picked, last: fit.last };
    const at = this.what === "slider" ? frameAt(fit, this.iteration).iteration : ends[this.what.split("-").pop()];
    for (const chart of this.element.querySelectorAll(".close .chart")) moveCursor(chart, at ?? fit.picked);
  }

  showOne() {
    const fit = this.chosenOne;
    const cause = fit.cause ? ` (${fit.cause})` : "";
    const advice = fit.advice ? `. What to do: ${fit.advice}` : "";
    this.find(".evidence").textContent = `${fit.verdict}${cause}: ${fit.evidence}${advice}.`;
    for (const chart of this.element.querySelectorAll(".close .chart")) {
      drawChart(chart, fit.charts[chart.dataset.chart]);
    }
    this.fillOne();
  }

  showOverview() {
    drawChart(this.find('[data-chart="overview"]'), this.scan.overview[this.find(".quantity").value]);
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
for (const section of SECTIONS) near.observe(section.element);

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redrawCharts());
addEventListener("beforeprint", () => {
  for (const section of SECTIONS) section.draw();
  redrawCharts(paperWidth);
});
addEventListener("afterprint", () => redrawCharts());
