"""Word lists of the caption tokenizer: abbreviations, contractions, file endings.

What for: the words that `rules` treats in a way of their own.
In: nothing. Out: strings of words separated by spaces, in small letters unless they say otherwise.
Origin: found by running the community's tokenizer on every string of one to five letters and on a dictionary
(``tests/parity/record_tokens.py``).
"""

from __future__ import annotations

#: Keep their full stop, and may end a sentence; any case.
CLOSING_ABBREVIATIONS = (
    "al ala apr ariz assn aug bhd bldg blvd bros calif co colo conn corp cos ct dak dec esq est etc ext feb fla fri "
    "ga inc ind intl jan jr jul jun kan kans ky ltd mar md mich minn mo mon mont neb nev nov oct okla penn plc rd rt "
    "sep sept seq sq sr sys tel tenn thu thurs tue tues univ va vt wed wis wisc wyo ph.d ed.d"
)

#: The same, only with a capital first letter.
CLOSING_CAPITALISED = "ark az del ill la mass miss ore pa tex wash"

#: The same, only with a small e or y.
CLOSING_SMALL_VOWEL = "ppte ppty pte ptes pty ptys"

#: Keep their full stop, and never end a sentence; any case.
TITLE_ABBREVIATIONS = (
    "adj adm adv alex assoc asst atty attys ave brig capt cf cie cmdr col comdr cpl dept det dr drs elec ens ft gen "
    "gov govs hon insp invt jos lieut lt maj mlle mme mr mrs ms msgr mt natl pfc ph pres prof pvt rep reps rev sen "
    "sens sfc sgt spc st ste supt vs wm"
)

#: The same, only with a small middle letter.
TITLE_SMALL_MIDDLE = "mfg mtg"

#: Keep their full stop only before a digit; any case.
NUMBER_ABBREVIATIONS = "art ca fig figs no nos op pp prop"

#: After one of these, with a capital first letter, a single letter loses its full stop.
SENTENCE_STARTERS = (
    "A About According Additionally After An As At But Earlier He Her Here However If In It Last Many More Now Once "
    "One Other Our She Since So Some Such That The Their Then There These They This We What When While Yet You"
)

#: Split after the third letter, like ``cannot``; any case.
SPLIT_WORDS = "gonna gotta lemme gimme wanna"

#: Kept whole with their plain apostrophe; any case.
APOSTROPHE_WORDS = "c'mon nor'easter e'er s'mores li'l nat'l cap'n ev'ry cont'd."

#: Kept whole with their plain or curly apostrophe; any case.
QUOTE_WORDS = "o'o 'em 'til 'till 'cause 'n' 'n ol' dunkin' somethin'"

#: Kept whole though they end or start with a sign; any case.
LISTED = "c++ c# f# s&p-500 anti- pro- -lrb- -rrb- -lsb- -rsb- -lcb- -rcb-"

#: Endings of file names that start with a digit or hold one; any case.
FILE_ENDINGS = (
    "bat bmp c class cgi cpp dll doc docx exe gif gz h htm html jar java jpeg jpg mov mp3 pdf php pl png ppt ps py "
    "sql tar txt wav x xml zip"
)

#: Every word that may keep a full stop.
KEPT_STOPS = " ".join(
    (
        CLOSING_ABBREVIATIONS,
        CLOSING_CAPITALISED,
        CLOSING_SMALL_VOWEL,
        TITLE_ABBREVIATIONS,
        TITLE_SMALL_MIDDLE,
        NUMBER_ABBREVIATIONS,
    )
)
