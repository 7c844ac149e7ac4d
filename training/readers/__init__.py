"""One file a data set: raw files to recordings in canonical space."""

if not __name__.startswith("skel."):
    raise ImportError(f"import this package as 'skel.{__name__}', not '{__name__}'")
