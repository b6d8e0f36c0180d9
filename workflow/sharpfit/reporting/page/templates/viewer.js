// The pictures of one scan: what each view shows, and zoom and pan that all of them share.
"use strict";

const MAX_ZOOM = 16;

/** The last saved frame at or before an iteration; the first if there is none. */
function frameAt(fit, iteration) {
  let found = fit.frames[0];
  for (const frame of fit.frames) if (frame.iteration <= iteration) found = frame;
  return found;
}

/** By what a picture is magnified, to stand after its name; nothing where it is shown as it is. */
function times(gain) {
  return gain === 1 ? "" : ` × ${gain}`;
}

/** What only the middle slice was kept of. */
const OF_THE_MIDDLE = ["slider", "error-picked", "error-last", "noise-picked", "noise-last"];

/** What to show of a fit (null: the reference): {image: number, text}, for a choice under "Show" and a slice. */
function choose(scan, fit, what, iteration, slice) {
  const [kind, when] = what.split("-");
  const where = scan.n_slices > 1 ? `slice ${slice} · ` : "";
  if (fit === null) return { image: scan.reference[slice], text: `${where}reference` };
  const end = when === "last" ? 1 : 0;
  const at = frameAt(fit, end ? fit.last : fit.picked).at;
  if (kind === "error") return { image: fit.errors[end], text: `${where}error${times(scan.gains.error)} at ${at}` };
  if (kind === "noise") return { image: fit.noise[end], text: `${where}noise map${times(scan.gains.noise)} at ${at}` };
  if (kind === "difference") {
    return { image: fit.ends.difference[slice], text: `${where}|last − picked|${times(scan.gains.change)}` };
  }
  const frame = frameAt(fit, kind === "slider" ? iteration : kind === "last" ? fit.last : fit.picked);
  const mark = frame.iteration === fit.picked ? " (picked)" : frame.iteration === fit.last ? " (last)" : "";
  const image = kind === "slider" ? frame.image : fit.ends[kind][slice];
  const of = where ? "all slices: " : "";
  return { image, text: `${where}${frame.at}${mark} · ${of}${frame.text}` };
}

/** Put picture `number` of the album into an <img>; an absent one leaves it empty. */
function setPicture(img, album, number) {
  const source = number === null ? "data:," : "data:image/png;base64," + album[number];
  if (img.getAttribute("src") !== source) img.setAttribute("src", source);
}

/** Zoom and pan of one section: pan in widths of the view, so that views of any size agree. */
class Linked {
  constructor(section) {
    this.section = section;
    this.output = section.querySelector("output.zoom");
    this.reset();
    for (const view of section.querySelectorAll(".view")) this.listen(view);
    for (const button of section.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", () => this.press(button.dataset.zoom));
    }
  }

  reset() {
    this.zoom = 1;
    this.x = 0;
    this.y = 0;
    this.show();
  }

  press(name) {
    if (name === "reset") this.reset();
    else this.scale(name === "in" ? 1.5 : 1 / 1.5, 0.5, 0.5);
  }

  /** Zoom by a factor, keeping the point (u, v) of the view where it is. */
  scale(factor, u, v) {
    const zoom = Math.min(MAX_ZOOM, Math.max(1, this.zoom * factor));
    this.x = u - ((u - this.x) * zoom) / this.zoom;
    this.y = v - ((v - this.y) * zoom) / this.zoom;
    this.zoom = zoom;
    this.show();
  }

  move(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.show();
  }

  show() {
    this.x = Math.min(0, Math.max(1 - this.zoom, this.x));
    this.y = Math.min(0, Math.max(1 - this.zoom, this.y));
    const style = this.section.style;
    style.setProperty("--zoom", this.zoom);
    style.setProperty("--pan-x", this.x);
    style.setProperty("--pan-y", this.y);
    this.output.textContent = `${+this.zoom.toFixed(1)}×`;
  }

  listen(view) {
    view.addEventListener("keydown", (event) => this.key(event));
    view.addEventListener("wheel", (event) => this.wheel(event, view), { passive: false });
    view.addEventListener("pointerdown", (event) => {
      view.setPointerCapture(event.pointerId);
      view.focus({ preventScroll: true });
    });
    view.addEventListener("pointermove", (event) => {
      if (!view.hasPointerCapture(event.pointerId)) return;
      this.move(event.movementX / view.clientWidth, event.movementY / view.clientHeight);
    });
  }

  key(event) {
    const moves = { ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };
    if (event.key === "+" || event.key === "=") this.press("in");
    else if (event.key === "-") this.press("out");
    else if (event.key === "0") this.press("reset");
    else if (event.key in moves && this.zoom > 1) this.move(...moves[event.key]);
    else return;
    event.preventDefault();
  }

  wheel(event, view) {
    if (document.activeElement !== view && !event.ctrlKey) return;
    event.preventDefault();
    const box = view.getBoundingClientRect();
    const factor = Math.exp(-event.deltaY / 400);
    this.scale(factor, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  }
}
