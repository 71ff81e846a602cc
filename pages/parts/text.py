"""Words as they are: Streamlit reads what stands between two dollar signs as a formula."""


def with_dollars(text: str) -> str:
    """Markdown in which dollar signs stay dollar signs."""
    return text.replace("\\$", "$").replace("$", "\\$")
