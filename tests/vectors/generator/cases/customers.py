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
    ("nine digits", "111111111"),
    ("eleven digits", "11111111190"),
    ("ten digits with a letter", "11111111O9"),
    ("a short app code", "500004AB1"),
    ("a long app code", "500004AB1CD"),
    ("a letter outside ASCII in an app code", "500004ÁB1C"),
    ("another prefix than 500004", "500005AB1C"),
    ("full-width digits", "８２２３２８１"),
    ("Arabic digits", "٨٢٢٣٢٨١"),
    ("a slash", "822/3281"),
]


def build():
    accepted = [
        {"text": text, "kind": kind, "normalised": normalised, "masked": "*" * (len(normalised) - 2) + normalised[-2:]}
        for text, kind, normalised in ACCEPTED
    ]
    return {"accepted": accepted, "refused": [{"name": name, "text": text} for name, text in REFUSED]}
