#!/usr/bin/env python3
"""Recomputes what test_arithmetic.c had computed. Each line of the file is an operation, its operands
and its results, in hexadecimal. Says what is wrong, and how many lines there were."""
import math
import sys


def divide(a, b):
    quotient = abs(a) // abs(b)
    if (a < 0) != (b < 0):
        quotient = -quotient
    return [quotient, a - quotient * b]


RIGHT = {
    "add": lambda a, b: [a + b],
    "sub": lambda a, b: [a - b],
    "mul": lambda a, b: [a * b],
    "square": lambda a: [a * a],
    "neg": lambda a: [-a],
    "div": divide,
    "mod": lambda a, n: [a % n],
    "addmod": lambda a, b, n: [(a + b) % n],
    "submod": lambda a, b, n: [(a - b) % n],
    "mulmod": lambda a, b, n: [a * b % n],
    "squaremod": lambda a, n: [a * a % n],
    "fmm": lambda a, b, n: [a * b % n],
    "invmod": lambda a, n: [pow(a, -1, n)],
    "expmod": lambda a, b, n: [pow(a, b, n)],
    "shift": lambda a, bits: [(abs(a) >> bits) * (-1 if a < 0 else 1)],
    "cmp": lambda a, b: [(a > b) - (a < b)],
    "bits": lambda a: [abs(a).bit_length()],
    "prime_to": lambda a, b: [int(math.gcd(a, b) == 1)],
}


def is_right(name, operands, results):
    if name != "gcd":
        return RIGHT[name](*operands) == results
    a, b = operands
    gcd, u, v = results
    # Coefficients are any that fit, and no larger than Euclid's.
    return (gcd == math.gcd(a, b) and u * a + v * b == gcd and
            abs(u) <= max(1, abs(b)) and abs(v) <= max(1, abs(a)))


def main():
    lines = 0
    with open(sys.argv[1], encoding="ascii") as file:
        for line in file:
            name, operands, results = (part.split() for part in line.split("|"))
            if not is_right(name[0], [int(text, 16) for text in operands],
                            [int(text, 16) for text in results]):
                sys.exit("wrong: " + line)
            lines += 1
    print(lines)


main()
