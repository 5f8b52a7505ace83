"""Words of the templates: common things with their kinds, colours, materials, and edits of the whole image.

Data of `templates`, and the rule for plurals. Things that are hard to name alone (sheep, scissors) are left out.
"""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_KINDS = {
    "animal": """dog cat horse cow bird elephant bear zebra giraffe lion tiger rabbit duck goat pig monkey fox wolf
        puppy kitten squirrel penguin owl parrot chicken turtle frog camel donkey swan""",
    "vehicle": """car bus truck van motorcycle bicycle bike boat airplane plane taxi tractor scooter helicopter ship
        jeep sailboat""",
    "person": "man woman boy girl child lady guy kid skier surfer snowboarder skateboarder player",
    "clothing": "shirt hat jacket coat dress skirt tie scarf helmet cap sweater backpack suit",
    "furniture": "chair table couch sofa bench desk shelf cabinet lamp stool",
    "food": """apple banana pizza sandwich cake donut burger carrot lemon strawberry pie cookie tomato pear peach
        pineapple hot_dog""",
    "object": """cup bowl bottle vase plate clock laptop umbrella mug teapot pillow blanket curtain rug towel candle
        basket suitcase guitar kite ball balloon surfboard skateboard frisbee teddy_bear snowboard bag bucket box""",
    "plant": "tree flower bush tulip sunflower cactus palm_tree",
    "building": """house church tower bridge barn castle skyscraper temple lighthouse cabin tent door fence wall statue
        fountain stop_sign street_sign traffic_light fire_hydrant""",
}
_IRREGULAR = {
    "man": "men",
    "woman": "women",
    "child": "children",
    "wolf": "wolves",
    "shelf": "shelves",
    "cactus": "cacti",
    "bus": "buses",
}

#: Noun in the singular -> its kind.
THINGS = {noun.replace("_", " "): kind for kind, nouns in _KINDS.items() for noun in nouns.split()}


def plural_of(noun: str) -> str:
    """The plural of a noun of `THINGS`.

    Example:
        >>> plural_of("palm tree"), plural_of("church"), plural_of("puppy"), plural_of("wolf")
        ('palm trees', 'churches', 'puppies', 'wolves')
    """
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun == "tomato" else f"{noun}s"


#: Either form of a noun -> its singular.
SINGULARS = {form: noun for noun in THINGS for form in (noun, plural_of(noun))}

#: Kind -> what its things may turn into.
SWAPS = {
    "animal": _words("dog cat horse cow elephant bear zebra giraffe lion tiger rabbit fox penguin wolf"),
    "vehicle": _words("car bus truck motorcycle bicycle tractor boat"),
    "food": _words("apple banana pizza sandwich cake donut burger pineapple"),
    "plant": ("palm tree", "cactus", "sunflower", "bush"),
}
COLORS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "gray")
#: Kinds that may have any colour.
COLORFUL = frozenset({"vehicle", "clothing", "furniture", "object", "building"})
MATERIALS = ("wood", "gold", "glass", "stone", "ice", "chocolate", "cardboard", "marble")
#: Kinds that may be made of any material.
MADE_OF = frozenset({"animal", "vehicle", "furniture", "object", "building"})
#: Kinds that may wear something.
WEARERS = frozenset({"animal", "person"})
GADGETS = ("a red hat", "sunglasses", "a blue scarf", "a crown", "a party hat", "a green bow tie")

#: Words with a vowel in front that is not heard as one, and the reverse.
OTHER_SOUND = ("uni", "use", "eu", "one", "ewe")
VOWEL_SOUND = ("hour", "honest", "heir")

#: Words between which and a noun a colour may stand.
PLAIN_BEFORE = frozenset(
    _words(
        """
        a an the one two three four five some several many his her their its and of with on in big
        small large little old new young tall long short tiny huge
        """
    )
)
#: Words after a noun that show that the noun is not part of a compound.
FOLLOWERS = frozenset(
    _words(
        """
        on in at with and near by next beside behind under over above below inside outside of from
        to into onto through across along around against between among while who that which is are
        was were has for as down up off has stands sits lies walks runs flies parked standing
        sitting covered filled made
        """
    )
)
#: Words of captions of images without weather.
INDOORS = frozenset(
    _words(
        """
        room kitchen bathroom bedroom bed office indoors inside table desk couch sofa oven
        refrigerator microwave toilet sink plate bowl counter laptop computer restaurant museum
        classroom carpet studio
        """
    )
)
#: Words of captions of images that are dark already.
NO_SUN = frozenset(_words("night dark sunset sunrise dusk dawn evening moonlight midnight"))

#: Instruction, what is said of the pair, caption where none is known, what is added to a caption, where it applies.
WHOLE = (
    ("Make it snow", "it is now snowing", "a photograph in falling snow", " in falling snow", "outdoors"),
    ("Make it rain", "it is now raining", "a photograph in the rain", " in the rain", "outdoors"),
    ("Add thick fog", "there is now thick fog", "a photograph in thick fog", " in thick fog", "outdoors"),
    (
        "Add storm clouds and lightning",
        "there is now a thunderstorm",
        "a photograph in a thunderstorm",
        " in a thunderstorm",
        "outdoors",
    ),
    ("Add a rainbow", "there is now a rainbow", "a photograph with a rainbow", " with a rainbow", "outdoors"),
    (
        "Cover the ground with snow",
        "the ground is now covered with snow",
        "a photograph of a snowy landscape",
        ", the ground covered with snow",
        "outdoors",
    ),
    ("Turn it into winter", "it is now winter", "a photograph in winter", " in winter", "outdoors"),
    ("Turn it into autumn", "it is now autumn", "a photograph in autumn", " in autumn", "outdoors"),
    ("Turn it into spring", "it is now spring", "a photograph in spring", " in spring", "outdoors"),
    ("Make it night", "it is now night", "a photograph at night", " at night", "dark"),
    ("Make it sunset", "the sun is now setting", "a photograph at sunset", " at sunset", "dark"),
    ("Make it sunrise", "the sun is now rising", "a photograph at sunrise", " at sunrise", "dark"),
    ("Make it noon", "it is now noon", "a photograph in bright sunlight", " in bright sunlight", "outdoors"),
    (
        "Add fireworks to the sky",
        "there are now fireworks in the sky",
        "a photograph with fireworks in the sky",
        " with fireworks in the sky",
        "outdoors",
    ),
    ("Set it on fire", "everything is now on fire", "a photograph of a fire", ", everything on fire", "any"),
    (
        "Make the picture brighter",
        "the picture is now brighter",
        "a bright photograph",
        ", very bright",
        "any",
    ),
    ("Make the picture darker", "the picture is now darker", "a dark photograph", ", very dark", "any"),
    (
        "Light the scene with neon lights",
        "the scene is now lit by neon lights",
        "a photograph lit by neon lights",
        ", lit by neon lights",
        "any",
    ),
    (
        "Light the scene with candles",
        "the scene is now lit by candles",
        "a photograph lit by candles",
        ", lit by candles",
        "any",
    ),
    (
        "Turn it into a black and white photo",
        "the photo is now black and white",
        "a black and white photograph",
        ", black and white photograph",
        "any",
    ),
    (
        "Make it look like an old sepia photograph",
        "it now looks like an old sepia photograph",
        "an old sepia photograph",
        ", old sepia photograph",
        "any",
    ),
    (
        "Turn it into a watercolor painting",
        "it is now a watercolor painting",
        "a watercolor painting",
        ", watercolor painting",
        "any",
    ),
    ("Turn it into an oil painting", "it is now an oil painting", "an oil painting", ", oil painting", "any"),
    (
        "Turn it into a pencil sketch",
        "it is now a pencil sketch",
        "a pencil sketch",
        ", pencil sketch",
        "any",
    ),
    (
        "Turn it into a charcoal drawing",
        "it is now a charcoal drawing",
        "a charcoal drawing",
        ", charcoal drawing",
        "any",
    ),
    ("Turn it into a cartoon", "it is now a cartoon", "a cartoon", ", cartoon", "any"),
    ("Make it look like pixel art", "it is now pixel art", "pixel art", ", pixel art", "any"),
    (
        "Turn it into a comic book page",
        "it is now a comic book page",
        "a page of a comic book",
        ", comic book page",
        "any",
    ),
    ("Turn it into a mosaic", "it is now a mosaic", "a mosaic", ", mosaic", "any"),
    (
        "Make it look like a stained glass window",
        "it now looks like a stained glass window",
        "a stained glass window",
        ", stained glass window",
        "any",
    ),
    (
        "Make it look like Van Gogh painted it",
        "it now looks like a painting by Van Gogh",
        "a painting by Van Gogh",
        ", painting by Van Gogh",
        "any",
    ),
    (
        "Turn it into a Japanese woodblock print",
        "it is now a Japanese woodblock print",
        "a Japanese woodblock print",
        ", Japanese woodblock print",
        "any",
    ),
    (
        "Make everything out of toy bricks",
        "everything is now made of toy bricks",
        "a scene made of toy bricks",
        ", made of toy bricks",
        "any",
    ),
    (
        "Turn it into a clay animation",
        "it is now a clay animation",
        "a clay animation",
        ", clay animation",
        "any",
    ),
)
