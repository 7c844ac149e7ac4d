"""The recogniser under the name that programs import it by; it lives where training can measure it, too."""

from skel.models.recognizer import UNKNOWN, Prediction, Recognizer

__all__ = ["UNKNOWN", "Prediction", "Recognizer"]
