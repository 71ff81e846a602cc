"""A document as one HTML file: no script, no outside request, charts as inline SVG with alt text."""

from __future__ import annotations

from base64 import b64encode
from html import escape

from presentation.language import say
from reports.document import Block, Bullets, Document, Figure, Heading, Paragraph, Table
from reports.render.pdf import footer
from reports.render.picture import render_svg

STYLE = """
:root{color-scheme:light dark;--ink:#1d1d1d;--quiet:#555;--accent:#1f4e79;--line:#ccc;--paper:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#eee;--quiet:#bbb;--accent:#9cc7ee;--line:#555;--paper:#16181b}}
body{font:17px/1.5 Georgia,serif;color:var(--ink);background:var(--paper);max-width:44rem;margin:0 auto;padding:1.2rem}
h1,h2,h3{color:var(--accent);line-height:1.2}.lead{font-size:1.3rem}.note,figcaption,caption,footer{color:var(--quiet);font-size:.87rem}
.caution{border-left:4px solid var(--accent);padding-left:.8rem}table{border-collapse:collapse;width:100%;font-size:.92rem}
caption{text-align:left}th,td{padding:.35rem .5rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
.r{text-align:right}.c{text-align:center}.scroll{overflow-x:auto}img{width:100%;background:#fff}
.simulated{background:#b4541a;color:#fff;padding:.5rem .8rem;font-weight:bold}
@media print{body{max-width:none}}
"""
CLASS = {"l": "l", "r": "r", "c": "c"}


def render_html(document: Document) -> bytes:
    """One self-contained HTML page of `document`."""
    banner = (
        f'<p class="simulated">{escape(say("report.banner_simulated"))}</p>' if document.simulated else ""
    )
    body = "\n".join(_block(block) for block in document.blocks)
    page = f"""<!doctype html>
<html lang="{escape(document.language)}-US"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{escape(document.title)}</title><style>{STYLE}</style></head>
<body><main>{banner}<h1>{escape(document.title)}</h1><p class="note">{escape(document.subtitle)}</p>
{body}</main>
<footer><p>{escape(footer(document))}</p></footer>
</body></html>
"""
    return page.encode("utf-8", "replace")


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"<h{block.level}>{escape(block.text)}</h{block.level}>"
    if isinstance(block, Paragraph):
        return f'<p class="{block.style}">{escape(block.text)}</p>'
    if isinstance(block, Bullets):
        return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in block.items) + "</ul>"
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Figure):
        data = b64encode(render_svg(block.chart)).decode("ascii")
        source = f"data:image/svg+xml;base64,{data}"
        return (
            f"<figure><figcaption>{escape(block.caption)}</figcaption>"
            f'<img src="{source}" alt="{escape(block.alt)}"></figure>'
        )
    return ""


def _table(block: Table) -> str:
    def row(cells: tuple[str, ...], tag: str) -> str:
        scope = ' scope="col"' if tag == "th" else ""
        pairs = zip(cells, block.align, strict=True)
        return (
            "<tr>"
            + "".join(f'<{tag}{scope} class="{CLASS[a]}">{escape(c)}</{tag}>' for c, a in pairs)
            + "</tr>"
        )

    head = row(block.head, "th")
    body = "".join(row(cells, "td") for cells in block.rows)
    note = f'<p class="note">{escape(block.note)}</p>' if block.note else ""
    return (
        f'<div class="scroll" tabindex="0"><table><caption>{escape(block.caption)}</caption>'
        f"<thead>{head}</thead><tbody>{body}</tbody></table></div>{note}"
    )
