"""The guard of meaning, on sentences labelled by hand: which variations say the same, and what the others change."""

from __future__ import annotations

from collections import Counter

import pytest

from blip2idc.synthesis.meaning import CODES, drift

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

CASES = [
    *((*(part.strip() for part in line.split(" | ")), None) for line in SAME.strip().splitlines()),
    *(
        (original, variation, code)
        for code, original, variation in (
            [part.strip() for part in line.split(" | ")] for line in OTHER.strip().splitlines()
        )
    ),
]


def test_there_are_cases_of_every_code() -> None:
    counted = Counter(code for *_, code in CASES)
    assert len(CASES) >= 120
    assert set(counted) == {*CODES, None}
    assert len(set(CASES)) == len(CASES)


@pytest.mark.parametrize(("original", "variation", "code"), CASES)
def test_labelled(original: str, variation: str, code: str | None) -> None:
    assert drift(original, variation) == code
