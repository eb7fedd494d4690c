"""Code in messages: its language, copying, wrapping and folding it, and its colours."""

import pytest
from acting import has_all_parts
from old_browsers import lacks
from playwright.sync_api import expect

PYTHON = "```python\ndef greet(name):\n    return f'hello {name}'  # kindly\n```"
LONG = "```\n" + "\n".join(f"line {n}" for n in range(1, 215)) + "\n```"
WIDE = f"```js\nconst wide = '{'word ' * 200}'\n```"
COLOURED = """() => [...CSS.highlights].flatMap(([name, ranges]) =>
  [...ranges].map(({ startContainer, startOffset, endOffset }) =>
    `${name} ${startContainer.data.slice(startOffset, endOffset)}`)).sort()"""
# Their contrast with the ground on which they are.
CONTRASTS = """block => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true })
  const luminance = colour => {
    context.fillStyle = colour
    context.fillRect(0, 0, 1, 1)
    const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data]
      .map(part => part / 255)
      .map(part => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const ground = luminance(getComputedStyle(block).backgroundColor)
  return ["comment", "string", "number", "keyword", "name", "added", "removed"].map(kind => {
    const ink = luminance(getComputedStyle(block, `::highlight(code-${kind})`).color)
    return [kind, (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05)]
  })
}"""
# How long the browser's longest task was until the last block has its colours.
LONGEST_TASK = """() => {
  window.tasks = [0]
  new PerformanceObserver(list => tasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask" })
}"""


@pytest.fixture
def bob(bob, gardening):
    bob.joins(gardening)
    bob.context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield bob
    bob.context.clear_permissions()


@pytest.fixture
def reads(alice, bob, gardening):
    """Bob opens a group in which alice wrote this."""

    def reads(*texts):
        alice.wrote(gardening, *texts)
        bob.opens(gardening)
        expect(bob.find(".code-tools").first).to_have_css("display", "flex")
        return bob

    return reads


def copied(tab):
    return tab.page.evaluate("() => navigator.clipboard.readText()")


def coloured(tab):
    return tab.page.evaluate(COLOURED)


def button(tab, name):
    return tab.find("#chat-log").get_by_role("button", name=name, exact=True)


def focus_row(tab):
    tab.find(".message .entry-time").focus()
    tab.page.keyboard.press("Escape")
    expect(tab.find(".message")).to_be_focused()


def height(tab):
    return tab.find("pre.code").evaluate("block => block.clientHeight")


def test_a_block_has_its_language_and_buttons(reads):
    bob = reads(PYTHON)

    expect(bob.find(".code-tools")).to_have_attribute("data-language", "python")
    expect(button(bob, "Wrap lines")).to_be_visible()
    expect(button(bob, "Copy code")).to_be_visible()
    assert bob.violations == []


def test_code_that_comes_live_has_buttons(alice, bob, gardening):
    bob.opens(gardening)

    alice.wrote(gardening, "without code", PYTHON)

    expect(button(bob, "Copy code")).to_be_visible()
    bob.until(lambda: "code-keyword def" in coloured(bob))


def test_without_code_nothing_is_loaded_for_it(bob, gardening):
    asked = []
    bob.page.on("request", lambda request: asked.append(request.url))

    bob.opens(gardening).until(lambda: any("code-blocks" in url and ".css" in url for url in asked))

    expect(bob.find(".code-tools")).to_have_count(0)
    assert [url for url in asked if "code-blocks.js" in url] == []


def test_code_is_copied(reads):
    bob = reads(PYTHON)

    button(bob, "Copy code").click()

    expect(button(bob, "Copy code")).to_have_attribute("data-label", "Copied")
    expect(bob.page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    assert copied(bob) == "def greet(name):\n    return f'hello {name}'  # kindly"


def test_code_is_copied_on_plain_http(alice, bob, gardening):
    alice.wrote(gardening, PYTHON)
    tab = bob.tab()
    lacks(tab.page, "Navigator.prototype.clipboard")
    tab.opens(gardening)

    button(tab, "Copy code").click()

    expect(button(tab, "Copy code")).to_have_attribute("data-label", "Copied")
    expect(button(tab, "Copy code")).to_be_focused()


def test_a_refused_copy_is_said(reads):
    bob = reads(PYTHON)
    bob.page.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(); document.execCommand = () => false }"
    )

    button(bob, "Copy code").click()

    expect(button(bob, "Copy code")).to_have_attribute("data-label", "Couldn't copy")


def test_the_words_of_a_message_are_not_those_of_buttons(reads):
    bob = reads(LONG)
    expect(button(bob, "Show all 214 lines")).to_be_visible()

    text = "\n".join(f"line {n}" for n in range(1, 215))

    assert bob.find(".entry-text").evaluate("text => text.textContent.trim()") == text
    selected = "text => { getSelection().selectAllChildren(text); return getSelection().toString().trim() }"
    assert bob.find(".entry-text").evaluate(selected) == text
    focus_row(bob)
    assert bob.find(".message").get_attribute("aria-label").endswith(", line 1 " + " ".join(text.split()[2:]))


def test_long_lines_wrap_if_somebody_wants_it_and_from_then_on(alice, reads, gardening):
    bob = reads(WIDE)
    overhang = "block => block.scrollWidth > block.clientWidth"
    assert bob.find("pre.code").evaluate(overhang)

    button(bob, "Wrap lines").click()
    assert not bob.find("pre.code").evaluate(overhang)
    alice.wrote(gardening, WIDE)
    bob.opens(gardening)

    expect(button(bob, "Wrap lines")).to_have_count(2)
    expect(bob.find(".code-wrap[aria-pressed=true]")).to_have_count(2)
    button(bob, "Wrap lines").first.click()
    expect(bob.find(".code-wrap[aria-pressed=false]")).to_have_count(2)
    assert bob.find("pre.code").first.evaluate(overhang)


def test_a_long_block_is_folded_until_all_of_it_is_asked_for(reads):
    bob = reads(LONG)
    expect(button(bob, "Show all 214 lines")).to_be_visible()
    folded = height(bob)
    assert 20 * 15 < folded < 22 * 24

    button(bob, "Show all 214 lines").click()
    assert height(bob) > 10 * folded
    button(bob, "Show fewer lines").click()

    assert height(bob) == folded
    expect(button(bob, "Show all 214 lines")).to_be_in_viewport()


def test_twenty_lines_are_not_folded(reads):
    bob = reads("```\n" + "line\n" * 20 + "```")

    expect(button(bob, "Copy code")).to_be_visible()
    expect(bob.find(".code-more")).to_have_count(0)


def test_the_line_that_was_read_stays_where_it_is_when_the_rest_is_shown(reads):
    bob = reads(LONG)
    button(bob, "Show all 214 lines").scroll_into_view_if_needed()
    before = button(bob, "Show all 214 lines").bounding_box()

    button(bob, "Show all 214 lines").click()

    rest = bob.find("pre.code").evaluate("block => block.getBoundingClientRect().top + 20 * block.clientHeight / 214")
    assert abs(rest - before["y"]) < 40
    bob.page.keyboard.press("Enter")
    expect(button(bob, "Show all 214 lines")).to_be_in_viewport()


def test_what_a_search_leads_to_in_a_folded_block_is_shown(reads):
    bob = reads(LONG)
    expect(button(bob, "Show all 214 lines")).to_be_visible()

    # As browsers do to show what they have found.
    bob.find("pre.code > code").evaluate("code => { code.scrollTop = 100 * code.clientHeight / 20 }")

    expect(button(bob, "Show fewer lines")).to_be_attached()
    top = bob.find("pre.code > code").evaluate(
        "code => code.getBoundingClientRect().top + code.clientHeight * 100 / 214"
    )
    assert 0 < top < 720


def test_what_is_read_stays_in_its_place_when_buttons_come(alice, bob, gardening):
    alice.wrote(gardening, *[PYTHON, LONG, "after"] * 8)
    held = []
    bob.page.route("**/*code-blocks.js*", lambda route: held.append(route))
    bob.opens(gardening).find(".scroller").evaluate("scroller => scroller.scrollTop = -900")
    bob.until(lambda: held)
    row = bob.find("#chat-log .message").nth(9)
    row.scroll_into_view_if_needed()
    before = row.bounding_box()["y"]

    held.pop().continue_()

    expect(button(bob, "Copy code")).to_have_count(16)
    assert abs(row.bounding_box()["y"] - before) <= 1


def test_arrow_keys_lead_to_the_buttons(reads):
    bob = reads(LONG)
    expect(button(bob, "Show all 214 lines")).to_be_visible()
    focus_row(bob)

    for name in ("Wrap lines", "Copy code"):
        while not bob.page.evaluate("() => document.activeElement.matches('.code-button')"):
            bob.page.keyboard.press("ArrowRight")
        expect(button(bob, name)).to_be_focused()
        bob.page.keyboard.press("ArrowRight")
    expect(bob.find("pre.code")).to_be_focused()
    bob.page.keyboard.press("ArrowRight")

    expect(button(bob, "Show all 214 lines")).to_be_focused()


def test_an_edited_block_is_dressed_and_coloured_again(alice, reads, gardening):
    bob = reads(PYTHON)
    bob.until(lambda: "code-comment # kindly" in coloured(bob))

    seq = bob.find(".message").get_attribute("data-seq")
    alice.posts(f"groups/{gardening}/messages/{seq}/edit/", message="```js\nconst a = 1\n```", rev=0)

    expect(bob.find(".code-tools")).to_have_attribute("data-language", "js")
    bob.until(lambda: coloured(bob) == ["code-keyword const", "code-number 1"])


def test_code_is_coloured_without_any_elements(reads):
    bob = reads(PYTHON)

    bob.until(lambda: len(coloured(bob)) == 4)

    assert coloured(bob) == [
        "code-comment # kindly",
        "code-keyword def",
        "code-keyword return",
        "code-string f'hello {name}'",
    ]
    assert bob.find("pre.code > code > *").count() == 0


def test_a_language_that_is_not_known_has_no_colours(reads):
    bob = reads("```klingon\nif (1) 'a'\n```", PYTHON)

    bob.until(lambda: coloured(bob))

    assert len(coloured(bob)) == 4


def test_a_line_that_would_take_long_is_coloured_in_part(reads):
    bob = reads("```js\n" + "'a' 1 " * 1_600 + "\n```")

    bob.until(lambda: len(coloured(bob)) == 1_000)


def test_rows_that_are_gone_keep_no_colours(alice, reads, gardening):
    bob = reads(PYTHON)
    bob.until(lambda: coloured(bob))
    seq = bob.find(".message").get_attribute("data-seq")

    alice.posts(f"groups/{gardening}/messages/{seq}/delete/")

    bob.until(lambda: coloured(bob) == [])


def test_a_browser_without_highlights_shows_code_in_one_colour(alice, bob, gardening):
    alice.wrote(gardening, PYTHON)
    tab = bob.tab()
    lacks(tab.page, "Highlight", "CSS.highlights")

    tab.opens(gardening)

    expect(button(tab, "Copy code")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_read(reads, scheme):
    bob = reads(PYTHON)
    bob.page.emulate_media(color_scheme=scheme)
    bob.until(lambda: coloured(bob))

    contrasts = bob.find("pre.code").evaluate(CONTRASTS)

    assert [(kind, ratio) for kind, ratio in contrasts if ratio < 4.5] == []


def test_forced_colours_are_left_alone(reads):
    bob = reads(PYTHON)
    bob.until(lambda: coloured(bob))
    colour = "block => getComputedStyle(block, '::highlight(code-keyword)').color === getComputedStyle(block).color"
    assert not bob.find("pre.code").evaluate(colour)

    bob.page.emulate_media(forced_colors="active")
    is_plain = bob.find("pre.code").evaluate(colour)
    bob.page.emulate_media(forced_colors="null")

    assert is_plain


def test_what_acts_on_a_message_leaves_the_buttons_of_its_code_free(alice, bob, gardening):
    alice.wrote(gardening, "look", PYTHON)
    bob.opens(gardening)
    has_all_parts(bob)
    bob.find("#chat-log code").hover()
    expect(bob.find(".message-quick")).to_be_visible()

    button(bob, "Copy code").click()

    expect(bob.find(".code-copy")).to_have_attribute("data-label", "Copied")


def test_with_the_users_colours_code_has_no_others(reads):
    bob = reads(PYTHON)
    bob.until(lambda: coloured(bob))
    bob.page.emulate_media(forced_colors="active")
    block = bob.find(".code")
    drawn = block.screenshot()

    bob.page.evaluate("() => CSS.highlights.clear()")

    assert block.screenshot() == drawn
    bob.page.emulate_media(forced_colors="null")
