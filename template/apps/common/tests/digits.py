"""What clients may send where a number is expected, for property-based tests."""

from hypothesis import strategies as st

# Strings for which `int` and a check of the text differ, and others that are not numbers.
ODD = [
    *("", "-1", "+1", "1_0", " 1", "1\n", "1\0", "1.0", "1e1", "0x1", "inf", "nan"),
    # Digits of other scripts, and a superscript.
    *("\u0663", "\uff11", "\u00b2"),
    # Leading zeros, and numbers that are too large.
    *("00000000199", "0000000019999999999999999999", "0" * 5000),
    *(str(2**63), "1" * 20, "9" * 5000),
]
numbers = st.integers(0, 10**30).map(str)
padded = st.builds(lambda zeros, number: "0" * zeros + number, st.integers(1, 40), numbers)
digits = numbers | padded | st.text(st.characters(categories=["Nd", "No"]), min_size=1, max_size=30)
