"""Where frames come from: one file a sensor, opened by name through the registry."""

if not __name__.startswith("skel."):
    raise ImportError(f"import this package as 'skel.{__name__}', not '{__name__}'")
