"""A report in Icelandic: every text of templates, charts and workbooks, and every sentence that the core gives a row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

MONTHS: Final = (
    "janúar febrúar mars apríl maí júní júlí ágúst september október nóvember desember".split()
)
SHORT_MONTHS: Final = "jan. feb. mars apr. maí júní júlí ágú. sep. okt. nóv. des.".split()
WEEKDAYS: Final = (
    "sunnudagur mánudagur þriðjudagur miðvikudagur fimmtudagur föstudagur laugardagur".split()
)
UNITS: Final = {"min": "mín.", "h": "klst."}

LABELS: Final = {
    "paid_not_recorded": "greitt, ekki skráð",
    "recorded_not_paid": "skráð, ekki greitt",
    "refunded_too_much": "of mikið endurgreitt",
    "refunded_not_recorded": "endurgreitt, ekki skráð",
    "recorded_not_refunded": "skráð, ekki endurgreitt",
    "amount_mismatch": "upphæð stemmir ekki",
    "duplicate_payment": "tvígreitt",
    "duplicate_order": "tvískráð pöntun",
    "not_found": "finnst ekki",
    "still_open": "enn opið",
    "unverified": "óstaðfest",
    "refunded": "endurgreitt",
    "partly_refunded": "endurgreitt að hluta",
    "matched": "stemmir",
}

STATUSES: Final = {
    "paid": "greidd",
    "open": "opin",
    "canceled": "hætt við",
    "confirmed": "greitt",
    "declined": "hafnað",
    "pending": "bíður viðskiptavinar",
    "needs_code": "vantar SMS-kóða",
    "reserved": "frátekið",
    "awaiting_callback": "bíður svars verslunar",
    "not_found": "finnst ekki",
    "unknown": "óþekkt",
    "failed": "mistókst",
}

# One of it, and several.
COUNTED: Final = {
    "order": ("pöntun", "pantanir"),
    "exception": ("frávik", "frávik"),
    "more exception": ("frávik til viðbótar", "frávik til viðbótar"),
    "transfer": ("millifærsla", "millifærslur"),
}

TEXTS: Final = {
    "Reconciliation": "Afstemming",
    "Both sides": "Báðar hliðar",
    "Recorded as paid in the shop": "Skráð greitt í versluninni",
    "Paid at Netgíró": "Greitt hjá Netgíró",
    "Recorded as refunded in the shop": "Skráð endurgreitt í versluninni",
    "Refunded at Netgíró": "Endurgreitt hjá Netgíró",
    "Difference": "Mismunur",
    "Orders": "Pantanir",
    "Payments": "Greiðslur",
    "Orders outside the window": "Pantanir utan tímabilsins",
    "Class": "Flokkur",
    "Ordered": "Pantað",
    "Recorded as paid": "Skráð greitt",
    "Paid": "Greitt",
    "Recorded as refunded": "Skráð endurgreitt",
    "Refunded": "Endurgreitt",
    "refunded": "endurgreitt",
    "At stake": "Í húfi",
    "at stake": "í húfi",
    "Everything": "Samtals",
    "Exceptions by day": "Frávik eftir dögum",
    "days a bar": "dagar í hverri súlu",
    "to": "til",
    "as of": "staðan",
    "the costliest first": "þau dýrustu fyrst",
    "Every króna in one class": "Hver króna í einum flokki",
    "Amounts in krónur. Customers’ numbers are masked. Made by netgiro, an unofficial client of Netgíró.": (
        "Upphæðir eru í krónum. Númer viðskiptavina eru falin. Gert með netgiro, sem er óháð Netgíró."
    ),
    "Balanced": "Allt stemmir",
    "nothing is at stake": "ekkert í húfi",
    "Reference": "Tilvísun",
    "Age": "Aldur",
    "Why, and what to do": "Skýring og næstu skref",
    "see .exceptions, to_excel() or to_csv()": "þau eru öll í vinnubókinni og CSV-skránni",
    "to the bank": "á bankareikning",
    "all in order": "allt eins og það á að vera",
    "of other days left out": "frá öðrum dögum eru ekki taldar með",
    "What": "Hvað",
    "Settled": "Uppgert",
    "Why": "Skýring",
    "and": "og",
    "more": "til viðbótar",
    "see .settlements.exceptions": "þau eru öll í .settlements.exceptions",
    "Settlement": "Uppgjör",
    "loan": "lán",
    "Its items do not add up to its total.": "Línurnar leggjast ekki saman í heildarupphæðina.",
    # Classes of settlements.
    "settled": "uppgert",
    "not settled yet": "ekki uppgert enn",
    "missing": "vantar",
    "amount mismatch": "upphæð stemmir ekki",
    "duplicate": "tvíuppgert",
    "unknown cart": "óþekkt greiðsla",
    "unverified": "óstaðfest",
    # The workbook.
    "Summary": "Samantekt",
    "Exceptions": "Frávik",
    "All rows": "Allar línur",
    "class": "flokkur",
    "everything": "samtals",
    "rows": "línur",
    "orders": "pantanir",
    "order_amount": "pantað",
    "recorded_amount": "skráð greitt",
    "payments": "greiðslur",
    "paid_amount": "greitt",
    "recorded_refund_amount": "skráð endurgreitt",
    "refunded_amount": "endurgreitt",
    "at_stake": "í húfi",
    "outcome": "flokkur",
    "reference": "tilvísun",
    "transaction_id": "færslunúmer",
    "difference": "mismunur",
    "order_status": "staða pöntunar",
    "cart_status": "staða hjá Netgíró",
    "created": "stofnað",
    "paid_at": "greitt þann",
    "age_days": "aldur í dögum",
    "order_rows": "línur pantana",
    "reason": "skýring",
    "action": "næsta skref",
    # The charts.
    "Outcomes by day": "Niðurstöður eftir dögum",
    "Money at stake by class": "Fé í húfi eftir flokkum",
    "Time from the order to its payment": "Tími frá pöntun til greiðslu",
    "What is still open, by age": "Það sem er enn opið, eftir aldri",
    "krónur": "krónur",
    "day": "dagur",
    "amount": "upphæð",
    "time": "tími",
    "under 10 s": "innan 10 s",
    "10 to 30 s": "10 til 30 s",
    "30 to 60 s": "30 til 60 s",
    "1 to 2 min": "1 til 2 mín.",
    "2 to 3 min": "2 til 3 mín.",
    "3 to 10 min": "3 til 10 mín.",
    "10 to 60 min": "10 til 60 mín.",
    "over 1 h": "yfir 1 klst.",
    "under 10 min": "innan 10 mín.",
    "1 to 24 h": "1 til 24 klst.",
    "1 to 7 days": "1 til 7 dagar",
    "7 to 30 days": "7 til 30 dagar",
    "over 30 days": "yfir 30 dagar",
    # The command line.
    "matched": "stemma",
    "paid": "greitt",
}

_ORDERS: Final = {"paid": "skráð greidd", "open": "opin", "canceled": "afturkölluð"}
_ENDED: Final = {"canceled": "hætt var við greiðsluna", "declined": "greiðslunni var hafnað"}
_WAITING: Final = {
    "waiting for the customer's SMS code": "beðið er eftir SMS-kóða viðskiptavinarins",
    "reserved, not confirmed": "greiðslan er frátekin en óstaðfest",
    "waiting for the shop's callback": "beðið er eftir svari verslunarinnar",
    "waiting for the customer": "beðið er eftir viðskiptavininum",
}
_FAILURES: Final = {
    "checks of it tell of different amounts": "athugunum ber ekki saman um upphæðina",
    "the amount that Netgíró tells is none": "upphæðin frá Netgíró er ekki upphæð",
    "one check says that it is paid, a later one that it is not": (
        "ein athugun segir að hún sé greidd en síðari athugun að svo sé ekki"
    ),
    "Netgíró answered with a result code that is not known": "Netgíró svaraði með óþekktum kóða",
    "the saved result has neither a status nor an error": "vistuð athugun segir hvorki til um stöðu né villu",
}
# Why a check failed, by the code of its error: its message is the core's, and English.
ERRORS: Final = {
    "configuration": "lyklar eða stillingar eru ekki rétt",
    "invalid_request": "fyrirspurnin var gölluð og var ekki send",
    "connect": "ekki náðist samband við Netgíró",
    "timeout": "Netgíró svaraði ekki í tæka tíð",
    "outcome_unknown": "óvíst er hvort fyrirspurnin barst Netgíró",
    "api": "Netgíró hafnaði fyrirspurninni",
    "authentication": "Netgíró tók ekki við lyklum verslunarinnar",
    "rate_limited": "of margar fyrirspurnir voru sendar á stuttum tíma",
    "server": "villa kom upp hjá Netgíró",
    "signature": "undirskriftin á svarinu er röng",
    "protocol": "svarið frá Netgíró er gallað eða stangast á við sjálft sig",
    "mismatch": "svarið frá Netgíró er um aðra upphæð eða tilvísun",
    "wait_timeout": "greiðslunni var ekki lokið þegar biðinni lauk",
    "unresolved": "ekki tókst að komast að því hvernig greiðslunni lauk",
}
_WORDS: Final[dict[str, dict[str, str]]] = {
    "order": _ORDERS,
    "ended": _ENDED,
    "waiting": _WAITING,
    "why": _FAILURES,
}

# What may stand in a sentence of the core.
_PARTS: Final = {
    "kr": r"-?[\d.]+(?:,\d+)? kr\.",
    "n": r"\d+",
    "order": "|".join(_ORDERS),
    "ended": "|".join(_ENDED),
    "waiting": "|".join(map(re.escape, sorted(_WAITING, key=len, reverse=True))),
    "why": ".*",
    "ref": ".*",
}

# Sentences of the core and theirs; <kr>, <n> and the others stand for what differs, in the same order.
_SENTENCES: Final = (
    (
        "It costs nothing and has no cart: there is nothing to pay.",
        "Pöntunin kostar ekkert og engin greiðslubeiðni var send: ekkert þarf að greiða.",
    ),
    ("There is no check of its transaction.", "Færslan hefur ekki verið athuguð hjá Netgíró."),
    (
        "It has no transaction id, and no check is about its reference.",
        "Pöntunin hefur ekkert færslunúmer og engin athugun er með tilvísun hennar.",
    ),
    ("It could not be told whether it is paid: <why>.", "Ekki er vitað hvort greitt var: <why>."),
    (
        "Netgíró knows no such cart; <order> in the shop.",
        "Netgíró þekkir ekki færsluna; pöntunin er <order> í versluninni.",
    ),
    ("Recorded as paid; <ended> at Netgíró.", "Skráð greidd, en <ended> hjá Netgíró."),
    ("Recorded as paid; <waiting> at Netgíró.", "Skráð greidd, en <waiting> hjá Netgíró."),
    (
        "Open in the shop; <ended> at Netgíró, nothing was paid.",
        "Opin í versluninni; <ended> hjá Netgíró og ekkert var greitt.",
    ),
    ("Open in the shop; <waiting> at Netgíró.", "Opin í versluninni; <waiting> hjá Netgíró."),
    (
        "Canceled in the shop; <waiting> at Netgíró, and can still be paid.",
        "Afturkölluð í versluninni, en <waiting> hjá Netgíró og enn er hægt að greiða.",
    ),
    (
        "Canceled in the shop; <ended> at Netgíró.",
        "Afturkölluð í versluninni og <ended> hjá Netgíró.",
    ),
    (
        "Its cart is paid, but Netgíró holds it under the reference <ref>.",
        "Færslan er greidd, en hjá Netgíró er hún með tilvísunina <ref>.",
    ),
    (
        "Paid at Netgíró, and <kr> rather than <kr>; <order> in the shop.",
        "Greitt hjá Netgíró, <kr> en ekki <kr>; pöntunin er <order> í versluninni.",
    ),
    (
        "Paid at Netgíró; <order> in the shop.",
        "Greitt hjá Netgíró; pöntunin er <order> í versluninni.",
    ),
    (
        "Paid on both sides, but the check does not say how much.",
        "Greitt á báðum stöðum, en athugunin segir ekki hve mikið.",
    ),
    ("Recorded as <kr>, paid <kr>: <kr> too little.", "Skráð <kr>, greitt <kr>: <kr> of lítið."),
    ("Recorded as <kr>, paid <kr>: <kr> too much.", "Skráð <kr>, greitt <kr>: <kr> of mikið."),
    ("Paid on both sides.", "Greitt á báðum stöðum."),
    (
        "Paid on both sides; <kr> apart, which is tolerated.",
        "Greitt á báðum stöðum; munurinn er <kr> og innan marka.",
    ),
    (
        "Paid at Netgíró; the shop has no such order.",
        "Greitt hjá Netgíró; pöntunin finnst ekki í versluninni.",
    ),
    (
        "<waiting> at Netgíró; the shop has no such order.",
        "Pöntunin finnst ekki í versluninni; <waiting> hjá Netgíró.",
    ),
    (
        "The shop has no such order, and it could not be told whether it is paid: <why>.",
        "Pöntunin finnst ekki í versluninni og ekki er vitað hvort greitt var: <why>.",
    ),
    (
        "Its transaction id is that of another order, which has the payment's reference.",
        "Færslunúmerið er annarrar pöntunar, sem hefur tilvísun greiðslunnar.",
    ),
    (
        "Its transaction id is on <n> orders, and there is no check of it.",
        "Færslunúmerið er á <n> pöntunum og hefur ekki verið athugað.",
    ),
    (
        "Its transaction id is on <n> orders, and it could not be told whether it is paid: <why>.",
        "Færslunúmerið er á <n> pöntunum og ekki er vitað hvort greitt var: <why>.",
    ),
    (
        "Its transaction id is on <n> orders: <kr> recorded as paid, <kr> paid.",
        "Færslunúmerið er á <n> pöntunum: <kr> skráðar greiddar, <kr> greiddar.",
    ),
    (
        "Another order with its reference is paid; this one is recorded as paid, and is not.",
        "Önnur pöntun með sömu tilvísun er greidd; þessi er skráð greidd en er það ekki.",
    ),
    (
        "Its reference is paid by another transaction already.",
        "Tilvísunin er þegar greidd með annarri færslu.",
    ),
    (
        "Its reference is paid <n> times, <kr> in all; <kr> is recorded as paid.",
        "Tilvísunin er greidd <n> sinnum, alls <kr>; skráðar eru <kr> greiddar.",
    ),
    (
        "Its reference is paid <n> times, <kr> in all; none of it is recorded.",
        "Tilvísunin er greidd <n> sinnum, alls <kr>; ekkert af því er skráð.",
    ),
    (
        "Its reference is on several orders, and a check of it failed.",
        "Tilvísunin er á mörgum pöntunum og ekki tókst að athuga hana.",
    ),
    (
        "<n> orders have its reference and no transaction id: <kr> recorded as paid, <kr> paid.",
        "<n> pantanir hafa tilvísunina en ekkert færslunúmer: <kr> skráðar greiddar, <kr> greiddar.",
    ),
    (
        "Its reference is on several orders, and it has no transaction id and no payment of its own.",
        "Tilvísunin er á mörgum pöntunum, en þessi hefur hvorki færslunúmer né eigin greiðslu.",
    ),
    # Refunds.
    (
        "Several orders or payments have its reference; which of them was refunded is not known.",
        "Margar pantanir eða greiðslur hafa tilvísunina; ekki er vitað hver þeirra var endurgreidd.",
    ),
    (
        "It is not known whether a refund of <kr> was made.",
        "Ekki er vitað hvort <kr> voru endurgreiddar.",
    ),
    (
        "A refund of <kr> is open in the shop.",
        "Endurgreiðsla upp á <kr> er opin í versluninni.",
    ),
    (
        "Nothing is refunded on either side.",
        "Ekkert er endurgreitt, hvorki í versluninni né hjá Netgíró.",
    ),
    (
        "<kr> recorded as refunded; nothing was paid.",
        "<kr> skráðar endurgreiddar, en ekkert var greitt.",
    ),
    (
        "<kr> refunded at Netgíró; nothing was paid.",
        "<kr> endurgreiddar hjá Netgíró, en ekkert var greitt.",
    ),
    (
        "<kr> recorded as refunded; <kr> paid.",
        "<kr> skráðar endurgreiddar, en <kr> greiddar.",
    ),
    (
        "<kr> refunded at Netgíró; <kr> paid.",
        "<kr> endurgreiddar hjá Netgíró, en <kr> greiddar.",
    ),
    (
        "<kr> recorded as refunded; whether Netgíró refunded it is not known.",
        "<kr> skráðar endurgreiddar; ekki er vitað hvort Netgíró endurgreiddi þær.",
    ),
    (
        "Refunded on both sides; the sale is not among the orders.",
        "Endurgreitt á báðum stöðum; salan er ekki meðal pantananna.",
    ),
    (
        "Paid and refunded in full, on both sides.",
        "Greitt og endurgreitt að fullu á báðum stöðum.",
    ),
    (
        "Paid on both sides; <kr> of it refunded, on both sides.",
        "Greitt á báðum stöðum; þar af <kr> endurgreiddar, einnig á báðum stöðum.",
    ),
    (
        "Paid <kr>, <kr> of it refunded; the shop recorded what is left.",
        "Greiddar <kr>, þar af <kr> endurgreiddar; verslunin skráði það sem eftir er.",
    ),
    (
        "After refunds, <kr> recorded and <kr> left at Netgíró: <kr> too little.",
        "Að frádregnum endurgreiðslum: <kr> skráðar, en <kr> eftir hjá Netgíró: <kr> of lítið.",
    ),
    (
        "After refunds, <kr> recorded and <kr> left at Netgíró: <kr> too much.",
        "Að frádregnum endurgreiðslum: <kr> skráðar, en <kr> eftir hjá Netgíró: <kr> of mikið.",
    ),
    (
        "Paid at Netgíró, and refunded in full.",
        "Greitt hjá Netgíró og endurgreitt að fullu.",
    ),
    (
        "Its reference is paid by another transaction already; <kr> of this payment is refunded.",
        "Tilvísunin er þegar greidd með annarri færslu; <kr> af þessari greiðslu eru endurgreiddar.",
    ),
    (
        "Its reference is paid <n> times, <kr> in all, <kr> of it refunded; <kr> is recorded as paid.",
        "Tilvísunin er greidd <n> sinnum, alls <kr>, þar af <kr> endurgreiddar; skráðar eru <kr> greiddar.",
    ),
    (
        "Paid at Netgíró, <kr> of it refunded; <order> in the shop.",
        "Greitt hjá Netgíró, þar af <kr> endurgreiddar; pöntunin er <order> í versluninni.",
    ),
    (
        "Paid at Netgíró, <kr> of it refunded; the shop has no such order.",
        "Greitt hjá Netgíró, þar af <kr> endurgreiddar; pöntunin finnst ekki í versluninni.",
    ),
    (
        "<kr> refunded at Netgíró; the shop has no such order.",
        "<kr> endurgreiddar hjá Netgíró; pöntunin finnst ekki í versluninni.",
    ),
    (
        "<kr> refunded at Netgíró; <kr> recorded as refunded.",
        "<kr> endurgreiddar hjá Netgíró; <kr> skráðar endurgreiddar.",
    ),
    (
        "<kr> recorded as refunded; <kr> refunded at Netgíró.",
        "<kr> skráðar endurgreiddar; <kr> endurgreiddar hjá Netgíró.",
    ),
    (
        "<kr> recorded as refunded in <n> rows; <kr> refunded at Netgíró.",
        "<kr> skráðar endurgreiddar í <n> línum; <kr> endurgreiddar hjá Netgíró.",
    ),
    # What to do.
    ("Check the cart.", "Athugaðu færsluna."),
    (
        "Find the cart's transaction id, and check it.",
        "Finndu færslunúmerið og athugaðu færsluna.",
    ),
    ("Check it again.", "Athugaðu aftur."),
    (
        "Compare the transaction id, the keys and the environment (test or production).",
        "Berðu saman færslunúmerið, lyklana og umhverfið (prófun eða raun).",
    ),
    (
        "Stop the delivery, or collect the payment.",
        "Stöðvaðu afhendinguna eða innheimtu greiðsluna.",
    ),
    (
        "Hold the delivery until the customer has paid.",
        "Bíddu með afhendingu þar til viðskiptavinurinn hefur greitt.",
    ),
    (
        "Confirm the cart with the customer's code (confirm_cart), or cancel it.",
        "Staðfestu greiðsluna með kóða viðskiptavinarins eða hættu við hana.",
    ),
    (
        "Confirm the cart (confirm_cart), or cancel it.",
        "Staðfestu greiðsluna eða hættu við hana.",
    ),
    (
        "Answer the callback with 200, or cancel the cart.",
        "Svaraðu tilkynningu Netgíró eða hættu við greiðsluna.",
    ),
    (
        "Close the order, or ask the customer again.",
        "Lokaðu pöntuninni eða sendu viðskiptavininum nýja beiðni.",
    ),
    (
        "Wait for the customer, or cancel the cart.",
        "Bíddu eftir viðskiptavininum eða hættu við greiðsluna.",
    ),
    (
        "Cancel the cart (cancel_cart), and read the answer.",
        "Hættu við greiðsluna og lestu svarið.",
    ),
    (
        "Find out which order this transaction belongs to.",
        "Finndu út hvaða pöntun færslan tilheyrir.",
    ),
    (
        "Record the payment, and deliver the order.",
        "Skráðu greiðsluna og afhentu pöntunina.",
    ),
    (
        "Deliver the order after all, or refund the customer.",
        "Afhentu pöntunina eða endurgreiddu viðskiptavininum.",
    ),
    (
        "Check it again, or compare the amounts by hand.",
        "Athugaðu aftur eða berðu upphæðirnar saman.",
    ),
    (
        "Collect the difference, or correct the order.",
        "Innheimtu mismuninn eða leiðréttu pöntunina.",
    ),
    (
        "Refund the difference, or correct the order.",
        "Endurgreiddu mismuninn eða leiðréttu pöntunina.",
    ),
    (
        "Find the order and record the payment, or refund the customer.",
        "Finndu pöntunina og skráðu greiðsluna, eða endurgreiddu viðskiptavininum.",
    ),
    (
        "Find the order's own transaction id, or remove it.",
        "Finndu rétt færslunúmer pöntunarinnar eða fjarlægðu hana.",
    ),
    (
        "Check the cart, and find out which order it belongs to.",
        "Athugaðu færsluna og finndu út hvaða pöntun hún tilheyrir.",
    ),
    (
        "Check it again, and find out which order it belongs to.",
        "Athugaðu aftur og finndu út hvaða pöntun færslan tilheyrir.",
    ),
    (
        "Find out which of the orders is the one, and whether more was delivered.",
        "Finndu út hver pantananna er rétt og hvort meira var afhent.",
    ),
    (
        "Find out whether it was delivered twice, and remove one of the two.",
        "Finndu út hvort afhent var tvisvar og fjarlægðu aðra pöntunina.",
    ),
    ("Refund this payment.", "Endurgreiddu þessa greiðslu."),
    (
        "Find out which payment is the order's, and refund the others.",
        "Finndu út hvaða greiðsla á við pöntunina og endurgreiddu hinar.",
    ),
    (
        "Check it again, and find out which of the orders is the one.",
        "Athugaðu aftur og finndu út hver pantananna er rétt.",
    ),
    (
        "Find the order's transaction id, or remove it.",
        "Finndu færslunúmer pöntunarinnar eða fjarlægðu hana.",
    ),
    (
        "Give the refund the transaction id of its payment.",
        "Settu færslunúmer greiðslunnar við endurgreiðsluna.",
    ),
    (
        "Make the same call again, with its key (refund_cart).",
        "Sendu sömu endurgreiðslu aftur með sama lykli.",
    ),
    (
        "Make the refund, or close it.",
        "Endurgreiddu viðskiptavininum eða lokaðu endurgreiðslunni.",
    ),
    (
        "Find out whether a refund is there twice, or belongs to another order.",
        "Finndu út hvort endurgreiðsla er tvískráð eða tilheyrir annarri pöntun.",
    ),
    (
        "Give the refunds that were sent (refunds), or look into Netgíró's merchant portal.",
        "Hafðu endurgreiðslurnar sem voru sendar með í afstemmingunni eða skoðaðu þjónustuvef Netgíró.",
    ),
    (
        "Refund the rest of this payment.",
        "Endurgreiddu afganginn af greiðslunni.",
    ),
    (
        "Find the order, and record the refund.",
        "Finndu pöntunina og skráðu endurgreiðsluna.",
    ),
    (
        "Record the refund.",
        "Skráðu endurgreiðsluna.",
    ),
    (
        "Find out whether the refund was sent; if not, send it (refund_cart), or remove the record.",
        "Finndu út hvort endurgreiðslan var send; ef ekki, sendu hana eða fjarlægðu skráninguna.",
    ),
    # Settlements.
    (
        "Settled as it was refunded; the sale is not among the carts.",
        "Gert upp eins og endurgreitt var; salan er ekki meðal greiðslnanna.",
    ),
    (
        "Settled as it was paid, less <kr> refunded.",
        "Uppgert eins og greitt var, að frádregnum <kr> sem voru endurgreiddar.",
    ),
    (
        "Settled as it was paid; of what was refunded, <kr> is in no settlement yet.",
        "Uppgert eins og greitt var; <kr> af endurgreiðslunni eru í engu uppgjöri enn.",
    ),
    (
        "Settled as it was paid, less <kr>; <kr> is known to be refunded.",
        "Uppgert eins og greitt var, að frádregnum <kr>; vitað er um <kr> endurgreiddar.",
    ),
    (
        "Whether an item is for it is not known: nobody said how items name carts.",
        "Ekki er vitað hvort lína er fyrir greiðsluna: ekkert segir hvernig línur vísa á greiðslur.",
    ),
    (
        "Its check does not hold what items name carts by.",
        "Athugunin hefur ekki það sem línur vísa á greiðslur með.",
    ),
    (
        "Paid, and in no settlement; what was paid later is.",
        "Greitt, en í engu uppgjöri; það sem greitt var síðar er þar.",
    ),
    (
        "Paid more than a month ago, and in no settlement.",
        "Greitt fyrir meira en mánuði, en í engu uppgjöri.",
    ),
    ("Paid, and in no settlement yet.", "Greitt, en í engu uppgjöri enn."),
    ("Which cart the item is for is not known.", "Ekki er vitað fyrir hvaða greiðslu línan er."),
    (
        "Settled; no cart of this name is known to be paid.",
        "Uppgert; engin greiðsla með þessu heiti er þekkt.",
    ),
    ("Settled as it was paid.", "Uppgert eins og greitt var."),
    ("Paid <kr>, settled <kr> in <n> items.", "Greitt <kr>, uppgert <kr> í <n> línum."),
    ("Paid <kr>, settled <kr>", "Greitt <kr>, uppgert <kr>"),
    (
        "Settled, but it is not known how much was paid, or how much settled.",
        "Uppgert, en ekki er vitað hve mikið var greitt eða gert upp.",
    ),
    ("Several carts have this name.", "Margar greiðslur hafa þetta heiti."),
    ("", ""),
)
_PART: Final = re.compile(r"<(\w+)>")


def _pattern(english: str) -> re.Pattern[str]:
    parts = _PART.split(english)
    texts = (f"({_PARTS[part]})" if at % 2 else re.escape(part) for at, part in enumerate(parts))
    return re.compile("".join(texts), re.IGNORECASE | re.DOTALL)


# Those with fewer parts first: what stands in others is fixed.
_PATTERNS: Final = [
    (_pattern(english), _PART.findall(english), translated)
    for english, translated in sorted(
        _SENTENCES, key=lambda pair: pair[0].count("<why>") + pair[0].count("<ref>")
    )
]


def sentence(english: str, codes: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return a sentence of the core in Icelandic; one that is not in the table as it is.

    `codes` has the codes of errors by their messages.
    """
    for pattern, parts, translated in _PATTERNS:
        found = pattern.fullmatch(english)
        if found is not None:
            return _filled(translated, list(zip(parts, found.groups(), strict=True)), codes)
    return english


def _filled(translated: str, values: list[tuple[str, str]], codes: Mapping[str, str]) -> str:
    """Put what differs into a sentence, in its own language; each kind in the order in which it stood."""
    for part, value in values:
        words = _WORDS.get(part, {})
        # A sentence may begin with it.
        word = words.get(value, words.get(value[:1].lower() + value[1:], value))
        if part == "why" and word == value:
            # A table that was saved may hold the code itself.
            word = ERRORS.get(codes.get(value, value), value)
        translated = translated.replace(f"<{part}>", word, 1)
    return translated


def is_singular(many: int) -> bool:
    """Return whether Icelandic counts so many as one: 1, 21, 101, and not 11."""
    return many % 10 == 1 and many % 100 != 11  # noqa: PLR2004
