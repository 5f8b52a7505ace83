"""Words by which `meaning` tells whether two English sentences say the same: marks of words, phrases, synonyms.

In: nothing. Out: tables. A mark is a kind and a value with a space between, such as `colour red`; a pole is one end of
an axis, such as `pole light +`. Verbs stand in their base form, nouns in the singular; `meaning` undoes inflection.
"""

from __future__ import annotations

from collections.abc import Mapping


def _table(kind: str, text: str) -> dict[str, str]:
    """Word -> mark, from words that mean the same, between commas; the first of them is the value."""
    groups = (group.split() for group in text.split(","))
    return {word: f"{kind} {words[0]}" for words in groups for word in words}


def _poles(text: str) -> dict[str, str]:
    """Word -> mark, from lines `axis: words of the one pole | words of the other`."""
    found: dict[str, str] = {}
    for line in text.strip().splitlines():
        axis, _, words = line.partition(":")
        one, _, other = words.partition("|")
        found |= {word: f"pole {axis.strip()} +" for word in one.split()}
        found |= {word: f"pole {axis.strip()} -" for word in other.split()}
    return found


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
)
_TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"

NUMBERS: Mapping[str, int] = {
    **{word: value for value, word in enumerate(_UNITS.split())},
    "seventeen": 17,
    "eighteen": 18,
    "nineteen": 19,
    "hundred": 100,
    "thousand": 1000,
    "dozen": 12,
    **_TENS,
}
ORDINALS: Mapping[str, int] = {word: value for value, word in enumerate(_ORDINALS.split(), start=1)}
#: Words that say two where no number two stands beside them.
TWO = _words("both couple duo twin twice")

COLOURS = _table(
    "colour",
    """
    red, crimson, scarlet, maroon, burgundy, orange, amber, yellow, gold golden, green, emerald, lime,
    olive, teal, turquoise, cyan aqua, blue, navy, indigo, purple, violet, lavender, lilac, magenta
    fuchsia, pink, coral, brown, bronze, copper, tan, beige, khaki, ivory, white, black, gray grey,
    silver silvery, blonde blond, monochrome monochromatic grayscale greyscale
    """,
)
#: Words that make another colour of the colour that follows.
SHADES: Mapping[str, str] = {
    **dict.fromkeys(("dark", "darker", "deep", "deeper"), "dark"),
    **dict.fromkeys(("light", "lighter", "pale", "paler"), "light"),
    **dict.fromkeys(("bright", "brighter", "vivid", "vibrant", "brilliant"), "bright"),
    "neon": "neon",
    "fluorescent": "neon",
    "pastel": "pastel",
}

DIRECTIONS = _table(
    "direction",
    """
    left leftmost leftward leftwards lefthand lefthanded, right rightmost rightward rightwards righthand
    righthanded, top upper uppermost topmost, bottom lowermost bottommost, above overhead, below under
    underneath beneath, behind, front frontmost, back rear, center centre middle central centrally
    centermost, between, upward upwards, downward downwards, forward forwards, backward backwards, north
    northern northward northwards, south southern southward southwards, east eastern eastward eastwards,
    west western westward westwards, clockwise, counterclockwise anticlockwise, horizontal horizontally,
    beside near alongside adjacent nearby, vertical vertically, diagonal diagonally, outside outdoors,
    indoors
    """,
)
#: Marks of several words, tried before single ones; `skip` for phrases whose words must not be taken one by one.
PHRASES: Mapping[tuple[str, ...], str] = {
    tuple(phrase.split()): mark
    for mark, phrases in {
        "direction front-of": "in front of, in front",
        "direction behind": "in back of",
        "direction beside": "next to, nearest to, by the side of",
        "direction upside-down": "upside down",
        "direction counterclockwise": "counter clockwise, anti clockwise",
        "colour monochrome": "black and white, black & white",
        "negation": "no longer, not any more, not anymore",
        "family remove": "get rid of, get rid off, got rid of, gotten rid of, getting rid of, do away with",
        "family alter": "in place of, instead of",
        "family add": "set up",
        "pole zoom +": "zoom in",
        "pole zoom -": "zoom out",
        "pole power +": "turn on, turned on, switch on, switched on",
        "pole power -": "turn off, turned off, switch off, switched off",
        "pole near +": "close to",
        "pole near -": "away from",
        "pole change -": "as before",
        "skip": "on top of, that's right, that s right, all right, right away, right now, any more, any longer,"
        " anymore, not only, only difference, time of day, time of the day, a few, a little, a bit, quite a few,"
        " to the point, between the two images, between the two pictures, between the two photos,"
        " between the two scenes, between the images, between the pictures, between the photos, between the scenes",
    }.items()
    for phrase in phrases.split(",")
}

#: Words on one side of which `left` and `right` are places, not the past of `leave` or `correct`.
BEFORE_SIDE = _words(
    """
    the far on to from at top bottom upper lower your his her their its turn turns turned turning move
    moves moved moving shift shifted face faces facing look looking looks further farther front back rear
    slightly towards toward extreme middle center centre and or very points pointing shifts
    """
)
AFTER_SIDE = _words(
    """
    side hand corner of most half part edge picture image photo lane arm leg eye foot ear one man woman
    person car shoe wall handed ward third frame
    """
)
#: Words before which `right` may mean `just`.
AFTER_JUST = _words(
    """
    below above under underneath beneath behind beside next in at near
    """
)
#: Words on one side of which `back` is a place.
BEFORE_BACK = _words(
    """
    the in at from
    """
)
AFTER_BACK = _words(
    """
    of wall row window seat side corner end door yard left right wheel leg
    """
)
#: Words that turn a magnitude round.
DECREASING = _words(
    """
    decrease decreased decreases reduce reduced reduces lower lowered less lessen
    """
)
MAGNITUDES = _words(
    """
    brightness exposure contrast saturation vividness
    """
)
#: Words that, negated, say that something is gone.
SHOWN = _words(
    """
    visible present there here shown seen in
    """
)
#: What every pair has two of.
PICTURES = _words(
    """
    images pictures photos photographs scenes frames shots
    """
)
#: Directions that relate two things, so that those must not change places.
RELATIONS = _words(
    """
    above below behind front-of left right
    """
)
#: Words that may say a direction, or not.
LOOSE_PLACES: Mapping[str, str] = {"by": "beside", "over": "above"}

NEGATIONS = _words("no not never without nothing none neither nor cannot nobody nowhere non")
#: Words that say that nothing else is meant.
LIMITS = _words("only except")
#: Contractions of which the apostrophe, or all after it, may be missing.
CONTRACTED = _words(
    "isn aren wasn weren don doesn didn hasn haven hadn won wouldn can couldn shouldn isnt arent wasnt dont doesnt"
    " didnt hasnt havent cant wont werent"
)

POLES = _poles(
    """
    exist: appear emerge arrive enter visible present new newly gain | gone disappear vanish missing \
    absent invisible
    change: differ different difference | same identical unchanged unaltered unmodified alike \
    indistinguishable
    light: bright brighter brightest brighten lighten lighter lit illuminate brightness exposure | dark \
    darker darkest darken dim dimmer dimly darkness unlit
    contrast: contrast |
    saturation: saturate saturation vividness | desaturate
    size: big bigger biggest large larger largest huge enlarge giant gigantic enormous massive | small \
    smaller smallest tiny shrink shrunk shrank miniature
    extent: tall taller tallest long longer longest lengthen | short shorter shortest shorten
    height: high higher highest raise elevate lift | low lowered
    width: wide wider widen broad broaden thick thicker | narrow narrower thin thinner slim
    age: old older oldest elderly aged | young younger youngest
    open: open | closed closing closes shut
    amount: more additional extra another increase boost many most multiple numerous | less fewer \
    decrease reduce few least
    sharpness: sharp sharper sharpen crisp crisper | blur blurry blurrier
    heat: warm warmer hot hotter heat | cold colder cool cooler chilly
    dirt: clean cleaner spotless | dirty dirtier filthy
    water: wet wetter soaked | dry drier
    filling: full fill crowded | empty vacant deserted
    hour: day daytime daylight | night nighttime nightfall
    surface: smooth smoother | rough rougher
    speed: fast faster quick | slow slower
    mood: happy happier smile smiling cheerful | sad sadder frown frowning unhappy
    near: closer nearer toward towards | farther further
    gender: he him his himself | she her hers herself
    sleep: awake | asleep
    """
)
#: Axes whose words may go and come, as long as the opposite does not take their place.
LOOSE_AXES = _words("amount near gender exist")

FAMILIES = _table(
    "family",
    """
    add insert include introduce incorporate attach install affix append apply inscribe superimpose overlay, remove
    delete erase eliminate extract omit discard strip exclude depart, alter replace change turn convert
    transform swap switch exchange substitute modify transition morph become adjust update recolor
    recolour repaint dye redo restyle, move relocate reposition slide drag transfer, rotate flip mirror
    invert tilt, crop trim uncrop
    """,
)
#: Verbs of more than one family, or of none: they fit whatever they stand for.
BROAD: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("put", "place", "position", "set", "lay", "bring"), frozenset({"add", "move", "alter"})),
    "shift": frozenset({"move", "alter"}),
    **dict.fromkeys(("give", "create", "cover", "draw", "paint", "write"), frozenset({"add", "alter"})),
    **dict.fromkeys(("make", "style", "color", "colour", "tint"), frozenset({"alter"})),
    **dict.fromkeys(("paste", "plant", "mount", "hang", "sprinkle", "print"), frozenset({"add"})),
    **dict.fromkeys(("turn", "straighten"), frozenset({"alter", "rotate"})),
    **dict.fromkeys(("cut", "clear", "clean", "wipe"), frozenset({"remove", "crop", "alter"})),
}
#: `take ... off`, `pull ... out of`: with one of the second words later on, the first ones remove.
TAKING = _words("take taken took taking pull pulled cut wipe wiped crop lift")
AWAY = _words("off out away from")

ACTIVITIES = _table(
    "activity",
    """
    walk stroll, run ran jog sprint, stand stood, sit sat seat seated, lie lying, ride rode, drive
    drove, park, hold held carry, jump leap, fly flew, swim swam, eat ate, drink drank, sleep slept,
    dance, climb, fall fell, throw threw toss, catch caught, kick, push, talk chat, wave, cross, fight,
    read, sing sang
    """,
)

#: Noun or adjective -> the word that stands for all that mean the same.
SYNONYMS: Mapping[str, str] = {
    word: mark.removeprefix("noun ")
    for word, mark in _table(
        "noun",
        """
    person individual someone somebody, people individuals, man guy gentleman male, woman lady female,
    child kid, baby infant, car automobile auto vehicle, truck lorry, bike bicycle, motorcycle
    motorbike, airplane plane aeroplane aircraft, boat vessel, couch sofa, tv television, phone
    cellphone telephone smartphone, fridge refrigerator, rug carpet, trash garbage rubbish, sidewalk
    pavement, street road, dog canine, cat feline kitty, puppy pup, rabbit bunny, background backdrop,
    spectacles glasses eyeglasses, sunglasses shades, pants trousers, tshirt tee, text
    writing word wording lettering phrase, forest woods, rock stone, sea ocean, shop store, donut
    doughnut, movie film, cabinet cupboard, photo photograph picture
    image pic, ball sphere, wood wooden, metal metallic, wool woolen, snow snowy, cloud cloudy, sun
    sunny, rain rainy, fog foggy, storm stormy, cartoon cartoonish, shiny gleaming glossy, closest nearest, cube block
    """,
    ).items()
}
#: Plurals that no rule undoes.
PLURALS: Mapping[str, str] = {
    "men": "man",
    "women": "woman",
    "children": "child",
    "feet": "foot",
    "teeth": "tooth",
    "mice": "mouse",
    "geese": "goose",
    "leaves": "leaf",
    "knives": "knife",
    "shelves": "shelf",
    "wolves": "wolf",
    "loaves": "loaf",
    "halves": "half",
    "scarves": "scarf",
    "lives": "life",
}

DETERMINERS = _words(
    "a an the this these those his her its their my your our some any each every another 's whose all"
)
PREPOSITIONS = _words(
    "in on at of by for from with within into onto over through throughout across around along alongside near beside"
    " beside besides next against like as than upon off about during after before until inside among via per up down"
    " out"
)
STOP = (
    DETERMINERS
    | PREPOSITIONS
    | _words(
        """
        that i you we they it he she him them me us who which what where when why how there here and or but so if then
        to is are was were be been being am do does did done has have had having will would can could should shall may
        might must let lets let's please now also just only too very much still already again yet even ever instead
        rather quite almost both either other others else such own same s t re ve ll d m it's there's that's he's she's
        they're has been one ones not no's while because since although though whereas however thus
        seem seems seemed look looks looked looking appears like as than itself themselves together apart away
        everything anything something everyone anyone entire whole overall single certain few many several various
        lot bunch back over
        """
    )
)
#: Nouns that come and go in other words for the same thing.
GENERIC = _words(
    """
    photo scene text color colour hue tone tint shade side hand part portion section area place \
    position location spot
    way thing object item look appearance style effect version view shot frame shape form kind type \
    sort set piece bit
    amount number change difference alteration modification addition presence existence surrounding setting
    side direction end point touch finish feel theme aesthetic rendition depiction representation image design
    result time moment case one instance example front size level degree use order pair group state condition
    comparison contrast manner fashion space environment
    """
)
#: Adjectives that say nothing about a thing; all others must stay, and none may come, as if they were nouns.
ADJECTIVES = _words(
    """
    actual common complete current entire exact existing extra following full given main \
    noticeable obvious only
    original other overall particular present previous provided same separate single specific total \
    usual visible whole
    simple slight different similar
    """
)
#: Words in -ing, -ed and -ly that are nouns all the same.
NOUNS = _words(
    """
    building ceiling railing painting clothing wing ring king string parking crossing awning drawing lightning
    earring swing spring thing wedding pudding icing frosting stocking sling evening morning ceiling \
    bedding siding
    bed shed seed weed sled reed feed breed family butterfly fly jelly belly lily ally assembly rally duckling
    dressing topping writing lettering marking covering flooring lining planking wording viking
    """
)
VERBS = _words(
    """
    accept accommodate achieve act adapt adopt allow amplify animate apply arrange ask assemble assume \
    be beautify begin
    belong bend blend blow break breathe build burn buy call capture care cast cause center check \
    choose click close
    combine come compose comprise compress conceal conjure connect consist construct contain continue \
    contribute correct
    craft dangle decorate deepen define deliver depict describe design desire despeckle destroy develop \
    disguise display
    distort divide do double draft drag dress dress drift drop duplicate elevate embed emphasize \
    emulate enclose
    encompass endow engage engulf enhance ensure envelop evoke evolve examine exist expand expect \
    explain expose express
    extend fade feature feed feel find finish fit fix float flow focus fold follow form freeze gather \
    generate get go
    grab grow happen have head help hide highlight hit hover illustrate imagine imbue imitate immerse \
    improve infuse
    intensify invoke isolate join keep know lean leave lengthen let lift load locate lock lose maintain \
    mask match
    measure meet melt merge mimic minimize mix multiply need observe obtain occupy occur offer open outfit own
    participate pass perform pick play point polish portray pose pour prefer prepare present preserve \
    produce provide pull quit
    raise reach rearrange recreate refer reflect refresh reimagine relax release remain render repair \
    repeat represent
    reproduce request resemble reshape resize rest restore retain retrieve return reveal reverse revert \
    revise rework
    roll save say scatter see seem select send separate serve share show showcase simulate situate skip \
    smooth soften
    spell spin split spray spread squish stack start stay step stop store stretch stick submerge \
    suggest suit support
    surround suspend switch tear tell tidy touch transport try twist undergo undo unveil use utilize \
    view visit wait
    want warp wash watch wear whiten work wrap revamp shine glow sparkle stare approach vacate pull \
    shrink increase
    reduce decrease dim brighten darken differ remain vary happen stood went came left gone took taken \
    put made given
    held sat ran rode drove wore worn hung shown seen grew grown lost found kept stuck built drawn
    """
)
