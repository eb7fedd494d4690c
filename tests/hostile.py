"""What people write to see what happens: one corpus for every field, on every page.

What of it is run sets `window.ran`. Characters that can't be seen are written as escapes.
"""

MARKUP = (
    "<script>window.ran=1</script>",
    "<img src onerror=window.ran=1>",
    '"><svg/onload=window.ran=1>',
    "`${1}` ${alert(1)} {{7*7}}{%if%}",
    "</template></title>\"'&amp;<!--",
    "javascript:window.ran=1",
)
HEBREW = "\u05e9\u05dc\u05d5\u05dd 123 (\u05e2\u05d5\u05dc\u05dd)"
HOMOGLYPHS = "\u0430l\u0456\u0441\u0435"  # reads alice, and has but one letter of hers

SCRIPTS = ("राम", "বাংলা", "בְּרֵאשִׁית", "ශ්\u200dරී", "برنامه\u200cنویس")  # with marks, and joiners that they need

# A group's name has 30 characters that can be seen.
GROUPS = (
    *(name[:30] for name in MARKUP),
    HEBREW,
    HOMOGLYPHS,
    "W" * 30,
    "Z" + "\u0300\u0323\u0489" * 9,
    *SCRIPTS,
    "Family \U0001f468\u200d\U0001f469\u200d\U0001f467",
)
# An account's has 150 letters, digits and @ . + - _, and what means something to scripts is among them.
USERS = ("a.b+c@d-e_f", "__proto__", "W" * 150, HOMOGLYPHS, HEBREW[:4], *SCRIPTS)
# Without its case it has 450 characters, more than any column for names takes.
GROWING = "\u0390" * 150
# A message has 10,000 of anything but NUL.
MESSAGES = (
    *MARKUP,
    "<a href='javascript:window.ran=1'>x</a> javascript://x.example/%0awindow.ran=1 http://x.example/\"onclick=\"ran",
    HEBREW,
    "an \u202eoverride that nobody ends \u2066\u2067\u202b",
    "zero\u200bwidth\u200d\u2060\ufeff joins",
    "control \x07\x1b[31m\x7f\x85 characters",
    "Z" + "\u0300\u0323\u0489" * 3_333,
    "W" * 10_000,
    "\n" * 50 + "far down",
)
# In a name these could make two look alike, or turn its neighbours around: they are refused there.
UNSEEN = (
    "al\u202eice",
    "al\u200bice",
    "al\u2066ice",
    "al\x07ice",
    "al\nice",
    "al\u00adice",
    "al\x00ice",
    "al\ufeffice",
    "al\u3164ice",
    "al\u200cice",
    "al\u200dice",
    "al\u2060ice",
    "al\ufe0fice",
    "al\u034fice",
    "al\u180bice",
    "al\u17b4ice",
    "al\U000e0061ice",
    "al\U000e0101ice",
    "\u115f",
)
