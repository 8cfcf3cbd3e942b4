"""What every provider answers to the steps of clients/llm: a text in the question says which answer is meant."""

from .answer import Answer, Delivery, Usage, calling, failing

CITIES = ("Paris", "Rome")
FOUND = {"city": "Paris", "degrees": 18}
TEXT = Answer().text


def weather(meaning):
    """Two calls at once, and a sentence when their results are there."""
    results = [part[1] for _, parts in meaning.turns for part in parts if part[0] == "result"]
    if results:
        return Answer(pieces=tuple(f"{one}. " for one in results))
    return calling(*(("get_weather", {"city": city}) for city in CITIES))


def structured(meaning):
    """As text where a schema is given, else as the call of the tool that has to be used."""
    if meaning.schema or meaning.choice in (None, "auto"):
        return Answer(pieces=('{"city": ', '"Paris", "degrees"', ": 18}"))
    return calling((meaning.choice if meaning.choice in meaning.tools else next(iter(meaning.tools)), FOUND))


ANSWERS = {
    "[chat]": Answer(usage=Usage(input=21, output=9)),
    "[tools]": weather,
    "[structured]": structured,
    "[image]": Answer(pieces=("A pixel.",)),
    "[length]": Answer(pieces=("It goes", " on and"), finish="length"),
    "[filter]": Answer(pieces=("It",), finish="filter"),
    "[refusal]": Answer(pieces=("I will", " not."), finish="refusal"),
    "[limited]": failing(429, "slow down", Retry_After="7"),
    "[broken]": failing(500, "it is broken"),
    "[breaks]": Answer(error_after=3),
    "[dies]": Answer(delivery=Delivery(break_after=3)),
}


def play(server):
    for when, answer in ANSWERS.items():
        server.answers(answer, when)
    return server
