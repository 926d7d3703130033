"""Protocols to start from: quality and alignment, on the continuous scale or on ACR-5."""

from app.study.protocol import (
    ACR_5,
    CONTINUOUS_0_5,
    Consent,
    Dimension,
    Protocol,
    Scale,
    SittingRules,
)

QUALITY = Dimension(
    key="quality",
    label="Quality",
    question="How good does this picture look, whatever it shows?",
)
ALIGNMENT = Dimension(
    key="alignment",
    label="Alignment",
    question="How well does the picture show what the text says?",
)

CONSENT_TEXT = """\
You are invited to rate pictures made by computer programs.

What happens: you will see pictures, each with the text it was made from, and give two scores \
for each. There are no right or wrong answers; we are interested in your own impression.

What is stored: your scores, how long each took, the size of your window, and the time at which \
you accepted this text. Your name and address are not asked for.

Your rights: taking part is voluntary. You may stop at any time without giving a reason, and you \
may withdraw, which erases your ratings.
"""

INSTRUCTIONS = """\
For each picture you give two scores.

Quality: how good the picture looks, whatever it shows. Think of sharpness, noise, strange \
colours, broken shapes. A beautiful picture of the wrong thing has a high quality.

Alignment: how well the picture shows what the text says. Think of missing things, wrong colours, \
wrong numbers, wrong places. An ugly picture of exactly the right thing has a high alignment.

Use the whole scale. Your first impression counts: a few seconds for each picture are enough.
"""

SCALES: dict[str, Scale] = {"continuous": CONTINUOUS_0_5, "acr-5": ACR_5}


def quality_and_alignment(
    *,
    scale: Scale = CONTINUOUS_0_5,
    target_ratings: int = 20,
    sitting: SittingRules | None = None,
) -> Protocol:
    """The protocol of the AIGIQA family: quality and alignment of every picture in one act."""
    return Protocol(
        dimensions=(QUALITY, ALIGNMENT),
        scale=scale,
        target_ratings=target_ratings,
        sitting=sitting or SittingRules(),
        consent=Consent(version="1", text=CONSENT_TEXT),
        instructions=INSTRUCTIONS,
    )
