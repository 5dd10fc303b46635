ABOUT = (
    "Customer ids: what a text is recognised as, how it is sent, and how it is printed (every character but the last "
    "two masked); and texts that are none of the three, with what the error says of why. Spaces, hyphens, dots, slashes and "
    "parentheses are dropped first, as are marks that cannot be seen, `tel:` and a trunk prefix `(0)`; full-width forms are read."
)

ACCEPTED = [
    ("8223281", "phone", "8223281"),
    ("822-3281", "phone", "8223281"),
    ("822 3281", "phone", "8223281"),
    (" 822.32.81 ", "phone", "8223281"),
    ("+354 822-3281", "phone", "8223281"),
    ("+3548223281", "phone", "8223281"),
    ("(+354) 822 3281", "phone", "8223281"),
    ("00354 822 3281", "phone", "8223281"),
    ("3548223281", "phone", "8223281"),
    ("354-822-3281", "phone", "8223281"),
    ("822\u00a03281", "phone", "8223281"),
    ("822\u20133281", "phone", "8223281"),
    ("6543210", "phone", "6543210"),
    ("7700001", "phone", "7700001"),
    ("8111111", "phone", "8111111"),
    ("1111111119", "kennitala", "1111111119"),
    ("111111-1119", "kennitala", "1111111119"),
    ("111111 1119", "kennitala", "1111111119"),
    ("2222222229", "kennitala", "2222222229"),
    ("120174-3399", "kennitala", "1201743399"),
    # Without a check digit, as the registry gives them out since 2026; and system numbers, from 8 and 9 on.
    ("1111111129", "kennitala", "1111111129"),
    ("2111111119", "kennitala", "2111111119"),
    ("0000000609", "kennitala", "0000000609"),
    ("180226-4560", "kennitala", "1802264560"),
    ("8900123456", "kennitala", "8900123456"),
    ("987654 3210", "kennitala", "9876543210"),
    ("3545551234", "kennitala", "3545551234"),
    ("500004AB1C", "app_code", "500004AB1C"),
    ("500004ab1c", "app_code", "500004AB1C"),
    ("500004 ab-1c", "app_code", "500004AB1C"),
    ("500004abcd", "app_code", "500004ABCD"),
    ("5000041234", "app_code", "5000041234"),
    # The prefix decides.
    ("5000040029", "app_code", "5000040029"),
    # As people paste them: marks of direction around a number, a joiner or a soft hyphen within, a byte order mark.
    ("\u202a822-3281\u202c", "phone", "8223281"),
    ("\u202d+354 822 3281\u202e", "phone", "8223281"),
    ("\u2066822 3281\u2069", "phone", "8223281"),
    ("\u2067\u2068822\u20693281", "phone", "8223281"),
    ("822\u200b3281", "phone", "8223281"),
    ("\u200e822\u200f3281\u200c\u200d", "phone", "8223281"),
    ("\ufeff8223281", "phone", "8223281"),
    ("822\u00ad3281", "phone", "8223281"),
    ("822\u20603281", "phone", "8223281"),
    ("8\ufe0f\u20e32\ufe0f\u20e32\ufe0f\u20e33281\ufe00", "phone", "8223281"),
    ("\u202a111111\u20111119\u202c", "kennitala", "1111111119"),
    ("\u200e500004\u200bab1c", "app_code", "500004AB1C"),
    ("８２２３２８１", "phone", "8223281"),
    ("＋３５４　８２２－３２８１", "phone", "8223281"),
    ("（＋３５４）８２２．３２８１", "phone", "8223281"),
    ("１１１１１１－１１１９", "kennitala", "1111111119"),
    ("５００００４ａｂ１ｃ", "app_code", "500004AB1C"),
    ("822\u22123281", "phone", "8223281"),
    ("822\u00b73281", "phone", "8223281"),
    ("822/3281", "phone", "8223281"),
    ("822/32/81", "phone", "8223281"),
    ("111111/1119", "kennitala", "1111111119"),
    ("tel:8223281", "phone", "8223281"),
    ("tel:+354-822-3281", "phone", "8223281"),
    ("TEL: 822 3281", "phone", "8223281"),
    ("tel://8223281", "phone", "8223281"),
    ("sms:+3548223281", "phone", "8223281"),
    ("+354 (0)811 1111", "phone", "8111111"),
    ("+354 (0) 822-3281", "phone", "8223281"),
    ("00354(0)8223281", "phone", "8223281"),
    ("(+354) (0) 8223281", "phone", "8223281"),
    ("354 ( 0 ) 822 3281", "phone", "8223281"),
    ("(0)822 3281", "phone", "8223281"),
    ("tel:+354(0)8223281", "phone", "8223281"),
    ("00354 / 822 3281", "phone", "8223281"),
    ("822-3281,", "phone", "8223281"),
    ("'8223281", "phone", "8223281"),
]

NO_DIGITS = "which has no digits"
OTHERS = "which has other characters than digits"
ABROAD = "which has another country code than Iceland's, 354"
LAND_LINE = "which does not begin with 6, 7 or 8 as mobile numbers do"


def digits(count):
    return f"which has {count} digits; a mobile number has 7, and a kennitala 10"


def after_code(count):
    return f"which has {count} digits after the country code; a mobile number has 7"


def after_prefix(count):
    return f"which has {count} characters after 500004; an app code has 4 letters or digits there"


REFUSED = [
    ("empty", "", NO_DIGITS),
    ("only separators", " -(). ", NO_DIGITS),
    ("only marks that cannot be seen", "\u202a\u200b\ufeff", NO_DIGITS),
    ("a land line: first digit 5", "5551234", LAND_LINE),
    ("first digit 9", "9223281", LAND_LINE),
    ("a land line with full-width digits", "５５５１２３４", LAND_LINE),
    ("six digits", "822328", digits(6)),
    ("six digits as they were pasted", "\u202a822\u00a0328\u202c", digits(6)),
    ("six digits of a link", "tel:822328", digits(6)),
    ("eight digits", "82232811", digits(8)),
    ("a trunk prefix without parentheses", "08223281", digits(8)),
    ("another country", "+45 822 3281", ABROAD),
    ("another country after 00", "0045 822 3281", ABROAD),
    ("the country code alone", "+354", after_code(0)),
    ("a country code before a kennitala", "+354 111111-1119", after_code(10)),
    ("a country code before a land line", "+354 555 1234", LAND_LINE),
    ("a country code before six digits", "00354 822 328", after_code(6)),
    ("a trunk prefix after the country code without parentheses", "+354 0822 3281", after_code(8)),
    ("a trunk prefix within a number", "822 (0) 3281", digits(8)),
    ("a trunk prefix of another country", "+45 (0) 8223281", ABROAD),
    ("a plus sign alone before a phone", "+8223281", ABROAD),
    ("a letter in a phone", "822328a", OTHERS),
    ("letters", "Jón Jónsson", OTHERS),
    ("an e-mail address", "nobody@example.is", OTHERS),
    ("a link that is no telephone's", "mailto:8223281", OTHERS),
    ("two numbers", "8223281 / 8111111", digits(14)),
    ("nine digits", "111111111", digits(9)),
    ("eleven digits", "11111111190", digits(11)),
    ("ten digits with a letter", "11111111O9", OTHERS),
    ("a short app code", "500004AB1", after_prefix(3)),
    ("a long app code", "500004AB1CD", after_prefix(5)),
    ("a letter outside ASCII in an app code", "500004ÁB1C", after_prefix(4)),
    ("another prefix than 500004", "500005AB1C", OTHERS),
    ("Arabic digits", "٨٢٢٣٢٨١", "which has digits of another script"),
]


def build():
    accepted = [
        {"text": text, "kind": kind, "normalised": normalised, "masked": "*" * (len(normalised) - 2) + normalised[-2:]}
        for text, kind, normalised in ACCEPTED
    ]
    return {"accepted": accepted, "refused": [{"name": name, "text": text, "reason": why} for name, text, why in REFUSED]}
