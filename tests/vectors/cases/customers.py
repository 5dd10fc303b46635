ABOUT = (
    "Customer ids: what a text is recognised as, how it is sent, and how it is printed (every character but the last "
    "two masked); and texts that are none of the three. Spaces, hyphens, dots and parentheses are dropped first."
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
    ("500004AB1C", "app_code", "500004AB1C"),
    ("500004ab1c", "app_code", "500004AB1C"),
    ("500004 ab-1c", "app_code", "500004AB1C"),
    ("500004abcd", "app_code", "500004ABCD"),
    ("5000041234", "app_code", "5000041234"),
    # The checksum of a kennitala holds here too: the prefix decides.
    ("5000040029", "app_code", "5000040029"),
]

REFUSED = [
    ("empty", ""),
    ("only separators", " -(). "),
    ("a land line: first digit 5", "5551234"),
    ("first digit 9", "9223281"),
    ("six digits", "822328"),
    ("eight digits", "82232811"),
    ("another country", "+45 822 3281"),
    ("the country code alone", "+354"),
    ("a country code before a kennitala", "+354 111111-1119"),
    ("a country code before a land line", "+354 555 1234"),
    ("a plus sign alone before a phone", "+8223281"),
    ("a letter in a phone", "822328a"),
    ("letters", "Jón Jónsson"),
    ("an e-mail address", "nobody@example.is"),
    ("wrong checksum", "1111111129"),
    ("wrong checksum in a first digit", "2111111119"),
    ("checksum remainder 1: no digit fits", "0000000609"),
    ("eleven digits", "11111111190"),
    ("a short app code", "500004AB1"),
    ("a long app code", "500004AB1CD"),
    ("a letter outside ASCII in an app code", "500004ÁB1C"),
    ("another prefix than 500004", "500005AB1C"),
    ("full-width digits", "８２２３２８１"),
    ("Arabic digits", "٨٢٢٣٢٨١"),
    ("a slash", "822/3281"),
]


def has_kennitala_checksum(digits):
    weights = (3, 2, 7, 6, 5, 4, 3, 2)
    remainder = sum(w * int(d) for w, d in zip(weights, digits, strict=False)) % 11
    return remainder != 1 and (11 - remainder) % 11 == int(digits[8])


def build():
    for text, kind, normalised in ACCEPTED:
        if (kind == "kennitala" or text == "5000040029") and not has_kennitala_checksum(normalised):
            raise ValueError(f"{text}: no kennitala")
    accepted = [
        {"text": text, "kind": kind, "normalised": normalised, "masked": "*" * (len(normalised) - 2) + normalised[-2:]}
        for text, kind, normalised in ACCEPTED
    ]
    return {"accepted": accepted, "refused": [{"name": name, "text": text} for name, text in REFUSED]}
