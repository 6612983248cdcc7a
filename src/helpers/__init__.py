"""Learning who to treat from multimodal health records: the library behind the book.

Import what you need from the modules; importing the package itself does nothing.
"""

__version__ = "0.1.0"
