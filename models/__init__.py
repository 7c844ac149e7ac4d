"""The ST-GCN, the bundle that carries it, and the runtime that executes it."""

if not __name__.startswith("skel."):
    raise ImportError(f"import this package as 'skel.{__name__}', not '{__name__}'")
