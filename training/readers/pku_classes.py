"""The action names of PKU-MMD, in the order of its labels 1 to 51."""

# fmt: off
PKU_CLASSES: tuple[str, ...] = (
    "bow", "brushing hair", "brushing teeth", "check time from watch", "cheer up", "clapping", "cross hands in front",
    "drink water", "drop", "eat meal or snack", "falling", "giving something to other person", "hand waving", "handshaking",
    "hopping", "hugging other person", "jump up", "kicking other person", "kicking something", "make a phone call",
    "pat on back of other person", "pick up", "playing with phone or tablet", "point finger at other person",
    "pointing to something", "punching or slapping other person", "pushing other person", "put on a hat or cap",
    "put something inside pocket", "reading", "rub two hands together", "salute", "sitting down", "standing up",
    "take off a hat or cap", "take off glasses", "take off jacket", "take out something from pocket", "taking a selfie",
    "tear up paper", "throw", "touch back", "touch chest", "touch head", "touch neck", "typing on a keyboard", "use a fan",
    "wear jacket", "wear on glasses", "wipe face", "writing",
)
PKU_MUTUAL_CLASSES: tuple[str, ...] = (
    "giving something to other person", "handshaking", "hugging other person", "kicking other person",
    "pat on back of other person", "point finger at other person", "punching or slapping other person",
    "pushing other person",
)
# fmt: on
"""What two people do together, going by the names."""
