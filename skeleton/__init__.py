"""The ground floor: joints, frames, clips, windows and recordings. numpy only."""

if not __name__.startswith("skel."):
    raise ImportError(f"import this package as 'skel.{__name__}', not '{__name__}'")
