"""The guard of meaning, on sentences labelled by hand: which variations say the same, and what the others change."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from blip2idc.synthesis.paraphrase.meaning import CODES, drift

SHARED = Path(__file__).parents[4] / "shared" / "annotations"

#: Sentences of which the second says the same as the first; what people and language models write of image pairs.
SAME = """
Add a red hat to the dog. | Put a red hat on the dog.
Add a goat leaning on the fence. | Insert a goat leaning against the fence.
Add two birds to the sky. | Place 2 birds in the sky.
Add another person to the picture. | Insert an additional person into the image.
Add a grey cat next to the sofa. | Place a gray cat beside the couch.
Add a boat to the left of the pier. | Insert a boat on the left side of the pier.
Remove the car from the photo. | Delete the automobile from the picture.
Remove the car on the right. | Take out the right-hand car.
Get rid of the bench. | Erase the bench.
Remove the words from the shirt. | Take the words off the shirt.
Delete the two men in front of the door. | Remove the two men in front of the door.
Change the color of the remote to blue. | Make the remote blue.
Change the background to a beach. | Replace the backdrop with a beach.
Turn the dog into a wolf. | Transform the dog into a wolf.
Replace the zebra with a camel. | Swap the zebra for a camel.
Replace the zebra with a camel. | Substitute a camel for the zebra.
Replace the zebra with a camel. | Insert a camel in place of the zebra.
Change the red car to blue. | Turn the red car into a blue one.
Make the photo black and white. | Convert the picture to grayscale.
Increase the brightness of the photo. | Make the image brighter.
Decrease the brightness. | Make the picture darker.
Reduce the contrast of the image. | Lower the contrast of the picture.
Make the sky darker. | Darken the sky.
Make the dog bigger. | Enlarge the dog.
Move the cup to the left. | Shift the cup to the left.
Rotate the image clockwise. | Turn the picture clockwise.
Crop the image. | Trim the photo.
The man on the left is gone. | The left-hand man has left.
The man on the left is gone. | The man at the left has disappeared.
The man is gone. | The man is not there any more.
The man is gone. | The man is no longer in the picture.
The man is no longer there. | The man has vanished.
There is no longer a dog by the tree. | The dog by the tree is missing.
The car isn't there anymore. | The car is gone.
The car isn t there anymore | the car has disappeared
The red cube has been added. | A new red cube appeared.
A person has appeared. | Someone has been added.
there is a new person to the right of the silver car | a person has appeared to the right of the silver car
there is a person that was not in the picture before | a person has appeared
the two people are missing | both people are gone
the car has moved | the car has been moved
The lights are brighter now. | The lights have become brighter.
The door is open. | The door has been opened.
The scene has not changed. | The scene remains the same.
no change was made | nothing has changed
there is no difference | the two scenes are identical
nothing was modified | the scene is unchanged
the scene is the same as before | there is no change
Turn the man's head to the right. | Rotate the man's head to the right.
The sign right below the window is gone. | The sign just below the window has disappeared.
That's right, the dog is gone. | The dog has disappeared.
The umbrella above the table is green. | The umbrella over the table is green.
The car behind the bus is gone. | The vehicle behind the bus has vanished.
The lower left window is closed. | The bottom left window is shut.
The woman's right hand is open. | The right hand of the woman is open.
The second car is missing. | The 2nd car has disappeared.
Three people are walking on the left. | On the left, three people are walking.
Add the word "ground" to the sign. | Write "ground" on the sign.
Add the phrase 'OPEN NOW' to the door. | Put the words 'OPEN NOW' on the door.
Add a pair of boots beside the bed. | Place a pair of boots next to the bed.
A couple of birds appeared in the sky. | Two birds have appeared in the sky.
Make the wall out of wood. | Turn the wall into a wooden one.
The children are playing with a ball. | The kids are playing with a ball.
The person standing near the bike is gone. | The individual standing next to the bicycle has left.
There are fewer cars in the lot. | The lot has fewer cars.
The light is turned off. | The light has been switched off.
The small red sphere moved. | The small red ball has been moved.
The tiny cube was removed. | The small cube has been taken away.
Remove the leaves from the tree. | Delete the leaves from the tree.
Make her smile. | Have her smile.
"""

#: Code, then sentences of which the second says something else.
OTHER = """
number | Add two birds. | Add three birds.
number | Add two birds. | Add birds.
number | Add a bird. | Add four birds.
number | both men are gone | three men are gone
number | the second car is gone | the third car is gone
number | There are 12 chairs. | There are 21 chairs.
number | The two men left. | The men left.
number | Remove the first sign. | Remove the sign.
number | two people left and three dogs came | three people left and three dogs came
colour | Make the car red. | Make the car blue.
colour | Make the car red. | Make the car crimson.
colour | Remove the red car. | Remove the car.
colour | Remove the car. | Remove the red car.
colour | Make the wall dark blue. | Make the wall light blue.
colour | Make the wall red. | Make the wall a vibrant red.
colour | The gray cube moved. | The silver cube moved.
colour | Make the photo black and white. | Make the photo white.
direction | The man on the left is gone. | The man on the right is gone.
direction | The man on the left is gone. | The man is gone.
direction | The man is gone. | The man on the left is gone.
direction | Turn the car right. | Turn the car.
direction | Add a bird above the tree. | Add a bird below the tree.
direction | Add a dog in front of the house. | Add a dog behind the house.
direction | Crop the top of the image. | Crop the bottom of the image.
direction | The upper window is open. | The lower window is open.
direction | Rotate the image clockwise. | Rotate the image counterclockwise.
direction | Rotate it counter-clockwise. | Rotate it clockwise.
direction | Flip the image horizontally. | Flip the image vertically.
direction | The car moved north. | The car moved south.
direction | A dog sits at the back of the room. | A dog sits at the front of the room.
direction | Add a suitcase on the bed. | Add a suitcase beside the bed.
direction | The cat is under the table. | The cat is on the table.
direction | Move the cup forward. | Move the cup backwards.
direction | the man's left hand is up | the man's right hand is up
direction | Add a lamp between the beds. | Add a lamp behind the beds.
direction | Turn the photo upside down. | Turn the photo.
opposite | The car is gone. | The car has appeared.
opposite | The car has been added. | The car has been removed.
opposite | Add a car. | Remove a car.
opposite | Make it brighter. | Make it darker.
opposite | Increase the brightness. | Decrease the brightness.
opposite | Lower the contrast. | Raise the contrast.
opposite | Make the dog larger. | Make the dog smaller.
opposite | Make the dog larger. | Make the dog different.
opposite | The door is open. | The door is closed.
opposite | Turn on the lamp. | Turn off the lamp.
opposite | There are more people. | There are fewer people.
opposite | Sharpen the image. | Blur the image.
opposite | The man is less visible. | The man is more visible.
opposite | Zoom in on the dog. | Zoom out on the dog.
opposite | The scene has changed, it is different. | The scene has not changed.
opposite | nothing has changed | something has changed
opposite | Make the hair longer. | Make the hair shorter.
opposite | The car is closer to the wall. | The car is farther from the wall.
opposite | the man and his dog moved | the man and her dog moved
opposite | The street is wet. | The street is dry.
opposite | Change it to night. | Change it to day.
opposite | The man is not there any more. | The man is there, newly.
negation | The man wears a hat. | The man does not wear a hat.
negation | The dog is not running. | The dog is running.
negation | A man without a hat sits. | A man with a hat sits.
negation | Nobody walks on the bridge. | Walks on the bridge.
negation | Don't crop the photo. | Crop the photo.
negation | the dog never sits | the dog sits
negation | the person isn t walking | the person is walking
action | Remove the dog. | Replace the dog.
action | Add a goat to the fence. | Have a goat lean against the fence.
action | Add a goat to the fence. | Move a goat to the fence.
action | Remove the laptop from the bed. | Shift the laptop from the bed.
action | Remove the bananas hanging on the line. | Retrieve the bananas hanging on the line.
action | Replace the cup with a vase. | Move the cup with a vase.
action | Add the word 'hi' to the top left of the image. | Move the word 'hi' to the top left position of the image.
action | Crop the image. | Rotate the image.
action | The man is walking. | The man is sitting.
action | A woman stands near the car. | A woman jumps near the car.
action | The ball is gone. | The ball rests.
action | Change the sofa. | Remove the sofa.
object | Add a dog to the yard. | Add a cat to the yard.
object | Add a dog to the yard. | Add a dog.
object | The man is gone. | The woman is gone.
object | The man is gone. | The person is gone.
object | Some people have left. | A person has left.
object | Remove the truck. | Remove the vehicle.
object | Change the bench to a chair. | Change the bench.
object | Turn it into a watercolor painting. | Turn it into an oil painting.
object | Add a maraschino cherry to the cake. | Add a cherry to the cake.
object | The girl holds a kite. | The girl holds a balloon.
object | Put the food on a tray. | Put the food on a plate.
object | The stop sign is missing. | The sign is missing.
object | Add a wooden chair. | Add a chair.
object | Remove the dog and the cat. | Remove the dog.
roles | Replace the zebra with a camel. | Replace the camel with a zebra.
roles | Change the red car to blue. | Change the blue car to red.
roles | Turn the dog into a cat. | Transform the cat into a dog.
roles | Add a red cube beside the blue ball. | Add a blue cube beside the red ball.
roles | two men and three dogs appeared | three men and two dogs appeared
roles | The bird above the car is gone. | The car above the bird is gone.
roles | Add a dog behind the horse. | Add a horse behind the dog.
text | Add the word "banana" to the sign. | Add the word "orange" to the sign.
text | Add the word "banana" to the sign. | Add a word to the sign.
text | Add a word to the sign. | Add the word "stop" to the sign.
addition | Change the background to an airport. | Change the background to an airport with planes.
addition | Add a dog to the yard. | Add a dog with a collar to the yard.
addition | Turn it into an elephant. | Turn it into a majestic elephant.
addition | Turn it into an elephant. | Turn it into a huge elephant.
addition | Change the background to a buffet. | Change the background to a bustling buffet.
addition | The man is gone. | The man is gone from the beach.
"""

#: Written when the tables were done, as variations by a language model would be; the first word of a line is the code.
#: At first sight 5 of the 40 that say the same were refused, and none of the 42 others passed.
LATER = """
same | the person in the blue shirt is gone | The individual wearing the blue shirt has disappeared.
same | there are two people walking on the sidewalk now | Two people are now walking along the sidewalk.
same | the white van has left the parking lot | The white van is no longer in the parking lot.
same | the black truck moved forward | The black truck has moved forward.
same | there is a new car parked by the gate | A car is now parked near the gate.
same | people are missing from the stairs | The people on the stairs are gone.
same | the silver car in the top row is not there anymore | The silver car in the upper row has vanished.
same | someone has opened the door of the red car | The door of the red car has been opened.
same | a man with an umbrella appeared near the bench | A man carrying an umbrella has appeared by the bench.
same | there are fewer people on the right side | Fewer people are on the right side.
same | the small brown metal cube is missing | The tiny brown metal cube has disappeared.
same | the big purple sphere changed to yellow | The large purple sphere turned yellow.
same | someone changed the cyan cylinder to rubber | The cyan cylinder has been changed to rubber.
same | the green cylinder behind the red cube has moved | The green cylinder that is behind the red cube was moved.
same | a new gray metal ball has been added | A gray metal sphere has been newly placed.
same | there is no difference between the two images | The two images are identical.
same | nothing has changed in the scene | The scene is exactly the same as before.
same | Add a lighthouse in the background. | Put a lighthouse in the background.
same | Remove the kid from the swing. | Take the child off the swing.
same | Replace the vase with a lamp. | Swap out the vase for a lamp.
same | Turn the carpet green. | Change the color of the carpet to green.
same | Make the picture brighter. | Brighten the image.
same | Change the wall to brick. | Make the wall brick.
same | Put a crown on the cat. | Add a crown to the cat's head.
same | Rotate the photo so it is straight. | Straighten the photo by rotating it.
same | Make it a rainy night. | Change it to a rainy night.
same | Add three balloons above the cake. | Place three balloons over the cake.
same | Remove all text from the poster. | Erase all of the text on the poster.
same | Change the apple to an orange. | Turn the apple into an orange.
same | Increase the saturation and the contrast. | Boost the contrast and the saturation.
same | The lamp on the desk has been switched on. | The desk lamp is turned on.
same | The window is closed. | The window has been shut.
same | The bicycle leaning on the wall has disappeared. | The bike that was leaning against the wall is gone.
same | The dog moved from the left to the right. | The dog has moved from left to right.
same | One more person is standing at the crosswalk. | An additional person stands at the crosswalk.
same | There is a dark blue car instead of the white one. | The white car has been replaced with a dark blue car.
same | The flag is higher than before. | The flag has been raised.
same | The picture has been cropped. | The image was cropped.
same | Make the man's shirt blue. | Change the man's shirt to blue.
same | Remove the person standing next to the tree. | Delete the person who is standing beside the tree.
number | there are two people walking on the sidewalk now | There are several people walking on the sidewalk now.
number | Add three balloons above the cake. | Add balloons above the cake.
number | the four chairs are gone | the five chairs are gone
colour | the person in the blue shirt is gone | The person in the navy shirt is gone.
colour | the big purple sphere changed to yellow | The big purple sphere changed to gold.
colour | Turn the carpet green. | Turn the carpet a lush emerald green.
colour | the silver car is missing | the car is missing
direction | the silver car in the top row is not there anymore | The silver car in the back row is not there anymore.
direction | there are fewer people on the right side | there are fewer people on the left side
direction | Add a lighthouse in the background to the left. | Add a lighthouse in the background.
direction | The flag is above the roof. | The flag is beside the roof.
direction | Put the cup under the table. | Put the cup on the table.
opposite | the white van has left the parking lot | The white van has entered the parking lot.
opposite | Make the picture brighter. | Dim the image.
opposite | there are fewer people on the right side | There are more people on the right side.
opposite | The window is closed. | The window has been opened.
opposite | a new gray metal ball has been added | A gray metal ball has been removed.
opposite | The lamp on the desk has been switched on. | The lamp on the desk has been switched off.
opposite | nothing has changed in the scene | The scene has undergone a change.
negation | The man is not holding a bag. | The man is holding a bag.
negation | The woman has no hat. | The woman has a hat.
negation | The car has stopped moving. | The car has not stopped moving.
action | Remove the kid from the swing. | Push the kid on the swing.
direction | Replace the vase with a lamp. | Put a vase next to a lamp.
action | the green cylinder behind the red cube has moved | The green cylinder behind the red cube has changed.
action | a man is walking to the store | a man is running to the store
action | Make the man's shirt blue. | Remove the man's blue shirt.
object | Put a crown on the cat. | Put a tiara on the cat.
object | Remove the person standing next to the tree. | Remove the person standing next to the bush.
object | someone changed the cyan cylinder to rubber | someone changed the cyan cylinder to metal
object | a man with an umbrella appeared near the bench | A man appeared near the bench.
object | the white van has left the parking lot | The white bus has left the parking lot.
object | people are missing from the stairs | The people are missing.
roles | Replace the vase with a lamp. | Replace the lamp with a vase.
roles | Change the apple to an orange. | Turn the orange into an apple.
roles | the green cylinder behind the red cube has moved | The red cylinder behind the green cube has moved.
roles | The cup in front of the plate is gone. | The plate in front of the cup is gone.
text | Change the sign to say "open". | Change the sign to say "closed".
addition | Add a lighthouse in the background. | Add a lighthouse on a cliff in the background.
addition | the black truck moved forward | The rusty black truck moved forward.
addition | Make it a rainy night. | Make it a rainy night in the city.
addition | the person in the blue shirt is gone | The person in the blue shirt is gone after work.
"""


def labelled(lines: str) -> list[tuple[str, str, str | None]]:
    """(original, variation, code) from lines that begin with a code."""
    found = []
    for line in lines.strip().splitlines():
        code, original, variation = (part.strip() for part in line.split(" | "))
        found.append((original, variation, None if code == "same" else code))
    return found


CASES = labelled("\n".join(f"same | {line}" for line in SAME.strip().splitlines()) + OTHER)


def test_there_are_cases_of_every_code() -> None:
    counted = Counter(code for *_, code in CASES)
    assert len(CASES) >= 120
    assert set(counted) == {*CODES, None}
    assert len(set(CASES)) == len(CASES)


@pytest.mark.parametrize(("original", "variation", "code"), CASES)
def test_labelled(original: str, variation: str, code: str | None) -> None:
    assert drift(original, variation) == code


def rates(judge: Callable[[str, str], str | None]) -> tuple[float, float]:
    """Precision and recall of refusals on `LATER`."""
    answers = [(code, judge(original, variation)) for original, variation, code in labelled(LATER)]
    refused = [code is not None for code, answer in answers if answer is not None]
    changed = [answer is not None for code, answer in answers if code is not None]
    return sum(refused) / len(refused), sum(changed) / len(changed)


def test_rates_on_sentences_that_the_tables_were_not_made_for() -> None:
    assert len(labelled(LATER)) >= 80
    precision, recall = rates(drift)
    assert precision >= 0.93
    assert recall >= 0.97
    # not vacuous: who refuses all, or whatever is not the same letter by letter, is right in every second case only
    assert rates(lambda original, variation: "all")[0] < 0.55
    assert rates(lambda original, variation: None if original == variation else "other")[0] < 0.55


#: A word, and one that makes the sentence say something else.
MUTATIONS = (
    ("left", "right"), ("top", "bottom"), ("front", "back"), ("red", "blue"), ("black", "white"), ("two", "three"),
    ("2", "3"), ("first", "third"), ("man", "woman"), ("car", "truck"), ("person", "people"), ("gone", "visible"),
    ("larger", "smaller"), ("more", "fewer"), ("open", "closed"), ("add", "remove"), ("his", "her"),
    ("brighter", "darker"), ("appeared", "disappeared"), ("behind", "beside"), ("walking", "sitting"),
)  # fmt: skip


@pytest.mark.shared
@pytest.mark.slow
def test_real_captions_do_not_drift_from_themselves_and_notice_a_changed_word() -> None:
    """On captions that people wrote for three benchmarks: 30 thousand sentences, one word changed at a time."""
    captions = real_captions()
    assert len(captions) > 30_000
    assert [caption for caption in captions if drift(caption, caption) is not None] == []
    told = changed = 0
    for one, other in (*MUTATIONS, *((b, a) for a, b in MUTATIONS)):
        for caption in captions:
            mutated = re.sub(rf"\b{one}\b", other, caption, flags=re.IGNORECASE)
            if mutated != caption:
                changed += 1
                told += drift(caption, mutated) is not None
    assert changed > 40_000
    assert told / changed > 0.99


def real_captions() -> list[str]:
    """Different captions of Spot-the-Diff, Image-Editing-Request and Emu Edit."""
    if not SHARED.is_dir():
        pytest.skip(f"no {SHARED}")
    found: set[str] = set()
    for folder, key in (("spot_the_diff", "sentences"), ("image_editing_request", "sents")):
        for path in (SHARED / folder).glob("[tv]*.json"):
            found.update(text.strip() for entry in json.loads(path.read_text()) for text in entry[key])
    for path in (SHARED / "syned").glob("instructions_with_idx_*.txt"):
        found.update(line.partition("<INSTRUCT>")[2].strip() for line in path.read_text().splitlines())
    return sorted(found - {""})
