"""The templates of the sentences of the kinds that only the filters have."""

from __future__ import annotations

from collections.abc import Mapping

#: Wordings of the kinds that only this catalogue has.
WORDINGS: Mapping[str, tuple[str, ...]] = {
    "fade": (
        "the picture looks faded",
        "the photo was faded",
        "the colors look washed out",
        "the blacks became gray",
    ),
    "shadows": (
        "the shadows were brightened",
        "the dark parts became brighter",
        "the shadows are lighter now",
    ),
    "highlights": (
        "the highlights were darkened",
        "the bright parts became darker",
        "the highlights are dimmer now",
    ),
    "warmer": (
        "the colors became warmer",
        "the picture has a warmer white balance",
        "the photo looks warmer now",
    ),
    "cooler": (
        "the colors became cooler",
        "the picture has a cooler white balance",
        "the photo looks colder now",
    ),
    "hue": (
        "the hue was shifted",
        "all colors changed to other colors",
        "the colors of the picture were shifted",
    ),
    "sepia": (
        "the photo was turned to sepia",
        "the picture has a brown sepia tone",
        "a sepia filter was applied",
    ),
    "posterize": (
        "the picture was posterized",
        "the number of colors was reduced",
        "the photo has only a few flat colors",
    ),
    "solarize": (
        "the picture was solarized",
        "the bright parts were inverted",
        "a solarize effect was applied",
    ),
    "threshold": (
        "the picture is only pure black and white now",
        "a threshold was applied to the picture",
        "the photo became a black and white silhouette",
    ),
    "false_color": (
        "the picture is shown in false colors",
        "a color map was applied to the picture",
        "the photo looks like a heat map now",
    ),
    "cross_process": (
        "the photo looks cross-processed",
        "a vintage color filter was applied",
        "the color curves were changed",
    ),
    "vignette": (
        "a {tone} vignette was added",
        "the corners of the photo became {tone}",
        "the edges fade to {tone} now",
    ),
    "spotlight": (
        "a spotlight was added",
        "only one place is lit and the rest is dark",
        "a light shines on one part of the picture",
    ),
    "soft_glow": (
        "a soft glow was added",
        "the bright parts glow now",
        "the picture looks dreamy and glowing",
    ),
    "lens_flare": (
        "a lens flare was added",
        "there is a bright lens flare now",
        "a light with rays was added",
    ),
    "old_photo": (
        "the picture was made to look like an old photo",
        "the photo looks old and worn now",
        "an old photo effect was applied",
    ),
    "motion_blur": (
        "a motion blur was applied",
        "the picture was smeared {direction}",
        "the photo is blurred by motion",
        "the whole picture is blurred {direction}",
    ),
    "zoom_blur": (
        "a zoom blur was applied",
        "the picture is blurred towards the center",
        "the photo is smeared outwards from the middle",
    ),
    "circular_blur": (
        "a circular blur was applied",
        "the picture is blurred in circles",
        "the photo is smeared around its center",
        "a spin blur was applied",
    ),
    "tilt_shift": (
        "a tilt-shift effect was applied",
        "the top and bottom are blurred and the middle is sharp",
        "the scene looks like a miniature now",
    ),
    "smooth": (
        "the picture was smoothed",
        "fine details were smoothed away",
        "the photo looks smooth like plastic",
    ),
    "film_grain": (
        "film grain was added",
        "the photo has film grain now",
        "the picture looks grainy like old film",
    ),
    "salt_and_pepper": (
        "salt and pepper noise was added",
        "black and white dots were added all over",
        "the picture is covered with white and black specks",
    ),
    "scatter": (
        "the pixels were scattered",
        "the picture looks like seen through frosted glass",
        "the pixels were spread around",
    ),
    "jpeg": (
        "the picture was heavily compressed",
        "strong compression artifacts appeared",
        "the photo has a very low JPEG quality now",
    ),
    "scan_lines": (
        "scan lines were added",
        "dark lines run across the whole picture",
        "the picture looks like on an old television",
    ),
    "wind": (
        "a wind effect was applied",
        "streaks run to the {side}",
        "the picture looks blown to the {side}",
    ),
    "ghosting": (
        "the color channels were shifted apart",
        "red and blue edges appeared",
        "the picture has a red and blue 3D effect",
    ),
    "emboss": ("the picture was embossed", "the photo looks like a relief", "an emboss effect was applied"),
    "edges": (
        "only the edges are left",
        "the outlines were detected",
        "an edge detection was applied",
        "the picture became an outline drawing",
    ),
    "sketch": (
        "the photo became a pencil sketch",
        "the picture looks like a drawing",
        "a sketch effect was applied",
    ),
    "photocopy": (
        "the picture looks like a photocopy",
        "a photocopy effect was applied",
        "the photo was turned into a black and white copy",
    ),
    "oil_paint": (
        "the photo looks like an oil painting",
        "an oil paint effect was applied",
        "the picture was painted in oil",
    ),
    "watercolor": (
        "the photo looks like a watercolor",
        "a watercolor effect was applied",
        "the picture was painted in watercolors",
    ),
    "cartoon": (
        "the photo looks like a cartoon",
        "a cartoon effect was applied",
        "the picture became a comic",
    ),
    "halftone": (
        "the picture looks like a newspaper print",
        "a halftone pattern was applied",
        "the picture is made of printed dots now",
    ),
    "pointillism": (
        "the picture is painted in dots of color",
        "a pointillism effect was applied",
        "the photo is made of round dots now",
    ),
    "mosaic": (
        "the picture was turned into a mosaic",
        "the photo is made of tiles now",
        "a mosaic effect was applied",
    ),
    "cubism": (
        "the picture looks like a cubist painting",
        "a cubism effect was applied",
        "the photo is made of colored squares now",
    ),
    "glass_tiles": (
        "the picture is seen through glass tiles",
        "a glass tile effect was applied",
        "the photo looks like behind glass blocks",
    ),
    "canvas_texture": (
        "a canvas texture was added",
        "the picture looks woven",
        "the photo looks printed on cloth",
    ),
    "jigsaw": (
        "the picture was cut into puzzle pieces",
        "a jigsaw pattern was added",
        "the photo became a puzzle",
    ),
    "small_copies": (
        "the picture is repeated as small copies",
        "the photo was tiled many times",
        "the picture was repeated as a pattern",
    ),
    "quarter_turn": (
        "the picture was rotated by 90 degrees to the {side}",
        "the photo was turned on its side",
        "the image was rotated a quarter turn to the {side}",
    ),
    "half_turn": (
        "the picture was turned upside down",
        "the photo was rotated by 180 degrees",
        "the image stands on its head now",
    ),
    "zoom_out": (
        "the picture was made smaller on a {color} background",
        "the photo was zoomed out",
        "the picture shrank and is surrounded by {color}",
    ),
    "stretch": (
        "the picture was stretched {way}",
        "the photo is {way} than before",
        "the proportions of the picture changed",
        "the picture was distorted to be {way}",
    ),
    "swirl": (
        "the picture was twisted into a swirl",
        "a whirl effect was applied",
        "the middle of the photo is twirled",
    ),
    "waves": (
        "the picture became wavy",
        "a wave distortion was applied",
        "the lines of the photo are wavy now",
    ),
    "ripple": (
        "ripples were added to the picture",
        "a water ripple effect was applied",
        "rings run outwards like on a pond",
    ),
    "lens_distortion": (
        "a lens distortion was applied",
        "the picture looks like through a fisheye lens",
        "the photo is curved outwards like a barrel",
    ),
    "bulge": (
        "the middle of the picture bulges out",
        "a bulge effect was applied",
        "the center was inflated",
    ),
    "pinch": (
        "the middle of the picture was pinched",
        "a pinch effect was applied",
        "the center was squeezed together",
    ),
    "page_curl": (
        "the {corner} corner is curled like a page",
        "a page curl was added",
        "the {corner} corner was rolled up",
    ),
    "polar": (
        "the picture was bent into a circle",
        "polar coordinates were applied",
        "the photo looks like a little planet",
    ),
    "perspective": (
        "the perspective was changed",
        "the picture is tilted away",
        "one side of the photo became smaller",
    ),
    "shear": (
        "the picture was sheared",
        "the photo was skewed",
        "the photo leans sideways like a parallelogram",
    ),
    "offset": ("the picture was shifted {way}", "the whole photo moved {way}", "everything was moved {way}"),
    "mirror_half": (
        "one half mirrors the other",
        "the picture is symmetric now",
        "a kaleidoscope effect was applied",
    ),
    "slices": (
        "strips of the picture were shifted sideways",
        "a glitch effect was applied",
        "the rows of the photo are displaced",
    ),
    "fuzzy_border": (
        "the edges fade into {color}",
        "a fuzzy {color} border was added",
        "the photo has soft {color} edges",
    ),
    "letterbox": ("black bars were added {ends}", "there are black bars {ends} now"),
    "drop_shadow": (
        "a drop shadow was added",
        "the picture casts a shadow now",
        "the photo has a shadow behind it",
    ),
    "round_corners": (
        "the corners were rounded",
        "the picture has round corners now",
        "the corners of the photo were cut round",
    ),
    "oval": (
        "the picture was cut out as an oval",
        "the photo has an oval shape now",
        "the picture was cropped to an ellipse",
    ),
    "polaroid": (
        "the photo looks like a polaroid",
        "a polaroid frame was added",
        "the picture became an instant photo",
    ),
    "film_strip": (
        "a film strip frame was added",
        "the photo looks like part of a film strip",
        "perforated film edges were added",
    ),
    "grid_lines": (
        "a {color} grid was added",
        "{color} grid lines cover the picture",
        "a grid was drawn over the photo",
    ),
    "stripes": (
        "{color} stripes cover the picture",
        "{color} blinds were added",
        "{color} bars were laid over the photo",
    ),
    "watermark": (
        "a watermark was added",
        "a watermark is written across the picture",
        "there is a watermark over the photo",
    ),
    "date_stamp": (
        "a date stamp was added",
        "the date was printed in the corner",
        "there is a date in the bottom right now",
    ),
    "coffee_stain": (
        "coffee stains were added",
        "there are brown stains on the photo",
        "a coffee ring appeared",
    ),
    "bubbles": (
        "blurry light spots were added",
        "colored circles of light appeared",
        "bokeh lights cover the photo",
    ),
    "collage": (
        "the photo became part of a collage",
        "several photos are shown side by side",
        "another photo was put beside it",
    ),
    "double_exposure": (
        "another photo was blended in",
        "the picture is a double exposure now",
        "two photos were merged into one",
    ),
    "another_photo": (
        "it is a completely different photo",
        "the photo was replaced by another one",
        "the whole picture is another one now",
    ),
    "engrave": ("the photo looks like an engraving", "the picture was engraved in black lines"),
    "dilate": ("the bright parts grew into the dark ones", "the bright areas were dilated"),
    "erode": ("the dark parts grew into the bright ones", "the bright areas were eroded"),
    "sparkle": ("sparkles were added", "bright stars of light appeared", "the picture sparkles now"),
    "paper_tiles": ("the picture was cut into paper tiles", "the photo was cut into squares that slid apart"),
    "checkerboard": ("a {color} checkerboard was added", "a {color} checkerboard pattern covers the picture"),
    "bevel": ("a bevel was added to the edges", "the photo looks like a raised button"),
    "warp": (
        "the picture was warped",
        "the photo looks molten and bent",
        "the shapes are distorted like melting",
    ),
    "plasma": (
        "clouds of color cover the picture",
        "a plasma pattern was added",
        "colorful clouds were laid over the photo",
    ),
}
