"""Names in the world's scripts, and what only looks like one. Characters that can't be seen are written as escapes."""

JOINED = "برنامه\u200cنویس"
UNJOINED = "برنامهنویس"  # the same account
ACCOUNTS = (
    "राम",
    "กิตติ",
    "தமிழ்",
    "বাংলা",
    "ភាសាខ្មែរ",
    "မြန်မာ",
    "ကြွှို့",  # six marks
    "བསྟན་འཛིན",
    "ශ්\u200dරී",
    "مُحَمَّد",
    "שָׁלוֹם",
    "Nguyễn",
    "क्\u200dषमा",
    "क्\u200cषमा",
    "برنامه\u200cنویس",
    "می\u200cخواهم",  # noqa: RUF001
    "ده\u200cست",
    "น้ำ",  # NFKC takes its last vowel apart
    "ລາວ",
    "ދިވެހި",
    "ಕನ್ನಡ",
    "മലയാളം",
    "മലയാളമ്\u200d",
    "ଓଡ଼ିଆ",
    "ગુજરાતી",
    "ਪੰਜਾਬੀ",
    "తెలుగు",
    "ꦗꦮ",
    "ᠮᠣᠩᠭᠣᠯ",
    "ኢትዮጵያ",
    "ẹ̀bá",
    "র\u200d্যাব",  # a joiner before the virama
    "ක\u200d්ෂ",
    "र्\u200dय",
    "ジョン・スミス",  # IDNA's rules for punctuation
    "צ׳רלי",  # noqa: RUF001
    "Marcel·la",
)
NO_ACCOUNTS = (
    "\u0301a",
    "1\u0301",
    "1\ufe0f\u20e3",
    "a.\u0301",
    "_\u093e",
    "\u0e50\u0e34",
    "ali\u0307ce",
    "a\u0323\u0323",
    "a\u0301\u0302\u0301\u0302\u0301\u0302\u0301\u0302",
    "a\u20dd",
    "\u0647\u200c",
    "\u200c\u0647",
    "\u0627\u200c\u0628",
    "\u05d0\u200c\u05d1",
    "\u0915\u200d\u0937",
    "\u0915\u094d\u200d\u200d\u0937",
    "\U00017000\u200c\u0628",
    "\u0f0ba",
    "a\u00b7b",
    "\u05f3\u05d0",
    "a\u30fbb",
    "\U0001f468",
)
GROUPS = (
    "Family \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f3f3\ufe0f\u200d\U0001f308",
    "\U0001f469\U0001f3fd\u200d\U0001f680",
    "\U0001f575\U0001f3fd\u200d\u2642\ufe0f",
    "\u2665\ufe0f",
    "\u263a\ufe0e",
    "1\ufe0f⃣ #\ufe0f⃣",
    "\U0001f1e9\U0001f1ea",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "\U0001f3f4\u200d\u2620\ufe0f",
    "\U0001f469\u200d\u2764\ufe0f\u200d\U0001f48b\u200d\U0001f468",
    "\U0001f441\ufe0f\u200d\U0001f5e8\ufe0f",
    "\U0001fa77",
    "ශ්\u200dරී ලංකා",
    "برنامه\u200cنویسی",
    "राम टोली",
    "র\u200d্যাব",  # a joiner before the virama
)
NO_GROUPS = (
    "a\u200db",
    "\u200d",
    "\U0001f600\u200d",
    "\u200d\U0001f600",
    "\U0001f600\u200da",
    "\U0001f600\ufe0f\ufe0f",
    "1\ufe0f",
    "\u0647\u200c ",
    "\U0001f3f4\U000e0067",
    "\U0001f3f4\U000e0067\U000e007f",
    "x\u180e",
)
