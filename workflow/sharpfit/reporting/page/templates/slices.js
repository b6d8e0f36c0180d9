// Moving through the slices of a scan: a slider, the worst slice at one click, all of them as a montage.
"use strict";

class Slices {
  constructor(section) {
    this.section = section;
    this.slider = section.find(".slice");
    this.last = null;
    if (!this.slider) return;
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    section.element.addEventListener("click", (event) => {
      const button = event.target.closest("[data-slice]");
      if (button) this.go(Number(button.dataset.slice));
    });
    this.fill();
  }

  /** The slice that is shown. */
  get at() {
    return this.slider ? Number(this.slider.value) : this.section.scan.middle;
  }

  /** Show a slice; where what is shown was kept of the middle one alone, the picked image instead. */
  go(slice) {
    const { scan, what } = this.section;
    this.slider.value = slice;
    if (slice !== scan.middle && OF_THE_MIDDLE.includes(what)) this.section.find('input[value="picked"]').checked = true;
    this.section.show();
  }

  /** Make slider, words and montage agree with what is shown. */
  agree() {
    if (!this.slider) return;
    const { scan, what } = this.section;
    if (OF_THE_MIDDLE.includes(what)) this.slider.value = scan.middle;
    this.section.find("output.slice-at").textContent = `${this.at} of 0–${scan.n_slices - 1}`;
    if (what !== this.last) this.fill();
    this.last = what;
    for (const tile of this.section.element.querySelectorAll(".tile")) {
      tile.setAttribute("aria-pressed", String(Number(tile.dataset.slice) === this.at));
    }
  }

  /** Fill the montage with the regime chosen: picked, last or difference, as under Show. */
  fill() {
    const montage = this.section.find(".montage");
    if (!montage) return;
    const { scan, what, chosenOne: fit } = this.section;
    const kind = what in fit.ends ? what : "picked";
    this.section.find(".montage-of").textContent = `${fit.label}, ${kind}`;
    [...montage.children].forEach((tile, slice) => {
      setPicture(tile.querySelector("img"), scan.images, fit.ends[kind][slice]);
      tile.querySelector(".worst").hidden = slice !== fit.worst;
    });
  }
}
