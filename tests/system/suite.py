# SPDX-License-Identifier: MIT
"""The list of whole-system tests, which each file here adds itself to.

    @test("the ISO boots on {machine}", machine=("pc", "q35"))
    def boot(machine): ...

adds boot_pc and boot_q35: a name, a sentence, a function with its arguments.
"""
import itertools
from dataclasses import dataclass
from typing import Callable

TESTS = {}


@dataclass
class Test:
    """One case; `limit_s` is for all of it, markers have their own."""
    sentence: str
    run: Callable
    limit_s: int


def test(sentence, limit_s=400, **choices):
    """Adds the function once for every combination of the choices."""
    def add(function):
        for values in itertools.product(*choices.values()):
            arguments = dict(zip(choices, values))
            name = "_".join([function.__name__, *map(str, values)])
            TESTS[name] = Test(
                sentence.format(**arguments),
                lambda arguments=arguments: function(**arguments), limit_s)
        return function
    return add
