# SPDX-License-Identifier: MIT
"""What `./ashlar` says. Progress and errors go to standard error, results to standard output;
every failure names the next thing to do."""

import sys


class Failure(Exception):
    """Something the user must know about: what went wrong and what to do next."""

    def __init__(self, problem: str, advice: str = "", status: int = 1):
        super().__init__(problem)
        self.problem = problem
        self.advice = advice
        self.status = status

    def show(self) -> int:
        sys.stdout.flush()
        print(f"ashlar: {self.problem}", file=sys.stderr)
        if self.advice:
            print(f"Next: {self.advice}", file=sys.stderr)
        return self.status


def say(text: str) -> None:
    print(f"ashlar: {text}", file=sys.stderr, flush=True)
