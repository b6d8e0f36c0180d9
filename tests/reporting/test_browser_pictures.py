"""The report's pictures in a real browser: what is shown where, and how it follows the controls."""

import re

import numpy as np
from in_browser import DRAW_ALL, choose, needs_browser, output, pixels

pytestmark = needs_browser


def test_the_slider_changes_the_picture_and_the_words(watched):
    fit = watched.scan.locator(".grid [data-fit]").first
    picture, say = fit.locator(".view"), fit.locator(".say")
    slider = watched.scan.locator(".when")
    slider.focus()
    slider.press("Home")
    slider.press("End")
    late, words = pixels(picture), say.inner_text()
    assert watched.scan.locator('input[value="slider"]').is_checked()
    for _ in range(4):
        slider.press("ArrowLeft")
    assert np.abs(pixels(picture) - late).mean() > 5
    assert words != say.inner_text()
    slider.press("Home")
    assert "iteration 0" in say.inner_text()
    assert pixels(picture)[5:-5, 5:-5].max() == 0, "iteration 0 is an empty image"


def test_reference_and_error_are_pictures_of_their_own(watched):
    fit = watched.scan.locator(".grid [data-fit]").first
    shown = {"reference": pixels(watched.scan.locator(".grid .reference .view"))}
    for name in ("picked", "last", "error-last", "noise-last"):
        choose(watched, name)
        shown[name] = pixels(fit.locator(".view"))
    names = list(shown)
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            assert np.abs(shown[one] - shown[other]).mean() > 0.5, f"{one} looks like {other}"
    assert re.search(r"noise map × \d+ at", fit.locator(".say").inner_text())


def test_zoom_and_pan_are_linked_and_reset(watched):
    views = watched.scan.locator(".grid .view")
    before = pixels(views.nth(1))
    views.first.click()
    for key in ("+", "+", "ArrowRight"):
        views.first.press(key)
    transforms = {
        image.evaluate("image => new DOMMatrix(getComputedStyle(image).transform).a")
        for image in watched.scan.locator(".grid .view img, .single .view img").all()
    }
    assert transforms == {2.25}
    assert np.abs(pixels(views.nth(1)) - before).mean() > 5
    other = watched.page.locator("section.scan").first.locator("output.zoom")
    assert (watched.scan.locator("output.zoom").inner_text(), other.inner_text()) == ("2.3×", "1×")
    watched.scan.locator('[data-zoom="reset"]').click()
    views.nth(1).evaluate("view => view.blur()")
    assert np.array_equal(pixels(views.nth(1)), before)


def test_the_wheel_zooms_only_after_a_click_and_dragging_moves(watched):
    view = watched.scan.locator(".grid .view").first
    view.scroll_into_view_if_needed()
    view.hover()
    watched.page.mouse.wheel(0, -1)
    assert watched.scan.locator("output.zoom").inner_text() == "1×"
    view.click()
    watched.page.mouse.wheel(0, -400)
    watched.page.wait_for_function("element => element.textContent === '2.7×'", arg=output(watched))
    box = view.bounding_box()
    watched.page.mouse.move(box["x"] + 100, box["y"] + 100)
    watched.page.mouse.down()
    watched.page.mouse.move(box["x"] + 60, box["y"] + 80, steps=4)
    moved = view.locator("img").evaluate("image => new DOMMatrix(getComputedStyle(image).transform).e")
    watched.page.mouse.up()
    watched.page.mouse.move(box["x"] + 160, box["y"] + 80)
    still = view.locator("img").evaluate("image => new DOMMatrix(getComputedStyle(image).transform).e")
    assert moved < -100
    assert still == moved


def test_two_pictures_blend_and_flicker(watched):
    pair, slider = watched.scan.locator(".pair .view"), watched.scan.locator(".blend")
    slider.fill("0")
    first = pixels(pair)
    slider.fill("100")
    second = pixels(pair)
    slider.fill("50")
    half = pixels(pair)
    assert np.abs(first - second).mean() > 5
    assert np.abs(half - (first + second) / 2).mean() < 3
    button = watched.scan.locator(".flicker")
    button.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    for value in ("0", "100"):
        watched.page.wait_for_function("([e, v]) => e.value === v", arg=[slider.element_handle(), value])
    button.press("Enter")
    at = slider.input_value()
    watched.page.wait_for_timeout(900)
    assert slider.input_value() == at


def test_brightness_changes_all_pictures_of_the_scan(watched):
    views = watched.scan.locator(".grid .view")
    before = [pixels(view).mean() for view in views.all()]
    watched.scan.locator(".bright").fill("3")
    assert all(pixels(view).mean() > 1.1 * mean for view, mean in zip(views.all(), before, strict=True))


def test_slices_are_moved_through_by_slider_keys_and_one_click_on_the_worst(watched):
    view, say = (watched.scan.locator(f".grid [data-fit] {name}").first for name in (".view", ".say"))
    slider, at = watched.scan.locator(".slice"), watched.scan.locator("output.slice-at")
    assert at.text_content() == "2 of 0–3"
    middle = pixels(view)
    slider.focus()
    slider.press("ArrowRight")
    assert say.text_content().startswith("slice 3 · iteration 15 (picked) · all slices: χ² ")
    assert np.abs(pixels(view) - middle).mean() > 3
    watched.scan.locator(".tools [data-slice]").press("Enter")
    assert at.text_content() == "0 of 0–3"
    assert say.text_content().startswith("slice 0")
    worst = pixels(view)
    choose(watched, "difference")
    assert say.text_content().startswith("slice 0 · |last − picked|")
    assert np.abs(pixels(view) - worst).mean() > 3
    reference = pixels(watched.scan.locator(".grid .reference .view"))
    slider.fill("2")
    assert np.abs(pixels(watched.scan.locator(".grid .reference .view")) - reference).mean() > 3


def test_what_only_the_middle_slice_has_is_never_shown_as_another_one(watched):
    slider, say = watched.scan.locator(".slice"), watched.scan.locator(".grid [data-fit] .say").first
    slider.fill("0")
    choose(watched, "noise-last")
    assert slider.input_value() == "2"
    assert say.text_content().startswith("slice 2 · noise map")
    slider.fill("1")
    assert watched.scan.locator('input[value="picked"]').is_checked()
    assert say.text_content().startswith("slice 1 · iteration 15 (picked)")


def test_the_montage_shows_every_slice_of_the_regime_chosen_and_leads_there(watched):
    tiles = watched.scan.locator(".tile")
    tiles.first.scroll_into_view_if_needed()
    watched.page.wait_for_function(
        "tile => tile.innerText.trim() === '0 worst'", arg=tiles.first.element_handle()
    )
    assert [tile.inner_text().strip() for tile in tiles.all()] == ["0 worst", "1", "2", "3"]
    before = pixels(tiles.nth(1).locator("img"))
    watched.scan.locator(".one").select_option(label="warmup")
    assert watched.scan.locator(".montage-of").text_content() == "warmup, picked"
    assert np.abs(pixels(tiles.nth(1).locator("img")) - before).mean() > 1
    tiles.nth(1).press("Enter")
    assert watched.scan.locator("output.slice-at").text_content() == "1 of 0–3"
    pressed = [tile.get_attribute("aria-pressed") for tile in tiles.all()]
    assert pressed == ["false", "true", "false", "false"]


def test_a_path_of_weights_goes_from_noisy_to_smeared_with_its_chart(watched):
    path, chart = watched.scan.locator(".path"), watched.scan.locator('[data-chart="weights"]')
    watched.page.evaluate(DRAW_ALL)
    assert not path.is_visible()
    assert not chart.is_visible()
    watched.scan.locator(".one").select_option(label="plateau")
    assert path.locator("figcaption").all_text_contents() == [
        "smallest weight 0.05 σ",
        "chosen weight 0.4 σ",
        "largest weight 3 σ",
    ]
    rough = [float(np.abs(np.diff(pixels(still))).mean()) for still in path.locator(".still").all()]
    assert rough[0] > rough[1] > rough[2], "noisy, chosen, smeared"
    assert chart.locator(".trace").count() == 2
