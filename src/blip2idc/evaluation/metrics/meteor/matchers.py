"""Which words and phrases of two captions can be matched: METEOR's four matchers.

In: two `Caption`s of a `Vocabulary`. Out: for each place of the reference the matches that begin there, in METEOR's
order, which decides between alignments that are equally good: exact, stem, synonym, paraphrase. A paraphrase is
looked for in both directions, first those listed for phrases of the reference, then those listed for phrases of the
prediction, and counts twice where both lists have it.
"""

from __future__ import annotations

from blip2idc.evaluation.metrics.meteor.captions import Caption, Vocabulary

EXACT, STEM, SYNONYM, PARAPHRASE = range(4)
# place in the reference, words there, place in the prediction, words there, matcher
Match = tuple[int, int, int, int, int]


def find_matches(prediction: Caption, reference: Caption, vocabulary: Vocabulary) -> list[list[Match]]:
    """Matches that begin at each place of the reference; of identical captions the exact ones only."""
    here, found = prediction.places, list[list[Match]]()
    same = prediction.words == reference.words
    stems, synonyms, words = vocabulary.stems, vocabulary.synonyms, here.keys()
    for place, word in enumerate(reference.words):
        matches = [(place, 1, at, 1, EXACT) for at in here[word]] if word in here else []
        if not same:
            for matcher, others in ((STEM, stems[word]), (SYNONYM, synonyms[word])):
                if others and not others.isdisjoint(words):
                    at = sorted(at for other in others & words for at in here[other])
                    matches += [(place, 1, there, 1, matcher) for there in at]
        found.append(matches)
    if not same and prediction.phrases and reference.phrases:
        _add_paraphrases(prediction, reference, vocabulary, found)
    return found


def _add_paraphrases(
    prediction: Caption, reference: Caption, vocabulary: Vocabulary, found: list[list[Match]]
) -> None:
    """Append the paraphrase matches."""
    there, listed, related = prediction.phrase_places, vocabulary.paraphrases, vocabulary.related
    phrases = there.keys()
    backwards = list[tuple[int, int, int, Match]]()
    for place, length, phrase in reference.phrases:
        others = related[phrase]
        if others.isdisjoint(phrases):
            continue
        ranks = listed.get(phrase, {})
        both = others & phrases
        for other in sorted(both & ranks.keys(), key=ranks.__getitem__):
            found[place] += [(place, length, at, size, PARAPHRASE) for at, size in there[other]]
        for other in both:
            rank = listed.get(other, {}).get(phrase)
            if rank is not None:
                for at, size in there[other]:
                    backwards.append((at, size, rank, (place, length, at, size, PARAPHRASE)))
    backwards.sort()
    for _, _, _, match in backwards:
        found[match[0]].append(match)
