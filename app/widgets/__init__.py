"""What the window is made of; each widget shows one thing."""

if not __name__.startswith("skel."):
    raise ImportError(f"import this package as 'skel.{__name__}', not '{__name__}'")
