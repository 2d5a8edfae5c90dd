"""Texts that have broken other products: from the usual lists, one of each kind."""

NUL = "before\x00after"
RIGHT_TO_LEFT_OVERRIDE = "invoice\u202efdp.exe"
MEGABYTE = "x" * 1024 * 1024

# What must never be taken in on one line: it would break a header, a log line or the reader's eye.
INVISIBLE = [
    NUL,
    RIGHT_TO_LEFT_OVERRIDE,
    "zero\u200bwidth",
    "\ufeffmark",
    "line\u2028break",
    "bell\x07",
    "iso\u2066late",
]

# What is only text, and must come back as it was typed.
PLAIN = [
    "undefined",
    "NULL",
    "Robert'); DROP TABLE accounts_user;--",
    "' OR 1=1 -- 1",
    "{{ 7*7 }}{% debug %}",
    "${7*7}#{7*7}",
    "../../../../etc/passwd",
    "%s%n%x%d",
    "$HOME `id` $(id)",
    "Ω≈ç√∫ ÅÍÎÏ˝ ЁЂЃ",
    "田中さんにあげて下さい",
    "مُنَاقَشَةُ",
    "בְּרֵאשִׁית",
    "😍 👾 🙇 💁 🙅 🙆 🙋 🇺🇸",
    "n\u0303 and \u00f1",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́O",
    "1e400 NaN -0 0x0 1_000",
    '{"a": [1, 2, {"b": null}]}',
    "=cmd|' /C calc'!A0",
    "<> & \" ' &amp; &#x27;",
]

# Markup that runs, or opens an element or an attribute, where it is not escaped.
MARKUP = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title><svg/onload=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "<div hx-get=/x hx-trigger=load>",
    "{{ member.email }}<b>",
    "</textarea><iframe srcdoc=x>",
]

# Lone surrogates as the bytes that a program may send for them, and other bytes that are no UTF-8.
BROKEN_BYTES = [b"%ED%A0%80", b"%ED%BF%BF", b"%FF%FE", b"%C0%80", b"%F8%88%80%80%80", b"%00"]

# Addresses that a pattern lets pass, but that no mail can be sent to.
UNSENDABLE = ["ann@acme.te\u202est", "ann@\u200bacme.test", "ann@" + "é" * 60 + ".test", "ann@\ufeffacme.test"]

SLUGS = [
    "public",
    "PUBLIC",
    "information-schema",
    "pg_catalog",
    "pg-toast",
    "www",
    "admin",
    "Api",
    "static",
    "mail",
    "localhost",
    "a b",
    " tea",
    "te",
    "x" * 31,
    "x" * 64,
    "é",
    "te\na",
    "tea'",
    'tea"',
    "tea;drop",
    "xn--tea-9na",
    "İstanbul",
    "ıstanbul",
    "ｔｅａ",
    "😍😍😍",
    "-tea",
    "tea-",
    "te--a",
    "t_tea",
    "tea.globex",
    "../tea",
    "%00tea",
    "1tea",
    NUL,
]
