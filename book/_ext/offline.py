"""Pages that load nothing from the network, and nothing twice."""

from __future__ import annotations

from docutils import nodes

REMOTE = ("http://", "https://", "//")
# Thebe would fetch a kernel from the network; this book shows results that were computed before.
UNUSED = "thebe"


def setup(app) -> dict:
    """Filter the scripts and styles of every page after all other extensions have added theirs."""
    app.connect("html-page-context", keep_local, priority=1000)
    app.connect("doctree-resolved", drop_thebe, priority=1000)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def keep_local(app, pagename, templatename, context, doctree) -> None:
    """Drop scripts and styles that are remote, belong to Thebe, or are on the page already."""
    for key in ("script_files", "css_files"):
        seen, kept = set(), []
        for asset in context.get(key, []):
            identity = _identity(asset)
            if identity not in seen and not _unwanted(asset):
                kept.append(asset)
            seen.add(identity)
        context[key] = kept


def drop_thebe(app, doctree, docname) -> None:
    """Remove the settings that sphinx-thebe writes into the body of every page."""
    for node in [n for n in doctree.findall(nodes.raw) if "x-thebe-config" in n.astext() or "kernelName" in n.astext()]:
        node.parent.remove(node)


def _identity(asset) -> tuple:
    name = str(getattr(asset, "filename", asset) or "")
    return name.split("?")[0], (getattr(asset, "attributes", None) or {}).get("body")


def _unwanted(asset) -> bool:
    name, body = _identity(asset)
    return name.startswith(REMOTE) or UNUSED in name.lower() or UNUSED in (body or "").lower()
